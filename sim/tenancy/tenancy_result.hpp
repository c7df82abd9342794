#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What sharing a machine costs whom. Figures as usual for it: Eyerman and Eeckhout, "System-Level Performance
/// Metrics for Multiprogram Workloads", IEEE Micro 28(3), 2008; PREMA (arXiv 1909.04548).

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// One tenant of a run.
struct TenantResult {
  std::string name;
  std::string workload;
  std::string workload_hash;
  std::int64_t batch = 1;
  std::int64_t macs = 0;
  std::int64_t arrival_cycle = 0;
  int priority = 0;
  std::int64_t deadline_cycle = 0;  ///< 0: none
  int pods = 0;                     ///< that it may use
  std::int64_t done_cycle = 0;      ///< the last row of its results is stored; write-back follows
  std::int64_t alone_cycles = 0;    ///< latency if it has the whole machine for itself, from cycle 0 on
  double joules = 0;                ///< of its operations

  std::int64_t latency_cycles() const { return done_cycle - arrival_cycle; }
  /// T_shared / T_alone
  double slowdown() const;
  /// T_alone / T_shared, the tenant's normalised progress
  double progress() const;
  bool misses_deadline() const { return deadline_cycle > 0 && done_cycle > deadline_cycle; }
};

struct TenancyResult {
  std::string policy;
  bool is_complete = true;  ///< false: stopped before all were done, alone or together; then there are no figures
  std::vector<TenantResult> tenants;
  std::int64_t makespan_cycles = 0;
  int plannings = 1;  ///< how often the rounds of arrivals were worked out

  /// System throughput: the sum of progress, at most as many as there are tenants.
  double stp() const;
  /// Average normalised turnaround time: the mean of slowdown.
  double antt() const;
  /// The smallest progress over the largest; 1 is fair.
  double fairness() const;
  std::int64_t deadline_misses() const;
  /// Somebody is not there from the start.
  bool has_arrivals() const;
  /// The sum of alone_cycles.
  std::int64_t sequential_cycles() const;
};

/// \param clock_mhz for times in ms
Json to_json(const TenancyResult& result, double clock_mhz);
std::string tenancy_text(const TenancyResult& result, double clock_mhz);

}  // namespace podsim
