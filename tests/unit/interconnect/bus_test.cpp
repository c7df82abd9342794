// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

TEST_CASE("bus: one link, latency 1, for any number of terminals", "[interconnect]") {
  for (const int terminals : {1, 2, 7, 256, 65536}) {
    CAPTURE(terminals);
    const auto topology = make_topology("bus", terminals);
    CHECK(topology->link_count() == 1);
    CHECK(topology->latency(terminals - 1, 0) == Cycles(1));
    CHECK(topology->max_latency() == Cycles(1));
    CHECK(topology->has_uniform_latency());
    std::vector<int> links;
    topology->route(0, terminals - 1, links);
    CHECK(links == std::vector<int>{0});
  }
  CHECK(make_topology("bus", 12)->describe() == "bus, 12 terminals, one source per round, latency 1");
}

TEST_CASE("bus: of any permutation one circuit is placed", "[interconnect]") {
  const auto topology = make_topology("bus", 24);
  for (const int shift : {0, 1, 12}) CHECK(placed(*topology, [&](int s) { return (s + shift) % 24; }) == 1);
}

TEST_CASE("bus: its one source reaches all destinations, others none", "[interconnect]") {
  const int n = 70;
  const auto table = make_topology("bus", n)->make_route_table();
  for (int d = 0; d < n; ++d) {
    REQUIRE(table->is_free(67, d));
    table->reserve(67, d);
    CHECK_FALSE(table->is_free(66, (d + 1) % n));
  }
  BitSet destinations(n, true);
  table->restrict_destinations(67, destinations);
  CHECK(destinations.count() == n);
  table->restrict_destinations(3, destinations);
  CHECK(destinations.none());

  BitSet sources(n, true);
  table->restrict_sources(5, sources);
  CHECK(sources.count() == 1);
  CHECK(sources.test(67));
  sources.fill(true);
  sources.reset(67);
  table->restrict_sources(5, sources);
  CHECK(sources.none());

  table->clear();
  sources.fill(true);
  table->restrict_sources(5, sources);
  CHECK(sources.count() == n);
}

TEST_CASE("bus: its table answers like its link", "[interconnect]") {
  for (const int terminals : {2, 5, 130}) check_table(*make_topology("bus", terminals), 300, 24);
}

TEST_CASE("bus: takes no parameters", "[interconnect]") {
  CHECK_THROWS_AS(make_topology("bus", 12, {{"width", 2}}), Error);
}

}  // namespace
}  // namespace podsim
