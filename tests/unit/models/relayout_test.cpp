// SPDX-License-Identifier: Apache-2.0
// Relayout by circuits: which banks need copies, that schedules have them, and that a missing one is found.
#include "podsim/models/relayout.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

test::Setup circuits(int pods, int rows, int cols) {
  test::Setup out = test::crossbar_setup(pods, rows, cols);
  out.hardware.relayout = "circuits";
  return out;
}

/// [40, 24] -> [40, 20] -> [40, 12].
Network two_linears() {
  NetworkBuilder builder("two", 1);
  builder.input("in", {40, 24});
  builder.linear("a", "in", {24, 20, false, {}});
  builder.linear("b", "a", {20, 12, false, {}});
  return builder.build({"b"});
}

/// Image 3 x 9 x 9 -> 10 x 9 x 9 -> 4 x 5 x 5 by a kernel of 3, stride 2, padding 1.
Network two_convolutions() {
  NetworkBuilder builder("convolutions", 1);
  builder.input("in", {3, 9, 9});
  Conv2d first;
  first.in_channels = 3;
  first.out_channels = 10;
  first.kernel = {1, 1};
  builder.conv2d("a", "in", first);
  Conv2d second;
  second.in_channels = 10;
  second.out_channels = 4;
  second.kernel = {3, 3};
  second.stride = {2, 2};
  second.padding = {1, 1};
  builder.conv2d("b", "a", second);
  return builder.build({"b"});
}

using Readers = std::map<std::uint32_t, std::map<std::uint32_t, std::int32_t>>;  // output -> tile -> offset
Readers readers_of(const Relayout& relayout) {
  Readers out;
  for (std::uint32_t o = 0; o + 1 < relayout.first_reader.size(); ++o) {
    for (std::uint32_t r = relayout.first_reader[o]; r < relayout.first_reader[o + 1]; ++r) {
      out[o].emplace(relayout.readers[r].tile, relayout.readers[r].offset);
    }
  }
  return out;
}

TEST_CASE("relayout: output tile (i, k) of a linear layer is needed by X tile (i, k) of the next", "[models]") {
  const test::Setup setup = circuits(4, 8, 8);
  const TiledWorkload work = test::cut(two_linears(), setup);
  REQUIRE(work.relayout.by_circuits());
  const GemmTiles& a = work.gemms[0];
  const GemmTiles& b = work.gemms[1];
  Readers expected;
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t k = 0; k < 3; ++k) {
      const std::uint32_t tile = b.activation_tile(work.operands[b.activation].first_tile, 0, i, k);
      expected[work.relayout.number(0, a.output(0, i, k))][tile] = 0;
    }
  }
  CHECK(readers_of(work.relayout) == expected);
}

TEST_CASE("relayout: without circuits nothing is looked for", "[models]") {
  CHECK_FALSE(test::cut(two_linears(), test::crossbar_setup(4, 8, 8)).relayout.by_circuits());
}

TEST_CASE("relayout: the tiles of a convolution need the pixels under their taps and no others", "[models]") {
  const test::Setup setup = circuits(4, 8, 8);
  const TiledWorkload work = test::cut(two_convolutions(), setup);
  const GemmTiles& a = work.gemms[0];
  const GemmTiles& b = work.gemms[1];
  // Straight from the definition of im2col: row t of tile (i, j) is output pixel 8 i + t; its columns are depths
  // 8 j … 8 j + 7 of 90, 10 channels for each of the 9 taps.
  Readers expected;
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 12; ++j) {
      const std::uint32_t tile = b.activation_tile(work.operands[b.activation].first_tile, 0, i, j);
      for (int t = 0; t < std::min(8, 25 - 8 * i); ++t) {
        const int pixel = 8 * i + t;
        for (int depth = 8 * j; depth < std::min(90, 8 * j + 8); ++depth) {
          const int y = pixel / 5 * 2 - 1 + depth / 10 / 3, x = pixel % 5 * 2 - 1 + depth / 10 % 3;
          if (y < 0 || y > 8 || x < 0 || x > 8) continue;
          const int row = y * 9 + x;
          auto& offsets = expected[work.relayout.number(0, a.output(0, row / 8, depth % 10 / 8))];
          const auto known = offsets.emplace(tile, row % 8 - t).first;
          known->second = std::max(known->second, row % 8 - t);
        }
      }
    }
  }
  CHECK(readers_of(work.relayout) == expected);
}

TEST_CASE("relayout: targets are the banks of the readers, each once", "[models]") {
  const test::Setup setup = circuits(4, 8, 8);
  const TiledWorkload work = test::cut(two_convolutions(), setup);
  const Relayout& relayout = work.relayout;
  for (std::uint32_t o = 0; o + 1 < relayout.first_reader.size(); ++o) {
    std::map<int, unsigned> expected;
    for (std::uint32_t r = relayout.first_reader[o]; r < relayout.first_reader[o + 1]; ++r) {
      const StoredTile& tile = work.tiles[relayout.readers[r].tile];
      expected[tile.bank] |= 1U << static_cast<unsigned>(tile.bank_class);
    }
    std::map<int, unsigned> got;
    for (std::uint32_t t = relayout.first_target[o]; t < relayout.first_target[o + 1]; ++t) {
      CHECK(got.emplace(relayout.targets[t].bank, relayout.targets[t].classes).second);
      CHECK(relayout.classes_at(o, relayout.targets[t].bank) == relayout.targets[t].classes);
    }
    CHECK(got == expected);
  }
}

/// Without the copy with this number.
Schedule without_copy(const Schedule& schedule, std::size_t which) {
  Schedule out = schedule;
  std::size_t copies = 0;
  for (std::size_t id = 0; id < out.post.size(); ++id) {
    if (out.post[id].kind != PostPlacement::Kind::copy || copies++ != which) continue;
    out.post.erase(out.post.begin() + static_cast<std::ptrdiff_t>(id));
    for (PostPlacement& pass : out.post) {
      for (PostSource* source : {&pass.in1, &pass.in2}) {
        if (source->kind == PostSource::Kind::post_sum && source->index > id) --source->index;
      }
    }
    break;
  }
  return out;
}

std::size_t copies_in(const Schedule& schedule) {
  return static_cast<std::size_t>(
      std::count_if(schedule.post.begin(), schedule.post.end(),
                    [](const PostPlacement& pass) { return pass.kind == PostPlacement::Kind::copy; }));
}

TEST_CASE("relayout: every schedule has all copies, and without any one of them it is refused", "[models]") {
  for (const char* scheduler : {"sosa_greedy", "layer_sequential"}) {
    test::Setup setup = circuits(4, 8, 8);
    setup.scheduler.type = scheduler;
    const auto program = test::make(two_convolutions(), setup);
    const std::size_t copies = copies_in(program->schedule);
    // All targets but those where the tile was written in the first place.
    CHECK(copies + program->work.gemms[0].output_count >= program->work.relayout.targets.size());
    CHECK(copies < program->work.relayout.targets.size());
    for (std::size_t n = 0; n < copies; n += 7) {
      const Schedule broken = without_copy(program->schedule, n);
      const auto error = test::error_of(
          [&] { check_schedule(broken, order_by_round(broken), program->work, program->machine, false); });
      REQUIRE(error);
      CHECK(error->kind() == ErrorKind::bad_input);
      CHECK(std::string(error->what()).find("is never copied to bank") != std::string::npos);
    }
  }
}

TEST_CASE("relayout: wrong copies are refused", "[models]") {
  const test::Setup setup = circuits(4, 8, 8);
  const auto program = test::make(two_convolutions(), setup);
  std::uint32_t id = 0;
  while (program->schedule.post[id].kind != PostPlacement::Kind::copy) ++id;
  auto refused = [&](const Schedule& schedule, const Program& of) {
    const auto error =
        test::error_of([&] { check_schedule(schedule, order_by_round(schedule), of.work, of.machine, false); });
    return error ? std::string(error->what()) : "";
  };
  CHECK(refused(program->schedule, *program).empty());
  Schedule other_tile = program->schedule;
  other_tile.post[id].tile += 1;
  CHECK(refused(other_tile, *program).find("copy of something else") != std::string::npos);
  Schedule two_inputs = program->schedule;
  two_inputs.post[id].in2 = two_inputs.post[id].in1;
  CHECK(refused(two_inputs, *program).find("does not read one output tile") != std::string::npos);
  // A machine whose relayout is free has no copies.
  const auto free = test::make(two_convolutions(), test::crossbar_setup(4, 8, 8));
  CHECK(refused(program->schedule, *free).find("relayout \"circuits\" only") != std::string::npos);
  CHECK(refused(free->schedule, *program).find("is never copied to bank") != std::string::npos);
}

TEST_CASE("relayout: a schedule with copies is the same after export and import", "[models]") {
  const test::Setup setup = circuits(4, 8, 8);
  const auto program = test::make(two_convolutions(), setup);
  const std::string text = schedule_to_json(program->schedule, program->work);
  const JsonDocument document = parse_json(text, "schedule.json");
  const Schedule again = schedule_from_json(document, program->work, program->machine);
  CHECK(schedule_to_json(again, program->work) == text);
  CHECK(copies_in(again) == copies_in(program->schedule));
}

TEST_CASE("relayout: behind an unmodelled layer every tile needs all of what that layer reads", "[models]") {
  // [36, 20] and a network input -> an operation nobody knows -> [30, 20] -> [30, 12].
  NetworkBuilder builder("unmodelled", 1);
  const std::string in = builder.input("in", {36, 24});
  builder.linear("a", in, {24, 20, false, {}});
  builder.layer("u", Op::unmodelled, {"a", in}, Unmodelled{"fft", {30, 20}});
  builder.linear("b", "u", {20, 12, false, {}});
  const TiledWorkload work = test::cut(builder.build({"b"}), circuits(4, 8, 8));
  const GemmTiles& a = work.gemms[0];
  const GemmTiles& b = work.gemms[1];
  Readers expected;
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t k = 0; k < 3; ++k) {
      for (std::int64_t reader = 0; reader < 4 * 3; ++reader) {
        const std::uint32_t tile = b.activation_tile(work.operands[b.activation].first_tile, 0, reader / 3, reader % 3);
        // Row 0 of the reader needs the last row of the tile already: of 8, of the last tile of 36 rows 4.
        expected[work.relayout.number(0, a.output(0, i, k))][tile] = i < 4 ? 7 : 3;
      }
    }
  }
  CHECK(readers_of(work.relayout) == expected);
}

TEST_CASE("relayout: a pool before an unmodelled layer is needed where its windows lie", "[models]") {
  // 10 channels of 4 x 4 pixels; windows of one pixel, two apart: pixels 0, 2, 8 and 10, in rows of 8 and columns of 8.
  NetworkBuilder builder("pool", 1);
  builder.pool("p", builder.input("in", {10, 4, 4}), Pool::Kind::max, 1, 2);
  builder.layer("u", Op::unmodelled, {"p"}, Unmodelled{"fft", {6, 10}});
  builder.linear("b", "u", {10, 4, false, {}});
  const TiledWorkload work = test::cut(builder.build({"b"}), circuits(4, 8, 8));
  REQUIRE(work.vectors.size() == 1);
  REQUIRE(work.vectors[0].i_count == 2);
  REQUIRE(work.vectors[0].k_count == 2);
  const GemmTiles& b = work.gemms[0];
  Readers expected;
  for (std::uint32_t output = 0; output < 4; ++output) {
    for (std::int64_t j = 0; j < 2; ++j) {
      expected[work.relayout.number(0, output)][b.activation_tile(work.operands[b.activation].first_tile, 0, 0, j)] = 2;
    }
  }
  CHECK(readers_of(work.relayout) == expected);
}

TEST_CASE("relayout: a copy to a bank that has the tile, or does not need it, is refused", "[models]") {
  const auto program = test::make(two_convolutions(), circuits(8, 8, 8));
  const Relayout& relayout = program->work.relayout;
  auto refused = [&](std::uint32_t id, std::uint16_t bank, const std::string& why) {
    Schedule schedule = program->schedule;
    schedule.post[id].bank = bank;
    const auto error = test::error_of(
        [&] { check_schedule(schedule, order_by_round(schedule), program->work, program->machine, false); });
    REQUIRE(error);
    CHECK(std::string(error->what()).find("copies an output tile to bank " + std::to_string(bank) + why) !=
          std::string::npos);
  };
  bool is_needless = false, is_double = false;
  for (std::uint32_t id = 0; id < program->schedule.post.size(); ++id) {
    const PostPlacement& pass = program->schedule.post[id];
    if (pass.kind != PostPlacement::Kind::copy) continue;
    const std::uint32_t number = relayout.number(pass.operation, pass.tile);
    for (std::uint16_t bank = 0; bank < 8; ++bank) {
      if (is_needless || relayout.classes_at(number, bank) != 0) continue;
      is_needless = true;
      refused(id, bank, ", where nothing needs it");
    }
    for (const PostPlacement& other : program->schedule.post) {
      if (is_double || &other == &pass || other.kind != PostPlacement::Kind::copy || other.tile != pass.tile) continue;
      is_double = true;
      refused(id, other.bank, ", which has it already");
    }
  }
  CHECK(is_needless);
  CHECK(is_double);
}

}  // namespace
}  // namespace podsim
