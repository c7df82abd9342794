// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/tenancy/tenancy_policy.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace podsim {

TenancyPolicyRegistry& tenancy_policy_registry() {
  static TenancyPolicyRegistry registry("tenancy policy");
  return registry;
}

std::vector<int> by_urgency(const std::vector<TenantLoad>& tenants) {
  std::vector<int> out(tenants.size());
  std::iota(out.begin(), out.end(), 0);
  auto key = [&tenants](int t) {
    const TenantLoad& tenant = tenants[static_cast<std::size_t>(t)];
    const std::int64_t deadline =
        tenant.deadline_cycle > 0 ? tenant.deadline_cycle : std::numeric_limits<std::int64_t>::max();
    return std::make_tuple(-tenant.priority, deadline, tenant.arrival_cycle, t);
  };
  std::sort(out.begin(), out.end(), [&key](int a, int b) { return key(a) < key(b); });
  return out;
}

std::vector<OperationOf> one_after_the_other(const std::vector<TenantLoad>& tenants, const std::vector<int>& sequence) {
  std::vector<OperationOf> out;
  for (const int tenant : sequence) {
    const std::size_t operations = tenants[static_cast<std::size_t>(tenant)].operation_cycles.size();
    for (std::size_t o = 0; o < operations; ++o) out.push_back({tenant, static_cast<int>(o)});
  }
  return out;
}

}  // namespace podsim
