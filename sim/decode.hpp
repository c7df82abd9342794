#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Autoregressive runs: one token after the other, with a cache that grows.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

struct Experiment;
struct Report;
struct RunOptions;

/// The parameter by which a zoo network says how many tokens it attends to. Networks that have it can be decoded.
inline constexpr const char* kContextParameter = "context";

/// One token (of each sequence of the batch).
struct DecodeStep {
  std::int64_t context = 0;  ///< tokens attended to, the new one included
  std::int64_t cycles = 0;
  std::int64_t limit = 0;       ///< lower bound in cycles
  std::int64_t dram_bytes = 0;  ///< read and written
  double joules = 0;
};

/// The steps of a run. They depend on each other: a token needs the last one's output, so their times add up.
struct DecodeRun {
  std::int64_t batch = 1;
  std::vector<DecodeStep> steps;

  std::int64_t cycles() const;
  std::int64_t limit() const;
  double joules() const;
  double tokens_per_second(double clock_mhz) const;
  /// What the lower bounds allow.
  double tokens_per_second_limit(double clock_mhz) const;
};

/// Checks that the workload can be decoded for so many steps.
/// \throws Error (bad_input)
void check_decode(const Experiment& experiment);

/// Simulates `experiment.decode_steps` steps, with context, context + 1, … The report is that of the last step, with
/// all steps in Report::decode. \throws Error (bad_input) if the workload is no zoo network with the parameter
/// "context", or it does not go so far
Report run_decode(const Experiment& experiment, const RunOptions& options);

Json to_json(const DecodeRun& run, double clock_mhz);
std::string decode_text(const DecodeRun& run, double clock_mhz);

}  // namespace podsim
