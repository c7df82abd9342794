// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/dram.hpp"

#include <deque>
#include <memory>
#include <vector>

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
  std::deque<test::BankStub> banks;
  std::vector<test::BankStub::Filled> filled;
  test::DramListenerStub listener;
  std::unique_ptr<Dram> dram;

  Bench(double bandwidth, const std::vector<std::uint32_t>& bytes, double clock = 1000, std::int64_t window = 0)
      : program(test::make(test::one_linear(8, 8, 8), test::crossbar_setup(1, 8, 8))) {
    HardwareConfig& hardware = program->machine.config;
    hardware.dram.bandwidth_gb_per_s = bandwidth;
    hardware.clock_mhz = clock;
    hardware.dram.prefetch_rounds = window;
    context = test::context_for(*program);
    program->memory = {};
    for (const std::uint32_t size : bytes) {
      Fill fill;
      fill.bytes = size;
      fill.rows = 1;
      program->memory.fills.push_back(fill);
    }
    dram = std::make_unique<Dram>("dram", context, program->machine.config);
    for (auto* port : {&dram->x_banks, &dram->w_banks, &dram->p_banks}) {
      banks.emplace_back().filled = &filled;
      port->bind(banks.back());
    }
    dram->listener.bind(listener);
  }
  void run(std::int64_t cycles = 100000) {
    test::run_cycles(cycles);
    if (context.fault) FAIL(context.fault->what());
  }
};

TEST_CASE("dram: bytes back to back take exactly bytes x clock / bandwidth cycles, rounded up at the end", "[models]") {
  for (const double bandwidth : {0.7, 1.0, 3.0, 7.0, 1200.0, 1288.49}) {
    for (const double clock : {1000.0, 700.0, 1234.5}) {
      std::vector<std::uint32_t> bytes;
      for (std::uint32_t n = 0; n < 60; ++n) bytes.push_back(1 + n * 37 % 101);
      Bench bench(bandwidth, bytes, clock);
      bench.dram->begin();
      bench.run();
      REQUIRE(bench.filled.size() == bytes.size());
      __extension__ typedef __int128 Wide;
      const auto hz = static_cast<Wide>(clock * 1e6 + 0.5), rate = static_cast<Wide>(bandwidth * 1e9 + 0.5);
      Wide total = 0;
      for (std::size_t n = 0; n < bytes.size(); ++n) {
        total += bytes[n];
        CAPTURE(bandwidth, clock, n);
        REQUIRE(bench.filled[n].fill == n);
        // Fractions of a cycle are kept from one transfer to the next.
        REQUIRE(bench.filled[n].data_end == static_cast<std::int64_t>((total * hz + rate - 1) / rate));
        REQUIRE(bench.filled[n].now == static_cast<std::int64_t>((total - bytes[n]) * hz / rate));
      }
      CHECK(bench.dram->is_idle());
      CHECK(bench.dram->statistics().read_bytes == static_cast<std::int64_t>(total));
      CHECK(bench.listener.idle_calls > 0);
    }
  }
}

TEST_CASE("dram: a fill waits until pods and post-processors have read what was in its place", "[models]") {
  Bench bench(10, {100, 100, 100});
  bench.program->memory.fills[1].after_main = 0;
  bench.program->memory.fills[2].after_post = 0;
  bench.dram->begin();
  bench.dram->round_ends({0, false}, 500, 0);
  bench.dram->round_ends({0, true}, 800, 0);
  bench.run();
  REQUIRE(bench.filled.size() == 3);
  CHECK(bench.filled[0].now == 0);
  CHECK(bench.filled[1].now == 500);
  CHECK(bench.filled[2].now == 800);
  CHECK(bench.filled[2].data_end == 810);
}

TEST_CASE("dram: fills keep their order even if a later one could go first", "[models]") {
  Bench bench(10, {100, 100});
  bench.program->memory.fills[0].after_main = 0;
  bench.dram->begin();
  bench.dram->round_ends({0, false}, 300, 0);
  bench.run();
  REQUIRE(bench.filled.size() == 2);
  CHECK(bench.filled[0].now == 300);
  CHECK(bench.filled[1].now == 310);
}

TEST_CASE("dram: write-backs go before fills that wait", "[models]") {
  Bench bench(10, {100, 100});
  bench.dram->begin();
  bench.dram->write_back(50, 5, 0);
  bench.run();
  REQUIRE(bench.filled.size() == 2);
  CHECK(bench.filled[0].now == 0);
  CHECK(bench.filled[0].data_end == 10);
  // The write-back is ready in cycle 5 and takes the bus from 10 to 15.
  CHECK(bench.filled[1].now == 15);
  CHECK(bench.dram->statistics().written_bytes == 50);
  CHECK(bench.dram->statistics().busy_until == 25);
}

TEST_CASE("dram: write-backs go in the order in which they are ready", "[models]") {
  Bench bench(1, {});
  bench.dram->begin();
  bench.dram->write_back(100, 50, 0);
  bench.dram->write_back(10, 20, 0);
  bench.run();
  CHECK(bench.dram->statistics().busy_until == 150);  // 20 to 30, then 50 to 150
  CHECK(bench.dram->is_idle());
}

TEST_CASE("dram: a spill makes room, and the fill that needs it comes after", "[models]") {
  Bench bench(10, {100});
  Spill spill;
  spill.bytes = 200;
  spill.after = {0, false};
  bench.program->memory.spills.push_back(spill);
  bench.program->memory.fills[0].after_main = 0;
  bench.program->memory.fills[0].after_spill = 0;
  bench.dram->begin();
  bench.dram->round_ends({0, false}, 300, 0);
  bench.run();
  REQUIRE(bench.listener.spills.size() == 1);
  REQUIRE(bench.filled.size() == 1);
  // The results of the round are on their way for a while after its last activation row.
  CHECK(bench.listener.spills[0] >= 300 + 20);
  CHECK(bench.filled[0].now == bench.listener.spills[0]);
  CHECK(bench.dram->statistics().spilled_bytes == 200);
}

TEST_CASE("dram: prefetching may be limited to some rounds ahead", "[models]") {
  Bench bench(10, {100, 100, 100}, 1000, 2);
  for (std::uint32_t n = 0; n < 3; ++n) bench.program->memory.fills[n].need_round = 2 + n;
  bench.dram->begin();
  // Round 3 is fetched once round 0 has been read, round 4 after round 1.
  bench.dram->round_ends({0, false}, 400, 0);
  bench.dram->round_ends({1, false}, 700, 0);
  bench.run();
  REQUIRE(bench.filled.size() == 3);
  CHECK(bench.filled[0].now == 0);
  CHECK(bench.filled[1].now == 400);
  CHECK(bench.filled[2].now == 700);
}

TEST_CASE("dram: rounds that end out of order are a fault", "[models]") {
  Bench bench(10, {100});
  bench.dram->begin();
  CHECK_THROWS_AS(bench.dram->round_ends({1, false}, 10, 0), Error);
}

TEST_CASE("dram: space is free when both pods and post-processors have read it, whoever is last", "[models]") {
  for (const bool pods_last : {false, true}) {
    Bench bench(10, {100});
    bench.program->memory.fills[0].after_main = 0;
    bench.program->memory.fills[0].after_post = 0;
    bench.dram->begin();
    bench.dram->round_ends({0, false}, pods_last ? 700 : 400, 0);
    test::run_cycles(500);
    CHECK(bench.filled.empty());
    CHECK(bench.dram->waiting_for().find("fill 0 for round 0") != std::string::npos);
    bench.dram->round_ends({0, true}, pods_last ? 550 : 700, 500);
    bench.run();
    REQUIRE(bench.filled.size() == 1);
    CHECK(bench.filled[0].now == 700);
  }
}

TEST_CASE("dram: a spill starts when the results of its round are stored, in the very cycle", "[models]") {
  Bench bench(1, {7});
  Spill spill;
  spill.bytes = 30;
  spill.after = {0, false};
  bench.program->memory.spills.push_back(spill);
  bench.dram->begin();
  bench.dram->round_ends({0, false}, 50, 0);
  bench.run();
  REQUIRE(bench.listener.spills.size() == 1);
  // Array 1, post-processor 4, crossbar 1: the longer of the first two, the fabric, and the cycle of the write.
  CHECK(bench.listener.spills[0] == 50 + 4 + 1 + 1 + 30);
  // A spill that cannot begin yet holds up no fill whose space is free.
  REQUIRE(bench.filled.size() == 1);
  CHECK(bench.filled[0].now == 0);
}

TEST_CASE("dram: a spill after a post-processor's round waits for the pods of that round, too", "[models]") {
  for (const bool pods_last : {false, true}) {
    Bench bench(1, {});
    Spill spill;
    spill.bytes = 30;
    spill.after = {0, true};
    bench.program->memory.spills.push_back(spill);
    bench.dram->begin();
    bench.dram->round_ends({0, false}, pods_last ? 700 : 400, 0);
    bench.dram->round_ends({0, true}, pods_last ? 400 : 700, 0);
    bench.run();
    // Post-processor 4, crossbar 1, and the cycle of the write; then the bytes.
    CHECK(bench.listener.spills == std::vector<std::int64_t>{700 + 4 + 1 + 1 + 30});
  }
}

TEST_CASE("dram: a fill waits for the whole cycle in which the last byte of its spill leaves", "[models]") {
  Bench bench(4, {4});
  Spill spill;
  spill.bytes = 9;  // two cycles and a quarter
  spill.after = {0, false};
  bench.program->memory.spills.push_back(spill);
  bench.program->memory.fills[0].after_main = 0;
  bench.program->memory.fills[0].after_spill = 0;
  bench.dram->begin();
  bench.dram->round_ends({0, false}, 50, 0);
  bench.run();
  REQUIRE(bench.filled.size() == 1);
  CHECK(bench.listener.spills.at(0) == 56 + 3);
  CHECK(bench.filled[0].now == 59);
  CHECK(bench.filled[0].data_end == 60);
}

TEST_CASE("dram: write-backs go before spills, spills before fills", "[models]") {
  Bench bench(1, {60, 10});
  Spill spill;
  spill.bytes = 30;
  spill.after = {0, false};
  bench.program->memory.spills.push_back(spill);
  bench.dram->begin();
  bench.dram->round_ends({0, false}, 20, 0);
  bench.dram->write_back(5, 40, 0);
  bench.run();
  // The first fill has the bus until 60.
  REQUIRE(bench.filled.size() == 2);
  CHECK(bench.listener.spills == std::vector<std::int64_t>{60 + 5 + 30});
  CHECK(bench.filled[1].data_end == 60 + 5 + 30 + 10);
}

TEST_CASE("dram: bytes of weights, whatever bank they lie in, and those of refetches are counted apart", "[models]") {
  Bench bench(10, {100, 20, 3});
  const TiledWorkload& work = bench.program->work;
  const GemmTiles& gemm = work.gemms.front();
  bench.program->memory.fills[0].item = work.operands[gemm.activation].first_tile;
  bench.program->memory.fills[1].item = work.operands[gemm.stationary].first_tile;
  bench.program->memory.fills[1].bank_class = BankClass::x;
  bench.program->memory.fills[2].item = static_cast<ItemId>(work.tiles.size());
  bench.program->memory.fills[2].bank_class = BankClass::p;
  bench.program->memory.fills[2].is_refetch = true;
  bench.dram->begin();
  bench.run();
  CHECK(bench.dram->statistics().read_bytes == 123);
  CHECK(bench.dram->statistics().weight_bytes == 20);
  CHECK(bench.dram->statistics().activation_bytes == 103);
  CHECK(bench.dram->statistics().refetched_bytes == 3);
}

TEST_CASE("dram: tells when nothing is left to move, and again after a later write-back", "[models]") {
  Bench bench(1, {10, 10});
  bench.program->memory.fills[1].after_main = 0;
  bench.dram->begin();
  test::run_cycles(20);
  CHECK(bench.listener.idle_calls == 0);
  CHECK_FALSE(bench.dram->is_idle());
  bench.dram->round_ends({0, false}, 40, 20);
  test::run_cycles(80);
  const int told = bench.listener.idle_calls;
  CHECK(told > 0);
  CHECK(bench.dram->is_idle());
  CHECK(bench.dram->busy_until() == 50);
  CHECK(bench.dram->waiting_for().find("nothing") == 0);
  bench.dram->write_back(5, 120, 100);
  CHECK_FALSE(bench.dram->is_idle());
  bench.run(100);
  CHECK(bench.listener.idle_calls > told);
  CHECK(bench.dram->busy_until() == 125);
}

}  // namespace
}  // namespace podsim
