// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

struct Shape {
  int rows;
  int columns;
};

const std::vector<Shape> kShapes{{1, 1}, {1, 2}, {2, 2}, {1, 3}, {1, 7}, {2, 5},
                                 {3, 3}, {4, 2}, {4, 4}, {5, 4}, {3, 8}};

std::unique_ptr<Topology> torus(const Shape& shape) {
  return make_topology("torus", shape.rows * shape.columns, {{"rows", shape.rows}});
}

/// Steps from one node of a ring to another in one direction, by walking there.
int steps(int from, int to, int size, int step) {
  int count = 0;
  for (; from != to; from = (from + step + size) % size) ++count;
  return count;
}

/// A link: its ends and which way it goes, since two nodes of a short ring are joined by several.
using Edge = std::tuple<int, int, char>;

std::vector<Edge> expected_path(const Shape& shape, int source, int destination) {
  std::vector<Edge> edges;
  int row = source / shape.columns;
  int column = source % shape.columns;
  const auto go = [&](int& at, int to, int size, char plus, char minus) {
    const bool forwards = steps(at, to, size, 1) <= steps(at, to, size, -1);
    while (at != to) {
      const int here = row * shape.columns + column;
      at = (at + (forwards ? 1 : -1) + size) % size;
      edges.emplace_back(here, row * shape.columns + column, forwards ? plus : minus);
    }
  };
  go(column, destination % shape.columns, shape.columns, 'E', 'W');
  go(row, destination / shape.columns, shape.rows, 'S', 'N');
  edges.emplace_back(destination, destination, 'x');
  return edges;
}

TEST_CASE("torus: circuits go the shorter way along the row, then along the column, ties towards +", "[interconnect]") {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape.rows, shape.columns);
    const auto topology = torus(shape);
    check_paths<Edge>(*topology, [&](int s, int d) { return expected_path(shape, s, d); });
  }
}

TEST_CASE("torus: latency is the sum of the ring distances + 1", "[interconnect]") {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape.rows, shape.columns);
    const auto topology = torus(shape);
    const auto distance = [](int from, int to, int size) {
      return std::min(steps(from, to, size, 1), steps(from, to, size, -1));
    };
    for (int s = 0; s < topology->terminals(); ++s) {
      for (int d = 0; d < topology->terminals(); ++d) {
        const int hops = distance(s % shape.columns, d % shape.columns, shape.columns) +
                         distance(s / shape.columns, d / shape.columns, shape.rows);
        if (topology->latency(s, d) != Cycles(hops + 1)) FAIL("latency " << s << " -> " << d);
      }
    }
    CHECK(topology->max_latency() == Cycles(shape.rows / 2 + shape.columns / 2 + 1));
  }
}

TEST_CASE("torus: left out, rows is the largest divisor up to the square root", "[interconnect]") {
  // 12 = 3 x 4 and 18 = 3 x 6: one node further in the column is `columns` terminals further.
  for (const auto& [terminals, columns] : std::vector<std::pair<int, int>>{{16, 4}, {12, 4}, {18, 6}, {256, 16}}) {
    CAPTURE(terminals);
    const auto topology = make_topology("torus", terminals);
    CHECK(topology->latency(0, columns) == Cycles(2));
    CHECK(topology->latency(0, columns - 1) == Cycles(2));
    CHECK(topology->link_count() == 5 * terminals);
  }
  CHECK(make_topology("torus", 7)->max_latency() == Cycles(4));
  CHECK(make_topology("torus", 12)->describe() ==
        "torus, 3 x 4 nodes, XY dimension order, the shorter way, latency hops + 1, at most 4");
}

TEST_CASE("torus: a node exactly opposite is reached towards +", "[interconnect]") {
  // A ring of 4: both ways from 0 to 2 have two hops.
  const auto table = torus({1, 4})->make_route_table();
  table->reserve(0, 2);
  CHECK_FALSE(table->is_free(1, 3));  // its first link is 1 -> 2
  CHECK(table->is_free(2, 0));        // 2 -> 3 -> 0
  CHECK(table->is_free(3, 0));        // over the wrap-around link
  CHECK(table->is_free(2, 1));        // the way back
}

TEST_CASE("torus: two nodes in a ring use the links towards + only", "[interconnect]") {
  const auto topology = torus({1, 2});
  std::vector<int> there, back;
  topology->route(0, 1, there);
  topology->route(1, 0, back);
  REQUIRE(there.size() == 2);
  REQUIRE(back.size() == 2);
  // The same direction out of neighbouring nodes is 5 links apart, opposite directions are not.
  CHECK(back[0] - there[0] == 5);
  const auto table = topology->make_route_table();
  table->reserve(0, 1);
  CHECK(table->is_free(1, 0));
}

TEST_CASE("torus: shifts by one along a ring are conflict-free, by two they are not", "[interconnect]") {
  // Every link of the direction is used once by a shift by 1, twice by a shift by 2.
  const auto ring = torus({1, 8});
  CHECK(placed(*ring, [](int s) { return (s + 1) % 8; }) == 8);
  CHECK(placed(*ring, [](int s) { return (s + 7) % 8; }) == 8);
  CHECK(placed(*ring, [](int s) { return (s + 2) % 8; }) == 4);
  CHECK(placed(*ring, [](int s) { return s; }) == 8);
}

TEST_CASE("torus: the circuits of one source are the edges of a tree", "[interconnect]") {
  for (const Shape& shape : kShapes) {
    CAPTURE(shape.rows, shape.columns);
    const auto topology = torus(shape);
    const int n = topology->terminals();
    // n-1 edges span n nodes; each node has its ejection link besides.
    for (const int source : {0, n / 2, n - 1}) {
      CHECK(broadcast_tree(*topology, source).size() == static_cast<std::size_t>(2 * n - 1));
    }
  }
}

TEST_CASE("torus: its table answers like its links for every shape", "[interconnect]") {
  for (const Shape& shape :
       {Shape{1, 2}, Shape{2, 1}, Shape{2, 2}, Shape{2, 7}, Shape{9, 1}, Shape{5, 6}, Shape{16, 16}, Shape{4, 50}}) {
    CAPTURE(shape.rows, shape.columns);
    check_table(*torus(shape), 600, 21);
  }
}

TEST_CASE("torus: rows must divide the number of terminals", "[interconnect]") {
  struct Case {
    Json parameters;
    const char* text;
    const char* pointer;
    const char* hint;
  };
  for (const Case& c :
       {Case{{{"rows", 5}}, "must divide the number of terminals, 12, got 5 (allowed: 1, 2, 3, 4, 6, 12)", "/rows", ""},
        Case{{{"rows", 24}}, "must divide", "/rows", ""}, Case{{{"rows", 0}}, "got 0", "/rows", ""},
        Case{{{"row", 3}}, "unknown key \"row\"", "/row", "did you mean \"rows\"?"}}) {
    CAPTURE(c.parameters.dump());
    std::vector<Issue> issues;
    try {
      make_topology("torus", 12, c.parameters);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::bad_input);
      issues = error.issues();
    }
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].file == "topology torus");
    CHECK(issues[0].pointer == c.pointer);
    CHECK(issues[0].message.find(c.text) != std::string::npos);
    CHECK(issues[0].hint == c.hint);
  }
}

}  // namespace
}  // namespace podsim
