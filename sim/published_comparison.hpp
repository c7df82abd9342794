#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The published runs, by the published rules and on podsim's own machine.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podsim/models/published/run.hpp"
#include "podsim/sim/published_raw_results.hpp"
#include "podsim/sim/simulator.hpp"

namespace podsim {

/// Names of the figures in which a run by the published rules differs from the published one.
std::vector<std::string> differences(const published::RawResult& raw, const published::RunResult& ours);

/// One published run beside podsim's.
struct PublishedComparison {
  published::RawResult raw;
  published::RunResult ours;                   ///< by the published rules
  std::optional<std::int64_t> machine_cycles;  ///< on podsim's own machine, if it was simulated

  /// Names of the figures that differ.
  std::vector<std::string> differences() const { return podsim::differences(raw, ours); }
  /// Cycles of podsim's machine over the published ones.
  std::optional<double> machine_ratio() const;
};

/// podsim's default machine with the row's pods and interconnect: what it is compared with.
Experiment machine_experiment(const published::RawResult& raw);

/// How far a list of runs was meant to go.
struct RunsWanted {
  std::size_t count = 0;
  std::string stopped_because;  ///< empty if they all were done
};

/// Repeats one run.
/// \param with_machine also on podsim's own machine, with its own scheduler and cold weights
/// \param options `stop` and `progress` are heard
/// \throws Error (run_failed if stopped)
PublishedComparison compare_with_published(const published::RawResult& raw, bool with_machine,
                                           const RunOptions& options);

/// The table for people: rounds and cycles, ours and published, and podsim's machine.
std::string published_table(const std::vector<PublishedComparison>& rows);
/// All figures: a line per run (RFC 4180) with a header, or JSON, which also says whether these are all runs that were
/// wanted. Equal runs give equal bytes.
std::string published_csv(const std::vector<PublishedComparison>& rows);
std::string published_json(const std::vector<PublishedComparison>& rows, const RunsWanted& wanted);
/// The first members of a JSON report on `done` runs.
Json runs_header(const char* format, std::size_t done, const RunsWanted& wanted);

}  // namespace podsim
