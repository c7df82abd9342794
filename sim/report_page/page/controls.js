// Sortable tables, choosers, folds, tips.

// columns: [{name, values, format, more: (row) -> text}]; rowClass: (row) -> class. Rows can be sorted by any column, with
// the mouse or with the keyboard; texts by natural order. Only the first rows are made until all are asked for.
function sortableTable({columns, caption, rowClass, shown = 200}) {
  const count = columns[0].values.length;
  let order = [...Array(count).keys()], sorted = -1, falling = false, limit = shown;
  const body = el("tbody");
  const isRight = columns.map((column) => column.values.some(isNumber));
  const heads = columns.map((column, c) => el("th", {scope: "col", class: isRight[c] ? "right" : null},
    el("button", {type: "button", title: column.tip || `sort by ${column.name}`, click: () => sortBy(c)}, column.title || words(column.name))));
  const all = el("button", {type: "button", class: "plain", click: () => { limit = count; draw(); }}, `show all ${thousands(count)} rows`);

  function draw() {
    body.replaceChildren(...order.slice(0, limit).map((row) => el("tr", {class: rowClass ? rowClass(row) : null}, columns.map((column, c) => {
      const value = column.values[row];
      const text = value === null || value === undefined ? "–" : (column.format || number)(value);
      const more = column.more ? column.more(row) : null;
      return el("td", {class: isRight[c] ? "right" : null, title: text.length > 40 ? text : null}, text, more ? el("small", {}, more) : null);
    }))));
    all.hidden = limit >= count;
  }
  function sortBy(c) {
    // Numbers first fall: what is large is what people look for.
    falling = sorted === c ? !falling : isRight[c];
    sorted = c;
    const values = columns[c].values;
    const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
    order.sort((a, b) => {
      const left = values[a], right = values[b];
      const none = (left === null || left === undefined) - (right === null || right === undefined);
      return none || (falling ? compare(right, left) : compare(left, right)) || a - b;
    });
    heads.forEach((head, n) => n === c ? head.setAttribute("aria-sort", falling ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    heads.forEach((head, n) => { head.firstChild.textContent = (columns[n].title || words(columns[n].name)) + (n === c ? (falling ? " ▼" : " ▲") : ""); });
    draw();
  }
  draw();
  return el("div", {}, el("div", {class: "table", tabindex: 0, role: "region", "aria-label": caption},
    el("table", {}, el("thead", {}, el("tr", {}, heads)), body)), all);
}

function chooser(label, options, chosen, changed) {
  const list = el("select", {"aria-label": label, change: () => changed(list.value)},
    options.map((option) => el("option", {value: option, selected: option === chosen}, option)));
  return el("label", {}, label + " ", list);
}

function toggle(label, chosen, changed) {
  const box = el("input", {type: "checkbox", checked: chosen, change: () => changed(box.checked)});
  return el("label", {}, box, " " + label);
}

// A part that is drawn when it is opened for the first time.
function fold(summary, draw, open = false) {
  const node = el("details", {class: "fold"}, el("summary", {}, summary));
  const show = () => {
    if (node.open && !node.dataset.drawn) {
      node.dataset.drawn = "yes";
      node.append(...[draw()].flat().filter(Boolean));
    }
  };
  node.addEventListener("toggle", show);
  if (open) { node.open = true; show(); }
  return node;
}

// Pairs of names and values; what is not there is left out.
const facts = (pairs) => el("dl", {class: "facts"}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
  .map(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]));

function showTips() {
  const tip = document.getElementById("tip");
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest ? event.target.closest("[data-tip]") : null;
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.getAttribute("data-tip");
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 10 : event.clientY + 18) + "px";
  });
}

// What draws the sections of a run: name -> {order, title, draw: (data, run) -> nodes}
const sections = {};
