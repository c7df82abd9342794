#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A network among several that share a machine, as an experiment names it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/fields.hpp"

namespace podsim {

struct TenantConfig {
  std::string workload;  ///< as Experiment::workload
  std::string name;      ///< default: that of the network, with "#2", "#3", … for further ones
  std::int64_t arrival_cycle = 0;
  int priority = 0;
  std::int64_t deadline_cycle = 0;   ///< 0: none
  std::optional<std::int64_t> pods;  ///< with the policy "split"

  void fields(Fields& f);
};

/// Gives a name to those that have none.
void complete_names(std::vector<TenantConfig>& tenants);

/// Adds an issue for every name that is no good, or given twice.
/// \param pointer of the list
void check_tenants(const std::vector<TenantConfig>& tenants, const std::string& file, const std::string& pointer,
                   IssueList& issues);

}  // namespace podsim
