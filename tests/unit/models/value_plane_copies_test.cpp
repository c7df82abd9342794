// SPDX-License-Identifier: Apache-2.0
// Relayout by circuits in the value plane: a tile has its values from the cycle on in which the last copy that it needs
// allows them to be read. Whole schedules, reported in cycles that are far apart.
#include <algorithm>
#include <limits>

#include "podsim/models/values/value_plane.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/value_network.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim::test {
namespace {

constexpr std::int64_t kRoundCycles = 1000;

/// A network on 8x8 arrays, its schedule, and when which event of it happens.
class Replay {
 public:
  explicit Replay(const Network& network, std::uint64_t seed = 5) : network_(network) {
    Setup setup = crossbar_setup(4, 8, 8);
    setup.hardware.relayout = "circuits";
    program_ = make(network, setup);
    reference_ = value_network(network, {}, seed);
  }

  const Program& program() const { return *program_; }
  const std::vector<std::int8_t>& right() const { return reference_.outputs.tensors.front(); }

  /// The cycle in which a tile operation's operands are read first.
  std::int64_t first_read(std::uint32_t op) const { return cycle(program_->schedule.main[op].round); }

  /// The last cycle in which the rows of a copy may begin to arrive, by the tiles that need it: row t of a tile needs
  /// row t + offset, which may be read in the cycle after it arrived.
  std::int64_t latest_arrival(const PostPlacement& copy, bool& is_stationary) const {
    const Relayout& relayout = program_->work.relayout;
    const std::uint32_t number = relayout.number(copy.operation, copy.tile);
    std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t op = 0; op < program_->schedule.main.size(); ++op) {
      const OpTiles tiles = tiles_of_op(program_->work, op);
      for (std::uint32_t r = relayout.first_reader[number]; r < relayout.first_reader[number + 1]; ++r) {
        const TileReader& reader = relayout.readers[r];
        if (reader.tile != tiles.x_tile && reader.tile != tiles.w_tile) continue;
        if (program_->work.tiles[reader.tile].bank != copy.bank) continue;
        if (first_read(op) - 1 - reader.offset >= latest) continue;
        latest = first_read(op) - 1 - reader.offset;
        is_stationary = reader.tile == tiles.w_tile;
      }
    }
    return latest;
  }

  /// The network's output if the copy with this id begins to arrive in cycle `late`, and all others in time.
  std::vector<std::int8_t> run(std::uint32_t copy = kNone, std::int64_t late = 0) const {
    const Schedule& schedule = program_->schedule;
    ValuePlane values(*program_, network_, reference_.values);
    for (std::uint32_t f = 0; f < program_->memory.fills.size(); ++f) values.filled(f, 10, 5);
    for (std::uint32_t round = 0; round < schedule.round_count(); ++round) {
      for (std::uint32_t op = 0; op < schedule.main.size(); ++op) {
        if (schedule.main[op].round == round) start_operation(values, op);
      }
      for (std::uint32_t id = 0; id < schedule.post.size(); ++id) {
        if (schedule.post[id].round == round) {
          start_pass(values, id, id == copy ? late : cycle(round) + 500);
        }
      }
    }
    values.advance(std::numeric_limits<std::int64_t>::max());
    return output_tensor(network_, program_->work.network, values.tensors(), 0);
  }

 private:
  static std::int64_t cycle(std::uint32_t round) { return kRoundCycles * (round + 1); }
  ItemId first_main() const { return static_cast<ItemId>(program_->work.tiles.size()); }
  ItemId first_pass() const { return first_main() + static_cast<ItemId>(program_->schedule.main.size()); }

  static Transfer transfer(ItemId item, std::int64_t launch, std::int64_t arrival, std::int32_t rows, int bank) {
    Transfer t;
    t.item = item;
    t.launch = launch;
    t.arrival = arrival;
    t.rows = rows;
    t.bank = static_cast<std::uint16_t>(bank);
    return t;
  }

  void start_operation(ValuePlane& values, std::uint32_t op) const {
    const MainPlacement& place = program_->schedule.main[op];
    const OpTiles tiles = tiles_of_op(program_->work, op);
    const StoredTile& x = program_->work.tiles[tiles.x_tile];
    const StoredTile& w = program_->work.tiles[tiles.w_tile];
    const std::int64_t start = first_read(op) + 1;
    Transfer out = transfer(first_main() + op, start, start + 100, x.rows, place.p_bank);
    out.id = op;
    Transfer sums;
    const bool has_sums = place.partial_sum_in != kNone;
    if (has_sums) {
      const int bank = program_->schedule.main[place.partial_sum_in].p_bank;
      sums = transfer(first_main() + place.partial_sum_in, start, start, x.rows, bank);
    }
    values.start_operation(out, start, transfer(tiles.w_tile, start, start, w.rows, w.bank),
                           transfer(tiles.x_tile, start, start, x.rows, x.bank), has_sums ? &sums : nullptr);
    values.stored(BankClass::p, place.p_bank, out);
  }

  void start_pass(ValuePlane& values, std::uint32_t id, std::int64_t arrival) const {
    const PostPlacement& pass = program_->schedule.post[id];
    const std::int64_t start = cycle(pass.round) + 300;
    Transfer out = transfer(first_pass() + id, start, arrival, pass.rows, pass.bank);
    out.id = id;
    auto source = [&](const PostSource& from) {
      REQUIRE(from.kind != PostSource::Kind::stored);
      const bool is_main = from.kind == PostSource::Kind::main_sum;
      const int bank = is_main ? program_->schedule.main[from.index].p_bank : program_->schedule.post[from.index].bank;
      return transfer((is_main ? first_main() : first_pass()) + from.index, start, start, pass.rows, bank);
    };
    const bool has_second = pass.in2.kind != PostSource::Kind::none;
    const Transfer in1 = source(pass.in1), in2 = has_second ? source(pass.in2) : Transfer{};
    values.start_pass(out, start, in1, has_second ? &in2 : nullptr);
    for (const BankClass bank_class : {BankClass::x, BankClass::w, BankClass::p}) {
      values.stored(bank_class, pass.bank, out);
    }
  }

  const Network& network_;
  std::unique_ptr<Program> program_;
  ValuedRun reference_;
};

TEST_CASE("value plane: a tile is right if its copies arrive in time, and wrong if one is a cycle late", "[models]") {
  NetworkBuilder two("two linear layers");
  const std::string a = two.linear("a", two.input("x", {44, 12}), {12, 44, false, {}});
  const Network linears = two.build({two.linear("b", a, {44, 12, false, {}})});
  // Rows of a are both operands: one streams, the other stays in the arrays.
  NetworkBuilder self("scores");
  const std::string q = self.linear("q", self.input("x", {44, 12}), {12, 28, false, {}});
  const Network scores = self.build({self.layer("qk", Op::matmul, {q, q}, Matmul{1, true, false})});
  int streamed = 0, stationary = 0;
  for (const Network* network : {&linears, &scores}) {
    INFO(network->name);
    const Replay replay(*network);
    REQUIRE(replay.run() == replay.right());
    for (std::uint32_t id = 0; id < replay.program().schedule.post.size(); ++id) {
      const PostPlacement& pass = replay.program().schedule.post[id];
      if (pass.kind != PostPlacement::Kind::copy) continue;
      CAPTURE(id);
      bool is_stationary = false;
      const std::int64_t latest = replay.latest_arrival(pass, is_stationary);
      CHECK(replay.run(id, latest) == replay.right());
      CHECK(replay.run(id, latest + 1) != replay.right());
      ++(is_stationary ? stationary : streamed);
    }
  }
  CHECK(streamed > 5);
  CHECK(stationary > 5);
}

TEST_CASE("value plane: an operation goes on with sums that are there, and not with others", "[models]") {
  // k = 12 takes two operations of 8x8 arrays in a chain.
  const Network network = one_linear(4, 12, 4);
  const Setup setup = crossbar_setup(1, 8, 8);
  const auto program = make(network, setup);
  REQUIRE(program->schedule.main.size() == 2);
  REQUIRE(program->schedule.main[1].partial_sum_in == 0);
  const ValuedRun reference = value_network(network, {}, 5);
  auto run = [&](std::int64_t sums_read, std::uint16_t sums_bank) {
    ValuePlane values(*program, network, reference.values);
    for (std::uint32_t f = 0; f < program->memory.fills.size(); ++f) values.filled(f, 10, 5);
    auto transfer = [](ItemId item, std::int64_t read, std::int64_t arrival, std::uint16_t bank) {
      Transfer t;
      t.item = item;
      t.launch = read + 1;
      t.arrival = arrival;
      t.rows = 4;
      t.bank = bank;
      return t;
    };
    for (std::uint32_t op = 0; op < 2; ++op) {
      const OpTiles tiles = tiles_of_op(program->work, op);
      const std::int64_t start = op == 0 ? 20 : 50;
      Transfer out = transfer(4 + op, start, start + 20, 0);  // sums of operation 0 are written from cycle 40 on
      out.id = op;
      const Transfer sums = transfer(4, sums_read, 50, sums_bank);
      values.start_operation(out, start, transfer(tiles.w_tile, 15, 16, 0), transfer(tiles.x_tile, 19, start, 0),
                             op == 0 ? nullptr : &sums);
      values.stored(BankClass::p, 0, out);
    }
    const Transfer result = transfer(6, 100, 110, 0);
    values.start_pass(result, 100, transfer(5, 100, 100, 0), nullptr);
    values.stored(BankClass::p, 0, result);
    values.advance(1000);
    return output_tensor(network, program->work.network, values.tensors(), 0) == reference.outputs.tensors.front();
  };
  CHECK(run(41, 0));
  CHECK_FALSE(run(40, 0));
  CHECK_FALSE(run(41, 1));
}

}  // namespace
}  // namespace podsim::test
