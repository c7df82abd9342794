// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topology.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "podsim/interconnect/route_table.hpp"
#include "podsim/sim/core/error.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

std::unique_ptr<Topology> make(const std::string& name, int terminals, const Json& parameters = Json::object()) {
  return topology_registry().make(PluginConfig{name, parameters}, terminals);
}

/// The issues of the Error that making the topology throws; none if it throws nothing.
std::vector<Issue> issues_of(const std::string& name, int terminals, const Json& parameters) {
  try {
    make(name, terminals, parameters);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    return error.issues();
  }
  return {};
}

TEST_CASE("topology: the registry knows crossbar, butterfly and mesh", "[interconnect]") {
  const auto names = topology_registry().names();
  for (const std::string name : {"butterfly", "crossbar", "mesh"}) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
    CHECK_FALSE(topology_registry().find(name)->summary.empty());
  }
  CHECK(topology_registry().kind() == "topology");
}

TEST_CASE("topology: routes and latencies of every registered topology are consistent", "[interconnect]") {
  for (const std::string& name : topology_registry().names()) {
    for (const int n : {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 30, 64}) {
      CAPTURE(name, n);
      const auto topology = make(name, n, topology_registry().default_config(name).parameters);
      REQUIRE(topology->terminals() == n);
      CHECK_FALSE(topology->describe().empty());
      Cycles highest(0), lowest(1 << 30);
      std::vector<int> links;
      for (int s = 0; s < n; ++s) {
        for (int d = 0; d < n; ++d) {
          topology->route(s, d, links);
          REQUIRE_FALSE(links.empty());
          REQUIRE(std::set<int>(links.begin(), links.end()).size() == links.size());
          REQUIRE(*std::min_element(links.begin(), links.end()) >= 0);
          REQUIRE(*std::max_element(links.begin(), links.end()) < topology->link_count());
          const Cycles latency = topology->latency(s, d);
          // Hop h is owned from cycle h on, so the row cannot be there before it has passed all hops.
          REQUIRE(latency >= Cycles(static_cast<std::int64_t>(links.size())));
          highest = std::max(highest, latency);
          lowest = std::min(lowest, latency);
        }
      }
      CHECK(topology->max_latency() == highest);
      CHECK(topology->has_uniform_latency() == (highest == lowest));
    }
  }
}

TEST_CASE("topology: in every topology a destination takes one source at a time", "[interconnect]") {
  for (const std::string& name : topology_registry().names()) {
    CAPTURE(name);
    const auto topology = make(name, 12);
    const auto table = topology->make_route_table();
    for (int d = 0; d < 12; ++d) {
      table->clear();
      table->reserve(5, d);
      for (int s = 0; s < 12; ++s) CHECK(table->is_free(s, d) == (s == 5));
    }
  }
}

TEST_CASE("crossbar: no set of circuits to different destinations ever blocks", "[interconnect]") {
  const int n = 40;
  const auto topology = make("crossbar", n);
  CHECK(topology->max_latency() == Cycles(1));
  const auto table = topology->make_route_table();
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 20; ++trial) {
    table->clear();
    for (int d = 0; d < n; ++d) {
      const int s = static_cast<int>(random() % 5);  // few sources, hence much multicast
      REQUIRE(table->is_free(s, d));
      table->reserve(s, d);
    }
  }
}

TEST_CASE("mesh: latency is the Manhattan distance + 1", "[interconnect]") {
  struct Shape {
    int terminals;
    Json rows;
    int columns;
  };
  // Without a key, rows is the largest divisor up to the square root: 16 = 4 x 4, 12 = 3 x 4, 7 = 1 x 7, 18 = 3 x 6.
  for (const Shape& shape : {Shape{16, nullptr, 4}, Shape{12, nullptr, 4}, Shape{7, nullptr, 7}, Shape{18, nullptr, 6},
                             Shape{12, 2, 6}, Shape{12, 12, 1}, Shape{256, 8, 32}}) {
    CAPTURE(shape.terminals, shape.columns);
    const auto topology = make("mesh", shape.terminals, {{"rows", shape.rows}});
    std::vector<int> links;
    for (int s = 0; s < shape.terminals; ++s) {
      for (int d = 0; d < shape.terminals; ++d) {
        const int distance =
            std::abs(s / shape.columns - d / shape.columns) + std::abs(s % shape.columns - d % shape.columns);
        if (topology->latency(s, d) != Cycles(distance + 1)) FAIL("latency " << s << " -> " << d);
        topology->route(s, d, links);
        if (links.size() != static_cast<std::size_t>(distance) + 1) FAIL("hops " << s << " -> " << d);
      }
    }
  }
}

TEST_CASE("mesh: X goes before Y, opposite directions are separate links", "[interconnect]") {
  // 3 x 3 nodes 0 1 2 / 3 4 5 / 6 7 8.
  const auto topology = make("mesh", 9);
  const auto table = topology->make_route_table();
  table->reserve(0, 5);               // 0 1 2 5
  CHECK_FALSE(table->is_free(1, 2));  // link 1 -> 2 is taken
  CHECK_FALSE(table->is_free(1, 8));  // likewise
  CHECK_FALSE(table->is_free(2, 8));  // link 2 -> 5 is taken
  CHECK(table->is_free(3, 4));        // Y-first would have come along row 1
  CHECK(table->is_free(4, 4));
  CHECK(table->is_free(2, 0));  // the way back
  CHECK(table->is_free(5, 2));
}

TEST_CASE("mesh: two sources never enter one node, not even its own", "[interconnect]") {
  const auto topology = make("mesh", 9);
  const auto table = topology->make_route_table();
  table->reserve(4, 4);
  CHECK_FALSE(table->is_free(3, 4));
  CHECK(table->is_free(3, 5));  // passing through is another matter
}

TEST_CASE("mesh: the circuits of one source are the edges of a tree", "[interconnect]") {
  const int n = 20;
  const auto topology = make("mesh", n);
  for (const int source : {0, 7, 19}) {
    const auto table = topology->make_route_table();
    std::set<int> used;
    std::vector<int> links;
    for (int d = 0; d < n; ++d) {
      REQUIRE(table->is_free(source, d));
      table->reserve(source, d);
      topology->route(source, d, links);
      used.insert(links.begin(), links.end());
    }
    // A tree over n nodes has n-1 edges; each node has its ejection link besides.
    CHECK(used.size() == static_cast<std::size_t>(2 * n - 1));
  }
}

TEST_CASE("topology: wrong parameters are bad input with place, finding and choices", "[interconnect]") {
  struct Case {
    const char* name;
    Json parameters;
    const char* text;  ///< must be part of the message
    const char* pointer;
    const char* hint;
  };
  for (const Case& c : {
           Case{"butterfly", {{"expansion", 3}}, "1, 2, 4 or 8 planes, got 3", "/expansion", ""},
           Case{"butterfly", {{"expansion", 0}}, "in [1, 8], got 0", "/expansion", ""},
           Case{"butterfly", {{"expansion", 16}}, "in [1, 8], got 16", "/expansion", ""},
           Case{"butterfly", {{"expansion", -2}}, "in [1, 8], got -2", "/expansion", ""},
           Case{"butterfly", {{"expansion", "two"}}, "must be an integer, got the string \"two\"", "/expansion", ""},
           Case{"butterfly", {{"expansion", 2.5}}, "must be an integer, got the number 2.5", "/expansion", ""},
           Case{"butterfly", {{"expansion", true}}, "must be an integer, got true", "/expansion", ""},
           Case{"butterfly",
                {{"expansoin", 2}},
                "unknown key \"expansoin\"",
                "/expansoin",
                "did you mean \"expansion\"?"},
           Case{"crossbar", {{"expansion", 2}}, "unknown key \"expansion\"", "/expansion", ""},
           Case{"mesh",
                {{"rows", 5}},
                "must divide the number of terminals, 12, got 5 (allowed: 1, 2, 3, 4, 6, 12)",
                "/rows",
                ""},
           Case{"mesh", {{"rows", 24}}, "must divide", "/rows", ""},
           Case{"mesh", {{"rows", 0}}, "got 0", "/rows", ""},
           Case{"mesh", {{"row", 3}}, "unknown key \"row\"", "/row", "did you mean \"rows\"?"},
       }) {
    CAPTURE(c.name, c.parameters.dump());
    const auto issues = issues_of(c.name, 12, c.parameters);
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].file == "topology " + std::string(c.name));
    CHECK(issues[0].pointer == c.pointer);
    CHECK(issues[0].message.find(c.text) != std::string::npos);
    CHECK(issues[0].hint == c.hint);
  }
  const auto unknown = issues_of("buterfly", 12, Json::object());
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].hint == "did you mean \"butterfly\"?");
}

TEST_CASE("topology: all wrong parameters are reported together", "[interconnect]") {
  const auto issues = issues_of("butterfly", 12, {{"expansion", "x"}, {"planes", 2}});
  CHECK(issues.size() == 2);
}

TEST_CASE("topology: the number of terminals is checked", "[interconnect]") {
  for (const std::string& name : topology_registry().names()) {
    CAPTURE(name);
    for (const int terminals : {0, -1, 65537}) CHECK(issues_of(name, terminals, Json::object()).size() == 1);
    CHECK(make(name, 65536)->terminals() == 65536);
  }
}

}  // namespace
}  // namespace podsim
