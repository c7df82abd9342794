// A sweep: scatter with Pareto front, heat map of two parameters, table.

const moreIsBetter = (name) => /util|tops|per_watt|throughput|per_second|busy_pods|bit_exact/.test(name);
const likes = ["cycles", "time_ms", "utilization", "effective_tops", "energy_total_mj", "energy_tops_per_watt_at_average_power", "bounded_by", "distance_to_limit"];

// Numbers of the rows no other row beats in both; less is better where `signs` is 1, more where it is -1.
function paretoFront(xs, ys, signs) {
  const rows = xs.map((_, n) => n).filter((n) => isNumber(xs[n]) && isNumber(ys[n]));
  const key = (n) => [signs[0] * xs[n], signs[1] * ys[n]];
  rows.sort((a, b) => key(a)[0] - key(b)[0] || key(a)[1] - key(b)[1] || a - b);
  const out = [];
  let best = null;
  for (const n of rows) {
    const k = key(n);
    if (best === null || k[1] < best[1] || (k[0] === best[0] && k[1] === best[1])) { out.push(n); best = k; }
  }
  return out;
}

function drawSweep(sweep, title) {
  const columns = sweep.columns, count = columns[0].values.length;
  const of = new Map(columns.map((column) => [column.name, column]));
  const parameters = columns.filter((column) => column.kind === "parameter");
  const figures = columns.filter((column) => column.kind === "figure" && column.values.some(isNumber));
  const status = of.get("status");
  const isGood = (n) => !status || status.values[n] === "ok";
  const label = (n) => `point ${of.get("point").values[n]}` + parameters.map((column) => `\n${column.name} = ${number(column.values[n])}`).join("");
  const bad = status ? status.values.filter((text) => text !== "ok").length : sweep.constants.status && sweep.constants.status !== "ok" ? count : 0;
  const about = sweep.about;
  const out = [
    el("h2", {}, title),
    facts([["File", sweep.file], ["Points", `${number(sweep.points)}` + (isNumber(about.points_ok) ? `, ${number(about.points_ok)} ok` : "") + (about.complete === false ? ", not all have run" : "")],
      ["Shard", isNumber(about.shard) ? `${about.shard} of ${about.shards}` : null], ["Varied", parameters.map((column) => `${column.name} (${new Set(column.values).size})`).join(", ")],
      ["podsim", about.version ? `${about.version} (${about.commit})` : null], ["Sweep", about.sweep_hash]]),
    sweep.note ? el("p", {class: "warning"}, sweep.note) : null,
    bad ? el("p", {class: "warning"}, `${number(bad)} of the points shown have no complete result; the column status says why. They are in no chart.`) : null,
  ];
  if (figures.length >= 2) out.push(sweepScatter({sweep, columns, of, parameters, figures, isGood, label}));
  if (parameters.length && figures.length) out.push(sweepHeat({parameters, figures, isGood, of}));
  const front = new Set(sweep.front.points);
  const place = el("div");
  const list = (all) => {
    const chosen = columns.filter((column) => all || column.kind === "number" || column.kind === "parameter" || column.name === "status" || likes.includes(column.name));
    place.replaceChildren(sortableTable({caption: "Points of the sweep", columns: chosen.map((column) => ({name: column.name, title: column.name, values: column.values, format: /utilization$/.test(column.name) ? (value) => isNumber(value) ? percent(value) : String(value) : number})),
      rowClass: (row) => front.has(of.get("point").values[row]) ? "front" : null}));
  };
  list(false);
  out.push(el("h3", {}, "Points"), el("p", {class: "faint"}, front.size ? `◆ marks the Pareto front of ${sweep.front.x} and ${sweep.front.y}, of complete points.` : ""),
    el("div", {class: "controls"}, toggle(`all ${columns.length} columns`, false, list)), place,
    fold("What all points have in common", () => sortableTable({caption: "Constants", columns: [{name: "column", values: Object.keys(sweep.constants), format: String}, {name: "value", values: Object.values(sweep.constants)}]})));
  return el("section", {"data-sweep": title}, out);
}

function sweepScatter({sweep, columns, of, parameters, figures, isGood, label}) {
  const named = (name, otherwise) => of.has(name) && figures.includes(of.get(name)) ? name : otherwise.name;
  const state = {x: named(sweep.front.x, figures[0]), y: named(sweep.front.y, figures[1] || figures[0]), network: "all", color: parameters.length ? parameters[0].name : "point", logX: null, logY: null};
  const numeric = columns.filter((column) => column.values.some(isNumber) && column.kind !== "number");
  const place = el("div"), controls = el("div", {class: "controls"});
  const box = el("div", {}, el("h3", {}, "Scatter and Pareto front"), controls, place);
  const networks = of.has("workload") ? [...new Set(of.get("workload").values)] : [];
  const isChosen = (n) => isGood(n) && (state.network === "all" || of.get("workload").values[n] === state.network);
  const draw = () => {
    const xs = of.get(state.x).values, ys = of.get(state.y).values;
    const rows = xs.map((_, n) => n).filter((n) => isChosen(n) && isNumber(xs[n]) && isNumber(ys[n]));
    const wide = (values) => smallest(values) > 0 && largest(values) > 20 * smallest(values);
    const pick = (values) => rows.map((n) => values[n]);
    const positive = (values) => smallest(pick(values)) > 0;
    const logX = (state.logX ?? wide(pick(xs))) && positive(xs), logY = (state.logY ?? wide(pick(ys))) && positive(ys);
    const signs = [moreIsBetter(state.x) ? -1 : 1, moreIsBetter(state.y) ? -1 : 1];
    const isFigure = (name) => of.get(name).kind === "figure";
    const front = isFigure(state.x) && isFigure(state.y) && state.x !== state.y ? paretoFront(xs.map((value, n) => isChosen(n) ? value : null), ys, signs) : [];
    const hues = of.get(state.color) ? of.get(state.color).values : null;
    const distinct = hues ? [...new Set(pick(hues))].sort((a, b) => isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b), "en", {numeric: true})) : [];
    const numbered = distinct.length > 8 && distinct.every(isNumber);
    const low = smallest(distinct), high = largest(distinct);
    const shade = (n) => !hues ? color(0) : numbered ? ramp((hues[n] - low) / (high - low)) : distinct.length <= 10 ? color(distinct.indexOf(hues[n])) : ramp(distinct.indexOf(hues[n]) / (distinct.length - 1));
    const path = front.map((n) => [xs[n], ys[n]]);
    const direction = (name) => moreIsBetter(name) ? "more is better" : "less is better";
    place.replaceChildren(scatter({title: `${state.y} against ${state.x}`, height: 460, size: rows.length > 400 ? 3.5 : 5,
      note: front.length ? `${number(rows.length)} points. Pareto front: ${number(front.length)} that no other point beats (${state.x}: ${direction(state.x)}; ${state.y}: ${direction(state.y)}).` + (networks.length > 1 && state.network === "all" ? " The points are of different networks: choose one to compare like with like." : "") : `${number(rows.length)} points.`,
      points: rows.map((n) => ({x: xs[n], y: ys[n], color: shade(n), tip: `${label(n)}\n${state.x}: ${number(xs[n])}\n${state.y}: ${number(ys[n])}` + (hues && of.get(state.color).kind !== "parameter" ? `\n${state.color}: ${number(hues[n])}` : "")})),
      lines: path.length ? [{path, color: "var(--c5)", wide: 2, tip: "Pareto front"}] : [],
      x: {domain: padded(pick(xs), logX), log: logX, label: state.x}, y: {domain: padded(pick(ys), logY), log: logY, label: state.y},
      keys: [...(!hues ? [] : numbered ? [rampLegend(number(low), number(high), state.color)] : distinct.length <= 10 ? distinct.map((value, n) => ({name: `${state.color} = ${number(value)}`, color: color(n)}))
        : [rampLegend(cut(number(distinct[0]), 24), cut(number(distinct[distinct.length - 1]), 24), state.color)]), ...(front.length ? [{name: "Pareto front", color: "var(--c5)"}] : [])]}));
    place.firstChild.dataset.front = JSON.stringify(front.map((n) => of.get("point").values[n]));
  };
  const names = numeric.map((column) => column.name);
  if (networks.length > 1) controls.append(chooser("network", ["all", ...networks], "all", (name) => { state.network = name; draw(); }));
  controls.append(chooser("x", names, state.x, (name) => { state.x = name; draw(); }), chooser("y", names, state.y, (name) => { state.y = name; draw(); }),
    chooser("colour", columns.filter((column) => column.name !== "message").map((column) => column.name), state.color, (name) => { state.color = name; draw(); }),
    toggle("log x", false, (on) => { state.logX = on; draw(); }), toggle("log y", false, (on) => { state.logY = on; draw(); }));
  draw();
  return box;
}

function sweepHeat({parameters, figures, isGood, of}) {
  const some = parameters.filter((column) => column.name !== "workload");
  const names = parameters.map((column) => column.name);
  const first = (some[0] || parameters[0]).name;
  const state = {y: first, x: (some[1] || parameters.find((column) => column.name !== first) || parameters[0]).name, figure: of.has("utilization") && figures.includes(of.get("utilization")) ? "utilization" : figures[0].name};
  const place = el("div");
  const levels = (values) => [...new Set(values)].sort((a, b) => isNumber(a) && isNumber(b) ? a - b : String(a).localeCompare(String(b), "en", {numeric: true}));
  const draw = () => {
    const xs = of.get(state.x).values, ys = of.get(state.y).values, figure = of.get(state.figure).values;
    const columns = levels(xs), rows = levels(ys).reverse();
    const cells = new Map();
    figure.forEach((value, n) => {
      if (!isNumber(value) || !isGood(n)) return;
      const key = JSON.stringify([xs[n], ys[n]]);
      cells.set(key, (cells.get(key) || []).concat([value]));
    });
    const best = (values) => moreIsBetter(state.figure) ? largest(values) : smallest(values);
    const at = (r, c) => cells.get(JSON.stringify([columns[c], rows[r]]));
    const bests = [...cells.values()].map(best);
    const low = smallest(bests), high = largest(bests);
    const format = /utilization$|busy_pods$/.test(state.figure) ? percent : (value) => si(value);
    const share = (value) => high > low ? (value - low) / (high - low) : 0.5;
    if (columns.length * rows.length > 20000) {
      place.replaceChildren(el("p", {class: "faint"}, `${number(columns.length)} × ${number(rows.length)} values are too many for a heat map.`));
      return;
    }
    const most = largest([...cells.values()].map((values) => values.length));
    const every = Math.ceil(columns.length / 16);
    place.replaceChildren(heatMap({title: `${state.figure} by ${state.y} and ${state.x}`, yLabel: state.y, note: most > 1 ? `Up to ${number(most)} points share a cell, which shows the ${moreIsBetter(state.figure) ? "largest" : "smallest"}.` : null, columns: columns.length,
      rows: rows.map((name, r) => ({name: number(name), values: columns.map((_, c) => at(r, c) ? share(best(at(r, c))) : null),
        tips: (c) => `${state.y} = ${number(name)}\n${state.x} = ${number(columns[c])}\n${state.figure}: ${at(r, c) ? number(best(at(r, c))) + (at(r, c).length > 1 ? ` (${at(r, c).length} points, from ${number(smallest(at(r, c)))} to ${number(largest(at(r, c)))})` : "") : "no point"}`})),
      x: {domain: [0, columns.length], label: state.x, ticks: columns.map((name, c) => [c + 0.5, cut(number(name), Math.max(6, Math.floor(110 / Math.min(columns.length, 16))))]).filter((_, c) => c % every === 0)},
      text: (r, c) => format(best(at(r, c))), low: format(low), high: format(high), what: state.figure}));
  };
  draw();
  return el("div", {}, el("h3", {}, "Heat map of two parameters"), el("div", {class: "controls"}, chooser("rows", names, state.y, (name) => { state.y = name; draw(); }),
    chooser("columns", names, state.x, (name) => { state.x = name; draw(); }), chooser("figure", figures.map((column) => column.name), state.figure, (name) => { state.figure = name; draw(); })), place);
}
