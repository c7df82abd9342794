#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Why podsim's machine takes other cycles than a published run: one cause after another.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/sim/published_comparison.hpp"
#include "podsim/sim/published_raw_results.hpp"
#include "podsim/sim/simulator.hpp"

namespace podsim {

/// What one difference between the published rules and podsim's machine is worth, with all above it in force.
struct PublishedCause {
  std::string name;
  std::int64_t cycles = 0;  ///< more (or, negative, fewer) than without it
};

/// The way from a published run to podsim's machine. The causes add up to machine_cycles - ours.cycles.
struct PublishedCauses {
  published::RawResult raw;
  published::RunResult ours;  ///< as podsim works it out by the published rules
  std::vector<PublishedCause> causes;
  std::int64_t machine_cycles = 0;
  /// Measured on its own, under the published rules otherwise; it is part of the cause that names the scheduler.
  std::int64_t adds_issued_once = 0;

  /// Names of the figures in which `ours` differs from the published run.
  std::vector<std::string> differences() const { return podsim::differences(raw, ours); }
};

/// First the published rules are switched off one by one (published::Rules). Then the published placement is run on
/// podsim's machine with banks of the published size; the difference is split by the accounts of both runs. Last come
/// the order of layers, the scheduler with its finalise passes, and the size of the banks.
/// \param options `stop` and `progress` are heard
/// \throws Error (run_failed if stopped)
PublishedCauses explain_published(const published::RawResult& raw, const RunOptions& options);

/// A line per cause, a column per run.
std::string causes_table(const std::vector<PublishedCauses>& runs);
/// A line per cause and run (RFC 4180), with a header; or JSON, which also says whether these are all runs that were
/// wanted.
std::string causes_csv(const std::vector<PublishedCauses>& runs);
std::string causes_json(const std::vector<PublishedCauses>& runs, const RunsWanted& wanted);

}  // namespace podsim
