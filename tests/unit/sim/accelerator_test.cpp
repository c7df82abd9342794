// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/accelerator.hpp"

#include <memory>
#include <optional>

#include <systemc>

#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/kernel.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using sc_core::sc_time;
using test::difference;

std::shared_ptr<const Program> small_program() {
  test::Setup setup = test::crossbar_setup(6, 16, 16);
  setup.hardware.interconnect = {"butterfly", Json{{"expansion", 2}}};
  return test::make(load_network("zoo:mobilenet_v2:image=32"), setup);
}

/// An embedder's testbench around an accelerator.
struct Bench {
  test::Kernel kernel;
  Accelerator accelerator;
  sc_core::sc_signal<bool> clk{"clk_signal"}, rst{"rst_signal"};

  Bench(const Program& program, bool with_ports) : accelerator("accelerator", program.machine.config) {
    if (!with_ports) return;
    accelerator.clk(clk);
    accelerator.rst(rst);
  }
  /// Toggles the clock until the program has ended.
  void run_clocked() {
    while (accelerator.is_running() || !started_) {
      started_ = true;
      clk.write(true);
      sc_core::sc_start(accelerator.clock_period() * 0.5);
      clk.write(false);
      sc_core::sc_start(accelerator.clock_period() * 0.5);
    }
  }
  void start(const std::shared_ptr<const Program>& program) {
    started_ = false;
    accelerator.start(program);
  }

 private:
  bool started_ = false;
};

TEST_CASE("accelerator: embedded without clock and reset it counts the same cycles", "[sim]") {
  const auto program = small_program();
  const RunResult expected = simulate(*program, {});
  Bench bench(*program, false);
  bench.accelerator.start(program);
  sc_core::sc_start();
  CHECK_FALSE(bench.accelerator.is_running());
  CHECK_FALSE(bench.accelerator.fault());
  CHECK(difference(expected, bench.accelerator.result()).empty());
}

TEST_CASE("accelerator: embedded with pods of several kinds it counts the same cycles", "[sim]") {
  test::Setup setup = test::crossbar_setup(1, 1, 1);
  for (const int side : {16, 40}) {
    PodConfig& pods = setup.hardware.pods.groups.emplace_back();
    pods.count = 64 / side;
    pods.rows = pods.cols = side;
  }
  const std::shared_ptr<const Program> program = test::make(load_network("zoo:mobilenet_v2:image=32"), setup);
  const RunResult expected = simulate(*program, {});
  Bench bench(*program, true);
  for (int job = 0; job < 2; ++job) {
    bench.start(program);
    bench.run_clocked();
    CHECK(difference(expected, bench.accelerator.result()).empty());
  }
}

TEST_CASE("accelerator: bound to a clock it counts the same cycles", "[sim]") {
  const auto program = small_program();
  const RunResult expected = simulate(*program, {});
  Bench bench(*program, true);
  bench.start(program);
  bench.run_clocked();
  CHECK(difference(expected, bench.accelerator.result()).empty());
}

TEST_CASE("accelerator: programs run one after the other, starting late, with the same results", "[sim]") {
  const auto program = small_program();
  const RunResult expected = simulate(*program, {});
  Bench bench(*program, false);
  for (int n = 0; n < 3; ++n) {
    bench.accelerator.start(program);
    sc_core::sc_start();
    CAPTURE(n);
    CHECK(difference(expected, bench.accelerator.result()).empty());
    sc_core::sc_start(sc_time(12345 + n, sc_core::SC_PS));
  }
}

TEST_CASE("accelerator: two in one simulation do not disturb each other", "[sim]") {
  const auto program = small_program();
  const RunResult expected = simulate(*program, {});
  const test::Kernel kernel;
  Accelerator a("a", program->machine.config), b("b", program->machine.config);
  a.start(program);
  sc_core::sc_start(a.clock_period() * 777);
  b.start(program);
  sc_core::sc_start();
  CHECK(difference(expected, a.result()).empty());
  CHECK(difference(expected, b.result()).empty());
}

TEST_CASE("accelerator: a second program is refused while one runs", "[sim]") {
  const auto program = small_program();
  Bench bench(*program, false);
  bench.accelerator.start(program);
  CHECK_THROWS_AS(bench.accelerator.start(program), Error);
  sc_core::sc_start(bench.accelerator.clock_period() * 10);
  CHECK(bench.accelerator.is_running());
  CHECK_THROWS_AS(bench.accelerator.start(program), Error);
}

TEST_CASE("accelerator: a program for another machine is refused", "[sim]") {
  const auto program = small_program();
  Bench bench(*program, false);
  CHECK_THROWS_AS(bench.accelerator.start(std::shared_ptr<const Program>(
                      test::make(test::one_linear(8, 8, 8), test::crossbar_setup(3, 8, 8)))),
                  Error);
}

TEST_CASE("accelerator: reset aborts a program, and the next one runs as ever", "[sim]") {
  const auto program = small_program();
  const RunResult expected = simulate(*program, {});
  REQUIRE(expected.cycles > 600);
  Bench bench(*program, true);
  for (const int abort_after : {1, 100, 500}) {
    bench.start(program);
    for (int cycle = 0; cycle < abort_after; ++cycle) {
      bench.clk.write(true);
      sc_core::sc_start(bench.accelerator.clock_period() * 0.5);
      bench.clk.write(false);
      sc_core::sc_start(bench.accelerator.clock_period() * 0.5);
    }
    CHECK(bench.accelerator.is_running());
    bench.rst.write(true);
    sc_core::sc_start(bench.accelerator.clock_period());
    CHECK_FALSE(bench.accelerator.is_running());
    const auto error = test::error_of([&] { bench.accelerator.result(); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::run_failed);
    bench.rst.write(false);
    sc_core::sc_start(bench.accelerator.clock_period() * 3);

    bench.start(program);
    bench.run_clocked();
    CAPTURE(abort_after);
    CHECK(difference(expected, bench.accelerator.result()).empty());
  }
}

TEST_CASE("accelerator: before any program the result is empty", "[sim]") {
  const auto program = small_program();
  Bench bench(*program, false);
  CHECK_FALSE(bench.accelerator.result().complete);
  CHECK(bench.accelerator.result().cycles == 0);
}

}  // namespace
}  // namespace podsim
