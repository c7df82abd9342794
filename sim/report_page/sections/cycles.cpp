// SPDX-License-Identifier: Apache-2.0
// What the cycles went into.
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

class CycleSection final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    Json classes = Json::array();
    for (const auto& [name, cycles] : run.report["cycle_classes"].items()) {
      if (cycles.is_number()) classes.push_back({{"name", name}, {"cycles", cycles}});
    }
    Json bounds = Json::array();
    for (const auto& [name, cycles] : run.report["lower_bounds"].items()) {
      if (cycles.is_number() && name != "limit_cycles") bounds.push_back({{"name", name}, {"cycles", cycles}});
    }
    return {{"cycles", number_of(run.report["totals"], "cycles")}, {"classes", classes}, {"bounds", bounds}};
  }
};

const Registered<NoParameters> entry{run_section_registry(), "cycles", "what the cycles went into",
                                     [](const NoParameters&) { return std::make_unique<CycleSection>(); }};

}  // namespace
}  // namespace podsim
