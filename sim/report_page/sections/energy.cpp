// SPDX-License-Identifier: Apache-2.0
// Where the energy went, by component; by layer it is in the data of the layers.
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

class EnergySection final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    const Json& energy = member_of(run.report, "energy");
    if (!energy.is_object()) return {};
    Json components = Json::array();
    for (const auto& [name, value] : energy.items()) {
      const bool is_energy = name.size() > 3 && name.compare(name.size() - 3, 3, "_mj") == 0;
      if (!is_energy || name == "total_mj" || !value.is_number()) continue;
      components.push_back({{"name", name.substr(0, name.size() - 3)}, {"mj", value}});
    }
    return {{"technology", text_of(energy, "technology")},
            {"total_mj", number_of(energy, "total_mj")},
            {"components", std::move(components)}};
  }
};

const Registered<NoParameters> entry{run_section_registry(), "energy", "energy by component and layer",
                                     [](const NoParameters&) { return std::make_unique<EnergySection>(); }};

}  // namespace
}  // namespace podsim
