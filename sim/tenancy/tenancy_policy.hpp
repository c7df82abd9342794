#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How networks share a machine.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/registry.hpp"
#include "podsim/workloads/combine.hpp"

namespace podsim {

/// What a policy knows of a tenant before anything is scheduled.
struct TenantLoad {
  std::int64_t arrival_cycle = 0;
  int priority = 0;                 ///< higher goes first
  std::int64_t deadline_cycle = 0;  ///< 0: none
  std::int64_t macs = 0;
  std::vector<std::int64_t> operation_cycles;  ///< per operation: an estimate of what it takes on the whole machine
};

/// What a policy decides.
struct TenancyPlan {
  std::vector<OperationOf> order;     ///< in which operations are offered to the scheduler
  std::vector<std::uint32_t> slices;  ///< as `order`: Release::slice; empty: all in one
  bool splits_pods = false;           ///< each tenant has pods of its own
};

/// Decides in which order tenants are served, and what they share. Policies register themselves in
/// sim/tenancy_policies/.
class TenancyPolicy {
 public:
  virtual ~TenancyPolicy() = default;
  virtual TenancyPlan plan(const std::vector<TenantLoad>& tenants) const = 0;
};

using TenancyPolicyRegistry = Registry<TenancyPolicy>;
TenancyPolicyRegistry& tenancy_policy_registry();
inline constexpr const char* kDefaultTenancyPolicy = "mix";

/// Tenants by priority, then by deadline (those that have one first), arrival and number.
std::vector<int> by_urgency(const std::vector<TenantLoad>& tenants);

/// All operations of the tenants, tenant after tenant.
std::vector<OperationOf> one_after_the_other(const std::vector<TenantLoad>& tenants, const std::vector<int>& sequence);

}  // namespace podsim
