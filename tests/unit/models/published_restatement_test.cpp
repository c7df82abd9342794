// SPDX-License-Identifier: Apache-2.0
// The restatement of the published rules against cases worked out by hand: r = c = 32, banks of 256 KiB, 1200 GiB/s
// (1288.49 bytes per cycle), 100 rounds of prefetch. A full round of 32 rows lasts 33 cycles; the run begins with the
// fetch of the first weights, 33 cycles of loading them, and ends with L + 1 cycles.
#include "support/published_restatement.hpp"

#include <stdexcept>

#include "support/catch.hpp"

namespace podsim::test {
namespace {

RestatedMachine machine(int pods, const std::string& interconnect = "crossbar") {
  return {pods, 32, 32, 262144, 1200.0, 100, 0, interconnect};
}

/// GEMMs of one shape, each waiting for the one before.
std::vector<RestatedLayer> chain(std::int64_t m, std::int64_t k, std::int64_t n, int layers = 1) {
  std::vector<RestatedLayer> result;
  for (int index = 0; index < layers; ++index)
    result.push_back({m, k, n, 1, index == 0 ? std::vector<int>{} : std::vector<int>{index - 1}, index == 0});
  return result;
}

void check(const RestatedRun& run, std::int64_t cycles, std::int64_t last_main, std::int64_t last_post) {
  CHECK(run.cycles == cycles);
  CHECK(run.last_main_round == last_main);
  CHECK(run.last_post_round == last_post);
}

}  // namespace

TEST_CASE("Restated published rules: one pod", "[published]") {
  const auto one = restate_published(chain(32, 32, 32), machine(1));
  check(one, 1 + 33 + 2, 0, 0);
  CHECK(one.ops == 0);  // the last round is not played
  CHECK(one.tile_ops == 1);

  const auto two = restate_published(chain(64, 32, 32), machine(1));
  check(two, 34 + 33 + 2, 1, 0);
  CHECK(two.ops == 2 * 32 * 32 * 32);

  check(restate_published(chain(32, 64, 32), machine(1)), 34 + 33 + 2, 1, 0);     // takes the first sum as P-in
  check(restate_published(chain(10, 32, 32, 2), machine(1)), 34 + 33 + 2, 1, 0);  // the next weights take 32 cycles
}

TEST_CASE("Restated published rules: sums that cannot be chained are added in pairs, each add twice", "[published]") {
  check(restate_published(chain(32, 64, 32), machine(2)), 35 + 2 * 33 + 2, 0, 2);
  const auto tree = restate_published(chain(32, 128, 32), machine(4));
  check(tree, 37 + 4 * 33 + 2, 0, 4);
  CHECK(tree.post_ops == 5 * 32 * 32);  // six operations, the last one in the round that is not played
  check(restate_published(chain(32, 96, 32), machine(2)), 35 + 3 * 33 + 2, 1, 3);
}

TEST_CASE("Restated published rules: several pods, short tiles, layers", "[published]") {
  check(restate_published(chain(32, 32, 64), machine(2)), 2 + 33 + 2, 0, 0);
  check(restate_published(chain(64, 64, 64), machine(4)), 35 + 33 + 2, 1, 0);
  check(restate_published(chain(32, 35, 32), machine(2)), 1 + 132 + 33 + 33 + 2, 0, 2);  // lcm(33, 4) to begin with
  check(restate_published(chain(64, 64, 64, 2), machine(4)), 35 + 3 * 33 + 2, 3, 0);
  auto wide = machine(4);
  wide.partition = 64;
  check(restate_published(chain(64, 64, 64), wide), 37 + 2 * 65 + 2, 0, 2);
  wide.partition = 16;
  check(restate_published(chain(64, 64, 64), wide), 35 + 3 * 33 + 2, 3, 0);
}

TEST_CASE("Restated published rules: the latency bounds a short round", "[published]") {
  // 14 rounds of 33 cycles and one of max(4, 2 L + 1) + 1.
  const auto cycles = [](std::int64_t latency) {
    return 36 + 14 * 33 + std::max<std::int64_t>(4, 2 * latency + 1) + 1 + latency + 1;
  };
  for (const auto& [name, latency] :
       {std::pair{"crossbar", 1}, {"banyan_exp_0", 2}, {"banyan_exp_1", 4}, {"banyan_exp_2", 6}, {"benes_copy", 7}}) {
    INFO(name);
    check(restate_published(chain(100, 100, 100), machine(4, name)), cycles(latency), 15, 0);
  }
}

TEST_CASE("Restated published rules: memory", "[published]") {
  auto slow = machine(4);
  slow.bandwidth_gib_per_s = 10;
  const auto run = restate_published(chain(64, 64, 64), slow);
  check(run, 224 + 158 + 33 + 348 + 2, 1, 0);  // 8192 bytes at 10.737 bytes per cycle
  CHECK(run.memory_stall_cycles == 158 + 348);
  CHECK(run.x_bytes == 4096);
  CHECK(run.w_bytes == 4096);

  // Before round 0 waiting has no limit: a quarter of a byte per cycle, 1024 bytes of W, then 1024 of X.
  auto crawling = machine(1);
  crawling.bandwidth_gib_per_s = 0.25 * 1e9 / 1073741824;
  const auto crawl = restate_published(chain(32, 32, 32), crawling);
  check(crawl, 4096 + 4096 + 2, 0, 0);
  CHECK(crawl.memory_stall_cycles == 4096 - 33);  // more than 100 x 32

  auto no_prefetch = machine(4);
  no_prefetch.prefetch_rounds = 1;
  const auto deadlock = restate_published(chain(64, 64, 64), no_prefetch);
  CHECK(deadlock.cycles == -1);
  auto small = machine(2);
  small.bank_bytes = 4096;
  CHECK(restate_published(chain(128, 64, 32), small).cycles == -1);
}

TEST_CASE("Restated published rules: circuits that block", "[published]") {
  const auto one_tile_deep = chain(128, 32, 96);
  check(restate_published(one_tile_deep, machine(4)), 36 + 2 * 33 + 2, 2, 0);
  check(restate_published(one_tile_deep, machine(4, "banyan_exp_0")), 36 + 3 * 33 + 3, 3, 0);
  check(restate_published(one_tile_deep, machine(4, "banyan_exp_1")), 36 + 2 * 33 + 5, 2, 0);
  const auto unchained = chain(64, 64, 96);
  check(restate_published(unchained, machine(4)), 36 + 2 * 33 + 2, 2, 0);
  check(restate_published(unchained, machine(4, "banyan_exp_0")), 36 + 4 * 33 + 3, 2, 4);
  check(restate_published(chain(64, 64, 64), machine(4, "bus")), 34 + 7 * 33 + 2, 7, 0);
}

TEST_CASE("Restated published rules: what they cannot take", "[published]") {
  CHECK_THROWS_AS(restate_published(chain(32, 32, 32), machine(4, "ring")), std::invalid_argument);
  auto cyclic = chain(32, 32, 32, 2);
  cyclic[0].deps = {1};
  CHECK_THROWS_AS(restate_published(cyclic, machine(4)), std::invalid_argument);
}

}  // namespace podsim::test
