#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Runs experiments, as many as one likes in one process, one after the other.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "podsim/models/program.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/sim/core/memory_budget.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/functional.hpp"
#include "podsim/sim/report.hpp"

namespace podsim {

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

/// Lowers, cuts, schedules and plans, but does not simulate.
/// \throws Error
std::unique_ptr<Program> prepare(const Experiment& experiment, const RunOptions& options);

/// Simulates a program in a SystemC context of its own. Not thread-safe: SystemC allows one simulation per process
/// at a time.
/// \throws Error (internal if a hardware rule was broken; run_failed if the run cannot progress)
/// \param values computes the network's values on the way; null if only time is simulated
RunResult simulate(const Program& program, const RunOptions& options, ValuePlane* values = nullptr);

/// Everything from an experiment to its report.
/// \throws Error
Report run_experiment(const Experiment& experiment, const RunOptions& options);

}  // namespace podsim
