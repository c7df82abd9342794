#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What the tests of single topologies share: permutations placed, multicast trees, tables against links.

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topology.hpp"
#include "support/catch.hpp"

namespace podsim {

inline std::unique_ptr<Topology> make_topology(const std::string& name, int terminals,
                                               const Json& parameters = Json::object()) {
  return topology_registry().make(PluginConfig{name, parameters}, terminals);
}

/// How many circuits s -> target(s) are placed if each is tried in the order of the sources.
inline int placed(const Topology& topology, const std::function<int(int)>& target) {
  const auto table = topology.make_route_table();
  int circuits = 0;
  for (int s = 0; s < topology.terminals(); ++s) {
    if (!table->is_free(s, target(s))) continue;
    table->reserve(s, target(s));
    ++circuits;
  }
  return circuits;
}

/// The links of the circuits of `source` to all destinations. Fails unless they form a tree: every link is always
/// entered from the same one, and a circuit through it is there in the same cycle.
inline std::map<int, int> broadcast_tree(const Topology& topology, int source) {
  std::map<int, int> previous;
  std::map<int, std::size_t> hop;
  std::vector<int> links;
  for (int d = 0; d < topology.terminals(); ++d) {
    topology.route(source, d, links);
    int last = -1;
    for (std::size_t h = 0; h < links.size(); ++h) {
      REQUIRE(previous.emplace(links[h], last).first->second == last);
      REQUIRE(hop.emplace(links[h], h).first->second == h);
      last = links[h];
    }
  }
  return previous;
}

/// Fails unless links and edges stand for each other, one to one, over all circuits. `path` gives the edges of a
/// circuit in the order of the hops, in any notation.
template <class Edge>
void check_paths(const Topology& topology, const std::function<std::vector<Edge>(int, int)>& path) {
  std::map<int, Edge> edge_of;
  std::map<Edge, int> link_of;
  std::vector<int> links;
  for (int s = 0; s < topology.terminals(); ++s) {
    for (int d = 0; d < topology.terminals(); ++d) {
      topology.route(s, d, links);
      const std::vector<Edge> edges = path(s, d);
      if (links.size() != edges.size()) FAIL(s << " -> " << d << ": " << links.size() << " links");
      for (std::size_t h = 0; h < links.size(); ++h) {
        if (edge_of.emplace(links[h], edges[h]).first->second != edges[h] ||
            link_of.emplace(edges[h], links[h]).first->second != links[h]) {
          FAIL(s << " -> " << d << ": hop " << h);
        }
      }
    }
  }
}

/// Plays random circuits, a third of them branches of a multicast, and compares the topology's own table with a
/// LinkRouteTable.
inline void check_table(const Topology& topology, int steps, std::uint64_t seed) {
  const int n = topology.terminals();
  const auto table = topology.make_route_table();
  LinkRouteTable links(topology);
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int> terminal(0, n - 1);
  int busy = 0;
  int refused = 0;
  for (int step = 0; step < steps; ++step) {
    if (step == steps / 2) {
      table->clear();
      links.clear();
    }
    const int source = step % 3 == 2 ? busy : terminal(random);
    const int destination = terminal(random);
    const bool free = links.is_free(source, destination);
    if (table->is_free(source, destination) != free) FAIL("step " << step << ": is_free");
    if (step % 7 == 0) {
      BitSet destinations(n, true), sources(n, true);
      table->restrict_destinations(source, destinations);
      table->restrict_sources(destination, sources);
      for (int i = 0; i < n; ++i) {
        if (destinations.test(i) != links.is_free(source, i)) FAIL("step " << step << ": destination " << i);
        if (sources.test(i) != links.is_free(i, destination)) FAIL("step " << step << ": source " << i);
      }
    }
    refused += free ? 0 : 1;
    if (!free) continue;
    table->reserve(source, destination);
    links.reserve(source, destination);
    if (step % 5 == 0) busy = source;
  }
  CHECK(refused > 0);
}

}  // namespace podsim
