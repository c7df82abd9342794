// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/post_processor.hpp"

#include <memory>
#include <string>

#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/programs.hpp"
#include "support/stubs.hpp"

namespace podsim {
namespace {

struct Bench {
  test::Kernel kernel;
  std::unique_ptr<Program> program;
  RunContext context;
  test::FabricStub out;
  PostProcessor unit;

  explicit Bench(int latency = 4)
      : program(test::make(test::one_linear(8, 8, 8), test::crossbar_setup(1, 8, 8))),
        context(test::context_for(*program)),
        unit("unit", context,
             (program->machine.config.post_processors.latency_cycles = latency, program->machine.config), 2) {
    unit.out.bind(out);
  }
  static Transfer input(std::uint32_t pass, std::int64_t arrival, std::int32_t rows) {
    Transfer t;
    t.id = pass;
    t.launch = arrival - 1;
    t.arrival = arrival;
    t.rows = rows;
    return t;
  }
  void order(std::uint32_t pass, std::int64_t start, std::int32_t rows, bool second) {
    PostCommand command;
    command.pass = pass;
    command.start = start;
    command.write_arrival = start + 50;
    command.rows = rows;
    command.row_bytes = 8;
    command.bank = 1;
    command.classes = 5;
    command.has_second_input = second;
    unit.commands->execute(command);
  }
  std::string fault() {
    test::run_cycles(1000);
    return context.fault ? context.fault->what() : "";
  }
};

TEST_CASE("post-processor: a row leaves as many cycles after it entered as the pipeline has stages", "[models]") {
  for (const int latency : {1, 4, 9}) {
    Bench bench(latency);
    bench.unit.in1->receive(Bench::input(7, 30, 12));
    bench.unit.in2->receive(Bench::input(7, 30, 12));
    bench.order(7, 30, 12, true);
    CHECK(bench.fault().empty());
    REQUIRE(bench.out.carried.size() == 1);
    const Transfer& result = bench.out.carried[0];
    CHECK(result.launch == 30 + latency);
    CHECK(result.arrival == 80);
    CHECK(result.rows == 12);
    CHECK(result.row_bytes == 8);
    CHECK(result.bank == 1);
    CHECK(result.unit == 2);
    CHECK(result.classes == 5);
    CHECK(result.id == 7);
    CHECK(bench.unit.busy_cycles() == 12);
  }
}

TEST_CASE("post-processor: it takes one row per cycle, pass after pass", "[models]") {
  for (const bool overlap : {false, true}) {
    Bench bench;
    bench.unit.in1->receive(Bench::input(0, 30, 12));
    bench.order(0, 30, 12, false);
    const std::int64_t second = overlap ? 41 : 42;
    bench.unit.in1->receive(Bench::input(1, second, 3));
    bench.order(1, second, 3, false);
    CHECK(bench.fault().empty() == !overlap);
    if (overlap) CHECK(bench.fault().find("while another is running") != std::string::npos);
    CHECK(bench.unit.passes() == (overlap ? 1 : 2));
  }
}

TEST_CASE("post-processor: both inputs have to meet the order", "[models]") {
  SECTION("no second input") {
    Bench bench;
    bench.unit.in1->receive(Bench::input(0, 30, 12));
    bench.order(0, 30, 12, true);
    CHECK(bench.fault().find("in2") != std::string::npos);
  }
  SECTION("a cycle late") {
    Bench bench;
    bench.unit.in1->receive(Bench::input(0, 31, 12));
    bench.order(0, 30, 12, false);
    CHECK(bench.fault().find("in1") != std::string::npos);
  }
  SECTION("a row too few") {
    Bench bench;
    bench.unit.in1->receive(Bench::input(0, 30, 11));
    bench.order(0, 30, 12, false);
    CHECK(bench.fault().find("in1") != std::string::npos);
  }
}

TEST_CASE("post-processor: an input of another pass is a fault, and a reset forgets what is queued", "[models]") {
  SECTION("another pass") {
    Bench bench;
    bench.unit.in1->receive(Bench::input(4, 30, 12));
    bench.unit.in2->receive(Bench::input(3, 30, 12));
    bench.order(4, 30, 12, true);
    CHECK(bench.fault().find("pass 4: no tile enters in2 when it starts") != std::string::npos);
    CHECK(bench.out.carried.empty());
  }
  SECTION("reset") {
    Bench bench;
    bench.unit.in1->receive(Bench::input(4, 30, 12));
    bench.order(4, 30, 12, false);
    test::run_cycles(10);
    bench.unit.reset();
    CHECK(bench.fault().empty());
    CHECK(bench.out.carried.empty());
    CHECK(bench.unit.passes() == 0);
  }
}

}  // namespace
}  // namespace podsim
