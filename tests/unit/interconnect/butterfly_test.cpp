// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topology.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

std::unique_ptr<Topology> butterfly(int terminals, int expansion) {
  PluginConfig config{"butterfly"};
  config.parameters["expansion"] = expansion;
  return topology_registry().make(config, terminals);
}

/// A multistage network as a graph of 2 x 2 switches: before each stage the lines pass a perfect shuffle (Lawrie,
/// "Access and alignment of data in an array processor", 1975); a switch joins lines 2i and 2i+1. Knows nothing of
/// destination tags: paths are found by trying all switch settings.
class SwitchGraph {
 public:
  SwitchGraph(int stages) : stages_(stages), lines_(1 << stages) {}

  /// All paths from an input line to an output line, as the lines behind each stage.
  std::vector<std::vector<int>> paths(int input, int output) const {
    std::vector<std::vector<int>> found;
    std::vector<int> path;
    walk(input, output, path, found);
    return found;
  }

 private:
  int shuffle(int line) const { return line < lines_ / 2 ? 2 * line : 2 * (line - lines_ / 2) + 1; }

  void walk(int line, int output, std::vector<int>& path, std::vector<std::vector<int>>& found) const {
    if (static_cast<int>(path.size()) == stages_) {
      if (line == output) found.push_back(path);
      return;
    }
    const int a_switch = shuffle(line) / 2;
    for (int side = 0; side < 2; ++side) {
      path.push_back(2 * a_switch + side);
      walk(path.back(), output, path, found);
      path.pop_back();
    }
  }

  int stages_;
  int lines_;
};

int ceil_log2(int n) {
  int bits = 0;
  while ((1 << bits) < n) ++bits;
  return bits;
}

int reversed(int value, int bits) {
  int out = 0;
  for (int b = 0; b < bits; ++b) out |= ((value >> b) & 1) << (bits - 1 - b);
  return out;
}

TEST_CASE("butterfly: routes are the only paths through a graph of 2 x 2 switches", "[interconnect]") {
  for (const auto& [terminals, expansion] :
       std::vector<std::pair<int, int>>{{2, 1}, {8, 1}, {16, 1}, {5, 1}, {8, 2}, {8, 4}, {6, 2}, {4, 8}}) {
    CAPTURE(terminals, expansion);
    const auto topology = butterfly(terminals, expansion);
    const int stages = ceil_log2(terminals) + ceil_log2(expansion);
    const SwitchGraph graph(stages);
    // A link of the topology and a line of the graph must stand for each other, one to one.
    std::map<int, std::pair<int, int>> line_of_link;
    std::map<std::pair<int, int>, int> link_of_line;
    std::vector<int> links;
    for (int s = 0; s < terminals; ++s) {
      for (int d = 0; d < terminals; ++d) {
        const auto paths = graph.paths(s, d * expansion);
        REQUIRE(paths.size() == 1);
        topology->route(s, d, links);
        REQUIRE(links.size() == paths[0].size());
        for (int t = 0; t < stages; ++t) {
          const auto at = static_cast<std::size_t>(t);
          const std::pair<int, int> line{t, paths[0][at]};
          REQUIRE(line_of_link.emplace(links[at], line).first->second == line);
          REQUIRE(link_of_line.emplace(line, links[at]).first->second == links[at]);
        }
      }
    }
  }
}

TEST_CASE("butterfly: two routes share a link iff destination prefix and low source bits agree", "[interconnect]") {
  const int terminals = 16;
  for (const int expansion : {1, 2, 8}) {
    const auto topology = butterfly(terminals, expansion);
    const int stages = static_cast<int>(topology->max_latency().count());
    std::vector<int> one, other;
    for (int a = 0; a < terminals * terminals; ++a) {
      topology->route(a / terminals, a % terminals, one);
      for (int b = 0; b < a; ++b) {
        topology->route(b / terminals, b % terminals, other);
        for (int t = 0; t < stages; ++t) {
          const int divisor = 1 << (stages - 1 - t);
          const bool same = (a % terminals) * expansion / divisor == (b % terminals) * expansion / divisor &&
                            (a / terminals) % divisor == (b / terminals) % divisor;
          const auto at = static_cast<std::size_t>(t);
          if ((one[at] == other[at]) != same) FAIL("routes " << a << " and " << b << ", stage " << t);
        }
      }
    }
  }
}

TEST_CASE("butterfly: without expansion every link carries N pairs", "[interconnect]") {
  for (const int terminals : {2, 8, 32}) {
    const auto topology = butterfly(terminals, 1);
    std::vector<int> pairs(static_cast<std::size_t>(topology->link_count()), 0);
    std::vector<int> links;
    for (int s = 0; s < terminals; ++s) {
      for (int d = 0; d < terminals; ++d) {
        topology->route(s, d, links);
        for (const int link : links) ++pairs[static_cast<std::size_t>(link)];
      }
    }
    // N^2 pairs x log2 N hops over N log2 N links, evenly by symmetry.
    CHECK(std::all_of(pairs.begin(), pairs.end(), [&](int count) { return count == terminals; }));
  }
}

TEST_CASE("butterfly: latency is the number of stages, ceil(log2 N) + log2 expansion", "[interconnect]") {
  const std::vector<std::tuple<int, int, int>> expected{{256, 1, 8}, {256, 2, 9},   {256, 8, 11}, {128, 4, 9},
                                                        {100, 2, 8}, {129, 1, 8},   {2, 1, 1},    {1, 1, 1},
                                                        {1, 2, 1},   {65536, 8, 19}};
  for (const auto& [terminals, expansion, latency] : expected) {
    CAPTURE(terminals, expansion);
    const auto topology = butterfly(terminals, expansion);
    CHECK(topology->max_latency() == Cycles(latency));
    CHECK(topology->latency(terminals - 1, 0) == Cycles(latency));
    CHECK(topology->link_count() == latency << latency);
    CHECK(topology->has_uniform_latency());
  }
  CHECK(butterfly(256, 2)->describe() == "butterfly, radix 2, 2 planes, 9 stages, latency 9");
}

TEST_CASE("butterfly: bit reversal conflicts as much as its structure says, less with expansion", "[interconnect]") {
  // With D = reverse(S), the link behind stage t is named by the low max(t+1, n+e-1-t) bits of S, so that at most
  // 2^ceil((n+e)/2) circuits are link-disjoint; sources 0, 1, 2, ... reach that bound.
  for (int n = 2; n <= 8; ++n) {
    for (int e = 0; e <= 3; ++e) {
      CAPTURE(n, e);
      const auto table = butterfly(1 << n, 1 << e)->make_route_table();
      int placed = 0;
      for (int s = 0; s < (1 << n); ++s) {
        if (!table->is_free(s, reversed(s, n))) continue;
        table->reserve(s, reversed(s, n));
        ++placed;
      }
      CHECK(placed == 1 << std::min(n, (n + e + 1) / 2));
    }
  }
}

TEST_CASE("butterfly: identity and cyclic shifts are conflict-free", "[interconnect]") {
  // Lawrie 1975: uniform shifts pass the shuffle network without conflict.
  for (const int terminals : {2, 16, 64, 256}) {
    const auto table = butterfly(terminals, 1)->make_route_table();
    for (const int shift : {0, 1, 3, terminals / 2}) {
      table->clear();
      int placed = 0;
      for (int s = 0; s < terminals; ++s) {
        if (!table->is_free(s, (s + shift) % terminals)) continue;
        table->reserve(s, (s + shift) % terminals);
        ++placed;
      }
      CHECK(placed == terminals);
    }
  }
}

TEST_CASE("butterfly: one source reaches all destinations at once and then blocks every other", "[interconnect]") {
  for (const int expansion : {1, 2, 4, 8}) {
    const int terminals = 64;
    const auto table = butterfly(terminals, expansion)->make_route_table();
    const int source = 37;
    for (int d = 0; d < terminals; ++d) {
      REQUIRE(table->is_free(source, d));
      table->reserve(source, d);
    }
    BitSet others(terminals, true);
    table->restrict_sources(11, others);
    CHECK(others.count() == 1);
    CHECK(others.test(source));
    BitSet destinations(terminals, true);
    table->restrict_destinations(source, destinations);
    CHECK(destinations.count() == terminals);
    table->restrict_destinations(source ^ 1, destinations);
    CHECK(destinations.none());
  }
}

TEST_CASE("butterfly: with N/2 planes or more nothing but the destination is contested", "[interconnect]") {
  // n-1 <= e leaves no stage at which different sources to different destinations can meet.
  for (const int terminals : {8, 16}) {
    std::mt19937_64 random(7);
    const auto table = butterfly(terminals, 8)->make_route_table();
    for (int trial = 0; trial < 50; ++trial) {
      table->clear();
      std::vector<int> target(static_cast<std::size_t>(terminals));
      for (int i = 0; i < terminals; ++i) target[static_cast<std::size_t>(i)] = i;
      std::shuffle(target.begin(), target.end(), random);
      for (int s = 0; s < terminals; ++s) {
        REQUIRE(table->is_free(s, target[static_cast<std::size_t>(s)]));
        table->reserve(s, target[static_cast<std::size_t>(s)]);
      }
    }
  }
}

}  // namespace
}  // namespace podsim
