// SPDX-License-Identifier: Apache-2.0
// The tables that keep a run small (CycleTable, HeldSpace) against plain ones.
#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "podsim/models/cycle_table.hpp"
#include "podsim/models/held_space.hpp"
#include "podsim/sim/core/random.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("cycle table: cycles that lie ahead are exact, those that were forgotten are over", "[models]") {
  constexpr std::size_t kItems = 50;
  constexpr std::int64_t kNever = CycleTable::kNever;
  RandomStream random(3, "cycle table");
  CycleTable table;
  table.assign(kItems, kNever);
  std::vector<std::int64_t> expected(kItems, kNever);
  std::int64_t now = 0;
  for (int step = 0; step < 20000; ++step) {
    const auto item = static_cast<std::size_t>(random.below(kItems));
    // Mostly soon, sometimes further ahead than 32 bits reach, sometimes never.
    const std::uint64_t kind = random.below(20);
    const std::int64_t ahead = kind == 0 ? random.between(0, std::int64_t{1} << 40) : random.between(0, 1000);
    expected[item] = kind == 1 ? kNever : now + ahead;
    table.set(item, expected[item]);
    if (random.below(10) == 0) now += random.between(0, std::int64_t{1} << 29);
    table.forget_before(now);
    for (std::size_t n = 0; n < kItems; ++n) {
      if (expected[n] > now) REQUIRE(table.at(n) == expected[n]);
      if (expected[n] <= now) REQUIRE(table.at(n) <= now);
    }
  }
}

TEST_CASE("cycle table: the last distance of 32 bits and the first beyond it", "[models]") {
  CycleTable table;
  table.assign(3, 0);
  for (const std::int64_t cycle : {0xfffffffdLL, 0xfffffffeLL, 0xffffffffLL, 0x100000000LL}) {
    CHECK(table.at(1) != cycle);
    table.set(1, cycle);
    CHECK(table.at(1) == cycle);
  }
  CHECK(table.at(0) == 0);
  CHECK(table.at(2) == 0);
}

TEST_CASE("held space: what is taken out is what was put in, with any others beside it", "[models]") {
  RandomStream random(5, "held space");
  HeldSpace held;
  std::map<ItemId, std::uint32_t> expected;
  for (int step = 0; step < 60000; ++step) {
    // Items in a row and far apart; first more and more of them, then fewer.
    const auto item = static_cast<ItemId>(random.below(3000) + (random.below(2) == 0 ? 0 : 0xf0000000));
    REQUIRE(held.holds(item) == (expected.count(item) == 1));
    if (expected.count(item) == 0 && random.below(step < 30000 ? 2 : 8) == 0) {
      const auto bytes = static_cast<std::uint32_t>(random.below(1000));
      held.add(item, bytes);
      expected[item] = bytes;
    } else {
      const auto known = expected.find(item);
      const auto bytes = held.take(item);
      REQUIRE(bytes.has_value() == (known != expected.end()));
      if (!bytes) continue;
      REQUIRE(*bytes == known->second);
      expected.erase(known);
    }
  }
  REQUIRE(expected.size() > 100);
  for (const auto& [item, bytes] : expected) REQUIRE(held.take(item) == bytes);
  for (ItemId item = 0; item < 3000; ++item) REQUIRE_FALSE(held.holds(item));
}

}  // namespace
}  // namespace podsim
