// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "podsim/models/calendar.hpp"
#include "podsim/sim/core/random.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

struct Happening {
  std::int64_t cycle;
  int number;
};

TEST_CASE("calendar: events come out cycle by cycle, however far ahead they are", "[models]") {
  RandomStream random(7, "calendar");
  Calendar<Happening> calendar;
  std::map<std::int64_t, std::vector<int>> expected;  // by cycle, in the order in which they were added
  std::int64_t now = 0;
  int number = 0, taken = 0;
  for (int step = 0; step < 4000; ++step) {
    for (std::uint64_t n = random.below(6); n > 0; --n) {
      // Mostly soon, sometimes in this very cycle or far ahead.
      const std::int64_t ahead = random.below(8) == 0 ? random.between(4000, 50000) : random.between(0, 60);
      calendar.add({now + ahead, number});
      expected[now + ahead].push_back(number++);
    }
    const std::int64_t until = random.below(50) == 0 ? now + random.between(5000, 20000) : now + random.between(0, 40);
    calendar.take_before(until, [&](std::vector<Happening>& events) {
      REQUIRE_FALSE(expected.empty());
      const auto [cycle, numbers] = *expected.begin();
      REQUIRE(cycle < until);
      REQUIRE(events.size() == numbers.size());
      std::vector<int> found(numbers.size());
      for (const Happening& event : events) {
        REQUIRE(event.cycle == cycle);
        found[static_cast<std::size_t>(&event - events.data())] = event.number;
      }
      std::sort(found.begin(), found.end());
      REQUIRE(found == numbers);
      taken += static_cast<int>(numbers.size());
      expected.erase(expected.begin());
    });
    now = until;
    if (!expected.empty()) REQUIRE(expected.begin()->first >= now);
  }
  calendar.take_before(std::numeric_limits<std::int64_t>::max(),
                       [&](std::vector<Happening>& events) { taken += static_cast<int>(events.size()); });
  CHECK(taken == number);
}

TEST_CASE("calendar: what is late comes out next, and a cleared calendar starts again", "[models]") {
  Calendar<Happening> calendar;
  std::vector<int> found;
  const auto note = [&found](std::vector<Happening>& events) {
    for (const Happening& event : events) found.push_back(event.number);
  };
  calendar.add({10000, 1});
  calendar.take_before(20000, note);
  calendar.add({5, 2});
  calendar.take_before(20000, note);
  CHECK(found == std::vector<int>{1});
  calendar.take_before(20001, note);
  CHECK(found == std::vector<int>{1, 2});
  calendar.add({30000, 3});
  calendar.clear();
  calendar.add({3, 4});
  calendar.take_before(4, note);
  CHECK(found == std::vector<int>{1, 2, 4});
}

}  // namespace
}  // namespace podsim
