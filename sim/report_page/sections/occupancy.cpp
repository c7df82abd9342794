// SPDX-License-Identifier: Apache-2.0
// Pods and stalls over time, and the work of each pod; of HDF5 reports, which hold rounds and pods.
#include "podsim/sim/report_page/round_bins.hpp"
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

/// Columns of the picture.
constexpr std::int64_t kBins = 600;

class Occupancy final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    const auto cycles = static_cast<std::int64_t>(number_of(run.report["totals"], "cycles"));
    const TimeBins bins = TimeBins::make(cycles, kBins);
    const std::vector<RoundSeries> series = round_series(run.rounds, bins);
    if (series.empty() || bins.count() == 0) return {};
    Json out = {{"cycles", cycles},
                {"bin_cycles", bins.width},
                {"pods", number_of(member_of(run.report, "machine"), "pods")},
                {"rounds", run.rounds.rows()}};
    for (const RoundSeries& one : series) out["series"].push_back({{"name", one.name}, {"values", one.values}});
    for (const char* name : {"busy_cycles", "tile_operations"}) {
      const Hdf5Column* column = run.pods.find(name);
      if (column == nullptr) continue;
      if (const auto* values = std::get_if<std::vector<std::int64_t>>(&column->values)) out["pod"][name] = *values;
    }
    return out;
  }
};

const Registered<NoParameters> entry{run_section_registry(), "occupancy", "pods and stalls over time",
                                     [](const NoParameters&) { return std::make_unique<Occupancy>(); }};

}  // namespace
}  // namespace podsim
