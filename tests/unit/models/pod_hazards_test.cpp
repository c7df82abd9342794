// SPDX-License-Identifier: Apache-2.0
// Every interlock of a pod, cycle by cycle: from which distance on the array of PEs computes what was meant, and from
// which on the pod takes the operations without a fault. The pod may be stricter than its PEs need, never laxer.
//
// Row r of a weight tile enters r cycles after the first and is in its PEs with the skew of their columns; row r of PEs
// meets an activation row floor(r / f) cycles after it entered, with the same skew. A register written in the cycle in
// which it is read, or swapped, gives its old value. From this alone:
//
//     weights before use       start >= load + 1 + max over r < k of (r - floor(r / f))     the pod: load + k
//     swap before shadow       load of the next >= start                                    the pod: the same
//     single buffer in use     load of the next >= end of the stream - 1                    the pod: end + Rs + Cs - 2
//     rows on the input        start of the next >= end of the stream                       the pod: the same
#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/pod_bench.hpp"

namespace podsim::test {
namespace {

const std::vector<PeGeometry> kGeometries{{1, 1, 1, 1},   {4, 4, 1, 1},     {8, 8, 2, 16},
                                          {5, 13, 16, 1}, {9, 6, 4, 2},     {16, 16, 16, 16},
                                          {12, 3, 5, 2},  {32, 32, 16, 16}, {32, 32, 1, 16}};

PodOperation operation(const PeGeometry& array, std::int64_t load, std::int64_t start, RandomStream& random) {
  PodOperation op;
  op.load = load;
  op.start = start;
  op.m = array.rows + 2;
  op.k = array.rows;
  op.n = array.cols;
  op.takes_sums = true;
  draw_operands(op, array, random);
  // A weight or activation of zero could hide a hazard, and so could equal ones.
  for (auto& x : op.activations) x = x == 0 ? std::int8_t{1} : x;
  for (auto& w : op.weights) w = static_cast<std::int8_t>(w | 1);
  return op;
}

/// The weights of the second differ from those of the first, everywhere.
void make_weights_differ(const PodOperation& first, PodOperation& second) {
  for (std::size_t i = 0; i < second.weights.size(); ++i)
    second.weights[i] = static_cast<std::int8_t>(first.weights[i] + 2);
}

/// What was meant: plain sums of products, leaving Rs + Cs - 1 cycles after the activation row entered.
std::vector<OutputRow> meant(const PeGeometry& array, const std::vector<PodOperation>& ops) {
  std::vector<OutputRow> rows;
  for (const PodOperation& op : ops) {
    for (int t = 0; t < op.m; ++t) {
      OutputRow row;
      row.cycle = op.start + t + array.row_stages() + array.col_stages() - 1;
      for (int c = 0; c < op.n; ++c) {
        auto sum =
            op.takes_sums ? static_cast<std::uint32_t>(op.sums[static_cast<std::size_t>(t * array.cols + c)]) : 0U;
        for (int d = 0; d < op.k; ++d) {
          sum += static_cast<std::uint32_t>(op.activations[static_cast<std::size_t>(t * array.rows + d)] *
                                            op.weights[static_cast<std::size_t>(d * array.cols + c)]);
        }
        row.values.push_back(static_cast<std::int32_t>(sum));
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

/// Runs the operations both ways.
/// \param pes_right whether the PEs should compute what was meant
/// \param fault what the pod should say, "" for nothing
void check(const PeGeometry& array, const std::vector<PodOperation>& ops, bool pes_right, const std::string& fault) {
  const std::vector<OutputRow> expected = meant(array, ops);
  const PodRun pod = run_pod(array, ops);
  CAPTURE(pod.fault, fault, pes_right);
  CHECK((run_pes(array, ops) == expected) == pes_right);
  if (fault.empty()) {
    REQUIRE(pod.fault.empty());
    check_equal(pod.rows, expected);
  } else {
    CHECK(pod.fault.find(fault) != std::string::npos);
  }
  // The pod must not be laxer.
  CHECK((pes_right || !fault.empty()));
}

/// max over r < k of (r - floor(r / f)): by how much weight rows fall behind the activations.
std::int64_t weight_lag(const PeGeometry& array) {
  std::int64_t lag = 0;
  for (int r = 0; r < array.rows; ++r) lag = std::max<std::int64_t>(lag, r - r / array.fan_in);
  return lag;
}

TEST_CASE("pod hazards: weights are loaded before they are used", "[models]") {
  RandomStream random(1, "pod hazards");
  for (PeGeometry array : kGeometries) {
    for (const bool double_buffered : {true, false}) {
      array.double_buffered = double_buffered;
      for (std::int64_t distance = 0; distance <= array.rows + 1; ++distance) {
        CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, double_buffered, distance);
        check(array, {operation(array, 3, 3 + distance, random)}, distance >= 1 + weight_lag(array),
              distance >= array.rows ? "" : "it starts before its weights are loaded");
      }
    }
  }
}

TEST_CASE("pod hazards: the shadow plane is written once the tile before is swapped in", "[models]") {
  RandomStream random(2, "pod hazards");
  for (const PeGeometry& array : kGeometries) {
    // The first waits so long for its activations that the next weights could come much too early.
    const PodOperation first = operation(array, 0, 2 * array.rows + 5, random);
    for (std::int64_t early = -1; early <= array.rows + 2; ++early) {
      CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, early);
      PodOperation second = operation(array, first.start - early, first.stream_end() + array.rows, random);
      make_weights_differ(first, second);
      check(array, {first, second}, early <= 0, early <= 0 ? "" : "its weights overwrote others in the shadow plane");
    }
  }
}

TEST_CASE("pod hazards: a single weight buffer is written once the rows before are through", "[models]") {
  RandomStream random(3, "pod hazards");
  for (PeGeometry array : kGeometries) {
    array.double_buffered = false;
    const PodOperation first = operation(array, 0, array.rows, random);
    const std::int64_t pod_allows = first.stream_end() + array.row_stages() + array.col_stages() - 2;
    for (std::int64_t load = first.start; load <= pod_allows + 1; ++load) {
      CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, load, pod_allows);
      PodOperation second = operation(array, load, pod_allows + 2 * array.rows, random);
      make_weights_differ(first, second);
      check(array, {first, second}, load >= first.stream_end() - 1,
            load >= pod_allows ? "" : "its weights overwrote those in use");
    }
  }
}

TEST_CASE("pod hazards: activation rows do not meet those of the operation before", "[models]") {
  RandomStream random(4, "pod hazards");
  for (const PeGeometry& array : kGeometries) {
    const PodOperation first = operation(array, 0, array.rows, random);
    for (std::int64_t early = -1; early <= 2; ++early) {
      CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, early);
      PodOperation second = operation(array, first.start, first.stream_end() - early, random);
      make_weights_differ(first, second);
      // A port takes one row: that of the operation before, the swap that comes with the first of the next is lost.
      check(array, {first, second}, early <= 0,
            early <= 0 ? "" : "it starts while the array still takes rows of the one before");
    }
  }
}

}  // namespace
}  // namespace podsim::test
