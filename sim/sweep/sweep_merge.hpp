#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file From the files of shards to the result of the whole sweep. Neither spec nor networks are needed.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/sweep/sweep_result.hpp"

namespace podsim {

/// Gives the file of a shard what a merge needs beyond the table for people: attributes `shard`, `shards`,
/// `sweep_points`, `max_memory_bytes`, `parameters`, and the table `/entries` with each point and what became of it as
/// JSON text, so that integers, fractions, nulls and the order of columns survive exactly.
void add_shard(Hdf5Builder& builder, const SweepResult& sweep);

/// What the files of shards hold together.
struct MergedSweep {
  SweepPlan plan;
  std::vector<PointResult> results;
};

/// Puts shards together. Their order does not matter, and their number need not be the same: points count. A point may
/// be in several files if they agree, or if only one of them has finished it.
class SweepMerge {
 public:
  /// Takes a file in. \throws Error (bad_input) naming it: no file of a shard, damaged, of another podsim or of another
  /// sweep than the first one, or with a point that another file has with another content
  void add(const std::string& file);

  /// \param partial points that no file has, or has finished, stay "not_run"; without, they are errors
  /// \throws Error (bad_input) naming shards and points that are missing
  MergedSweep finish(bool partial);

 private:
  void check_same_sweep(const std::string& file, const std::map<std::string, Hdf5Scalar>& found);
  void take(const std::string& file, std::size_t n, SweepPoint point, PointResult result);
  void throw_if_missing() const;

  std::string first_file_;
  std::map<std::string, Hdf5Scalar> header_;  ///< attributes that all shards share
  MergedSweep merged_;
  std::vector<std::size_t> source_;  ///< by point: index into files_, or none
  std::vector<std::pair<std::string, SweepShard>> files_;
};

}  // namespace podsim
