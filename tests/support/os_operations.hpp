#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Tile operations for output-stationary arrays, the rules that keep them apart, and what the PEs make of them.
///
/// `run_os_pes` is an oracle that is independent of podsim's pod: from operations and the cycles in which they start
/// and drain it gives every row of sums with its cycle and values. The rules are those of a pod, not of the PEs; tests
/// show from the PEs that each is needed.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/sim/core/random.hpp"
#include "support/os_pe_array.hpp"
#include "support/pod_operations.hpp"

namespace podsim::test {

/// A tile operation: (m x k) @ (k x n). Column t of the activation tile and row t of the weight tile enter together in
/// cycle start + t. All lanes of the ports are given; those beyond m and n too.
struct OsOperation {
  std::int64_t start = 0;
  std::int64_t drain = -1;               ///< the sums are captured from this cycle on; -1: they stay in the array
  int m = 0, k = 0, n = 0;               ///< m up to the rows of the array, n up to its columns
  bool accumulates = false;              ///< goes on with the sums that are in the array
  std::vector<std::int8_t> activations;  ///< k x rows of the array, anything beyond m
  std::vector<std::int8_t> weights;      ///< k x cols of the array, anything beyond n
  bool drains() const { return drain >= 0; }
  std::int64_t stream_end() const { return start + k; }
};

/// The first cycle in which an operation may start behind another one: once the ports are free, and once the sums of
/// the one before are captured (or, without a shadow plane, read) wherever the new products arrive.
std::int64_t os_start_after(const OsGeometry& array, const OsOperation& before);
/// The first cycle in which an operation may drain.
/// \param before the last one that drained; null: none has
std::int64_t os_drain_after(const OsOperation& op, const OsOperation* before);

/// Operations as these rules allow them: each as early as can be, or later. k is split over up to four of them.
/// \param first none starts before this cycle
std::vector<OsOperation> random_os_operations(const OsGeometry& array, int count, std::int64_t first,
                                              RandomStream& random);
/// Random operands; corners are as likely as a quarter of the rest, no lane is left out.
void draw_os_operands(OsOperation& op, const OsGeometry& array, RandomStream& random);

/// What was meant, by plain sums of products: row i of an operation that drains in cycle d leaves in d + Cs + i.
std::vector<OutputRow> meant_os_rows(const OsGeometry& array, const std::vector<OsOperation>& ops);

/// Feeds operations, in the order of their cycles, to the ports of an array. Where two want a port in one cycle the
/// earlier one has it.
class OsFeeder {
 public:
  /// \param ops must outlive it
  OsFeeder(const OsGeometry& array, const std::vector<OsOperation>& ops) : array_(array), ops_(ops) {}
  /// What is on the ports in `cycle`; to be called for every cycle, in order.
  OsPorts ports(std::int64_t cycle);
  /// To be called with every row that leaves: how many of its values count, those of the operation it belongs to.
  /// \throws std::logic_error if no operation is left that it could belong to
  int columns_of_row(int row);
  /// Until the last row has left, and some more, in which none may come.
  std::int64_t cycles() const;

 private:
  OsGeometry array_;
  const std::vector<OsOperation>& ops_;
  std::size_t streaming_ = 0, draining_ = 0, left_ = 0;
};

/// What leaves the array of PEs, cycle by cycle; of each row the first n values.
/// \param products if given, becomes the number of cycles in which some PE multiplied
std::vector<OutputRow> run_os_pes(const OsGeometry& array, const std::vector<OsOperation>& ops,
                                  std::int64_t* products = nullptr);

}  // namespace podsim::test
