sections.occupancy = {
  order: 30,
  title: "Pods over time",
  draw(data) {
    const bins = data.series[0].values.length;
    const length = (bin) => Math.min(data.bin_cycles, data.cycles - bin * data.bin_cycles);
    const where = (bin) => `cycles ${number(bin * data.bin_cycles)} … ${number(bin * data.bin_cycles + length(bin) - 1)}`;
    const of = Object.fromEntries(data.series.map((one) => [one.name, one.values]));
    const x = {domain: [0, bins * data.bin_cycles], label: `cycle (${number(bins)} columns of ${number(data.bin_cycles)} ${data.bin_cycles === 1 ? "cycle" : "cycles"})`};
    const labels = {busy: "pods: rows enter", in_use: "pods: in use", streaming: "rounds stream", post: "post-processing"};
    const rows = data.series.filter((one) => sum(one.values) > 0).map((one) => {
      const isPods = one.name === "busy" || one.name === "in_use";
      const share = (bin) => Math.min(1, one.values[bin] / ((isPods ? data.pods : 1) * length(bin)));
      return {name: labels[one.name] || className(one.name), values: one.values.map((value, bin) => value > 0 ? share(bin) : null),
        tips: (bin) => `${where(bin)}\n${labels[one.name] || className(one.name)}: ${percent(share(bin))} of ${isPods ? "the pod cycles" : "the cycles"}`};
    });
    const out = [];
    if (of.busy) {
      const idle = of.in_use ? of.in_use.map((value, bin) => Math.max(0, value - of.busy[bin]) / length(bin)) : null;
      out.push(columnBars({title: "Pods in use", note: "Average over the cycles of a column. Waiting: done with its operation while another pod of the round is not.", height: 220, x,
        tip: where, series: [{name: "rows enter", values: of.busy.map((value, bin) => value / length(bin)), color: color(0)}].concat(idle ? [{name: "waiting for the round's end", values: idle, color: color(4)}] : []),
        y: {label: "pods", most: data.pods, format: number, tip: (value) => digits(value, 4) + " pods", legend: true}}));
    }
    out.push(heatMap({title: "Occupancy and stalls over time", note: `Share of the cycles of a column, of ${number(data.rounds)} rounds. Pods: share of all pods' cycles. The report keeps rounds and pods apart, so a column shows all pods together; which pod worked when is in a trace (podsim run --trace).`,
      rows, columns: bins, height: 26, x, low: "0 %", high: "100 %", what: "of the cycles"}));
    if (data.pod && data.pod.busy_cycles) out.push(podMap(data));
    return out;
  },
};

// All pods as a grid, each with its work in the whole run; of more than 4096 pods, neighbours share a cell.
function podMap(data) {
  const busy = data.pod.busy_cycles, operations = data.pod.tile_operations || [];
  const together = Math.ceil(busy.length / 4096);
  const cells = Math.ceil(busy.length / together);
  const columns = Math.min(64, Math.ceil(Math.sqrt(cells * 4)));
  const first = (cell) => cell * together, last = (cell) => Math.min(busy.length, (cell + 1) * together) - 1;
  const mean = (values, cell) => sum(values.slice(first(cell), last(cell) + 1)) / (last(cell) - first(cell) + 1);
  const rows = [];
  for (let begin = 0; begin < cells; begin += columns) {
    const here = [...Array(Math.min(columns, cells - begin)).keys()].map((c) => begin + c);
    rows.push({name: `pod ${first(begin)}`, values: here.map((cell) => mean(busy, cell) > 0 ? mean(busy, cell) / data.cycles : null),
      tips: (c) => `pod ${first(here[c])}${together > 1 ? " … " + last(here[c]) : ""}\nbusy: ${number(mean(busy, here[c]))} of ${number(data.cycles)} cycles, ${percent(mean(busy, here[c]) / data.cycles)}` +
        (operations.length ? `\ntile operations: ${number(mean(operations, here[c]))}` : "")});
  }
  return heatMap({title: "Busy cycles of each pod", note: `In the whole run, pods in order of their numbers${together > 1 ? `, ${together} to a cell` : ""}.`, rows, columns, height: rows.length > 20 ? 12 : 22,
    x: {domain: [0, columns], label: "pod, from the number at the left", ticks: ticks(0, columns, 8).filter((n) => n < columns && Number.isInteger(n)).map((n) => [n + 0.5, "+" + n * together])}, low: "0 %", high: "100 %", what: "of the run's cycles"});
}
