// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/random.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("random: the engine is the one of the C++ standard", "[core]") {
  // [rand.predef]: the 10000th consecutive invocation of a default-constructed mt19937_64 gives this value.
  std::mt19937_64 engine;
  engine.discard(9999);
  CHECK(engine() == 9981545732273789042ULL);
}

TEST_CASE("random: FNV-1a hashes equal the published test vectors", "[core]") {
  // Fowler, Noll, Vo, draft-eastlake-fnv, 64-bit FNV-1a.
  CHECK(stable_hash("") == 0xcbf29ce484222325ULL);
  CHECK(stable_hash("a") == 0xaf63dc4c8601ec8cULL);
  CHECK(stable_hash("foobar") == 0x85944171f73967e8ULL);
}

TEST_CASE("random: a stream depends on seed and name only", "[core]") {
  RandomStream a(1, "weights"), b(1, "weights"), other_name(1, "input"), other_seed(2, "weights");
  int same_name = 0, same_seed = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = a.next();
    CHECK(value == b.next());
    same_name += value == other_name.next() ? 1 : 0;
    same_seed += value == other_seed.next() ? 1 : 0;
  }
  CHECK(same_name == 0);
  CHECK(same_seed == 0);
}

TEST_CASE("random: streams of near seeds and names are uncorrelated", "[core]") {
  // Bits of two independent streams agree in 64 * 5000 / 2 places, with a standard deviation of sqrt(64 * 5000) / 2.
  RandomStream a(0, "a"), b(0, "b"), c(1, "a");
  const int draws = 5000;
  double ab = 0, ac = 0;
  for (int i = 0; i < draws; ++i) {
    const std::uint64_t x = a.next();
    ab += __builtin_popcountll(~(x ^ b.next()));
    ac += __builtin_popcountll(~(x ^ c.next()));
  }
  const double deviation = std::sqrt(64.0 * draws) / 2;
  CHECK(std::abs(ab - 32.0 * draws) < 5 * deviation);
  CHECK(std::abs(ac - 32.0 * draws) < 5 * deviation);
}

TEST_CASE("random: below() is uniform by the chi-square test", "[core]") {
  for (const std::uint64_t bound : {2ULL, 7ULL, 100ULL}) {
    RandomStream stream(42, "below");
    const int draws = 100000;
    std::vector<int> counts(bound, 0);
    for (int i = 0; i < draws; ++i) {
      const std::uint64_t value = stream.below(bound);
      REQUIRE(value < bound);
      ++counts[value];
    }
    const double expected = draws / static_cast<double>(bound);
    double chi_square = 0;
    for (const int count : counts) chi_square += (count - expected) * (count - expected) / expected;
    // Mean k and variance 2k for k = bound - 1 degrees of freedom; 5 deviations.
    const double freedom = static_cast<double>(bound - 1);
    CHECK(chi_square < freedom + 5 * std::sqrt(2 * freedom));
  }
}

TEST_CASE("random: below() has no modulo bias at the largest bounds", "[core]") {
  // With bound 3 * 2^62, plain modulo would give values under 2^62 twice as often: 1/2 instead of 1/3.
  RandomStream stream(1, "bias");
  const std::uint64_t bound = 3ULL << 62;
  int low = 0;
  const int draws = 30000;
  for (int i = 0; i < draws; ++i) low += stream.below(bound) < (1ULL << 62) ? 1 : 0;
  CHECK(std::abs(low - draws / 3.0) < 5 * std::sqrt(draws * 2.0 / 9));
  CHECK(RandomStream(1, "one").below(1) == 0);
}

TEST_CASE("random: between() includes both ends, also of the full range", "[core]") {
  RandomStream stream(3, "between");
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(stream.between(-2, 1));
  CHECK(seen == std::set<std::int64_t>{-2, -1, 0, 1});
  CHECK(stream.between(5, 5) == 5);
  int negative = 0;
  for (int i = 0; i < 1000; ++i) {
    negative += stream.between(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()) < 0;
  }
  CHECK(std::abs(negative - 500) < 5 * std::sqrt(250.0));
}

TEST_CASE("random: uniform() lies in [0, 1) with mean 1/2", "[core]") {
  RandomStream stream(9, "uniform");
  double sum = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    const double value = stream.uniform();
    REQUIRE((value >= 0 && value < 1));
    sum += value;
  }
  CHECK(std::abs(sum / draws - 0.5) < 5 * std::sqrt(1 / 12.0 / draws));
}

}  // namespace
}  // namespace podsim
