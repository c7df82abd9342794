// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/route_table.hpp"

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace podsim {
namespace {

/// The contract of RouteTable, word for word: a map from links to sources.
class Oracle {
 public:
  explicit Oracle(const Topology& topology) : topology_(topology) {}

  bool is_free(int source, int destination) const {
    topology_.route(source, destination, links_);
    for (const int link : links_) {
      const auto found = source_of_.find(link);
      if (found != source_of_.end() && found->second != source) return false;
    }
    return true;
  }
  void reserve(int source, int destination) {
    topology_.route(source, destination, links_);
    for (const int link : links_) source_of_[link] = source;
  }
  void clear() { source_of_.clear(); }

 private:
  const Topology& topology_;
  std::map<int, int> source_of_;
  mutable std::vector<int> links_;
};

BitSet random_set(int size, double density, std::mt19937_64& random) {
  BitSet out(size);
  std::bernoulli_distribution coin(density);
  for (int i = 0; i < size; ++i) {
    if (coin(random)) out.set(i);
  }
  return out;
}

/// Plays random circuits, unicast and multicast, and compares every answer of `table` with `truth`.
template <class Truth>
void compare(const Topology& topology, RouteTable& table, Truth& truth, int steps, std::uint64_t seed) {
  const int n = topology.terminals();
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int> terminal(0, n - 1);
  std::uniform_real_distribution<double> density(0, 1);
  int busy_source = terminal(random);
  for (int step = 0; step < steps; ++step) {
    if (step % 97 == 96 || step == steps / 2) {
      table.clear();
      truth.clear();
    }
    // Every third circuit comes from the source of an earlier one.
    const int source = step % 3 == 2 ? busy_source : terminal(random);
    const int destination = terminal(random);
    if (table.is_free(source, destination) != truth.is_free(source, destination)) {
      FAIL("step " << step << ": is_free(" << source << ", " << destination << ")");
    }

    BitSet destinations = random_set(n, density(random), random);
    BitSet expected(n);
    for (int d = 0; d < n; ++d) {
      if (destinations.test(d) && truth.is_free(source, d)) expected.set(d);
    }
    table.restrict_destinations(source, destinations);
    if (!(destinations == expected)) FAIL("step " << step << ": restrict_destinations(" << source << ")");

    BitSet sources = random_set(n, density(random), random);
    expected.fill(false);
    for (int s = 0; s < n; ++s) {
      if (sources.test(s) && truth.is_free(s, destination)) expected.set(s);
    }
    table.restrict_sources(destination, sources);
    if (!(sources == expected)) FAIL("step " << step << ": restrict_sources(" << destination << ")");

    if (truth.is_free(source, destination)) {
      table.reserve(source, destination);
      truth.reserve(source, destination);
      if (step % 5 == 0) busy_source = source;
    }
  }
}

TEST_CASE("route table: LinkRouteTable keeps the contract on every topology", "[interconnect]") {
  for (const std::string& name : topology_registry().names()) {
    for (const int terminals : {1, 2, 5, 12, 16}) {
      CAPTURE(name, terminals);
      const auto topology = topology_registry().make(topology_registry().default_config(name), terminals);
      LinkRouteTable table(*topology);
      Oracle oracle(*topology);
      compare(*topology, table, oracle, 300, 11);
    }
  }
}

TEST_CASE("route table: every topology's own table answers like its links do", "[interconnect]") {
  for (const std::string& name : topology_registry().names()) {
    for (const int terminals : {1, 2, 3, 7, 16, 63, 64, 65}) {
      CAPTURE(name, terminals);
      const auto topology = topology_registry().make(topology_registry().default_config(name), terminals);
      if (!topology->has_fixed_routes()) continue;  // its links alone do not tell; see its own test
      const auto table = topology->make_route_table();
      Oracle oracle(*topology);
      compare(*topology, *table, oracle, 250, 12);
    }
  }
}

TEST_CASE("route table: the butterfly's bitmaps answer like LinkRouteTable", "[interconnect]") {
  for (const int terminals : {1, 2, 3, 4, 5, 8, 16, 31, 64, 100, 128, 256, 300, 512}) {
    for (const int expansion : {1, 2, 4, 8}) {
      CAPTURE(terminals, expansion);
      PluginConfig config{"butterfly"};
      config.parameters["expansion"] = expansion;
      const auto topology = topology_registry().make(config, terminals);
      const auto table = topology->make_route_table();
      LinkRouteTable links(*topology);
      compare(*topology, *table, links, terminals > 100 ? 1200 : 600, 13);
    }
  }
}

TEST_CASE("route table: the butterfly's bitmaps hold at 65536 terminals", "[interconnect]") {
  const int terminals = 65536;
  for (const int expansion : {1, 8}) {
    CAPTURE(expansion);
    PluginConfig config{"butterfly"};
    config.parameters["expansion"] = expansion;
    const auto topology = topology_registry().make(config, terminals);
    const auto table = topology->make_route_table();
    LinkRouteTable links(*topology);
    std::mt19937_64 random(14);
    std::uniform_int_distribution<int> terminal(0, terminals - 1);
    int blocked = 0;
    for (int step = 0; step < 60000; ++step) {
      const int source = terminal(random);
      const int destination = terminal(random);
      const bool free = links.is_free(source, destination);
      if (table->is_free(source, destination) != free) FAIL("step " << step);
      blocked += free ? 0 : 1;
      if (free) {
        table->reserve(source, destination);
        links.reserve(source, destination);
      }
    }
    CHECK(blocked > 100);
    BitSet sources(terminals, true), destinations(terminals, true);
    const int end = terminals - 1;
    table->restrict_sources(end, sources);
    table->restrict_destinations(end, destinations);
    for (int i = 0; i < terminals; ++i) {
      if (sources.test(i) != links.is_free(i, end)) FAIL("source " << i);
      if (destinations.test(i) != links.is_free(end, i)) FAIL("destination " << i);
    }
  }
}

TEST_CASE("route table: reserving a circuit twice changes nothing", "[interconnect]") {
  for (const std::string& name : topology_registry().names()) {
    CAPTURE(name);
    const auto topology = topology_registry().make(topology_registry().default_config(name), 16);
    const auto table = topology->make_route_table();
    table->reserve(3, 9);
    REQUIRE(table->is_free(3, 9));
    table->reserve(3, 9);
    CHECK(table->is_free(3, 9));
    CHECK_FALSE(table->is_free(4, 9));
    table->clear();
    CHECK(table->is_free(4, 9));
  }
}

}  // namespace
}  // namespace podsim
