// SPDX-License-Identifier: Apache-2.0
// The published way (SOSA, arXiv 2203.11540, multi-tenancy): all tenants share all pods in every round. They are
// scheduled one after the other, the most urgent first; each takes the first room that those before it left.
#include "podsim/sim/tenancy/tenancy_policy.hpp"

namespace podsim {
namespace {

class Mix final : public TenancyPolicy {
 public:
  TenancyPlan plan(const std::vector<TenantLoad>& tenants) const override {
    return {one_after_the_other(tenants, by_urgency(tenants)), {}, false};
  }
};

const Registered<NoParameters> entry{tenancy_policy_registry(), "mix",
                                     "tenants share all pods in every round, as published",
                                     [](const NoParameters&) { return std::make_unique<Mix>(); }};

}  // namespace
}  // namespace podsim
