// SPDX-License-Identifier: Apache-2.0
// Who ran what on which machine, and the figures that people ask for first.
#include "podsim/sim/report.hpp"
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

void copy(const Json& from, std::initializer_list<const char*> names, Json& to) {
  for (const char* name : names) {
    const Json& value = member_of(from, name);
    if (!value.is_null()) to[name] = value;
  }
}

class Overview final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    const Json& report = run.report;
    Json out = Json::object();
    copy(report, {"version", "commit", "config_hash", "workload_hash", "seed", "complete", "stopped_because"}, out);
    const Json& network = member_of(report, "network");
    copy(network, {"name", "batch", "macs", "parameters", "unmodelled"}, out["network"]);
    out["network"]["workload"] = workload_label(report["experiment"], text_of(network, "name"));
    copy(member_of(report, "machine"), {"pods", "rows", "cols", "pod_groups", "clock_mhz", "topology", "scheduler"},
         out["machine"]);
    copy(member_of(report, "totals"),
         {"cycles", "time_ms", "utilization", "effective_tops", "peak_tops", "busy_pods", "bounded_by",
          "distance_to_limit", "tile_operations", "rounds", "dram_read_bytes", "dram_written_bytes"},
         out["totals"]);
    copy(member_of(report, "energy"),
         {"technology", "total_mj", "average_power_watts", "peak_power_watts", "tops_per_watt_at_average_power",
          "tops_per_watt_at_peak_power", "effective_tops_at_tdp", "tdp_watts", "area_mm2"},
         out["energy"]);
    copy(member_of(report, "lower_bounds"), {"limit_cycles", "binding"}, out["lower_bounds"]);
    if (member_of(report, "assumptions").is_array()) out["assumptions"] = report["assumptions"];
    return out;
  }
};

const Registered<NoParameters> entry{run_section_registry(), "overview", "network, machine and main figures",
                                     [](const NoParameters&) { return std::make_unique<Overview>(); }};

}  // namespace
}  // namespace podsim
