// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <queue>
#include <utility>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

/// A binary tree as a graph, built by halving: sources and destinations are vertices of their own, switches are
/// intervals of terminals. Knows nothing of bits or heaps.
class TreeGraph {
 public:
  explicit TreeGraph(int terminals) {
    int size = 2;
    while (size < terminals) size *= 2;
    root_ = split(0, size);
  }

  using Edge = std::pair<int, int>;
  /// The only path from a source to a destination, found by breadth-first search.
  std::vector<Edge> path(int source, int destination) const {
    const int from = source_.at(source);
    const int to = destination_.at(destination);
    std::map<int, int> towards{{to, to}};  // vertex -> the next one on the way to the destination
    std::queue<int> queue;
    for (queue.push(to); !queue.empty(); queue.pop()) {
      for (const int next : neighbours_.at(static_cast<std::size_t>(queue.front()))) {
        if (towards.emplace(next, queue.front()).second) queue.push(next);
      }
    }
    std::vector<Edge> edges;
    for (int at = from; at != to; at = towards.at(at)) edges.emplace_back(at, towards.at(at));
    return edges;
  }
  /// Links of the machine: two per edge between switches, one per source and one per destination.
  int links() const {
    int switches = 0;
    for (const auto& list : neighbours_) switches += list.size() > 1 ? 1 : 0;
    return 2 * (switches - 1) + static_cast<int>(source_.size() + destination_.size());
  }

 private:
  int vertex() {
    neighbours_.emplace_back();
    return static_cast<int>(neighbours_.size()) - 1;
  }
  void join(int a, int b) {
    neighbours_[static_cast<std::size_t>(a)].push_back(b);
    neighbours_[static_cast<std::size_t>(b)].push_back(a);
  }
  int split(int first, int size) {
    const int me = vertex();
    if (size == 2) {
      for (const int terminal : {first, first + 1}) {
        join(me, source_[terminal] = vertex());
        join(me, destination_[terminal] = vertex());
      }
    } else {
      join(me, split(first, size / 2));
      join(me, split(first + size / 2, size / 2));
    }
    return me;
  }

  std::vector<std::vector<int>> neighbours_;
  std::map<int, int> source_, destination_;
  int root_ = 0;
};

TEST_CASE("h_tree: routes and latencies are the paths of a binary tree", "[interconnect]") {
  for (const int terminals : {1, 2, 3, 4, 5, 8, 11, 16, 33}) {
    CAPTURE(terminals);
    const auto topology = make_topology("h_tree", terminals);
    const TreeGraph graph(terminals);
    CHECK(topology->link_count() == graph.links());
    check_paths<TreeGraph::Edge>(*topology, [&](int s, int d) { return graph.path(s, d); });
    for (int s = 0; s < terminals; ++s) {
      for (int d = 0; d < terminals; ++d) {
        if (topology->latency(s, d) != Cycles(static_cast<std::int64_t>(graph.path(s, d).size()))) {
          FAIL("latency " << s << " -> " << d);
        }
      }
    }
  }
}

TEST_CASE("h_tree: latency is twice the levels to the common ancestor, at least two", "[interconnect]") {
  const auto topology = make_topology("h_tree", 256);
  CHECK(topology->latency(7, 7) == Cycles(2));
  CHECK(topology->latency(6, 7) == Cycles(2));
  CHECK(topology->latency(7, 8) == Cycles(8));
  CHECK(topology->latency(127, 128) == Cycles(16));
  CHECK(topology->max_latency() == Cycles(16));
  CHECK_FALSE(topology->has_uniform_latency());
  CHECK(make_topology("h_tree", 2)->has_uniform_latency());
  CHECK(make_topology("h_tree", 1)->max_latency() == Cycles(2));
  CHECK(make_topology("h_tree", 129)->max_latency() == Cycles(16));
  CHECK(topology->describe() ==
        "h_tree, binary, 8 levels, width 1, latency 2 x levels to the common ancestor, at most 16");
}

TEST_CASE("h_tree: two sources never cross the root in the same direction", "[interconnect]") {
  const int n = 16;
  const auto topology = make_topology("h_tree", n);
  const auto table = topology->make_route_table();
  for (int s = 0; s < n; ++s) {
    for (int d = 0; d < n; ++d) {
      if (s / 8 == d / 8) continue;
      table->clear();
      table->reserve(s, d);
      for (int other = 0; other < n; ++other) {
        for (int to = 0; to < n; ++to) {
          if (other / 8 != s / 8 || to / 8 != d / 8) continue;
          if (table->is_free(other, to) != (other == s)) FAIL(s << " -> " << d << " and " << other << " -> " << to);
        }
      }
      // The opposite direction has links of its own.
      CHECK(table->is_free(d, s));
    }
  }
}

TEST_CASE("h_tree: of a permutation only one circuit per direction crosses each node", "[interconnect]") {
  for (const int n : {4, 16, 64}) {
    CAPTURE(n);
    const auto topology = make_topology("h_tree", n);
    CHECK(placed(*topology, [](int s) { return s; }) == n);
    CHECK(placed(*topology, [](int s) { return s ^ 1; }) == n);
    // Exchanging the halves of every subtree of `size` terminals: one circuit per half and subtree.
    for (int size = 2; size <= n; size *= 2) {
      CHECK(placed(*topology, [&](int s) { return s ^ (size / 2); }) == 2 * (n / size));
    }
  }
}

TEST_CASE("h_tree: the circuits of one source are a tree and shut out all others", "[interconnect]") {
  for (const int n : {2, 16, 64}) {
    CAPTURE(n);
    const auto topology = make_topology("h_tree", n);
    int levels = 0;
    while ((1 << levels) < n) ++levels;
    for (const int source : {0, n / 2, n - 1}) {
      // Of 2n-1 nodes, those on the way from the leaf to below the root are left upwards, all others but the root and
      // the ancestors of the source are entered downwards, and so is its own leaf.
      const int links = levels + (2 * n - 1 - levels);
      CHECK(broadcast_tree(*topology, source).size() == static_cast<std::size_t>(links));
      const auto table = topology->make_route_table();
      for (int d = 0; d < n; ++d) table->reserve(source, d);
      for (int d = 0; d < n; ++d) {
        BitSet sources(n, true);
        table->restrict_sources(d, sources);
        CHECK(sources.count() == 1);
        CHECK(sources.test(source));
      }
    }
  }
}

TEST_CASE("h_tree: its table answers like its links", "[interconnect]") {
  for (const int terminals : {2, 3, 6, 64, 100, 256, 300}) {
    CAPTURE(terminals);
    check_table(*make_topology("h_tree", terminals), 600, 22);
  }
}

TEST_CASE("h_tree: takes no parameters", "[interconnect]") {
  CHECK_THROWS_AS(make_topology("h_tree", 12, {{"width", 2}}), Error);
}

}  // namespace
}  // namespace podsim
