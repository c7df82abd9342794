// SPDX-License-Identifier: Apache-2.0
// Every interlock of a pod that keeps its sums, at the cycle from which on it may be and one before. What the PEs need
// is in os_start_after and os_drain_after, which their own tests show to be tight.
#include <algorithm>
#include <string>
#include <vector>

#include "podsim/models/pod.hpp"
#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/os_operations.hpp"
#include "support/programs.hpp"
#include "support/stubs.hpp"

namespace podsim::test {
namespace {

const std::vector<OsGeometry> kGeometries{{1, 1, 1, 1},  {4, 4, 1, 1},     {8, 8, 2, 16},    {5, 13, 16, 1},
                                          {12, 3, 5, 2}, {16, 16, 16, 16}, {32, 32, 16, 16}, {32, 32, 1, 16}};

struct Ran {
  std::string fault;
  std::vector<Transfer> left;
};

/// What goes wrong on the way to the pod.
struct Mishap {
  std::int64_t weights_late = 0, activations_late = 0;
  int weight_rows_more = 0;
};

/// Operations on a pod: each goes on with the sums of the one before if it accumulates.
Ran run(const OsGeometry& array, const std::vector<OsOperation>& ops, const std::string& drain = "overlapped",
        const Mishap& mishap = {}) {
  const Kernel kernel;
  Setup setup = crossbar_setup(1, array.rows, array.cols);
  PodConfig& pods = setup.hardware.pods;
  pods.dataflow.type = "output_stationary";
  pods.fan_in = array.fan_in;
  pods.broadcast = array.broadcast;
  pods.output_buffers = array.double_buffered ? "double" : "single";
  pods.drain = drain;
  const auto program = make(one_linear(array.rows, 4, array.cols), setup);
  RunContext context = context_for(*program);
  sc_core::sc_event fault_event("fault_event");
  context.fault_event = &fault_event;
  FabricStub out;
  Pod pod("pod", context, program->machine.config, 0);
  pod.partial_sums_out.bind(out);
  std::string refused;
  try {
    for (std::uint32_t q = 0; q < ops.size(); ++q) {
      const OsOperation& op = ops[q];
      auto transfer = [&](std::int64_t arrival, int rows) {
        Transfer t;
        t.id = q;
        t.launch = arrival - 1;
        t.arrival = arrival;
        t.rows = rows;
        return t;
      };
      pod.weights->receive(transfer(op.start + mishap.weights_late, op.k + mishap.weight_rows_more));
      pod.activations->receive(transfer(op.start + mishap.activations_late, op.k));
      PodCommand command;
      command.op = q;
      command.start = op.start;
      command.rows = command.w_rows = op.k;
      command.sum_rows = op.m;
      command.sum_columns = op.n;
      command.p_bank = op.drains() ? 0 : kNoBank;
      if (op.accumulates) command.partial_sum_in = q - 1;
      command.drain = op.drain;
      command.write_arrival = op.drain + 1000;
      pod.commands->execute(command);
    }
  } catch (const Error& error) {
    refused = error.what();
  }
  run_cycles(20000);
  return {context.fault ? context.fault->what() : refused, out.carried};
}

OsOperation operation(const OsGeometry& array, std::int64_t start, int k) {
  OsOperation op;
  op.start = start;
  op.m = array.rows;
  op.n = array.cols;
  op.k = k;
  op.drain = op.stream_end();
  return op;
}

bool says(const Ran& ran, const std::string& text) {
  return ran.fault.find(text) != std::string::npos;
}

TEST_CASE("pod that keeps sums: row 0 leaves ceil(c / b) cycles after draining begins, and m rows of n follow",
          "[models]") {
  for (OsGeometry array : kGeometries) {
    for (const bool double_buffered : {true, false}) {
      array.double_buffered = double_buffered;
      OsOperation op = operation(array, 40, 7);
      op.n = std::max(1, array.cols - 1);
      for (const std::int64_t late : {0, 5}) {
        op.drain = op.stream_end() + late;
        const Ran ran = run(array, {op});
        CAPTURE(array.rows, array.cols, array.broadcast, ran.fault);
        REQUIRE(ran.left.size() == 1);
        CHECK(ran.left[0].launch == op.drain + array.col_stages());
        CHECK(ran.left[0].rows == op.m);
        CHECK(ran.left[0].row_bytes == 2 * op.n);
      }
      op.drain = op.stream_end() - 1;
      CHECK(says(run(array, {op}), "its sums leave before they are complete"));
    }
  }
}

TEST_CASE("pod that keeps sums: the next operation starts as soon as PEs allow it, not earlier", "[models]") {
  for (OsGeometry array : kGeometries) {
    for (const bool double_buffered : {true, false}) {
      for (const int waits : {0, 9}) {
        array.double_buffered = double_buffered;
        OsOperation first = operation(array, 40, 6);
        first.drain += waits;
        OsOperation second = operation(array, os_start_after(array, first), 100);
        CAPTURE(array.rows, array.cols, array.fan_in, double_buffered, waits, second.start);
        CHECK(run(array, {first, second}).fault.empty());
        --second.start;
        second.drain = 1000;
        const Ran early = run(array, {first, second});
        CHECK((says(early, "it overwrites sums that have not been read") ||
               says(early, "arrive while others are still being loaded")));
      }
    }
  }
}

TEST_CASE("pod that keeps sums: a single plane whose drain is charged waits for the last product", "[models]") {
  for (OsGeometry array : kGeometries) {
    array.double_buffered = false;
    const OsOperation first = operation(array, 40, 6);
    const std::int64_t read = os_start_after(array, first);
    const std::int64_t last_product = first.stream_end() + array.row_stages() + array.col_stages() - 2;
    OsOperation second = operation(array, std::max(read, last_product), 100);
    CAPTURE(array.rows, array.cols, second.start);
    CHECK(run(array, {first, second}, "charged").fault.empty());
    --second.start;
    CHECK_FALSE(run(array, {first, second}, "charged").fault.empty());
  }
}

TEST_CASE("pod that keeps sums: sums leave once those before have left", "[models]") {
  for (const OsGeometry& array : kGeometries) {
    const OsOperation first = operation(array, 40, 6);
    OsOperation second = operation(array, first.stream_end(), 1);
    second.drain = os_drain_after(second, &first);
    CAPTURE(array.rows, array.cols, second.drain);
    REQUIRE(second.drain == std::max(second.stream_end(), first.drain + first.m));
    CHECK(run(array, {first, second}).fault.empty());
    --second.drain;
    CHECK((says(run(array, {first, second}), "its sums leave while others still do") ||
           says(run(array, {first, second}), "its sums leave before they are complete")));
  }
}

TEST_CASE("pod that keeps sums: only the next operation can go on with them, and it must", "[models]") {
  const OsGeometry array{8, 8, 2, 4};
  OsOperation first = operation(array, 40, 6);
  first.drain = -1;
  OsOperation second = operation(array, first.stream_end(), 5);
  second.accumulates = true;
  const Ran good = run(array, {first, second});
  CHECK(good.fault.empty());
  REQUIRE(good.left.size() == 1);
  CHECK(good.left[0].launch == second.drain + array.col_stages());
  // Between them another that does not.
  OsOperation third = second;
  third.start = second.stream_end();
  third.drain = third.stream_end() + 20;
  second.accumulates = false;
  CHECK(says(run(array, {first, second, third}), "the sums it goes on with are not in the array"));
  // Sums that have left.
  first.drain = first.stream_end();
  second.accumulates = true;
  CHECK(says(run(array, {first, second}), "the sums it goes on with are not in the array"));
  --second.start;
  CHECK(says(run(array, {first, second}), "arrive while others are still being loaded"));
}

TEST_CASE("pod that keeps sums: tiles have to enter at both ports when it starts", "[models]") {
  const OsGeometry array{8, 8, 2, 4};
  const std::vector<OsOperation> ops{operation(array, 40, 6)};
  Mishap mishap;
  mishap.weights_late = 1;
  CHECK(says(run(array, ops, "overlapped", mishap), "its weights do not enter when it starts"));
  mishap = {};
  mishap.activations_late = -1;
  CHECK(says(run(array, ops, "overlapped", mishap), "its activations do not enter when it starts"));
  mishap = {};
  mishap.weight_rows_more = 1;
  CHECK(says(run(array, ops, "overlapped", mishap), "its weights do not enter when it starts"));
}

}  // namespace
}  // namespace podsim::test
