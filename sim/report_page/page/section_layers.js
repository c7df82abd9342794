// Figures of layer n for a tip.
const layerText = (data, n) => `${n + 1}: ${data.name[n]}` + (data.op ? ` (${data.op[n]})` : "") + (data.m && data.m[n] ? `\nm k n: ${number(data.m[n])} × ${number(data.k[n])} × ${number(data.n[n])}` + (data.groups[n] > 1 ? `, ${number(data.groups[n])} groups` : "") : "");

sections.layers = {
  order: 20,
  title: "Layers",
  draw(data) {
    const names = data.name.map((_, n) => layerText(data, n));
    const along = `layers in order of execution (${number(data.count)})`;
    const stalls = Object.entries(data.stall_cycles || {}).map(([name, values]) => ({name, values, color: classColor(name)}));
    const columns = ["name", "op", "fused", "pod_group", "m", "k", "n", "groups", "cycles", "utilization", "macs", "tile_operations", "passes"].filter((name) => data[name])
      .map((name) => ({name, values: data[name], format: name === "utilization" ? percent : number}));
    const total = Object.entries(data.stall_cycles || {}).map(([name, values]) => ({name: "stall_" + name, title: "stall " + words(name), values}));
    const traffic = ["weight_bytes", "activation_bytes", "partial_sum_bytes", "dram_bytes"].filter((name) => data[name]).map((name) => ({name, title: words(name.replace("_bytes", "")) + " B", values: data[name]}));
    const energy = (data.energy_mj || {}).total;
    return [
      data.utilization ? columnBars({title: "Utilization by layer", note: "MACs / (PEs × cycles attributed to the layer). Layers that run on post-processors only have none.", names,
        series: [{name: "utilization", values: data.utilization, color: color(0)}], y: {label: "utilization", most: 1, format: (value) => Math.round(100 * value) + " %", tip: percent, names: along}}) : null,
      data.cycles ? columnBars({title: "Cycles by layer", note: "The layer's share of the run; layers overlap, the shares add up to the whole.", names, height: 200,
        series: [{name: "cycles", values: data.cycles, color: color(0)}], y: {label: "cycles", names: along, tip: number}}) : null,
      stalls.some((one) => sum(one.values) > 0) ? columnBars({title: "Stall cycles by layer and cause", names, series: stalls, height: 240,
        y: {label: "stall cycles", names: along, tip: number, legend: true}}) : el("p", {class: "faint"}, "No layer stalled."),
      sortableTable({caption: "Layers", columns: [{name: "#", values: data.name.map((_, n) => n + 1)}, ...columns, ...total, ...traffic,
        ...(energy ? [{name: "energy", title: "energy mJ", values: energy, format: (value) => digits(value, 3)}] : [])]}),
    ];
  },
};
