#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How a run goes, beside what it runs.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "podsim/sim/core/json_reader.hpp"
#include "podsim/sim/core/memory_budget.hpp"
#include "podsim/sim/functional.hpp"

namespace podsim {

class RunProbe;

/// Where a run is.
struct RunProgress {
  enum class Phase { scheduling, simulating };
  Phase phase = Phase::scheduling;
  std::int64_t done = 0;  ///< tile operations placed, or rounds simulated
  std::int64_t total = 0;
  std::int64_t cycle = 0;  ///< simulated so far
};

struct RunOptions {
  /// Stop (with a partial result) after so many cycles; 0: never.
  std::int64_t max_cycles = 0;
  /// Refuse work that would need more.
  std::int64_t max_memory_bytes = kDefaultMemoryBytes;
  /// Asked now and then; true stops the run with a partial result.
  std::function<bool()> stop;
  std::function<void(const RunProgress&)> progress;
  /// Keep a RoundResult per round, about 150 bytes each.
  bool record_rounds = false;
  /// Is shown all that happens in the run; null: nobody watches. Not with decode steps or tenants, which are several
  /// runs.
  RunProbe* probe = nullptr;
  /// For tests: SystemC processes that are ready at the same time run in random order.
  std::optional<std::uint64_t> shuffle_seed;
  /// For tests: banks and DRAM take longer now and then.
  std::optional<std::uint64_t> stall_seed;
  /// Takes this schedule instead of making one (the text of a schedule file and its name).
  std::optional<JsonDocument> schedule;
  /// Computes values, too, and compares them with the reference.
  std::optional<FunctionalOptions> functional;
  /// Is given the schedule as JSON text, if set: once it is checked and planned, before it is simulated.
  std::function<void(const std::string&)> schedule_sink;
};

}  // namespace podsim
