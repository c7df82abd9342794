// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/checker.hpp"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
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
  Checker checker;

  explicit Bench(const test::Setup& setup)
      : program(test::make(test::one_linear(40, 40, 40), setup)),
        context(test::context_for(*program)),
        checker("checker", context, program->machine) {
    checker.begin();
  }
  static Transfer transfer(std::uint32_t item, int bank, int unit, std::int64_t launch, std::int32_t rows) {
    Transfer t;
    t.item = item;
    t.bank = static_cast<std::uint16_t>(bank);
    t.unit = static_cast<std::uint16_t>(unit);
    t.launch = launch;
    t.arrival = launch + 10;
    t.rows = rows;
    return t;
  }
  std::string fault(const Transfer& t, FabricId fabric = FabricId::x) {
    const auto error = test::error_of([&] { checker.circuit(fabric, t); });
    if (error) CHECK(error->kind() == ErrorKind::internal);
    return error ? error->what() : "";
  }
};

test::Setup butterfly() {
  test::Setup setup = test::crossbar_setup(8, 8, 8);
  setup.hardware.interconnect = {"butterfly", Json{{"expansion", 1}}};
  return setup;
}

TEST_CASE("checker: two sources on one link are found, and only while they overlap", "[models]") {
  // Sources 0 and 4 of an 8-port butterfly meet on the way to neighbouring destinations: look for such a pair.
  Bench bench(butterfly());
  const Topology& net = *bench.program->machine.topology;
  std::vector<int> a, b;
  int other = -1;
  std::size_t hop_a = 0, hop_b = 0;
  net.route(0, 0, a);
  for (int source = 1; source < 8 && other < 0; ++source) {
    net.route(source, 1, b);
    for (std::size_t p = 0; p < a.size(); ++p) {
      for (std::size_t q = 0; q < b.size(); ++q) {
        if (a[p] == b[q]) other = source, hop_a = p, hop_b = q;
      }
    }
  }
  REQUIRE(other > 0);
  REQUIRE(hop_a == hop_b);
  CHECK(bench.fault(Bench::transfer(0, 0, 0, 100, 8)).empty());
  CHECK(bench.fault(Bench::transfer(1, other, 1, 107, 8)).find("two sources on one link") != std::string::npos);
  Bench later(butterfly());
  CHECK(later.fault(Bench::transfer(0, 0, 0, 100, 8)).empty());
  CHECK(later.fault(Bench::transfer(1, other, 1, 108, 8)).empty());
}

TEST_CASE("checker: branches of a multicast share links, another tile does not", "[models]") {
  Bench bench(butterfly());
  CHECK(bench.fault(Bench::transfer(0, 0, 0, 100, 8)).empty());
  CHECK(bench.fault(Bench::transfer(0, 0, 1, 100, 8)).empty());
  CHECK_FALSE(bench.fault(Bench::transfer(1, 0, 2, 103, 8)).empty());
}

TEST_CASE("checker: two tiles on one port are found", "[models]") {
  for (const bool overlap : {false, true}) {
    Bench bench(test::crossbar_setup(8, 8, 8));
    CHECK(bench.fault(Bench::transfer(0, 2, 0, 100, 8)).empty());
    const std::string fault = bench.fault(Bench::transfer(1, 2, 1, overlap ? 107 : 108, 8));
    CHECK(fault.empty() == !overlap);
    if (overlap) CHECK(fault.find("bank 2") != std::string::npos);
  }
}

TEST_CASE("checker: writes of one bank may not overlap either", "[models]") {
  Bench bench(test::crossbar_setup(8, 8, 8));
  const auto tiles = static_cast<std::uint32_t>(bench.program->work.tiles.size());
  CHECK(bench.fault(Bench::transfer(tiles, 3, 0, 100, 8), FabricId::p_out).empty());
  CHECK(bench.fault(Bench::transfer(tiles + 1, 3, 1, 104, 8), FabricId::p_out).find("P-out") != std::string::npos);
}

TEST_CASE("checker: a row that is read before it is written is found", "[models]") {
  for (const bool early : {false, true}) {
    Bench bench(test::crossbar_setup(8, 8, 8));
    const Fill& fill = bench.program->memory.fills[0];
    bench.checker.filled(0, 50);
    // The first row is read one cycle before it is launched.
    const std::string fault = bench.fault(Bench::transfer(fill.item, fill.bank, 0, early ? 50 : 51, 4),
                                          fill.bank_class == BankClass::x ? FabricId::x : FabricId::w);
    CHECK(fault.empty() == !early);
    if (early) CHECK(fault.find("is read in cycle 49") != std::string::npos);
  }
}

TEST_CASE("checker: what passes a transposing buffer is read so many cycles ahead, and takes the port for as long",
          "[models]") {
  // 8 rows are read from launch - 1 - 8 on, and leave as 4.
  const auto buffered = [](std::uint32_t item, int bank, std::int64_t launch) {
    Transfer t = Bench::transfer(item, bank, 0, launch, 4);
    t.ahead = 8;
    return t;
  };
  for (const bool early : {false, true}) {
    CAPTURE(early);
    Bench bench(test::crossbar_setup(8, 8, 8));
    const Fill& fill = bench.program->memory.fills[0];
    bench.checker.filled(0, 50);
    const std::string fault = bench.fault(buffered(fill.item, fill.bank, early ? 58 : 59),
                                          fill.bank_class == BankClass::x ? FabricId::x : FabricId::w);
    CHECK(fault.empty() == !early);
    if (early) CHECK(fault.find("is read in cycle 49") != std::string::npos);
    // Another tile's rows from the cycle on in which the last of the 8 has been read.
    Bench port(test::crossbar_setup(8, 8, 8));
    CHECK(port.fault(buffered(0, 2, 100)).empty());
    const std::string met = port.fault(Bench::transfer(1, 2, 1, early ? 99 : 100, 8));
    CHECK(met.empty() == !early);
    if (early) CHECK(met.find("two tiles on the X port of bank 2") != std::string::npos);
  }
}

TEST_CASE("checker: a tile that never came is found at the latest when it has been read", "[models]") {
  Bench bench(test::crossbar_setup(8, 8, 8));
  const Fill& fill = bench.program->memory.fills[0];
  const FabricId fabric = fill.bank_class == BankClass::x ? FabricId::x : FabricId::w;
  CHECK(bench.fault(Bench::transfer(fill.item, fill.bank, 0, 50, 4), fabric).empty());
  bench.checker.advance(40);
  CHECK_THROWS_AS(bench.checker.advance(std::numeric_limits<std::int64_t>::max()), Error);
}

TEST_CASE("checker: partial sums may be read from the cycle after they were written", "[models]") {
  for (const bool early : {false, true}) {
    Bench bench(test::crossbar_setup(8, 8, 8));
    const auto sum = static_cast<std::uint32_t>(bench.program->work.tiles.size());
    const int bank = bench.program->schedule.main[0].p_bank;
    Transfer written = Bench::transfer(sum, bank, 0, 90, 8);
    written.arrival = 100;
    bench.checker.written(BankClass::p, bank, written);
    CHECK(bench.fault(Bench::transfer(sum, bank, 1, early ? 101 : 102, 8), FabricId::p_in).empty() == !early);
  }
}

TEST_CASE("checker: a bank over capacity is found, with the bank and the bytes", "[models]") {
  test::Setup setup = test::crossbar_setup(2, 8, 8);
  setup.hardware.banks.capacity_kib = 64;
  Bench bench(setup);
  // All X tiles of bank 0 fit; on a machine with tiny banks they do not.
  std::int64_t bytes = 0;
  for (ItemId item = 0; item < bench.program->work.tiles.size(); ++item) {
    const StoredTile& tile = bench.program->work.tiles[item];
    if (tile.bank_class != BankClass::x || tile.bank != 0) continue;
    bench.checker.take(item, 10 + item);
    bytes += tile.bytes;
  }
  bench.checker.advance(1000);
  CHECK(bench.checker.peak_bank_bytes()[0] == bytes);
  REQUIRE(bytes > 700);

  Machine small = bench.program->machine;
  small.config.banks.capacity_kib = 0;
  Checker strict("strict", bench.context, small);
  strict.begin();
  strict.take(0, 10);
  const auto error = test::error_of([&] { strict.advance(1000); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("bank 0 holds") != std::string::npos);
}

TEST_CASE("checker: space that is given back twice is found, of one item among many", "[models]") {
  for (const bool twice : {false, true}) {
    Bench bench(test::crossbar_setup(2, 8, 8));
    bench.checker.take(0, 10);
    bench.checker.take(2, 10);  // keeps the bank's total above zero
    bench.checker.take(0, 20);  // partly fetched, partly produced: the same space
    bench.checker.give_back(0, 40);
    if (twice) bench.checker.give_back(0, 50);
    const auto error = test::error_of([&] { bench.checker.advance(1000); });
    CHECK(static_cast<bool>(error) == twice);
    if (error) CHECK(std::string(error->what()).find("item 0 is given back in cycle 50") != std::string::npos);
  }
}

TEST_CASE("checker: space is counted in the order of cycles, not of calls", "[models]") {
  Bench bench(test::crossbar_setup(2, 8, 8));
  bench.checker.take(2, 50);
  bench.checker.give_back(0, 40);
  bench.checker.take(0, 10);
  bench.checker.advance(1000);
  const auto& tiles = bench.program->work.tiles;
  CHECK(bench.checker.peak_class_bytes()[0] == std::max(tiles[0].bytes, tiles[2].bytes));
}

TEST_CASE("checker: a shared P port carries one tile in each direction, independent ports one each", "[models]") {
  for (const char* ports : {"shared", "independent"}) {
    const bool shared = std::string(ports) == "shared";
    test::Setup setup = test::crossbar_setup(8, 8, 8);
    setup.hardware.banks.p_ports = ports;
    CAPTURE(ports);
    const auto both = [&](FabricId first, FabricId second, std::int64_t later) {
      Bench bench(setup);
      const auto sums = static_cast<std::uint32_t>(bench.program->work.tiles.size());
      CHECK(bench.fault(Bench::transfer(sums, 2, 0, 100, 8), first).empty());
      return bench.fault(Bench::transfer(sums + 1, 2, 1, 100 + later, 8), second);
    };
    const std::string reads = both(FabricId::p_in, FabricId::post_in1, 7);
    CHECK(reads.empty() == !shared);
    if (shared)
      CHECK(reads.find("the shared port of P bank 2 is used by PP-in1 and P-in in cycle 107") != std::string::npos);
    CHECK(both(FabricId::post_in1, FabricId::post_in2, 0).empty() == !shared);
    CHECK(both(FabricId::p_out, FabricId::post_out, 7).empty() == !shared);
    CHECK(both(FabricId::p_in, FabricId::post_in1, 8).empty());
    // The other direction, and the other classes of banks, have ports of their own.
    // (Rows enter a bank ten cycles after launch: these two meet in cycle 105.)
    CHECK(both(FabricId::p_in, FabricId::p_out, -5).empty());
    CHECK(both(FabricId::x, FabricId::w, 0).empty());
    CHECK(both(FabricId::x, FabricId::p_in, 0).empty());
  }
}

TEST_CASE("checker: circuits of a write fabric meet link by link from the pod's end", "[models]") {
  // On a mesh the circuit of a pod to a bank is the bank's to the pod, backwards: its first link is the last of that.
  test::Setup setup = test::crossbar_setup(16, 8, 8);
  setup.hardware.interconnect = {"mesh", Json::object()};
  const Machine machine(setup.hardware);
  std::vector<int> a, b;
  int found = 0;
  for (int bank = 1; bank < 16; ++bank) {
    for (int unit = 1; unit < 16; ++unit) {
      machine.topology->route(0, 15, a);
      machine.topology->route(bank, unit, b);
      if (unit == 15) continue;
      std::int64_t gap = -1000;  // the second circuit is launched so much later that no link is owned twice
      for (std::size_t p = 0; p < a.size(); ++p) {
        for (std::size_t q = 0; q < b.size(); ++q) {
          if (a[a.size() - 1 - p] == b[b.size() - 1 - q]) {
            gap = std::max(gap, 8 + static_cast<std::int64_t>(p) - static_cast<std::int64_t>(q));
          }
        }
      }
      if (gap == -1000) continue;
      ++found;
      for (const std::int64_t early : {0, 1}) {
        Bench bench(setup);
        const auto sums = static_cast<std::uint32_t>(bench.program->work.tiles.size());
        CHECK(bench.fault(Bench::transfer(sums, 0, 15, 100, 8), FabricId::p_out).empty());
        const std::string fault =
            bench.fault(Bench::transfer(sums + 1, bank, unit, 100 + gap - early, 8), FabricId::p_out);
        CAPTURE(bank, unit, gap, early);
        CHECK(fault.empty() == (early == 0));
        if (early == 1) CHECK(fault.find("two sources on one link of the P-out fabric") != std::string::npos);
      }
    }
  }
  CHECK(found > 0);
}

TEST_CASE("checker: an early order may be late for its tile, which is found once time has passed it", "[models]") {
  for (const bool late : {false, true}) {
    Bench bench(test::crossbar_setup(8, 8, 8));
    const Fill& fill = bench.program->memory.fills[0];
    const FabricId fabric = fill.bank_class == BankClass::x ? FabricId::x : FabricId::w;
    CHECK(bench.fault(Bench::transfer(fill.item, fill.bank, 0, 51, 4), fabric).empty());
    bench.checker.filled(0, late ? 51 : 50);
    const auto error = test::error_of([&] { bench.checker.advance(1000); });
    CHECK(error.has_value() == late);
    if (error)
      CHECK(std::string(error->what()).find("is read in cycle 50 but its row is there from cycle 51") !=
            std::string::npos);
  }
}

TEST_CASE("checker: the bytes of a bank count to the last one, and space given back is free at once", "[models]") {
  // Tiles of 32 x 32 bytes, all in bank 0 of a single pod.
  const auto program = test::make(test::one_linear(64, 64, 32), test::crossbar_setup(1, 32, 32));
  std::vector<ItemId> items;
  for (ItemId item = 0; item < program->work.tiles.size(); ++item) {
    const StoredTile& tile = program->work.tiles[item];
    if (tile.bank_class == BankClass::x && tile.bytes == 1024) items.push_back(item);
  }
  REQUIRE(items.size() >= 3);
  Machine machine = program->machine;
  machine.config.banks.capacity_kib = 2;
  const test::Kernel kernel;
  RunContext context = test::context_for(*program);
  Checker checker("checker", context, machine);
  checker.begin();
  checker.take(items[0], 5);
  checker.take(items[1], 6);
  SECTION("exactly full") {
    CHECK_NOTHROW(checker.advance(1000));
  }
  SECTION("a tile leaves in the cycle in which the next one comes") {
    checker.take(items[2], 7);
    checker.give_back(items[0], 7);
    CHECK_NOTHROW(checker.advance(1000));
    CHECK(checker.peak_bank_bytes()[0] == 2048);
  }
  SECTION("it leaves a cycle later") {
    checker.take(items[2], 7);
    checker.give_back(items[0], 8);
    CHECK_NOTHROW(checker.advance(7));
    const auto error = test::error_of([&] { checker.advance(8); });
    REQUIRE(error);
    CHECK(error->kind() == ErrorKind::internal);
    CHECK(std::string(error->what())
              .find("X bank 0 holds 3072 bytes in cycle 7, more than its 2048; the last is item " +
                    std::to_string(items[2])) != std::string::npos);
  }
}

TEST_CASE("checker: an output that arrives by columns may be read once the last of them is written", "[models]") {
  // Activations of fc2 are rows of y as they come, if weights stay; if activations stay, y comes in 5 columns.
  NetworkBuilder b("two");
  const std::string x = b.input("x", {8, 8});
  const std::string y = b.linear("fc1", x, {8, 5, false, {}});
  const Network network = b.build({b.linear("fc2", y, {5, 4, false, {}})});
  for (const char* dataflow : {"weight_stationary", "input_stationary"}) {
    const bool by_columns = std::string(dataflow) == "input_stationary";
    test::Setup setup = test::crossbar_setup(1, 8, 8);
    setup.hardware.pods.dataflow.type = dataflow;
    const auto program = test::make(network, setup);
    const auto base = static_cast<std::uint32_t>(program->work.tiles.size() + program->schedule.main.size());
    const PostPlacement& pass = program->schedule.post.at(0);
    REQUIRE(pass.writes_output);
    REQUIRE(pass.operation == 0);
    const OpTiles reads = tiles_of_op(program->work, 1);
    const ItemId tile = by_columns ? reads.w_tile : reads.x_tile;
    const BankClass bank_class = by_columns ? BankClass::w : BankClass::x;
    const std::int64_t readable = 110 + 1 + (by_columns ? 5 - 1 : 0);  // written in its cycle, read in the next
    for (const bool early : {false, true}) {
      const test::Kernel kernel;
      RunContext context = test::context_for(*program);
      Checker checker("checker", context, program->machine);
      checker.begin();
      Transfer result = Bench::transfer(base, pass.bank, 0, 100, by_columns ? 5 : 8);
      result.classes = 1U << static_cast<unsigned>(bank_class);
      checker.written(bank_class, pass.bank, result);
      // Read in the cycle before the launch.
      const Transfer read = Bench::transfer(tile, program->work.tiles[tile].bank, 0, readable + (early ? 0 : 1), 8);
      const auto error = test::error_of([&] { checker.circuit(by_columns ? FabricId::w : FabricId::x, read); });
      CAPTURE(dataflow, early);
      CHECK(error.has_value() == early);
      if (error) CHECK(std::string(error->what()).find("is read in cycle") != std::string::npos);
    }
  }
}

TEST_CASE("checker: an output block is written once", "[models]") {
  Bench bench(test::crossbar_setup(8, 8, 8));
  const Program& program = *bench.program;
  const auto base = static_cast<std::uint32_t>(program.work.tiles.size() + program.schedule.main.size());
  std::uint32_t id = 0;
  while (!program.schedule.post.at(id).writes_output) ++id;
  Transfer result = Bench::transfer(base + id, program.schedule.post[id].bank, 0, 100, 8);
  result.id = id;
  result.classes = 1U << static_cast<unsigned>(BankClass::p) | 1U;
  const int tiles = 40 / 8;  // of a row block: 40 columns by 8
  for (int n = 0; n < tiles; ++n) {
    bench.checker.written(BankClass::x, 0, result);
    bench.checker.written(BankClass::p, 0, result);  // the same rows into another class of banks
  }
  const auto error = test::error_of([&] { bench.checker.written(BankClass::x, 0, result); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::internal);
  CHECK(std::string(error->what()).find("writes an output block that is complete") != std::string::npos);
}

}  // namespace
}  // namespace podsim
