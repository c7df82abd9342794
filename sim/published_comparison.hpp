#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The published runs, by the published rules and on podsim's own machine.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podsim/models/published/run.hpp"
#include "podsim/sim/published_raw_results.hpp"
#include "podsim/sim/simulator.hpp"

namespace podsim {

/// One published run beside podsim's.
struct PublishedComparison {
  published::RawResult raw;
  published::RunResult ours;                   ///< by the published rules
  std::optional<std::int64_t> machine_cycles;  ///< on podsim's own machine, if it was simulated

  /// Names of the figures that differ.
  std::vector<std::string> differences() const;
  /// Cycles of podsim's machine over the published ones.
  std::optional<double> machine_ratio() const;
};

/// podsim's default machine with the row's pods and interconnect: what it is compared with.
Experiment machine_experiment(const published::RawResult& raw);

/// Repeats one run.
/// \param with_machine also on podsim's own machine, with its own scheduler and cold weights
/// \param options `stop` and `progress` are heard
/// \throws Error (run_failed if stopped)
PublishedComparison compare_with_published(const published::RawResult& raw, bool with_machine,
                                           const RunOptions& options);

/// The table for people: rounds and cycles, ours and published, and podsim's machine.
std::string published_table(const std::vector<PublishedComparison>& rows);
/// All figures: a line per run (RFC 4180) with a header, or JSON. Equal runs give equal bytes.
std::string published_csv(const std::vector<PublishedComparison>& rows);
std::string published_json(const std::vector<PublishedComparison>& rows);

}  // namespace podsim
