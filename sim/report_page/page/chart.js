// Elements, numbers for people, axes, and the kinds of charts. Texts go in as text nodes or attributes, never as HTML.

function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "style") Object.assign(node.style, value);
    else if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined) node.append(child);
  }
  return node;
}

const isNumber = (value) => typeof value === "number" && isFinite(value);
const thousands = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");

// Four significant digits; no exponent for what people read as a plain number.
function digits(value, significant = 4) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-6) return value.toExponential(significant - 1);
  if (size >= 10 ** (significant - 1)) return thousands(value);
  const text = value.toPrecision(significant);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function si(value) {
  if (!isNumber(value)) return "–";
  const size = Math.abs(value);
  for (const [factor, letter] of [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= factor * 0.99995) return digits(value / factor, 3) + " " + letter;
  }
  return digits(value, 3);
}

const percent = (value) => isNumber(value) ? (100 * value).toFixed(Math.abs(value) < 0.0995 ? 2 : 1) + " %" : "–";
const number = (value) => !isNumber(value) ? (value === null || value === undefined ? "–" : String(value))
  : Number.isInteger(value) ? (value < 0 ? "-" : "") + thousands(Math.abs(value)) : digits(value);
// A letter of si() goes right before the unit: 11.5 GMACs.
const withUnit = (unit, format = number) => (value) => !isNumber(value) ? "–" : format === si && /[a-zA-Z]$/.test(si(value)) ? si(value) + unit : format(value) + " " + unit;
const words = (name) => String(name).replace(/_/g, " ");
const sum = (values) => values.reduce((total, value) => total + (isNumber(value) ? value : 0), 0);
const largest = (values) => values.reduce((best, value) => (isNumber(value) && value > best ? value : best), -Infinity);
const smallest = (values) => values.reduce((best, value) => (isNumber(value) && value < best ? value : best), Infinity);
const color = (index) => `var(--c${index % 10})`;

// From dark blue to yellow, readable by people who see few colours (as in cividis).
const rampStops = [[0, 32, 81], [60, 77, 110], [127, 124, 117], [187, 175, 113], [253, 234, 69]];
function ramp(share) {
  const at = Math.min(Math.max(share, 0), 1) * (rampStops.length - 1);
  const low = Math.min(Math.floor(at), rampStops.length - 2);
  const mixed = rampStops[low].map((from, c) => Math.round(from + (rampStops[low + 1][c] - from) * (at - low)));
  return `rgb(${mixed.join(",")})`;
}
const rampLegend = (low, high, what) => el("span", {}, low, el("span", {class: "ramp", style: {
  background: `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(ramp).join(", ")})`}}), high, what ? "  " + what : "");

function ticks(low, high, about) {
  if (!(high > low)) return [low];
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const out = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; ++n) out.push(Number((n * step).toPrecision(12)));
  return out;
}

function logTicks(low, high) {
  const out = [];
  const decades = Math.log10(high / low);
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power) {
    for (const factor of decades > 3 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 3, 5, 7]) {
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick >= low * 0.9999 && tick <= high * 1.0001) out.push(tick);
    }
  }
  return out.length > 9 ? out.filter((tick, n) => n % Math.ceil(out.length / 9) === 0) : out;
}

// A scale from values to pixels.
function scale(domain, from, to, log) {
  const f = log ? Math.log10 : (value) => value;
  const low = f(domain[0]), high = f(domain[1]);
  return (value) => from + (high === low ? 0.5 : (f(value) - low) / (high - low)) * (to - from);
}

// Room around the values of an axis.
function padded(values, log) {
  let low = smallest(values), high = largest(values);
  if (low === Infinity) return log ? [1, 10] : [0, 1];
  if (log) return low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.06, high * (high / low) ** 0.06];
  if (low >= 0 && low < 0.6 * high) low = 0;
  const room = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.05;
  return [low === 0 ? 0 : low - room, high + room];
}

// Cuts a text that would not fit; the whole of it is in the tip.
const cut = (text, length) => String(text).length > length ? String(text).slice(0, length - 1) + "…" : String(text);

function legend(keys) {
  return el("div", {class: "legend"}, keys.map((key) => key instanceof Node ? key
    : el("span", {}, el("span", {class: "key", style: {background: key.color}}), key.name)));
}

// The frame of every chart: caption, drawing area, axes with units, legend.
// x, y: {domain, log, label, format, ticks: [[value, text]], grid}; what is not given is not drawn.
function frame({title, note, width = 1100, height = 300, left = 70, right = 20, top = 10, bottom = 46, x, y, keys}) {
  const root = svg("svg", {viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title + (note ? ". " + note : "")});
  if (width > 1100) Object.assign(root.style, {width: width + "px", maxWidth: "none"});
  const box = {root, left, top, right: width - right, bottom: height - bottom};
  if (y) {
    box.y = scale(y.domain, box.bottom, top, y.log);
    for (const [value, text] of y.ticks || (y.log ? logTicks(...y.domain) : ticks(...y.domain, Math.max(2, (box.bottom - top) / 50))).map((tick) => [tick, (y.format || si)(tick)])) {
      const at = box.y(value);
      if (y.grid !== false) root.append(svg("line", {class: "grid", x1: left, x2: box.right, y1: at, y2: at}));
      root.append(svg("text", {class: "tick", x: left - 6, y: at + 4, "text-anchor": "end"}, text));
    }
    const middle = (top + box.bottom) / 2;
    if (y.label) root.append(svg("text", {x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})`}, y.label));
  }
  if (x) {
    box.x = scale(x.domain, left, box.right, x.log);
    for (const [value, text] of x.ticks || (x.log ? logTicks(...x.domain) : ticks(...x.domain, 8)).map((tick) => [tick, (x.format || si)(tick)])) {
      const at = box.x(value);
      if (x.grid) root.append(svg("line", {class: "grid", x1: at, x2: at, y1: top, y2: box.bottom}));
      root.append(svg("line", {class: "axis", x1: at, x2: at, y1: box.bottom, y2: box.bottom + 4}));
      root.append(svg("text", {class: "tick", x: at, y: box.bottom + 17, "text-anchor": "middle"}, text));
    }
    if (x.label) root.append(svg("text", {x: (left + box.right) / 2, y: height - 8, "text-anchor": "middle"}, x.label));
  }
  root.append(svg("line", {class: "axis", x1: left, x2: box.right, y1: box.bottom, y2: box.bottom}));
  box.figure = el("figure", {class: "chart"}, el("figcaption", {}, title, note ? el("small", {}, note) : null),
    el("div", {class: "scroll"}, root), keys && keys.length ? legend(keys) : null);
  return box;
}

const rect = (x, y, width, height, fillColor, tip) =>
  svg("rect", {x: x.toFixed(2), y: y.toFixed(2), width: Math.max(width, 0).toFixed(2), height: Math.max(height, 0).toFixed(2), "data-tip": tip, style: {fill: fillColor}});

// Bars from left to right, one per row, of stacked parts. rows: [{label, parts: [{name, value, color}]}]
function rowBars({title, note, rows, label, format = number, shares = true, keys}) {
  const longest = largest(rows.map((row) => String(row.label).length));
  const left = Math.min(300, 24 + 7 * Math.min(longest, 40));
  const most = largest(rows.map((row) => sum(row.parts.map((part) => part.value)))) || 1;
  const thick = rows.length === 1 ? 34 : 20;
  const named = new Map(rows.flatMap((row) => row.parts).filter((part) => part.value > 0).map((part) => [part.name, part.color]));
  const widest = largest(rows.map((row) => row.text ? row.text.length : 10));
  const box = frame({title, note, left, right: 20 + 7 * widest, height: 58 + rows.length * (thick + 6), top: 6,
    x: {domain: [0, most > 0 ? most : 1], label, grid: true},
    keys: keys === false ? [] : [...named].map(([name, shade]) => ({name: words(name), color: shade}))});
  rows.forEach((row, n) => {
    const at = box.top + n * (thick + 6) + 3;
    const total = sum(row.parts.map((part) => part.value));
    box.root.append(svg("text", {x: left - 8, y: at + thick / 2 + 4, "text-anchor": "end", "data-tip": String(row.label)}, cut(row.label, 38)));
    let begin = 0;
    for (const part of row.parts) {
      if (!(part.value > 0)) continue;
      const share = shares && total > 0 ? `, ${percent(part.value / total)}` : "";
      const of = row.label === "" || row.label === part.name ? "" : row.label + "\n";
      box.root.append(rect(box.x(begin), at, box.x(begin + part.value) - box.x(begin), thick, part.color, `${of}${words(part.name)}: ${format(part.value)}${share}`));
      begin += part.value;
    }
    box.root.append(svg("text", {x: box.x(begin) + 6, y: at + thick / 2 + 4}, row.text || format(total)));
  });
  return box.figure;
}

// Numbers of layers, from 1 on, under the middle of their bars.
const layerTicks = (count) => [...new Set([1, ...ticks(0, count, 12)])].filter((n) => n >= 1 && Number.isInteger(n)).map((n) => [n - 0.5, number(n)]);

// Upright bars of stacked series. series: [{name, color, values}]; x as in frame, or none: then bars have `names`.
function columnBars({title, note, series, names, x, y, height = 240, tip}) {
  const count = series[0].values.length;
  const width = Math.max(1100, Math.ceil(90 + count * (names ? 2.6 : 1.2)));
  const totals = series[0].values.map((_, n) => sum(series.map((one) => one.values[n])));
  const most = y.most || largest(totals) || 1;
  const box = frame({title, note, width, height, x: x || {domain: [0, count], label: y.names, ticks: layerTicks(count)},
    y: {domain: [0, most], label: y.label, format: y.format}, keys: series.length > 1 || y.legend
      ? series.filter((one) => one.values.some((value) => value > 0)).map((one) => ({name: words(one.name), color: one.color})) : []});
  const wide = (box.right - box.left) / count;
  const format = y.tip || y.format || number;
  for (let n = 0; n < count; ++n) {
    let begin = 0;
    for (const one of series) {
      const value = one.values[n];
      if (!(value > 0)) continue;
      const where = tip ? tip(n) : names[n];
      box.root.append(rect(box.left + n * wide, box.y(begin + value), wide * (wide > 4 ? 0.86 : 1), box.y(begin) - box.y(begin + value), one.color, `${where}\n${words(one.name)}: ${format(value)}`));
      begin += value;
    }
  }
  return box.figure;
}

// A grid of colours. rows: [{name, values, tips}], values from 0 to 1, null where there is nothing. Equal neighbours of a
// row are drawn as one only if they have no tips of their own.
function heatMap({title, note, rows, columns, x, yLabel, low, high, what, text, height}) {
  const longest = largest(rows.map((row) => String(row.name).length));
  const left = Math.min(260, (yLabel ? 44 : 20) + 7 * Math.min(longest, 30));
  const thick = height || Math.max(14, Math.min(40, 420 / rows.length));
  const box = frame({title, note, left, top: 6, height: 56 + rows.length * thick, x, keys: [
    rampLegend(low, high, what), {name: "none", color: "var(--none)"}]});
  const wide = (box.right - box.left) / columns;
  rows.forEach((row, r) => {
    const at = box.top + r * thick;
    box.root.append(svg("text", {x: left - 8, y: at + thick / 2 + 4, "text-anchor": "end", "data-tip": String(row.name)}, cut(row.name, 30)));
    row.values.forEach((value, c) => {
      const shade = value === null ? "var(--none)" : ramp(value);
      box.root.append(rect(box.left + c * wide, at + 1, wide + (wide < 4 ? 0.3 : -1), thick - 2, shade, row.tips(c)));
      if (text && value !== null && wide > 46) {
        box.root.append(svg("text", {x: box.left + (c + 0.5) * wide, y: at + thick / 2 + 4, "text-anchor": "middle",
          style: {fill: value > 0.55 ? "#000" : "#fff", pointerEvents: "none"}}, text(r, c)));
      }
    });
  });
  const middle = (box.top + box.bottom) / 2;
  if (yLabel) box.root.append(svg("text", {x: 13, y: middle, "text-anchor": "middle", transform: `rotate(-90 13 ${middle})`}, cut(yLabel, 40)));
  return box.figure;
}

// Points, and lines between given places. points: [{x, y, color, tip, hollow}]; lines: [{path: [[x, y]], color, dashed}]
function scatter({title, note, points, lines = [], x, y, keys, height = 420, size = 5}) {
  const box = frame({title, note, height, x: {grid: true, ...x}, y, keys});
  for (const line of lines) {
    box.root.append(svg("polyline", {points: line.path.map(([a, b]) => `${box.x(a).toFixed(1)},${box.y(b).toFixed(1)}`).join(" "),
      "stroke-dasharray": line.dashed ? "6 4" : null, "data-tip": line.tip, style: {fill: "none", stroke: line.color, strokeWidth: line.wide || 2}}));
  }
  for (const point of points) {
    box.root.append(svg("circle", {cx: box.x(point.x).toFixed(1), cy: box.y(point.y).toFixed(1), r: point.size || size, "data-tip": point.tip,
      style: point.hollow ? {fill: "var(--bg)", stroke: point.color, strokeWidth: 2} : {fill: point.color, fillOpacity: 0.8}}));
  }
  return box.figure;
}
