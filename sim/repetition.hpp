#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Latency and steady-state throughput of several inferences, one behind the other.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/models/run_result.hpp"
#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// Inferences that are all there in cycle 0 and go through one round table in their order.
struct Repetition {
  /// Per inference: the cycle in which the last row of its results is stored; write-back follows.
  std::vector<std::int64_t> done_cycles;

  std::int64_t first_latency() const { return done_cycles.empty() ? 0 : done_cycles.front(); }
  /// Mean cycles from the end of one inference to the end of the next; with one inference, its latency. Not just the
  /// last gap: the last inference has none behind it to share the machine with.
  double interval() const;
  /// One inference per interval at the clock.
  double inferences_per_second(double clock_mhz) const;
};

/// \param operations of all inferences, as `repeated` orders them
Repetition repetition_of(const std::vector<OperationResult>& operations, int inferences);

Json to_json(const Repetition& repetition, double clock_mhz);
std::string repetition_text(const Repetition& repetition, double clock_mhz);

}  // namespace podsim
