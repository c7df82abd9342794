// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

/// The switches of a fat tree as a graph, built from the root down by halving: the root of a subtree of n terminals is
/// n/2 switches, switch j of them joined to switch j mod n/4 of either half. Knows nothing of bits.
class FatTreeGraph {
 public:
  explicit FatTreeGraph(int terminals) {
    int size = 2;
    while (size < terminals) size *= 2;
    split(0, size);
  }

  struct Edge {
    int from;
    int to;
    bool up;
    int lane;   ///< among the lanes out of (up) or into (down) the subtree
    int width;  ///< number of these lanes
    friend bool operator<(const Edge& a, const Edge& b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); }
    friend bool operator!=(const Edge& a, const Edge& b) { return a < b || b < a; }
  };
  /// All paths that climb and then descend without going up again, the shortest ones only.
  std::vector<std::vector<Edge>> paths(int source, int destination) const {
    std::vector<std::vector<Edge>> found;
    std::vector<Edge> path;
    walk(source_.at(source), destination_.at(destination), true, path, found);
    std::size_t shortest = found.front().size();
    for (const auto& one : found) shortest = std::min(shortest, one.size());
    found.erase(std::remove_if(found.begin(), found.end(), [&](const auto& p) { return p.size() > shortest; }),
                found.end());
    return found;
  }
  int links() const {
    std::size_t count = 0;
    for (const auto& list : edges_) count += list.size();
    return static_cast<int>(count);
  }

 private:
  int vertex() {
    edges_.emplace_back();
    return static_cast<int>(edges_.size()) - 1;
  }
  void join(int from, int to, bool up, int lane, int width) {
    edges_[static_cast<std::size_t>(from)].push_back({from, to, up, lane, width});
  }
  std::vector<int> split(int first, int size) {
    std::vector<int> roots;
    for (int j = 0; j < size / 2; ++j) roots.push_back(vertex());
    if (size == 2) {
      for (const int terminal : {first, first + 1}) {
        join(source_[terminal] = vertex(), roots[0], true, 0, 1);
        join(roots[0], destination_[terminal] = vertex(), false, 0, 1);
      }
      return roots;
    }
    for (const int begin : {first, first + size / 2}) {
      const std::vector<int> children = split(begin, size / 2);
      for (int lane = 0; lane < size / 2; ++lane) {
        const int child = children[static_cast<std::size_t>(lane % (size / 4))];
        join(child, roots[static_cast<std::size_t>(lane)], true, lane, size / 2);
        join(roots[static_cast<std::size_t>(lane)], child, false, lane, size / 2);
      }
    }
    return roots;
  }
  void walk(int at, int to, bool climbing, std::vector<Edge>& path, std::vector<std::vector<Edge>>& found) const {
    if (at == to) found.push_back(path);
    for (const Edge& edge : edges_[static_cast<std::size_t>(at)]) {
      if (edge.up && !climbing) continue;
      path.push_back(edge);
      walk(edge.to, to, edge.up, path, found);
      path.pop_back();
    }
  }

  std::vector<std::vector<Edge>> edges_;
  std::map<int, int> source_, destination_;
};

int ceil_log2(int n) {
  int bits = 0;
  while ((1 << bits) < n) ++bits;
  return bits;
}

TEST_CASE("fat_tree: routes are the paths through switches whose up lanes are destination mod width",
          "[interconnect]") {
  for (const int terminals : {1, 2, 3, 4, 6, 8, 11, 16}) {
    CAPTURE(terminals);
    const auto topology = make_topology("fat_tree", terminals);
    const FatTreeGraph graph(terminals);
    CHECK(topology->link_count() == graph.links());
    check_paths<FatTreeGraph::Edge>(*topology, [&](int s, int d) {
      const auto all = graph.paths(s, d);
      // Two choices per level on the way up, none on the way down.
      const std::size_t levels = all.front().size() / 2;
      if (all.size() != std::size_t{1} << (levels - 1)) FAIL(all.size() << " paths");
      if (topology->latency(s, d) != Cycles(2 * static_cast<std::int64_t>(levels))) FAIL("latency");
      std::vector<std::vector<FatTreeGraph::Edge>> hashed;
      std::copy_if(all.begin(), all.end(), std::back_inserter(hashed), [&](const auto& path) {
        return std::all_of(path.begin(), path.end(),
                           [&](const auto& edge) { return !edge.up || edge.lane == d % edge.width; });
      });
      if (hashed.size() != 1) FAIL(s << " -> " << d << ": " << hashed.size() << " paths with the hash");
      return hashed.front();
    });
  }
}

TEST_CASE("fat_tree: latency is twice the levels to the common ancestor, links are 2 N per level", "[interconnect]") {
  const auto topology = make_topology("fat_tree", 256);
  CHECK(topology->latency(9, 9) == Cycles(2));
  CHECK(topology->latency(8, 9) == Cycles(2));
  CHECK(topology->latency(7, 8) == Cycles(8));
  CHECK(topology->latency(0, 255) == Cycles(16));
  CHECK(topology->max_latency() == Cycles(16));
  CHECK(topology->link_count() == 2 * 256 * 8);
  CHECK_FALSE(topology->has_uniform_latency());
  CHECK(make_topology("fat_tree", 2)->has_uniform_latency());
  CHECK(make_topology("fat_tree", 1)->max_latency() == Cycles(2));
  CHECK(make_topology("fat_tree", 200)->max_latency() == Cycles(16));
  CHECK(topology->describe() ==
        "fat_tree, binary, 8 levels, full bisection, lane destination mod width, latency 2 x levels to the common "
        "ancestor, at most 16");
}

TEST_CASE("fat_tree: identity and all cyclic shifts are conflict-free", "[interconnect]") {
  // The 2^l sources of a subtree go to destinations with 2^l different remainders modulo 2^l, hence over all its lanes.
  for (const int n : {2, 4, 16, 64}) {
    CAPTURE(n);
    const auto topology = make_topology("fat_tree", n);
    for (int shift = 0; shift < n; ++shift) CHECK(placed(*topology, [&](int s) { return (s + shift) % n; }) == n);
    for (int mask = 0; mask < n; ++mask) CHECK(placed(*topology, [&](int s) { return s ^ mask; }) == n);
  }
}

TEST_CASE("fat_tree: transposing a q x q matrix sends two circuits per row", "[interconnect]") {
  // All of row b goes to destinations that are b modulo q, so one circuit leaves its subtree of q terminals; the
  // diagonal element stays.
  for (const int q : {2, 4, 8, 16}) {
    CAPTURE(q);
    CHECK(placed(*make_topology("fat_tree", q * q), [&](int s) { return s % q * q + s / q; }) == 2 * q);
  }
}

TEST_CASE("fat_tree: destinations that agree modulo the width share the lane out of a subtree", "[interconnect]") {
  const auto topology = make_topology("fat_tree", 16);
  const auto table = topology->make_route_table();
  table->reserve(0, 8);                // leaves {0, 1} by lane 0 of 2, {0..3} by lane 0 of 4, {0..7} by lane 0 of 8
  CHECK_FALSE(table->is_free(1, 10));  // lane 0 of 2
  CHECK(table->is_free(1, 9));
  CHECK_FALSE(table->is_free(2, 12));  // lane 0 of 4, behind another pair
  CHECK(table->is_free(2, 10));
  CHECK(table->is_free(4, 12));  // lane 4 of 8, behind other fours
  CHECK(table->is_free(1, 0));   // turns before
  CHECK(table->is_free(8, 0));   // the other direction
  CHECK(table->is_free(9, 4));   // likewise
  CHECK(table->is_free(0, 12));  // multicast
}

TEST_CASE("fat_tree: the circuits of one source are a tree and shut out all others", "[interconnect]") {
  for (const int n : {2, 16, 64}) {
    CAPTURE(n);
    const auto topology = make_topology("fat_tree", n);
    for (const int source : {0, n / 2, n - 1}) {
      // The n/2 destinations of the other half need all lanes of every level on the way up: 1 + 2 + … + n/2. A
      // destination that turns at level l needs l lanes down.
      std::int64_t links = n - 1;
      for (int d = 0; d < n; ++d) links += std::max(1, ceil_log2((source ^ d) + 1));
      CHECK(static_cast<std::int64_t>(broadcast_tree(*topology, source).size()) == links);
      const auto table = topology->make_route_table();
      for (int d = 0; d < n; ++d) {
        REQUIRE(table->is_free(source, d));
        table->reserve(source, d);
      }
      for (int d = 0; d < n; ++d) {
        BitSet sources(n, true);
        table->restrict_sources(d, sources);
        CHECK(sources.count() == 1);
        CHECK(sources.test(source));
      }
    }
  }
}

TEST_CASE("fat_tree: its bitmaps answer like its links", "[interconnect]") {
  for (const int terminals : {2, 3, 6, 64, 100, 128, 256, 300, 512, 1000}) {
    CAPTURE(terminals);
    check_table(*make_topology("fat_tree", terminals), 700, 23);
  }
}

TEST_CASE("fat_tree: takes no parameters", "[interconnect]") {
  CHECK_THROWS_AS(make_topology("fat_tree", 12, {{"radix", 4}}), Error);
}

}  // namespace
}  // namespace podsim
