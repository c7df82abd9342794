// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/pod.hpp"

#include <memory>
#include <string>

#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/programs.hpp"
#include "support/stubs.hpp"

namespace podsim {
namespace {

/// A pod alone, fed by hand. Every operation uses `rows` x `cols` weights and 10 activation rows.
struct Bench {
  test::Kernel kernel;
  std::unique_ptr<Program> program;
  RunContext context;
  test::FabricStub out;
  Pod pod;

  Bench(int rows, int cols, int fan = 16, const std::string& buffers = "double")
      : program(test::make(test::one_linear(10, rows, cols), test::crossbar_setup(1, rows, cols))),
        context(test::context_for(*program)),
        pod("pod", context,
            (program->machine.config.pods.fan_in = fan, program->machine.config.pods.broadcast = fan,
             program->machine.config.pods.weight_buffers = buffers, program->machine.config),
            3) {
    pod.partial_sums_out.bind(out);
  }

  static Transfer transfer(std::uint32_t op, std::int64_t arrival, std::int32_t rows) {
    Transfer t;
    t.id = op;
    t.launch = arrival - 1;
    t.arrival = arrival;
    t.rows = rows;
    return t;
  }
  void load(std::uint32_t op, std::int64_t arrival, std::int32_t rows) {
    pod.weights->receive(transfer(op, arrival, rows));
  }
  void order(std::uint32_t op, std::int64_t start, std::int32_t depth, bool sums = false) {
    pod.activations->receive(transfer(op, start, 10));
    if (sums) pod.partial_sums_in->receive(transfer(op, start, 10));
    PodCommand command;
    command.op = op;
    command.start = start;
    command.rows = 10;
    command.w_rows = depth;
    command.sum_rows = command.rows;
    command.sum_columns = program->machine.config.pods.cols;
    command.p_bank = 5;
    command.write_arrival = start + 100;
    if (sums) command.partial_sum_in = 0;
    pod.commands->execute(command);
  }
  /// The fault after running to the end; "" if there is none.
  std::string fault() {
    test::run_cycles(1000);
    return context.fault ? context.fault->what() : "";
  }
};

TEST_CASE("pod: the first partial-sum row leaves ceil(r/f) + ceil(c/b) - 1 cycles after the first activation row",
          "[models]") {
  for (const int rows : {1, 5, 16, 17, 64}) {
    for (const int cols : {1, 16, 33}) {
      for (const int fan : {1, 4, 16}) {
        Bench bench(rows, cols, fan);
        bench.load(0, 20, rows);
        bench.order(0, 200, rows);
        CHECK(bench.fault().empty());
        REQUIRE(bench.out.carried.size() == 1);
        const Transfer& sums = bench.out.carried[0];
        CAPTURE(rows, cols, fan);
        CHECK(sums.launch == 200 + (rows + fan - 1) / fan + (cols + fan - 1) / fan - 1);
        CHECK(sums.arrival == 300);
        CHECK(sums.rows == 10);
        CHECK(sums.row_bytes == cols * 2);
        CHECK(sums.bank == 5);
        CHECK(sums.unit == 3);
        CHECK(bench.pod.busy_cycles() == 10);
        CHECK(bench.pod.operations() == 1);
      }
    }
  }
}

TEST_CASE("pod: weights that are there exactly in time are in time, a cycle later they are not", "[models]") {
  Bench good(8, 8);
  good.load(0, 50, 8);
  good.order(0, 58, 8);
  CHECK(good.fault().empty());
  Bench late(8, 8);
  late.load(0, 51, 8);
  late.order(0, 58, 8);
  CHECK(late.fault().find("before its weights are loaded") != std::string::npos);
  CHECK(late.context.fault->kind() == ErrorKind::internal);
  CHECK(late.out.carried.empty());
}

TEST_CASE("pod: the shadow plane may be written from the cycle of the swap on", "[models]") {
  for (const bool early : {false, true}) {
    Bench bench(4, 4);
    bench.load(0, 10, 4);
    bench.order(0, 20, 4);
    bench.load(1, early ? 19 : 20, 4);
    bench.order(1, 30, 4);
    CHECK(bench.fault().empty() == !early);
    if (early) CHECK(bench.fault().find("overwrote others in the shadow plane") != std::string::npos);
  }
}

TEST_CASE("pod: with one set of weights the last row has to leave the array first", "[models]") {
  for (const bool early : {false, true}) {
    Bench bench(32, 48, 16, "single");
    bench.load(0, 10, 32);
    bench.order(0, 50, 32);
    // The stream ends in cycle 60; the last row leaves 2 + 3 - 2 cycles later.
    const std::int64_t allowed = 60 + 2 + 3 - 2;
    bench.load(1, early ? allowed - 1 : allowed, 32);
    bench.order(1, 200, 32);
    CHECK(bench.fault().empty() == !early);
    if (early) CHECK(bench.fault().find("overwrote those in use") != std::string::npos);
  }
}

TEST_CASE("pod: an operation may follow another without a gap, but not overlap it", "[models]") {
  for (const bool overlap : {false, true}) {
    Bench bench(4, 4);
    bench.load(0, 10, 4);
    bench.order(0, 20, 4);
    bench.load(1, 20, 4);
    bench.order(1, overlap ? 29 : 30, 4);
    CHECK(bench.fault().empty() == !overlap);
    CHECK(bench.pod.operations() == (overlap ? 1 : 2));
  }
}

TEST_CASE("pod: whatever does not meet is a fault", "[models]") {
  SECTION("no weights") {
    Bench bench(4, 4);
    bench.order(0, 20, 4);
    CHECK(bench.fault().find("weights were not loaded") != std::string::npos);
  }
  SECTION("weights of another operation") {
    Bench bench(4, 4);
    bench.load(1, 5, 4);
    bench.order(0, 20, 4);
    CHECK(bench.fault().find("weights were not loaded") != std::string::npos);
  }
  SECTION("too few weight rows") {
    Bench bench(4, 4);
    bench.load(0, 5, 3);
    bench.order(0, 20, 4);
    CHECK(bench.fault().find("wrong number of weight rows") != std::string::npos);
  }
  SECTION("two weight tiles at once") {
    Bench bench(4, 4);
    bench.load(0, 5, 4);
    CHECK_THROWS_AS(bench.load(1, 8, 4), Error);
    CHECK_NOTHROW(bench.load(2, 9, 4));
  }
  SECTION("activations a cycle off") {
    Bench bench(4, 4);
    bench.load(0, 5, 4);
    bench.pod.activations->receive(Bench::transfer(0, 21, 10));
    bench.order(0, 20, 4);
    CHECK(bench.fault().find("activations do not enter when it starts") != std::string::npos);
  }
  SECTION("partial sums a cycle off") {
    Bench bench(4, 4);
    bench.load(0, 5, 4);
    bench.pod.partial_sums_in->receive(Bench::transfer(0, 19, 10));
    bench.order(0, 20, 4, true);
    CHECK(bench.fault().find("partial sums do not meet") != std::string::npos);
  }
  SECTION("all there") {
    Bench bench(4, 4);
    bench.load(0, 5, 4);
    bench.order(0, 20, 4, true);
    CHECK(bench.fault().empty());
  }
}

TEST_CASE("pod: chained partial sums that are missing, short or of another operation are a fault", "[models]") {
  Bench bench(4, 4);
  bench.load(0, 5, 4);
  bench.pod.activations->receive(Bench::transfer(0, 20, 10));
  bool fine = false;
  SECTION("in time") {
    bench.pod.partial_sums_in->receive(Bench::transfer(0, 20, 10));
    fine = true;
  }
  SECTION("missing") {}
  SECTION("a row short") {
    bench.pod.partial_sums_in->receive(Bench::transfer(0, 20, 9));
  }
  SECTION("of another operation") {
    bench.pod.partial_sums_in->receive(Bench::transfer(1, 20, 10));
  }
  SECTION("a cycle late") {
    bench.pod.partial_sums_in->receive(Bench::transfer(0, 21, 10));
  }
  PodCommand command;
  command.op = 0;
  command.start = 20;
  command.rows = 10;
  command.w_rows = 4;
  command.sum_rows = command.rows;
  command.sum_columns = 4;
  command.write_arrival = 120;
  command.partial_sum_in = 0;
  bench.pod.commands->execute(command);
  if (fine) {
    CHECK(bench.fault().empty());
  } else {
    CHECK(bench.fault().find("operation 0: its partial sums do not meet its activations") != std::string::npos);
  }
}

TEST_CASE("pod: a reset forgets what is queued and on its way", "[models]") {
  Bench bench(4, 4);
  bench.load(0, 10, 4);
  bench.order(0, 20, 4);
  bench.load(1, 20, 4);
  bench.order(1, 30, 4);
  test::run_cycles(25);
  CHECK(bench.pod.operations() == 1);
  bench.pod.reset();
  CHECK(bench.fault().empty());
  CHECK(bench.out.carried.size() == 1);
  CHECK(bench.pod.operations() == 0);
  CHECK(bench.pod.busy_cycles() == 0);
}

}  // namespace
}  // namespace podsim
