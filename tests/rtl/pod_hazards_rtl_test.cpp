// SPDX-License-Identifier: Apache-2.0
// What the pod refuses, and what hardware makes of it: in the last cycle that the rules allow the RTL is right, and
// where a rule is as tight as hardware is, it is wrong a cycle further on.
#include <algorithm>

#include "podsim/models/values/int8_gemm.hpp"
#include "rtl/pod_testbench.hpp"
#include "support/catch.hpp"

namespace podsim::test {
namespace {

/// An operation over the whole array whose activations are all 1, so that a row sums up the weights it has met.
PodOperation whole(const PeGeometry& array, std::int64_t load, std::int64_t start, int m, std::int8_t weight) {
  PodOperation op;
  op.load = load;
  op.start = start;
  op.m = m;
  op.k = array.rows;
  op.n = array.cols;
  op.activations.assign(static_cast<std::size_t>(m * array.rows), 1);
  op.weights.assign(static_cast<std::size_t>(array.rows * array.cols), weight);
  return op;
}

/// Two of them, with different weights and time to spare between everything.
std::vector<PodOperation> two(const PeGeometry& array) {
  const int k = array.rows;
  const int stages = array.row_stages() + array.col_stages();
  std::vector<PodOperation> ops{whole(array, kRtlFirstCycle, kRtlFirstCycle + k + 5, k + 3, 3)};
  const std::int64_t load = ops[0].stream_end() + 2 * stages;
  ops.push_back(whole(array, load, load + 2 * k + 2 * stages, k + 2, 5));
  return ops;
}

/// The products, in the cycles in which they have to leave.
std::vector<OutputRow> right_rows(const PeGeometry& array, const std::vector<PodOperation>& ops) {
  std::vector<OutputRow> rows;
  for (const PodOperation& op : ops) {
    const std::vector<std::int32_t> values = kernel_sums(array, op);
    for (int t = 0; t < op.m; ++t) {
      const auto from = values.begin() + t * padded_columns(op.n);
      rows.push_back({op.start + t + array.row_stages() + array.col_stages() - 1, {from, from + op.n}});
    }
  }
  return rows;
}

struct Verdict {
  bool pod_refuses = false;
  bool rtl_is_right = false;
};

Verdict verdict(const RtlPodKind& kind, const std::vector<PodOperation>& ops) {
  const SideBySideRun run = run_side_by_side(kind, ops, 11);
  REQUIRE(run.rtl.flaw == "");
  return {!run.fault.empty(), run.rtl.rows == right_rows(kind.geometry, ops)};
}

TEST_CASE("pod against RTL: weights may overwrite the shadow plane from the cycle of the swap on", "[rtl]") {
  for (const RtlPodKind& kind : rtl_pods()) {
    if (!kind.geometry.double_buffered) continue;
    CAPTURE(kind.name());
    std::vector<PodOperation> ops = two(kind.geometry);
    ops[1].load = ops[0].start;
    Verdict in_time = verdict(kind, ops);
    CHECK(!in_time.pod_refuses);
    CHECK(in_time.rtl_is_right);
    ops[1].load -= 1;
    Verdict early = verdict(kind, ops);
    CHECK(early.pod_refuses);
    CHECK(!early.rtl_is_right);
  }
}

TEST_CASE("pod against RTL: activations may enter in the cycle after the last weight row, not in the same", "[rtl]") {
  for (const RtlPodKind& kind : rtl_pods()) {
    CAPTURE(kind.name());
    const int k = kind.geometry.rows;
    std::vector<PodOperation> ops = two(kind.geometry);
    ops[1].start = ops[1].load + k;
    Verdict in_time = verdict(kind, ops);
    CHECK(!in_time.pod_refuses);
    CHECK(in_time.rtl_is_right);
    ops[1].start -= 1;
    CHECK(verdict(kind, ops).pod_refuses);
    // Weight row r is in its registers from load + r + 1 on, and needed in start + floor(r / fan_in): hardware with
    // several block rows could begin as many cycles earlier as the last weight row has block rows above it.
    ops[1].start = ops[1].load + k - (k - 1) / kind.geometry.fan_in;
    CHECK(verdict(kind, ops).rtl_is_right);
    ops[1].start -= 1;
    CHECK(!verdict(kind, ops).rtl_is_right);
  }
}

TEST_CASE(
    "pod against RTL: with one set of weights the pod waits until the last row has left, hardware until it has entered",
    "[rtl]") {
  int kinds = 0;
  for (const RtlPodKind& kind : rtl_pods()) {
    const PeGeometry& array = kind.geometry;
    if (array.double_buffered) continue;
    ++kinds;
    CAPTURE(kind.name());
    std::vector<PodOperation> ops = two(array);
    ops[1].load = ops[0].stream_end() + array.row_stages() + array.col_stages() - 2;
    Verdict in_time = verdict(kind, ops);
    CHECK(!in_time.pod_refuses);
    CHECK(in_time.rtl_is_right);
    ops[1].load -= 1;
    CHECK(verdict(kind, ops).pod_refuses);
    // The weights follow the last activation row with the same skew of columns; a register that is written in a cycle
    // still gives its old value.
    ops[1].load = ops[0].stream_end() - 1;
    CHECK(verdict(kind, ops).rtl_is_right);
    ops[1].load -= 1;
    CHECK(!verdict(kind, ops).rtl_is_right);
  }
  CHECK(kinds >= 3);
}

TEST_CASE("pod against RTL: partial sums that enter a cycle after their activations are added to the wrong rows",
          "[rtl]") {
  for (const RtlPodKind& kind : rtl_pods()) {
    CAPTURE(kind.name());
    std::vector<PodOperation> ops = two(kind.geometry);
    ops[1].takes_sums = true;
    for (int i = 0; i < ops[1].m * kind.geometry.cols; ++i) ops[1].sums.push_back(1000 * i);
    Verdict together = verdict(kind, ops);
    CHECK(!together.pod_refuses);
    CHECK(together.rtl_is_right);
    ops[1].sums_late = 1;
    Verdict late = verdict(kind, ops);
    CHECK(late.pod_refuses);
    CHECK(!late.rtl_is_right);
  }
}

}  // namespace
}  // namespace podsim::test
