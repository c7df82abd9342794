// SPDX-License-Identifier: Apache-2.0
// What is reported to a ValuePlane at which cycle decides the values: one tile operation and its finalise pass, by
// hand.
#include "podsim/models/values/value_plane.hpp"

#include "podsim/workloads/value_network.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim::test {
namespace {

constexpr std::int32_t kRows = 2;

/// y = requantise(x w) of 2x3 and 3x2 on one pod, all of it in tiles 0 (X) and 1 (W).
struct OneOperation {
  Network network = one_linear(kRows, 3, 2);
  std::unique_ptr<Program> program = make(network, crossbar_setup(1, 4, 4));
  ValuedRun reference = value_network(network, {}, 5);

  // Cycles in which things happen; every later one follows the rules exactly.
  std::int64_t x_filled = 20, w_filled = 10;
  std::int64_t w_launch = 11;  ///< read in 10
  std::int64_t x_launch = 21;  ///< read in 20
  std::int64_t sums_arrive = 30;
  std::int64_t post_launch = 32;  ///< read in 31, the cycle after the first row was written
  std::int64_t result_arrives = 40;
  std::uint16_t x_bank = 0, sums_read_from = 0;
  std::int64_t x_leaves = 100;
  bool is_stored = true;

  std::vector<std::int8_t> run() const {
    REQUIRE(program->schedule.main.size() == 1);
    REQUIRE(program->schedule.post.size() == 1);
    REQUIRE(program->work.tiles.size() == 2);
    const ItemId sums = 2, result = 3;
    ValuePlane values(*program, network, reference.values);
    for (std::uint32_t f = 0; f < program->memory.fills.size(); ++f) {
      values.filled(f, program->memory.fills[f].item == 0 ? x_filled : w_filled, 5);
    }
    auto transfer = [](ItemId item, std::int64_t launch, std::int64_t arrival, std::uint16_t bank) {
      Transfer t;
      t.item = item;
      t.launch = launch;
      t.arrival = arrival;
      t.rows = kRows;
      t.bank = bank;
      return t;
    };
    values.leave(0, x_leaves, false);
    const Transfer out = transfer(sums, 25, sums_arrive, 0);
    values.start_operation(out, 22, transfer(1, w_launch, 12, 0), transfer(0, x_launch, 22, x_bank), nullptr);
    if (is_stored) values.stored(BankClass::p, 0, out);
    const Transfer written = transfer(result, 36, result_arrives, 0);
    values.start_pass(written, 33, transfer(sums, post_launch, 33, sums_read_from), nullptr);
    values.stored(BankClass::p, 0, written);
    values.advance(1000);
    return output_tensor(network, program->work.network, values.tensors(), 0);
  }
  const std::vector<std::int8_t>& right() const { return reference.outputs.tensors.front(); }
};

TEST_CASE("value plane: an operation that follows the rules gives what the reference gives", "[models]") {
  const OneOperation one;
  CHECK(one.run() == one.right());
}

TEST_CASE("value plane: a tile that is read in the cycle in which it is filled is right, one cycle earlier wrong",
          "[models]") {
  OneOperation one;
  one.x_filled = 21;
  CHECK(one.run() != one.right());
  one.x_filled = 20;
  one.w_filled = 11;
  CHECK(one.run() != one.right());
  one.w_filled = 10;
  CHECK(one.run() == one.right());
}

TEST_CASE("value plane: sums may be read in the cycle after they are written, not in the same", "[models]") {
  OneOperation one;
  one.post_launch = 31;
  CHECK(one.run() != one.right());
  one.sums_arrive = 29;
  CHECK(one.run() == one.right());
}

TEST_CASE("value plane: a read from another bank, of what never arrived, or of what has left, is wrong", "[models]") {
  OneOperation one;
  one.x_bank = 1;
  CHECK(one.run() != one.right());
  one.x_bank = 0;
  one.sums_read_from = 3;
  CHECK(one.run() != one.right());
  one.sums_read_from = 0;
  one.is_stored = false;
  CHECK(one.run() != one.right());
  one.is_stored = true;
  CHECK(one.run() == one.right());
  // A tile stays until the end of the cycle in which its last row enters the pod, 23.
  one.x_leaves = 22;
  CHECK(one.run() != one.right());
  one.x_leaves = 23;
  CHECK(one.run() == one.right());
}

TEST_CASE("value plane: rows of an output that arrives by columns are written with the last of them", "[models]") {
  // y of 3x2: three rows of two columns if weights stay, two columns of three rows if activations stay.
  const Network network = one_linear(3, 4, 2);
  const ValuedRun reference = value_network(network, {}, 5);
  for (const char* dataflow : {"weight_stationary", "input_stationary"}) {
    const bool by_columns = std::string(dataflow) == "input_stationary";
    Setup setup = crossbar_setup(1, 4, 4);
    setup.hardware.pods.dataflow.type = dataflow;
    const auto program = make(network, setup);
    REQUIRE(program->work.tiles.size() == 2);
    ValuePlane values(*program, network, reference.values);
    for (std::uint32_t f = 0; f < program->memory.fills.size(); ++f) values.filled(f, 10, 5);
    auto transfer = [](ItemId item, std::int64_t arrival, std::int32_t rows) {
      Transfer t;
      t.item = item;
      t.launch = arrival - 1;
      t.arrival = arrival;
      t.rows = rows;
      return t;
    };
    const std::int32_t rows = by_columns ? 2 : 3;
    const OpTiles tiles = tiles_of_op(program->work, 0);
    const Transfer sums = transfer(2, 40, rows), result = transfer(3, 60, rows);
    values.start_operation(sums, 30, transfer(tiles.w_tile, 20, 4), transfer(tiles.x_tile, 30, rows), nullptr);
    values.stored(BankClass::p, 0, sums);
    values.start_pass(result, 50, transfer(2, 50, rows), nullptr);
    values.stored(BankClass::p, 0, result);
    values.advance(1000);
    CAPTURE(dataflow);
    CHECK(output_tensor(network, program->work.network, values.tensors(), 0) == reference.outputs.tensors.front());
    const int tensor = program->work.network.operations[0].output;
    for (std::int64_t row = 0; row < 3; ++row) {
      CHECK(values.tensors().written(tensor, row) == 60 + (by_columns ? rows - 1 : row));
    }
  }
}

}  // namespace
}  // namespace podsim::test
