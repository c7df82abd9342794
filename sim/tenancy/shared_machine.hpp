#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Decides when tenants' operations may begin and which pods they have.

#include <vector>

#include "podsim/models/hardware_config.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/models/tiling.hpp"
#include "podsim/sim/tenancy/tenancy_policy.hpp"
#include "podsim/sim/tenancy/tenant_config.hpp"

namespace podsim {

/// When rounds begin, as far as it is known: schedules count rounds, arrivals are in cycles.
class RoundClock {
 public:
  /// Rounds that all take as long.
  explicit RoundClock(double cycles_per_round) : cycles_per_round_(cycles_per_round) {}
  /// As they were in a run; those behind it take as long as its mean round.
  explicit RoundClock(const std::vector<RoundResult>& rounds);

  /// The first round that begins in the cycle or later.
  std::uint32_t round_at(std::int64_t cycle) const;

 private:
  std::vector<std::int64_t> starts_;
  double cycles_per_round_ = 1;
};

/// Per entry of the plan's order: when it may begin.
std::vector<Release> releases(const TenancyPlan& plan, const std::vector<TenantLoad>& tenants, const RoundClock& clock);

/// The machine with a group of pods per tenant, named as the tenant: the pods that it asks for, and of the others in
/// proportion to its MACs (largest remainders), one at least.
/// \throws Error (bad_input) if there are not enough pods, or the machine has groups of pods already
HardwareConfig split_pods(const HardwareConfig& hardware, const std::vector<TenantConfig>& tenants,
                          const std::vector<TenantLoad>& loads);

}  // namespace podsim
