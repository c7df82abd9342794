#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The points of a sweep, in order, each a complete experiment.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/sim/sweep/sweep_spec.hpp"

namespace podsim {

struct SweepPoint {
  std::vector<Json> values;   ///< one per parameter of the plan; null if it could not be derived
  std::string configuration;  ///< the experiment as JSON text, complete with defaults; as far as it goes if it is wrong
  std::string workload;       ///< as it was asked for
  std::string config_hash;    ///< empty if the experiment is wrong
  std::string workload_hash;  ///< empty if there is no network
  std::string technology_hash;
  std::string problem;  ///< why it cannot be run; empty if it can
};

struct SweepPlan {
  std::vector<std::string> parameters;  ///< pointers: of the axes, then derived ones
  std::vector<SweepPoint> points;
  std::int64_t max_cycles = 0;
  Json spec;         ///< as it was read
  std::string hash;  ///< 16 hexadecimal digits over everything that the results follow from, but podsim itself
};

/// Combinations before filters; more are bad input.
inline constexpr std::int64_t kMostSweepPoints = 1'000'000;

/// Works out the points: the first axis varies slowest; workloads come before axes, axes before zipped ones.
/// Combinations that make no machine stay as points with a problem. \throws Error (bad_input) if an expression cannot
/// be evaluated, no point is left, or a value of an axis gives no
///         valid point at all: a slip of the spec, not of a combination
SweepPlan make_sweep_plan(const SweepSpec& spec);

/// "/hardware/pods/rows=8, /workload="zoo:lenet5"", for messages
std::string label(const SweepPlan& plan, const SweepPoint& point);

}  // namespace podsim
