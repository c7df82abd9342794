// SPDX-License-Identifier: Apache-2.0
// Several networks on the machine: when each was there, and what sharing cost it.
#include "podsim/sim/report_page/run_section.hpp"

namespace podsim {
namespace {

class TenancySection final : public RunSection {
 public:
  Json data(const RunFile& run) const override {
    const Json& tenancy = member_of(run.report, "tenancy");
    const Json& tenants = member_of(tenancy, "tenants");
    if (!tenants.is_array() || tenants.empty()) return {};
    for (const Json& tenant : tenants) {
      if (text_of(tenant, "name").empty()) return {};
    }
    return tenancy;
  }
};

const Registered<NoParameters> entry{run_section_registry(), "tenancy", "several networks on the machine",
                                     [](const NoParameters&) { return std::make_unique<TenancySection>(); }};

}  // namespace
}  // namespace podsim
