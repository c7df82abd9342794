#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The tile operations of a run on output-stationary pods, gathered so that arrays of PEs can do them again.
///
/// A test tells the recorder when operations started and drained, from whatever observes the run, and passes on what
/// the value plane computed. Then, per pod:
///
///     check_equal(record.rows, replay_os(record, 0, [&](const auto& ops) { return run_os_pes(record.array, ops); }));

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "podsim/models/values/value_plane.hpp"
#include "support/os_operations.hpp"

namespace podsim::test {

/// What a pod did in a run.
struct OsPodRecord {
  OsGeometry array;
  std::vector<OsOperation> ops;  ///< in the order of time
  std::vector<OutputRow> rows;   ///< as the run launched them
};

class OsRecorder {
 public:
  /// An operation of the run, its operands still missing.
  /// \param op with its cycles, extents and flags
  void started(std::uint32_t id, int pod, const OsGeometry& array, OsOperation op);
  /// Rows of an operation that has started, in any order: m rows of k activations, and sums with all that they
  /// accumulated.
  void computed(const ComputedRows& rows);
  /// The first row of an operation that drains is launched in `cycle`, the others follow.
  void launched(std::uint32_t id, std::int64_t cycle);

  /// Per pod.
  /// \throws std::logic_error if an operation lacks rows, or drains and was not launched
  std::map<int, OsPodRecord> pods() const;
  std::size_t operations() const { return records_.size(); }

 private:
  struct Record {
    int pod = 0;
    OsGeometry array;
    OsOperation op;
    std::int64_t launch = -1;
    int rows_computed = 0;
    std::vector<std::vector<std::int32_t>> sums;  ///< m rows of n
  };
  std::map<std::uint32_t, Record> records_;
};

/// Does the operations of a pod again. Where everything has left the array before the next operation starts, and that
/// one does not go on with its sums, it begins anew: idle cycles are not stepped.
/// \param first the array takes no operands before this cycle
/// \param array runs operations; gives the rows that leave
/// \return the rows, in cycles of the run
std::vector<OutputRow> replay_os(
    const OsPodRecord& record, std::int64_t first,
    const std::function<std::vector<OutputRow>(const std::vector<OsOperation>& ops)>& array);

}  // namespace podsim::test
