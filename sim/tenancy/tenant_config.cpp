// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/tenancy/tenant_config.hpp"

#include <algorithm>
#include <set>

namespace podsim {
namespace {

/// "resnet50" of "zoo:resnet50:image=299" and of "nets/resnet50.json".
std::string short_name(const std::string& workload) {
  std::string name = workload.compare(0, 4, "zoo:") == 0 ? workload.substr(4, workload.find(':', 4) - 4)
                                                         : workload.substr(workload.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

}  // namespace

void TenantConfig::fields(Fields& f) {
  f.text("workload", workload, "its network");
  f.text("name", name, "in the report, and in front of its layers' names; default: the network's");
  f.integer("arrival_cycle", arrival_cycle, {0, std::int64_t{1} << 50}, "cycles",
            "its inputs are in DRAM from then on");
  f.integer("priority", priority, {-1000, 1000}, "", "higher goes first");
  f.integer("deadline_cycle", deadline_cycle, {0, std::int64_t{1} << 50}, "cycles",
            "by which it should be done; 0: none");
  f.optional_integer("pods", pods, {1, std::int64_t{1} << 16}, "pods", "by MACs",
                     "with the policy split: pods of its own");
}

void complete_names(std::vector<TenantConfig>& tenants) {
  std::set<std::string> used;
  for (const TenantConfig& tenant : tenants) used.insert(tenant.name);
  for (TenantConfig& tenant : tenants) {
    if (!tenant.name.empty()) continue;
    const std::string stem = short_name(tenant.workload);
    tenant.name = stem;
    for (int n = 2; tenant.name.empty() || used.count(tenant.name) != 0; ++n) {
      tenant.name = stem + "#" + std::to_string(n);
    }
    used.insert(tenant.name);
  }
}

void check_tenants(const std::vector<TenantConfig>& tenants, const std::string& file, const std::string& pointer,
                   IssueList& issues) {
  for (std::size_t n = 0; n < tenants.size(); ++n) {
    const TenantConfig& tenant = tenants[n];
    const std::string at = pointer + "/" + std::to_string(n);
    if (tenant.name.find('/') != std::string::npos) {
      issues.add(
          {file, at + "/name", "must not have a \"/\": layers are called NAME/LAYER, got \"" + tenant.name + "\"", {}});
    }
    if (std::any_of(tenants.begin(), tenants.begin() + static_cast<std::ptrdiff_t>(n),
                    [&tenant](const TenantConfig& other) { return other.name == tenant.name; })) {
      issues.add({file, at + "/name", "\"" + tenant.name + "\" is the name of another tenant", {}});
    }
    if (tenant.workload.empty() || tenant.workload == "-") {
      issues.add({file, at + "/workload", "must name a network: a file or zoo:NAME", {}});
    }
    if (tenant.deadline_cycle > 0 && tenant.deadline_cycle <= tenant.arrival_cycle) {
      issues.add({file,
                  at + "/deadline_cycle",
                  "must be behind the arrival in cycle " + std::to_string(tenant.arrival_cycle) + ", got " +
                      std::to_string(tenant.deadline_cycle),
                  {}});
    }
  }
}

}  // namespace podsim
