// Several runs beside each other, with ratios to the first.

const ratio = (value, base) => isNumber(value) && isNumber(base) && base !== 0 ? "× " + digits(value / base, 4) : null;

// Members of the experiments in which runs differ.
function differences(runs) {
  const members = runs.map((run) => new Map(flat(((run.sections.details || {}).experiment) || {}).map(([pointer, value]) => [pointer, memberText(value)])));
  const pointers = [...new Set(members.flatMap((map) => [...map.keys()]))];
  return pointers.map((pointer) => ({pointer, values: members.map((map) => map.has(pointer) ? map.get(pointer) : "–")})).filter((row) => row.values.some((value) => value !== row.values[0]));
}

function compareRuns(runs) {
  const labels = runs.map((run) => run.label);
  const figures = mainFigures.filter((figure) => runs.some((run) => isNumber(figureOf(run, figure))));
  const values = (figure) => runs.map((run) => figureOf(run, figure) ?? null);
  const columns = [{name: "run", values: labels}, {name: "network", values: runs.map((run) => (run.sections.overview.network || {}).workload)},
    {name: "machine", values: runs.map((run) => machineText(run.sections.overview.machine || {}))},
    ...mainFigures.filter((figure) => figures.includes(figure) || figure.name === "bounded_by").map((figure) => ({name: figure.name, title: figure.title, values: values(figure), format: figure.format,
      more: (row) => row === 0 ? null : ratio(figureOf(runs[row], figure), figureOf(runs[0], figure))}))];
  const place = el("div");
  const draw = (title) => {
    const figure = figures.find((one) => one.title === title) || figures[0];
    const base = figureOf(runs[0], figure);
    place.replaceChildren(rowBars({title: figure.title, note: `${figure.more ? "More is better" : "Less is better"}; the factor is to the first run, ${labels[0]}.`, label: figure.title, format: figure.format, shares: false, keys: false,
      rows: runs.map((run, n) => ({label: run.label, text: isNumber(figureOf(run, figure)) ? figure.format(figureOf(run, figure)) + (n && ratio(figureOf(run, figure), base) ? ` (${ratio(figureOf(run, figure), base)})` : "") : "–",
        parts: [{name: figure.title, value: figureOf(run, figure), color: n ? color(0) : color(7)}]}))}));
  };
  if (figures.length) draw(figures[0].title);
  const different = differences(runs);
  const networks = new Set(runs.map((run) => JSON.stringify((run.sections.overview.network || {}).workload)));
  return [
    el("h2", {}, `${runs.length} runs beside each other`),
    networks.size > 1 ? el("p", {class: "faint"}, "The runs are of different networks: ratios of cycles and energy compare unlike work.") : null,
    sortableTable({caption: "Comparison of runs", columns, rowClass: (row) => row === 0 ? "first" : null}),
    figures.length ? el("div", {class: "controls"}, chooser("Figure", figures.map((figure) => figure.title), figures[0].title, draw)) : null, place,
    rowBars({title: "What the cycles went into, by run", label: "cycles", rows: runs.map((run) => ({label: run.label, parts: classParts((run.sections.cycles || {classes: []}).classes)}))}),
    different.length ? fold(`What differs in the configurations (${different.length})`, () => sortableTable({caption: "Differences", columns: [{name: "member", values: different.map((row) => row.pointer), format: String},
      ...runs.map((run, n) => ({name: run.label, title: run.label, values: different.map((row) => row.values[n]), format: String}))]}), different.length <= 12)
      : el("p", {class: "faint"}, "All runs have the same configuration."),
  ];
}
