function machineText(machine) {
  const groups = (machine.pod_groups || []).map((group) => `${number(group.pods)} pods of ${group.rows}×${group.cols}`);
  const pods = groups.length ? groups.join(" + ") : isNumber(machine.rows) ? `${number(machine.pods)} pods of ${machine.rows}×${machine.cols}` : `${number(machine.pods)} pods`;
  return isNumber(machine.clock_mhz) ? `${pods}, ${number(machine.clock_mhz)} MHz` : pods;
}

// The figures of a run that people compare: name, title, where they are, how they read, and whether more is better.
const mainFigures = [
  {title: "Cycles", group: "totals", name: "cycles", format: number},
  {title: "Time", group: "totals", name: "time_ms", format: withUnit("ms")},
  {title: "Utilization", group: "totals", name: "utilization", format: percent, more: true},
  {title: "Effective TOPS", group: "totals", name: "effective_tops", format: number, more: true},
  {title: "Energy", group: "energy", name: "total_mj", format: withUnit("mJ")},
  {title: "TOPS/W, average power", group: "energy", name: "tops_per_watt_at_average_power", format: number, more: true},
  {title: "Average power", group: "energy", name: "average_power_watts", format: withUnit("W")},
  {title: "Distance to the limit", group: "totals", name: "distance_to_limit", format: (value) => number(value) + " ×"},
  {title: "Busy pods", group: "totals", name: "busy_pods", format: percent, more: true},
  {title: "DRAM read", group: "totals", name: "dram_read_bytes", format: withUnit("B", si)},
  {title: "Bounded by", group: "totals", name: "bounded_by", format: String},
];
const figureOf = (run, figure) => ((run.sections.overview || {})[figure.group] || {})[figure.name];

sections.overview = {
  order: 0,
  title: null,
  draw(data, run) {
    const {network = {}, machine = {}, totals = {}, energy = {}, lower_bounds = {}} = data;
    const notes = {
      cycles: isNumber(lower_bounds.limit_cycles) ? `limit ${number(lower_bounds.limit_cycles)} (${lower_bounds.binding})` : null,
      utilization: "MACs / (PEs × cycles)",
      effective_tops: isNumber(totals.peak_tops) ? `of ${number(totals.peak_tops)} at peak` : null,
      total_mj: energy.technology,
      average_power_watts: isNumber(energy.peak_power_watts) ? `peak ${number(energy.peak_power_watts)} W` : null,
      tops_per_watt_at_average_power: isNumber(energy.tops_per_watt_at_peak_power) ? `${number(energy.tops_per_watt_at_peak_power)} at peak power` : null,
      distance_to_limit: "cycles / lower bound",
      busy_pods: "of pods, in rounds with work",
      dram_read_bytes: isNumber(totals.dram_written_bytes) ? `written ${withUnit("B", si)(totals.dram_written_bytes)}` : null,
      time_ms: isNumber(totals.rounds) ? `${number(totals.rounds)} rounds` : null,
    };
    const tiles = mainFigures.filter((figure) => figureOf(run, figure) !== undefined && figureOf(run, figure) !== null).map((figure) =>
      el("div", {class: "tile"}, el("div", {class: "name"}, figure.title), el("div", {class: "value"}, figure.format(figureOf(run, figure))),
        notes[figure.name] ? el("div", {class: "more"}, notes[figure.name]) : null));
    const unmodelled = Array.isArray(network.unmodelled) ? network.unmodelled : [];
    return [
      data.complete === false ? el("p", {class: "warning"}, `The run is partial: ${data.stopped_because || "it was stopped"}.`) : null,
      unmodelled.length ? el("p", {class: "warning"}, `Layers that are not modelled: ${unmodelled.join(", ")}.`) : null,
      facts([
        ["Network", `${network.workload || network.name}, batch ${number(network.batch)}` + (isNumber(network.macs) ? `, ${withUnit("MACs", si)(network.macs)}` : "") + (isNumber(network.parameters) ? `, ${si(network.parameters)} parameters` : "")],
        ["Machine", machineText(machine)],
        ["Interconnect", machine.topology],
        ["Scheduler", machine.scheduler],
        ["Technology", energy.technology],
        ["podsim", `${data.version || ""} (${data.commit || "unknown commit"})`],
        ["Configuration", data.config_hash],
        ["File", run.file],
      ]),
      el("div", {class: "tiles"}, tiles),
    ];
  },
};

sections.assumptions = {
  order: 90,
  title: "Assumptions",
  from: "overview",
  draw(data) {
    return Array.isArray(data.assumptions) && data.assumptions.length ? el("ul", {class: "plain"}, data.assumptions.map((text) => el("li", {}, String(text)))) : null;
  },
};
