// SPDX-License-Identifier: Apache-2.0
// The pod computes a tile operation at once, from closed forms. Here it runs beside an array of PEs that is stepped
// cycle by cycle, on the same random operations: every partial-sum row has to leave both in the same cycle, with the
// same values.
// PODSIM_PE_SCALE multiplies the number of operations, PODSIM_PE_SEED changes them.
#include <algorithm>
#include <iostream>
#include <vector>

#include "property/property_case.hpp"
#include "support/catch.hpp"
#include "support/pod_bench.hpp"

namespace podsim::test {
namespace {

TEST_CASE("pod against PEs: every partial-sum row leaves in the same cycle with the same values", "[models]") {
  const auto scale = static_cast<int>(from_environment("PODSIM_PE_SCALE", 1));
  RandomStream random(static_cast<std::uint64_t>(from_environment("PODSIM_PE_SEED", 4)), "pod against PEs");
  std::int64_t operations = 0;
  std::size_t compared = 0;
  const std::vector<PeGeometry> geometries{{1, 1, 1, 1},     {1, 9, 1, 2},     {7, 1, 2, 1},     {4, 4, 1, 1},
                                           {8, 8, 2, 16},    {5, 13, 16, 1},   {16, 16, 16, 16}, {17, 11, 4, 3},
                                           {12, 33, 5, 16},  {32, 32, 16, 16}, {32, 32, 1, 1},   {31, 47, 2, 16},
                                           {64, 64, 16, 16}, {64, 64, 1, 1},   {64, 16, 16, 2}};
  struct Buffers {
    bool are_double, is_drain_charged;
  };
  for (PeGeometry array : geometries) {
    for (const Buffers buffers : {Buffers{true, true}, Buffers{false, true}, Buffers{false, false}}) {
      array.double_buffered = buffers.are_double;
      array.is_drain_charged = buffers.is_drain_charged;
      array.has_full_edges = random.below(2) == 0;
      CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, array.double_buffered, array.is_drain_charged,
              array.has_full_edges);
      // About as many steps of PEs for every geometry; 400 operations at a time at the most, for the memory they take.
      int left = std::clamp(1500000 / (array.rows * array.cols * (3 * array.rows + array.cols)), 12, 400) * scale;
      for (int count = 0; left > 0; left -= count) {
        count = std::min(left, 400);
        const std::vector<PodOperation> ops = random_operations(array, count, 0, random);
        const PodRun pod = run_pod(array, ops);
        REQUIRE(pod.fault.empty());
        const std::vector<OutputRow> pes = run_pes(array, ops);
        std::size_t rows = 0;
        for (const PodOperation& op : ops) rows += static_cast<std::size_t>(op.m);
        REQUIRE(pes.size() == rows);
        check_equal(pod.rows, pes);
        operations += count;
        compared += rows;
      }
    }
  }
  if (scale > 1) std::cout << operations << " operations, " << compared << " rows equal\n";
}

/// Two operations, one behind the other with a single weight buffer: the weights of the second enter `gap` cycles after
/// the last activation row of the first. All operands are 1 but the weights of the second, which are -1.
std::vector<PodOperation> two_operations(const PeGeometry& array, std::int64_t gap) {
  std::vector<PodOperation> ops(2);
  for (std::size_t q = 0; q < ops.size(); ++q) {
    PodOperation& op = ops[q];
    op.m = 3;
    op.k = array.rows;
    op.n = array.cols;
    op.load = q == 0 ? 0 : ops[0].stream_end() - 1 + gap;
    op.start = op.load + op.k;
    op.activations.assign(static_cast<std::size_t>(op.m * array.rows), 1);
    op.weights.assign(static_cast<std::size_t>(op.k * array.cols), q == 0 ? std::int8_t{1} : std::int8_t{-1});
  }
  return ops;
}

/// All rows that leave the array of PEs have the values of their operation.
bool pes_are_right(const PeGeometry& array, const std::vector<PodOperation>& ops) {
  const std::vector<OutputRow> rows = run_pes(array, ops);
  std::size_t row = 0;
  for (std::size_t q = 0; q < ops.size(); ++q) {
    for (int t = 0; t < ops[q].m; ++t, ++row) {
      for (const std::int32_t value : rows.at(row).values) {
        if (value != (q == 0 ? array.rows : -array.rows)) return false;
      }
    }
  }
  return row == rows.size();
}

TEST_CASE("pod against PEs: with the drain overlapped, weights follow the last activation row", "[models]") {
  for (const int fan_in : {1, 2, 16}) {
    for (const int broadcast : {1, 2, 16}) {
      for (const int size : {4, 7, 32}) {
        PeGeometry array{size, size, fan_in, broadcast};
        array.double_buffered = false;
        array.is_drain_charged = false;
        CAPTURE(size, fan_in, broadcast);
        // The cycle after the last activation row, the rule of the pod, is right. So is that row's own cycle: a
        // register that is written in a cycle is used with its old value in it. One cycle earlier spoils the last row.
        CHECK(pes_are_right(array, two_operations(array, 1)));
        CHECK(pes_are_right(array, two_operations(array, 0)));
        CHECK_FALSE(pes_are_right(array, two_operations(array, -1)));
        CHECK(run_pod(array, two_operations(array, 1)).fault.empty());
        CHECK(run_pod(array, two_operations(array, 0)).fault.find("overwrote those in use") != std::string::npos);
        // With the drain charged the last product comes first.
        array.is_drain_charged = true;
        const std::int64_t drain = array.row_stages() + array.col_stages() - 2;
        CHECK(run_pod(array, two_operations(array, drain + 1)).fault.empty());
        CHECK(run_pod(array, two_operations(array, drain)).fault.find("overwrote those in use") != std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace podsim::test
