// SPDX-License-Identifier: Apache-2.0
// The output-stationary PEs that tests compare pods with, and the same array in SystemVerilog: the same operations give
// the same rows in the same cycles and none in others; where operations are a cycle too close the RTL is wrong, as the
// PEs are (os_pes_test.cpp).
// PODSIM_PE_SCALE multiplies the number of random operations, PODSIM_PE_SEED changes them.
#include <algorithm>
#include <iostream>
#include <string>

#include "property/property_case.hpp"
#include "rtl/pod_os_testbench.hpp"
#include "support/catch.hpp"
#include "support/os_replay.hpp"

namespace podsim::test {
namespace {

/// Operands without zeros that differ from operation to operation.
OsOperation operation(const OsGeometry& array, int k, std::int8_t factor) {
  OsOperation op;
  op.m = array.rows;
  op.n = array.cols;
  op.k = k;
  for (int i = 0; i < k * array.rows; ++i) op.activations.push_back(static_cast<std::int8_t>(1 + i % 11));
  for (int i = 0; i < k * array.cols; ++i) op.weights.push_back(static_cast<std::int8_t>(factor * (1 + i % 7)));
  return op;
}

bool rtl_is_right(const RtlOsPodKind& kind, const std::vector<OsOperation>& ops) {
  const RtlRun rtl = run_os_rtl(kind, ops, 11);
  return rtl.flaw.empty() && rtl.rows == meant_os_rows(kind.geometry, ops);
}

TEST_CASE("output-stationary PEs against RTL: every row leaves in the same cycle with the same values", "[rtl]") {
  constexpr int kOperations = 200;
  const auto scale = static_cast<int>(from_environment("PODSIM_PE_SCALE", 1));
  const auto seed = static_cast<std::uint64_t>(from_environment("PODSIM_PE_SEED", 6));
  std::int64_t operations = 0, rows = 0, cycles = 0;
  for (const RtlOsPodKind& kind : rtl_os_pods()) {
    for (int number = 0; number < 12 * scale; ++number) {
      CAPTURE(kind.name(), number);
      RandomStream random(seed, kind.name() + ", simulation " + std::to_string(number));
      const std::vector<OsOperation> ops = random_os_operations(kind.geometry, kOperations, kRtlFirstCycle, random);
      const RtlRun rtl = run_os_rtl(kind, ops, random.next());
      REQUIRE(rtl.flaw == "");
      REQUIRE(first_difference(run_os_pes(kind.geometry, ops), rtl.rows) == "");
      std::size_t entered = 0;
      for (const OsOperation& op : ops) entered += op.drains() ? static_cast<std::size_t>(op.m) : 0;
      REQUIRE(rtl.rows.size() == entered);
      operations += kOperations;
      rows += static_cast<std::int64_t>(rtl.rows.size());
      cycles += rtl.cycles;
    }
  }
  CAPTURE(operations, rows, cycles);
  CHECK(operations >= 20000);
  CHECK(rows >= operations);
  if (scale > 1) std::cout << operations << " operations, " << rows << " rows equal, " << cycles << " cycles\n";
}

TEST_CASE("output-stationary PEs against RTL: recorded operations give the recorded rows", "[rtl]") {
  for (const RtlOsPodKind& kind : rtl_os_pods()) {
    CAPTURE(kind.name());
    RandomStream random(9, "records for " + kind.name());
    OsPodRecord record;
    record.array = kind.geometry;
    record.ops = random_os_operations(kind.geometry, 60, 100, random);
    std::int64_t late = 0;
    for (OsOperation& op : record.ops) {
      if (random.below(4) == 0) late += 300;  // a pod with nothing to do
      op.start += late;
      if (op.drains()) op.drain += late;
    }
    record.rows = meant_os_rows(kind.geometry, record.ops);
    std::int64_t simulated = 0;
    const std::vector<OutputRow> rows = replay_os(record, kRtlFirstCycle, [&](const std::vector<OsOperation>& ops) {
      const RtlRun rtl = run_os_rtl(kind, ops, random.next());
      REQUIRE(rtl.flaw == "");
      simulated += rtl.cycles;
      return rtl.rows;
    });
    CHECK(first_difference(record.rows, rows) == "");
    CHECK(simulated < record.ops.back().stream_end());
  }
}

TEST_CASE("output-stationary PEs against RTL: operands enter once the ports are free, not a cycle earlier", "[rtl]") {
  for (const RtlOsPodKind& kind : rtl_os_pods()) {
    CAPTURE(kind.name());
    OsOperation first = operation(kind.geometry, 5, 3);
    first.start = kRtlFirstCycle;
    OsOperation second = operation(kind.geometry, 4, -5);
    second.accumulates = true;
    for (const std::int64_t early : {0, 1}) {
      second.start = first.stream_end() - early;
      second.drain = second.stream_end() + 3;
      CHECK(rtl_is_right(kind, {first, second}) == (early == 0));
    }
  }
}

TEST_CASE("output-stationary PEs against RTL: sums are captured once they are complete, not a cycle earlier", "[rtl]") {
  for (const RtlOsPodKind& kind : rtl_os_pods()) {
    CAPTURE(kind.name());
    OsOperation op = operation(kind.geometry, 6, 3);
    op.start = kRtlFirstCycle;
    for (const std::int64_t early : {0, 1}) {
      op.drain = op.stream_end() - early;
      CHECK(rtl_is_right(kind, {op}) == (early == 0));
    }
  }
}

TEST_CASE(
    "output-stationary PEs against RTL: new products arrive once the sums are captured, or read, not a cycle earlier",
    "[rtl]") {
  int single = 0;
  for (const RtlOsPodKind& kind : rtl_os_pods()) {
    const OsGeometry& array = kind.geometry;
    CAPTURE(kind.name());
    single += array.double_buffered ? 0 : 1;
    OsOperation first = operation(array, 4, 3);
    first.start = kRtlFirstCycle;
    first.drain = first.stream_end() + array.rows + 3;  // so late that the ports set no bound
    std::int64_t needed = first.drain;
    for (int i = 0; i < first.m && !array.double_buffered; ++i) {
      needed = std::max(needed, first.drain + i - i / array.fan_in);
    }
    for (const bool accumulates : {false, true}) {
      for (const std::int64_t early : {0, 1}) {
        CAPTURE(accumulates, early);
        OsOperation second = operation(array, 4, -5);
        second.accumulates = accumulates;
        second.start = needed - early;
        second.drain = second.stream_end() + array.rows + 3;
        CHECK(rtl_is_right(kind, {first, second}) == (early == 0));
      }
    }
  }
  CHECK(single >= 3);
}

TEST_CASE("output-stationary PEs against RTL: a tile drains once the rows before have left, not a cycle earlier",
          "[rtl]") {
  for (const RtlOsPodKind& kind : rtl_os_pods()) {
    const OsGeometry& array = kind.geometry;
    CAPTURE(kind.name());
    OsOperation first = operation(array, 1, 3);
    first.start = kRtlFirstCycle;
    first.drain = first.stream_end();
    OsOperation second = operation(array, 1, -5);
    second.start = os_start_after(array, first);
    second.drain = first.drain + array.rows;
    CHECK(rtl_is_right(kind, {first, second}));
    second.drain -= 1;
    CHECK(!rtl_is_right(kind, {first, second}));
  }
}

}  // namespace
}  // namespace podsim::test
