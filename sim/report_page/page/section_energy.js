const energyColors = ["macs", "sram", "interconnect", "wires", "post_processors", "dram", "pod_leakage", "sram_leakage"];
const energyShade = (name) => [color(0), color(1), color(2), color(9), color(3), color(5), color(8), color(7)][energyColors.indexOf(name)] || color(4);

sections.energy = {
  order: 50,
  title: "Energy",
  draw(data, run) {
    if (!(data.total_mj > 0)) return el("p", {class: "faint"}, `Technology ${data.technology} charges no energy.`);
    const mj = withUnit("mJ", (value) => digits(value, 4));
    const uj = withUnit("µJ", (value) => digits(value, 4));
    const zero = data.components.filter((part) => !(part.mj > 0)).map((part) => words(part.name));
    const out = [rowBars({title: "Energy by component", label: "mJ", format: mj, note: `Technology ${data.technology}.` + (zero.length ? ` Not charged: ${zero.join(", ")}.` : ""),
      rows: [{label: "", parts: data.components.map((part) => ({name: part.name, value: part.mj, color: energyShade(part.name)}))}]})];
    const layers = run.sections.layers;
    if (layers && layers.energy_mj && layers.energy_mj.total) {
      const parts = Object.keys(layers.energy_mj).filter((name) => name !== "total");
      const order = layers.name.map((_, n) => n).sort((a, b) => layers.energy_mj.total[b] - layers.energy_mj.total[a] || a - b);
      const row = (label, ones) => ({label, parts: parts.map((name) => ({name, value: 1000 * sum(ones.map((n) => layers.energy_mj[name][n])), color: energyShade(name)}))});
      const top = order.slice(0, 20), rest = order.slice(20);
      out.push(rowBars({title: `Energy by layer, the ${number(top.length)} largest`, label: "µJ", format: uj, rows: top.map((n) => row(layers.name[n], [n])),
        note: rest.length ? `${number(rest.length)} other layers: ${uj(1000 * sum(rest.map((n) => layers.energy_mj.total[n])))} together. Shares are those of the layer.` : "Shares are those of the layer."}));
    }
    return out;
  },
};
