// SPDX-License-Identifier: Apache-2.0
// Recorded operations of output-stationary pods, done again by PEs: nothing is lost on the way, and whatever a run
// would have got wrong shows.
#include <algorithm>
#include <map>
#include <stdexcept>
#include <vector>

#include "podsim/models/values/int8_gemm.hpp"
#include "support/catch.hpp"
#include "support/os_replay.hpp"
#include "support/pod_bench.hpp"

namespace podsim::test {
namespace {

const OsGeometry kArray{8, 12, 2, 4};
constexpr int kPods = 3, kOperations = 60;

/// Operations of several pods, as a run would report them: a few rows at a time, packed for the int8 kernel.
struct Reported {
  OsRecorder recorder;
  std::map<int, std::vector<OsOperation>> ops;  ///< per pod
};

Reported report(RandomStream& random) {
  Reported out;
  for (int pod = 0; pod < kPods; ++pod) {
    std::vector<OsOperation> ops = random_os_operations(kArray, kOperations, 1000, random);
    std::int64_t late = 0;
    std::size_t row = 0;
    for (std::size_t q = 0; q < ops.size(); ++q) {
      // Now and then a pod has nothing to do for a long time.
      if (random.below(4) == 0) late += 300;
      ops[q].start += late;
      if (ops[q].drains()) ops[q].drain += late;
    }
    const std::vector<OutputRow> meant = meant_os_rows(kArray, ops);
    for (std::size_t q = 0; q < ops.size(); ++q) {
      const OsOperation& op = ops[q];
      const auto id = static_cast<std::uint32_t>(q * kPods + static_cast<std::size_t>(pod));
      OsOperation bare = op;
      bare.activations.clear();
      bare.weights.clear();
      out.recorder.started(id, pod, kArray, bare);
      const int pairs = depth_pairs(op.k), padded = padded_columns(op.n);
      std::vector<std::int16_t> x(static_cast<std::size_t>(op.m * pairs * 2));
      std::vector<std::int16_t> w(static_cast<std::size_t>(pairs * padded * 2));
      std::vector<std::int32_t> sums(static_cast<std::size_t>(op.m * padded));
      for (int t = 0; t < op.k; ++t) {
        for (int i = 0; i < op.m; ++i) {
          x[static_cast<std::size_t>(i * pairs * 2 + t)] =
              op.activations[static_cast<std::size_t>(t * kArray.rows + i)];
        }
        for (int j = 0; j < op.n; ++j) {
          w[packed_index(t, j, padded)] = op.weights[static_cast<std::size_t>(t * kArray.cols + j)];
        }
      }
      if (op.drains()) {
        out.recorder.launched(id, meant.at(row).cycle);
        for (int i = 0; i < op.m; ++i, ++row) {
          std::copy(meant[row].values.begin(), meant[row].values.end(), sums.begin() + i * padded);
        }
      }
      for (int from = 0, to = 0; from < op.m; from = to) {
        to = std::min(op.m, from + 3);
        ComputedRows rows;
        rows.op = id;
        rows.from = from;
        rows.to = to;
        rows.pairs = pairs;
        rows.padded = padded;
        rows.activations = x.data() + from * 2 * pairs;
        rows.weights = w.data();
        rows.sums_out = sums.data() + from * padded;
        out.recorder.computed(rows);
      }
    }
    out.ops[pod] = std::move(ops);
  }
  return out;
}

std::vector<OutputRow> on_pes(const OsPodRecord& record, std::int64_t* stepped = nullptr) {
  return replay_os(record, 0, [&](const std::vector<OsOperation>& ops) {
    if (stepped != nullptr) *stepped += OsFeeder(record.array, ops).cycles();
    return run_os_pes(record.array, ops);
  });
}

TEST_CASE("replay of output-stationary pods: recorded operations give the recorded rows", "[models]") {
  RandomStream random(3, "replay");
  for (int repetition = 0; repetition < 10; ++repetition) {
    const Reported reported = report(random);
    CHECK(reported.recorder.operations() == kPods * kOperations);
    const std::map<int, OsPodRecord> pods = reported.recorder.pods();
    REQUIRE(pods.size() == kPods);
    for (const auto& [pod, record] : pods) {
      CAPTURE(repetition, pod);
      REQUIRE(record.ops.size() == kOperations);
      std::int64_t stepped = 0;
      check_equal(record.rows, on_pes(record, &stepped));
      check_equal(meant_os_rows(kArray, reported.ops.at(pod)), record.rows);
      // About 15 gaps of 300 cycles were not stepped; as many are the operations themselves.
      CHECK(stepped < record.ops.back().stream_end() - 1000);
    }
  }
}

TEST_CASE("replay of output-stationary pods: whatever differs is found", "[models]") {
  RandomStream random(4, "replay");
  const OsPodRecord good = report(random).recorder.pods().at(1);
  REQUIRE(on_pes(good) == good.rows);
  OsPodRecord bad = good;
  bad.rows.at(7).values.back() += 1;
  CHECK(on_pes(bad) != bad.rows);
  bad = good;
  bad.rows.at(9).cycle += 1;
  CHECK(on_pes(bad) != bad.rows);
  bad = good;
  bad.rows.pop_back();
  CHECK(on_pes(bad) != bad.rows);
  for (std::size_t q = 0; q < good.ops.size(); ++q) {
    CAPTURE(q);
    bad = good;
    OsOperation& op = bad.ops[q];
    op.weights.at(0) = static_cast<std::int8_t>(op.weights[0] + 1);
    op.activations.at(0) = static_cast<std::int8_t>(op.activations[0] | 1);
    CHECK(on_pes(bad) != bad.rows);
    if (!good.ops[q].accumulates) continue;
    bad = good;
    bad.ops[q].accumulates = false;
    CHECK(on_pes(bad) != bad.rows);
  }
}

TEST_CASE("replay of output-stationary pods: an operation that starts too early for the one before is found",
          "[models]") {
  // The sums are captured, or read, long after the operation; the PEs must not begin anew in between.
  RandomStream random(5, "replay");
  for (const bool double_buffered : {true, false}) {
    OsPodRecord record;
    record.array = kArray;
    record.array.fan_in = 1;
    record.array.double_buffered = double_buffered;
    OsOperation first;
    first.m = kArray.rows;
    first.n = kArray.cols;
    first.k = 5;
    draw_os_operands(first, record.array, random);
    first.start = 40;
    first.drain = first.stream_end() + 50;
    OsOperation second = first;
    second.drain = first.drain + 100;
    for (const std::int64_t early : {0, 1}) {
      CAPTURE(double_buffered, early);
      second.start = os_start_after(record.array, first) - early;
      record.ops = {first, second};
      record.ops[1].activations.assign(first.activations.size(), 1);
      record.ops[1].weights.assign(first.weights.size(), 1);
      record.rows = meant_os_rows(record.array, record.ops);
      CHECK((on_pes(record) == record.rows) == (early == 0));
    }
  }
}

TEST_CASE("replay of output-stationary pods: an operation that lacks rows, or was not launched, is no record",
          "[models]") {
  OsOperation op;
  op.m = op.k = op.n = 1;
  op.start = 5;
  op.drain = 6;
  const std::int16_t operand[2] = {3, 0};
  const std::vector<std::int16_t> weights(static_cast<std::size_t>(2 * padded_columns(1)), 1);
  const std::vector<std::int32_t> sums(static_cast<std::size_t>(padded_columns(1)), 3);
  OsRecorder recorder;
  recorder.started(0, 0, kArray, op);
  CHECK_THROWS_AS(recorder.started(0, 0, kArray, op), std::logic_error);
  recorder.launched(0, 8);
  CHECK_THROWS_AS(recorder.pods(), std::logic_error);
  ComputedRows rows;
  rows.to = 1;
  rows.pairs = 1;
  rows.padded = padded_columns(1);
  rows.activations = operand;
  rows.weights = weights.data();
  rows.sums_out = sums.data();
  recorder.computed(rows);
  CHECK(recorder.pods().size() == 1);
  recorder.launched(0, -1);
  CHECK_THROWS_AS(recorder.pods(), std::logic_error);
}

}  // namespace
}  // namespace podsim::test
