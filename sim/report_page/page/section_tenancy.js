sections.tenancy = {
  order: 15,
  title: "Tenants",
  draw(data) {
    const row = (tenant, parts) => ({label: tenant.name, parts});
    const slow = (tenant) => isNumber(tenant.slowdown) ? digits(tenant.slowdown) + " ×" : "–";
    return [
      facts([["Policy", data.policy], ["STP", isNumber(data.stp) ? number(data.stp) : null], ["ANTT", isNumber(data.antt) ? number(data.antt) : null],
        ["Fairness", isNumber(data.fairness) ? number(data.fairness) : null], ["Deadlines missed", data.deadline_misses],
        ["Makespan", isNumber(data.makespan_cycles) ? `${number(data.makespan_cycles)} cycles; one after the other ${number(data.sequential_cycles)}` : null]]),
      // A run that was stopped has no figures of its tenants.
      ...(data.tenants.every((tenant) => isNumber(tenant.latency_cycles)) ? [rowBars({title: "Cycles from arrival to the end", note: "Alone: as many as on the machine without the others.", label: "cycles", shares: false,
        rows: data.tenants.map((tenant) => Object.assign(row(tenant, [{name: "alone", value: Math.min(tenant.alone_cycles, tenant.latency_cycles), color: color(0)},
          {name: "because of others", value: Math.max(0, tenant.latency_cycles - tenant.alone_cycles), color: color(1)}]),
        {text: `${number(tenant.latency_cycles)} (${slow(tenant)})` + (tenant.misses_deadline ? ", late" : "")}))})] : []),
      recordTable("tenants", data.tenants),
    ];
  },
};
