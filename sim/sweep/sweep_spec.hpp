#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What a sweep varies: the file that `podsim sweep` reads.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "podsim/sim/core/json_reader.hpp"
#include "podsim/sim/sweep/expression.hpp"

namespace podsim {

/// Parameters that vary together: one pointer, or several that are zipped.
struct SweepAxis {
  std::vector<std::string> pointers;      ///< into the experiment
  std::vector<std::string> places;        ///< of each pointer's list, in the file
  std::vector<std::vector<Json>> values;  ///< by pointer; all of the same length

  std::size_t size() const { return values.front().size(); }
};

/// A parameter that follows from others.
struct DerivedValue {
  std::string pointer;
  Expression expression;
};

/// A sweep as it was asked for.
struct SweepSpec {
  std::string file;                   ///< what errors call it
  Json document;                      ///< all of it
  Json base;                          ///< the experiment that every point starts from
  bool has_workloads;                 ///< the first axis is the list of workloads
  std::vector<SweepAxis> axes;        ///< the first one varies slowest
  std::vector<DerivedValue> derived;  ///< in the order in which they are worked out
  std::vector<Expression> filters;    ///< a point stays if all of them hold
  std::int64_t max_cycles = 0;        ///< of every point; 0: no limit
};

/// \throws Error (bad_input) with all mistakes that can be seen without a point
SweepSpec read_sweep_spec(const JsonDocument& document);

}  // namespace podsim
