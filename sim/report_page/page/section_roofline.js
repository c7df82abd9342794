sections.roofline = {
  order: 40,
  title: "Roofline",
  draw(data, run) {
    const layers = run.sections.layers;
    if (!layers || !layers.dram_bytes) return null;
    const all = layers.name.map((name, n) => ({n, op: layers.op ? layers.op[n] : "layer", x: layers.dram_bytes[n] > 0 ? layers.macs[n] / layers.dram_bytes[n] : Infinity,
      y: layers.cycles[n] > 0 ? 2 * layers.macs[n] * data.clock_mhz / layers.cycles[n] / 1e6 : 0})).filter((point) => point.y > 0 && point.x > 0);
    if (!all.length) return null;
    const finite = all.filter((point) => point.x < Infinity);
    const without = all.length - finite.length;
    const ridge = data.dram_gb_per_s ? data.peak_tops * 1000 / (2 * data.dram_gb_per_s) : null;
    const xs = finite.map((point) => point.x).concat(ridge ? [ridge / 3, ridge * 3] : [], data.run ? [data.run.macs_per_byte] : []);
    const x = xs.length ? padded(xs, true) : [1, 10];
    // A lane at the right for layers that need nothing from DRAM.
    const lane = without ? x[1] * (x[1] / x[0]) ** 0.06 : x[1];
    const y = padded(all.map((point) => point.y).concat([data.peak_tops]), true);
    const kinds = [...new Set(all.map((point) => point.op))];
    const shades = (op) => [color(0), color(1), color(2), color(3), color(8), color(6), color(9)][kinds.indexOf(op) % 7];
    const lines = [{path: [[ridge ? Math.max(ridge, x[0]) : x[0], data.peak_tops], [lane, data.peak_tops]], color: "var(--text)", tip: `peak: ${number(data.peak_tops)} TOPS`}];
    if (ridge) {
      const roof = (at) => 2 * at * data.dram_gb_per_s / 1000;
      const from = Math.max(x[0], y[0] * 1000 / (2 * data.dram_gb_per_s));
      lines.push({path: [[from, roof(from)], [ridge, data.peak_tops]], color: "var(--c5)", tip: `DRAM: ${number(data.dram_gb_per_s)} GB/s`});
    }
    const points = all.map((point) => ({x: Math.min(point.x, lane), y: point.y, color: shades(point.op), hollow: point.x === Infinity,
      tip: `${layerText(layers, point.n)}\n${number(point.y)} TOPS\n${point.x === Infinity ? "no DRAM traffic of its own" : number(point.x) + " MACs per DRAM byte"}`}));
    if (data.run) points.push({x: data.run.macs_per_byte, y: data.run.tops, color: "var(--text)", size: 8, tip: `the whole run\n${number(data.run.tops)} TOPS\n${number(data.run.macs_per_byte)} MACs per DRAM byte`});
    return scatter({title: "Layers under the roofs", points, lines, x: {domain: [x[0], lane], log: true, label: "MACs per byte of DRAM traffic"}, y: {domain: y, log: true, label: "effective TOPS"},
      note: "Throughput in the cycles attributed to the layer. A layer may stand above the DRAM roof: what it needs is fetched while earlier layers run." + (without ? ` Hollow, at the right: ${number(without)} layers without DRAM traffic of their own.` : ""),
      keys: [...kinds.map((op) => ({name: op, color: shades(op)})), ...(data.run ? [{name: "whole run", color: "var(--text)"}] : []), {name: `roof: peak ${number(data.peak_tops)} TOPS`, color: "var(--text)"},
        ...(ridge ? [{name: `roof: DRAM ${number(data.dram_gb_per_s)} GB/s`, color: "var(--c5)"}] : [])]});
  },
};
