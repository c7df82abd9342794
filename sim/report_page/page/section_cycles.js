// The same cause has the same colour in all charts.
const classColors = {
  streaming: color(0), fill: color(4), weights: color(1), network: color(5), bank: color(8), dependency: color(3),
  post_processor: color(2), memory: color(6), drain: color(7), write_back: color(9), post: color(2),
};
const classColor = (name) => classColors[name.replace(/^stall_/, "")] || color(7);
const className = (name) => name.startsWith("stall_") ? "stall: " + words(name.slice(6)) : words(name);
const classParts = (classes) => classes.map((one) => ({name: className(one.name), value: one.cycles, color: classColor(one.name)}));

sections.cycles = {
  order: 10,
  title: "Cycles",
  draw(data) {
    const most = largest(data.bounds.map((bound) => bound.cycles));
    return [
      rowBars({title: "What the cycles went into", note: "Every cycle of the run belongs to one class.", rows: [{label: "", parts: classParts(data.classes)}], label: "cycles"}),
      data.bounds.length ? rowBars({title: "Lower bounds beside the run", note: "No schedule on this machine takes fewer cycles than the largest bound.", label: "cycles", shares: false, keys: false,
        rows: [{label: "this run", parts: [{name: "cycles", value: data.cycles, color: color(0)}]}].concat(data.bounds.map((bound) => ({
          label: words(bound.name.replace(/_cycles$/, "")) + " bound", parts: [{name: "bound", value: bound.cycles, color: bound.cycles === most ? color(5) : color(7)}]})))}) : null,
    ];
  },
};
