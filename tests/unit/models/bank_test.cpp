// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/bank.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "podsim/sim/core/random.hpp"
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
  test::FabricStub main_out, in1_out, in2_out;
  test::FillListenerStub listener;
  Bank bank;

  explicit Bench(const std::vector<std::int32_t>& fill_rows)
      : program(test::make(test::one_linear(8, 8, 8), test::crossbar_setup(1, 8, 8))),
        context(test::context_for(*program)),
        bank("bank", context, BankClass::x, 0) {
    bank.out.bind(main_out);
    bank.out.bind(in1_out);
    bank.out.bind(in2_out);
    bank.fill_listener.bind(listener);
    program->memory.fills.clear();
    for (const std::int32_t rows : fill_rows) {
      Fill fill;
      fill.rows = rows;
      fill.bytes = 100;
      program->memory.fills.push_back(fill);
    }
  }
  /// A post-processor writes `rows` rows from cycle `arrival` on; told in cycle `now`.
  void post_write(std::int64_t now, std::int64_t arrival, std::int32_t rows) {
    Transfer transfer;
    transfer.launch = now + program->machine.config.post_processors.latency_cycles;
    transfer.arrival = arrival;
    transfer.rows = rows;
    transfer.row_bytes = 8;
    bank.post_in->receive(transfer);
  }
};

TEST_CASE("bank: a fill is there when its rows are written and its bytes have come", "[models]") {
  Bench bench({10, 10, 10});
  bench.bank.fill(0, 100, 100, 105);
  CHECK(bench.listener.ends[0] == 110);  // ten rows
  bench.bank.fill(1, 200, 200, 230);
  CHECK(bench.listener.ends[1] == 230);  // slow DRAM
  bench.bank.fill(2, 230, 230, 231);
  CHECK(bench.listener.ends[2] == 240);
  CHECK(bench.bank.statistics().filled_bytes == 300);
  CHECK(bench.bank.statistics().delayed_fill_cycles == 0);
}

TEST_CASE("bank: fills share the write port one after the other", "[models]") {
  Bench bench({10, 5});
  bench.bank.fill(0, 100, 100, 101);
  bench.bank.fill(1, 103, 103, 104);
  CHECK(bench.listener.ends[1] == 115);
}

TEST_CASE("bank: a fill yields to a post-processor by the rows that overlap, whoever is known first", "[models]") {
  for (const bool post_first : {false, true}) {
    Bench bench({10});
    if (post_first) bench.post_write(100, 104, 3);
    bench.bank.fill(0, 100, 100, 102);
    if (!post_first) bench.post_write(100, 104, 3);
    CHECK(bench.listener.ends[0] == 113);
    CHECK(bench.bank.statistics().delayed_fill_cycles == 3);
    // A second one in what is left of the fill, and one behind it.
    bench.post_write(101, 112, 4);
    CHECK(bench.listener.ends[0] == 117);
    bench.post_write(101, 117, 4);
    CHECK(bench.listener.ends[0] == 117);
    CHECK(bench.bank.statistics().delayed_fill_cycles == 7);
    CHECK(bench.bank.statistics().written_bytes == 11 * 8);
  }
}

TEST_CASE("bank: only the part of a write that meets the fill delays it", "[models]") {
  Bench bench({10});
  bench.post_write(90, 96, 6);  // cycles 96 to 101: two of them in the fill
  bench.bank.fill(0, 100, 100, 101);
  CHECK(bench.listener.ends[0] == 112);
  CHECK(bench.bank.statistics().delayed_fill_cycles == 2);
}

TEST_CASE("bank: a fill that waits for DRAM has time for the writes of post-processors", "[models]") {
  Bench bench({10});
  bench.bank.fill(0, 100, 100, 150);
  bench.post_write(100, 110, 20);
  CHECK(bench.listener.ends[0] == 150);
  // The last row comes in cycle 149; a write from 140 to 152 keeps it waiting until 153.
  bench.post_write(100, 140, 13);
  CHECK(bench.listener.ends[0] == 154);
}

TEST_CASE("bank: the ends of fills agree with a cycle by cycle count", "[models]") {
  // Without slow DRAM: rows go in order into the cycles that no post-processor uses.
  RandomStream random(11, "bank");
  for (int round = 0; round < 200; ++round) {
    std::vector<std::int32_t> rows;
    for (int n = 0; n < 4; ++n) rows.push_back(static_cast<std::int32_t>(random.between(1, 12)));
    struct Event {
      std::int64_t now;
      int fill;  // -1: a write of a post-processor
      std::int64_t arrival;
      std::int32_t count;
    };
    std::vector<Event> events;
    std::vector<bool> busy(400, false);
    std::int64_t at = 20;
    for (int n = 0; n < 5; ++n) {
      at += random.between(0, 15);
      const auto count = static_cast<std::int32_t>(random.between(1, 8));
      events.push_back({at - random.between(5, 10), -1, at, count});
      for (std::int32_t row = 0; row < count; ++row) busy[static_cast<std::size_t>(at + row)] = true;
      at += count;
    }
    std::int64_t when = 10;
    std::vector<std::int64_t> ordered;
    for (int n = 0; n < 4; ++n) {
      when += random.between(0, 12);
      ordered.push_back(when);
      events.push_back({when, n, 0, 0});
    }
    // In the same cycle writes become known before or after the fills.
    std::vector<std::pair<std::int64_t, Event>> timed;
    for (const Event& event : events) {
      timed.emplace_back(3 * event.now + (event.fill >= 0 ? 1 : random.between(0, 1) * 2), event);
    }
    std::stable_sort(timed.begin(), timed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Bench bench(rows);
    for (const auto& [key, event] : timed) {
      if (event.fill >= 0) {
        bench.bank.fill(static_cast<std::uint32_t>(event.fill), event.now, event.now, event.now);
      } else {
        bench.post_write(event.now, event.arrival, event.count);
      }
    }
    std::int64_t cycle = 0;
    for (int n = 0; n < 4; ++n) {
      cycle = std::max(cycle, ordered[static_cast<std::size_t>(n)]);
      for (std::int32_t row = 0; row < rows[static_cast<std::size_t>(n)]; ++cycle) {
        if (!busy[static_cast<std::size_t>(cycle)]) ++row;
      }
      CAPTURE(round, n);
      // A window known too late to delay a fill that is over cannot occur: it is told at least 5 cycles ahead.
      REQUIRE(bench.listener.ends[static_cast<std::size_t>(n)] == cycle);
    }
  }
}

TEST_CASE("bank: a multicast read counts once", "[models]") {
  Bench bench({});
  Transfer transfer;
  transfer.launch = 10;
  transfer.rows = 4;
  transfer.row_bytes = 8;
  transfer.item = 3;
  for (std::uint16_t unit = 0; unit < 3; ++unit) {
    transfer.unit = unit;
    CHECK(bench.bank.read(ReadPort::main, transfer) == (unit == 0 ? 32 : 0));
  }
  CHECK(bench.bank.statistics().read_bytes == 32);
  CHECK(bench.main_out.carried.size() == 3);
  transfer.launch = 14;
  bench.bank.read(ReadPort::main, transfer);
  bench.bank.read(ReadPort::post_in2, transfer);
  CHECK(bench.bank.statistics().read_bytes == 96);
  CHECK(bench.in2_out.carried.size() == 1);
  CHECK(bench.in1_out.carried.empty());
}

TEST_CASE("bank: every position of a write against a fill, with and without slow DRAM", "[models]") {
  // Ten rows from cycle 100 on. Row by row: the last one not before the data are complete.
  for (const std::int64_t data_end : {100, 109, 110, 111, 125}) {
    for (std::int64_t arrival = 90; arrival < 130; ++arrival) {
      for (const std::int32_t count : {1, 9, 25}) {
        std::int64_t cycle = 100;
        for (int left = 10; left > 0; ++cycle) {
          const bool taken = cycle >= arrival && cycle < arrival + count;
          if (!taken && (left > 1 || cycle >= data_end - 1)) --left;
        }
        for (const bool post_first : {false, true}) {
          Bench bench({10});
          if (post_first) bench.post_write(80, arrival, count);
          bench.bank.fill(0, 100, 100, data_end);
          if (!post_first) bench.post_write(80, arrival, count);
          CAPTURE(data_end, arrival, count, post_first);
          REQUIRE(bench.listener.ends[0] == cycle);
          REQUIRE(bench.bank.statistics().delayed_fill_cycles == cycle - std::max<std::int64_t>(110, data_end));
        }
      }
    }
  }
}

TEST_CASE("bank: a fill that is pushed back pushes the next one, rows of pods push none", "[models]") {
  Bench bench({8, 4});
  bench.bank.fill(0, 100, 100, 100);
  bench.bank.fill(1, 100, 100, 100);
  CHECK(bench.listener.ends == std::vector<std::int64_t>{108, 112});
  bench.post_write(90, 104, 5);
  CHECK(bench.listener.ends == std::vector<std::int64_t>{113, 117});
  Transfer sums;
  sums.launch = 95;
  sums.arrival = 98;
  sums.rows = 7;
  sums.row_bytes = 3;
  bench.bank.main_in->receive(sums);
  CHECK(bench.listener.ends == std::vector<std::int64_t>{113, 117});
  CHECK(bench.bank.statistics().written_bytes == 5 * 8 + 7 * 3);
}

TEST_CASE("bank: a reset forgets fills, writes and counts", "[models]") {
  Bench bench({8, 8});
  bench.bank.fill(0, 100, 100, 200);
  bench.post_write(1, 6, 4);
  bench.bank.copy_in(99);
  CHECK(bench.bank.statistics().copied_bytes == 99);
  bench.bank.reset();
  CHECK(bench.bank.statistics().copied_bytes == 0);
  CHECK(bench.bank.statistics().filled_bytes == 0);
  CHECK(bench.bank.statistics().written_bytes == 0);
  bench.bank.fill(1, 4, 4, 4);
  CHECK(bench.listener.ends[1] == 12);
}

}  // namespace
}  // namespace podsim
