// SPDX-License-Identifier: Apache-2.0
// Spatial split: each tenant has pods of its own for the whole run. Banks, fabrics, post-processors and DRAM are
// shared.
#include "podsim/sim/tenancy/tenancy_policy.hpp"

namespace podsim {
namespace {

class Split final : public TenancyPolicy {
 public:
  TenancyPlan plan(const std::vector<TenantLoad>& tenants) const override {
    return {one_after_the_other(tenants, by_urgency(tenants)), {}, true};
  }
};

const Registered<NoParameters> entry{
    tenancy_policy_registry(), "split",
    "each tenant has pods of its own, in proportion to its MACs unless it says how many",
    [](const NoParameters&) { return std::make_unique<Split>(); }};

}  // namespace
}  // namespace podsim
