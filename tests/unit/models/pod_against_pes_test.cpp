// SPDX-License-Identifier: Apache-2.0
// The pod computes a tile operation at once, from closed forms. Here it runs beside an array of PEs that is stepped
// cycle by cycle, on the same random operations: every partial-sum row has to leave both in the same cycle, with the
// same values.
#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/pe_array.hpp"
#include "support/pod_operations.hpp"
#include "support/stubs.hpp"

namespace podsim::test {
namespace {

/// What leaves the array of PEs, cycle by cycle.
std::vector<OutputRow> run_pes(const PeGeometry& geometry, const std::vector<PodOperation>& ops) {
  PeArray array(geometry, 77);
  std::vector<OutputRow> rows;
  std::size_t loading = 0, streaming = 0, leaving = 0, left = 0;
  const std::int64_t end = ops.back().stream_end() + geometry.rows + geometry.cols + 1;
  for (std::int64_t cycle = 0; cycle < end; ++cycle) {
    PePorts ports;
    while (loading < ops.size() && cycle >= ops[loading].load + geometry.loaded_rows(ops[loading].k)) ++loading;
    if (loading < ops.size() && cycle >= ops[loading].load) {
      const PodOperation& op = ops[loading];
      ports.weight_row = static_cast<int>(cycle - op.load);
      ports.weights.assign(static_cast<std::size_t>(geometry.cols), 0);
      if (ports.weight_row < op.k) {
        std::copy_n(op.weights.begin() + ports.weight_row * geometry.cols, geometry.cols, ports.weights.begin());
      }
    }
    while (streaming < ops.size() && cycle >= ops[streaming].stream_end()) ++streaming;
    if (streaming < ops.size() && cycle >= ops[streaming].start) {
      const PodOperation& op = ops[streaming];
      const std::int64_t t = cycle - op.start;
      const auto from = op.activations.begin() + t * geometry.rows;
      ports.activations.assign(from, from + geometry.rows);
      ports.is_first_row = t == 0;
      if (op.takes_sums) {
        ports.sums.assign(op.sums.begin() + t * geometry.cols, op.sums.begin() + (t + 1) * geometry.cols);
      }
    }
    auto out = array.step(ports);
    if (!out) continue;
    REQUIRE(leaving < ops.size());
    out->resize(static_cast<std::size_t>(ops[leaving].n));
    rows.push_back({cycle, std::move(*out)});
    if (++left == static_cast<std::size_t>(ops[leaving].m)) {
      left = 0;
      ++leaving;
    }
  }
  return rows;
}

/// What leaves the pod.
struct PodRun {
  std::vector<OutputRow> rows;
  std::string fault;  ///< "" if there was none
};

PodRun run_pod(const PeGeometry& array, const std::vector<PodOperation>& ops) {
  Kernel kernel;
  PodBench bench(array);
  bench.order(ops);
  run_cycles(ops.back().stream_end() + 1);
  return {bench.rows(), bench.fault()};
}

/// Compares row by row, so that a failure names the first row that differs.
void check_equal(const std::vector<OutputRow>& pod, const std::vector<OutputRow>& pes) {
  REQUIRE(pod.size() == pes.size());
  for (std::size_t row = 0; row < pes.size(); ++row) {
    CAPTURE(row);
    REQUIRE(pod[row].cycle == pes[row].cycle);
    REQUIRE(pod[row].values == pes[row].values);
  }
}

TEST_CASE("pod against PEs: every partial-sum row leaves in the same cycle with the same values", "[models]") {
  RandomStream random(4, "pod against PEs");
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
      // About as many steps of PEs for every geometry.
      const int count = std::clamp(1500000 / (array.rows * array.cols * (3 * array.rows + array.cols)), 12, 400);
      const std::vector<PodOperation> ops = random_operations(array, count, 0, random);
      const PodRun pod = run_pod(array, ops);
      REQUIRE(pod.fault.empty());
      const std::vector<OutputRow> pes = run_pes(array, ops);
      std::size_t rows = 0;
      for (const PodOperation& op : ops) rows += static_cast<std::size_t>(op.m);
      REQUIRE(pes.size() == rows);
      check_equal(pod.rows, pes);
    }
  }
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
