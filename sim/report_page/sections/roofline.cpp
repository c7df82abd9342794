// SPDX-License-Identifier: Apache-2.0
// The roofs: peak throughput, and what DRAM can bring. Points are the layers.
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

class Roofline final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    const Json& hardware = member_of(run.report["experiment"], "hardware");
    const double peak = number_of(run.report["totals"], "peak_tops");
    const double clock_mhz = number_of(hardware, "clock_mhz");
    if (peak <= 0 || clock_mhz <= 0) return {};
    Json out = {{"peak_tops", peak}, {"clock_mhz", clock_mhz}};
    // Other models of DRAM have other parameters; then there is no roof to draw.
    const double bandwidth = number_of(member_of(hardware, "dram"), "bandwidth_gb_per_s");
    if (bandwidth > 0) out["dram_gb_per_s"] = bandwidth;
    const double macs = number_of(run.report["totals"], "macs");
    const double bytes =
        number_of(run.report["totals"], "dram_read_bytes") + number_of(run.report["totals"], "dram_written_bytes");
    if (bytes > 0) {
      out["run"] = {{"macs_per_byte", macs / bytes}, {"tops", number_of(run.report["totals"], "effective_tops")}};
    }
    return out;
  }
};

const Registered<NoParameters> entry{run_section_registry(), "roofline", "throughput against DRAM traffic",
                                     [](const NoParameters&) { return std::make_unique<Roofline>(); }};

}  // namespace
}  // namespace podsim
