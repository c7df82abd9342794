#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What became of the points of a sweep, and the files that say so.

#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/sweep/sweep_plan.hpp"
#include "podsim/sim/sweep/sweep_shard.hpp"

namespace podsim {

/// What became of one point.
struct PointResult {
  /// "ok"; "partial" (max_cycles); "bad_input", "run_failed", "internal" (kinds of errors); "timeout"; "crashed" (the
  /// worker died); "not_run" (the sweep was stopped)
  std::string status = "not_run";
  std::string message;            ///< why it is not ok
  Json figures = Json::object();  ///< numbers and texts by name; empty without a result
};

/// The figures of a report: its totals by their names, and the members of other objects behind a prefix
/// (`bound_limit_cycles`, `cycles_fill`, `machine_pods`). Lists and statistics are left out.
/// \param report JSON form of a report
Json sweep_figures(const Json& report);

/// The result of a worker's answer (`serve`).
PointResult result_of_answer(const Json& answer);

/// As entries of a journal.
Json to_json(std::size_t point, const PointResult& result);
PointResult point_result(const Json& entry);

/// A sweep, or a shard of it, and what is done of it.
struct SweepResult {
  const SweepPlan& plan;
  std::vector<PointResult> results;      ///< one per point of the plan, whatever the shard
  std::optional<SweepShard> shard = {};  ///< the points that count and are written; all without
  std::int64_t max_memory_bytes = 0;     ///< of each run; shards that are merged must agree

  /// The numbers of the points that count, in order.
  std::vector<std::size_t> points() const;
  std::size_t count(const std::string& status) const;
  bool is_complete() const { return count("not_run") == 0; }
};

/// One row per point under a header: parameters, status, figures, configuration. What a point does not have is empty.
/// The last columns say by which podsim, and of which sweep (`finished_sweep` reads them).
std::string sweep_csv(const SweepResult& sweep);

/// The same as a table in an HDF5 file: what a point does not have is NaN, -1 or "". A shard's file carries what
/// `merge_sweep` needs, too.
std::string sweep_hdf5(const SweepResult& sweep);

}  // namespace podsim
