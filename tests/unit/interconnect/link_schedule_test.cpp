// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "podsim/interconnect/fabric.hpp"
#include "podsim/sim/core/error.hpp"
#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

constexpr std::int64_t kLaunch = 10;
constexpr std::int64_t kRows = 5;

/// Four nodes in a row. The circuit 0 -> 3 takes the links 0 -> 1, 1 -> 2, 2 -> 3 and the ejection of 3.
std::unique_ptr<Topology> row_of_four() {
  return make_topology("mesh", 4, Json{{"rows", 1}});
}

TEST_CASE("link schedule: from the banks on, hop h of a circuit is taken for its rows from h cycles after launch",
          "[interconnect]") {
  const auto row = row_of_four();
  LinkSchedule links(*row, false);
  REQUIRE_FALSE(links.never_conflicts());
  CHECK(links.earliest_launch(0, 3) == 0);
  links.reserve(0, 3, kLaunch, kRows);
  // On the same way the next one follows row by row, wherever it begins.
  CHECK(links.earliest_launch(0, 3) == kLaunch + kRows);
  CHECK(links.earliest_launch(1, 3) == kLaunch + 1 + kRows);
  CHECK(links.earliest_launch(2, 3) == kLaunch + 2 + kRows);
  // 3 -> 3 needs the ejection only; it is free three hops after the launch and the rows.
  CHECK(links.earliest_launch(3, 3) == kLaunch + 3 + kRows);
  // The other direction and other ejections are free.
  CHECK(links.earliest_launch(3, 0) == 0);
  CHECK(links.earliest_launch(2, 2) == 0);
  // An earlier circuit does not free a link that a later one holds.
  links.reserve(1, 3, 0, 1);
  CHECK(links.earliest_launch(1, 3) == kLaunch + 1 + kRows);
  links.clear();
  CHECK(links.earliest_launch(0, 3) == 0);
}

TEST_CASE("link schedule: towards the banks the links are passed from the unit's end", "[interconnect]") {
  const auto row = row_of_four();
  LinkSchedule links(*row, true);
  links.reserve(0, 3, kLaunch, kRows);  // the ejection first, 0 -> 1 last, three hops later
  CHECK(links.earliest_launch(0, 3) == kLaunch + kRows);
  CHECK(links.earliest_launch(3, 3) == kLaunch + kRows);
  // Bank 0, unit 1: the ejection of 1, then 0 -> 1 as its hop 1.
  CHECK(links.earliest_launch(0, 1) == kLaunch + 3 + kRows - 1);
  // Bank 1, unit 2: the ejection of 2, then 1 -> 2, which was hop 2.
  CHECK(links.earliest_launch(1, 2) == kLaunch + 2 + kRows - 1);
}

TEST_CASE("link schedule: it is needed where pairs or launches differ, and then routes have to be fixed",
          "[interconnect]") {
  CHECK(LinkSchedule(*make_topology("crossbar", 4), false).never_conflicts());
  CHECK_FALSE(LinkSchedule(*make_topology("crossbar", 4), true, true).never_conflicts());
  const auto benes = make_topology("benes", 4);
  CHECK(LinkSchedule(*benes, true).never_conflicts());
  CHECK_THROWS_AS(LinkSchedule(*benes, true, true), Error);
}

/// A ring in one direction, as a plug-in that brings only what it must: link i leads from node i to the next.
class Ring final : public Topology {
 public:
  explicit Ring(int nodes) : nodes_(nodes) {}
  int terminals() const override { return nodes_; }
  int link_count() const override { return nodes_; }
  Cycles latency(int source, int destination) const override {
    return Cycles((destination - source + nodes_) % nodes_);
  }
  Cycles max_latency() const override { return Cycles(nodes_ - 1); }
  bool has_uniform_latency() const override { return false; }
  void route(int source, int destination, std::vector<int>& links) const override {
    links.clear();
    for (int node = source; node != destination; node = (node + 1) % nodes_) links.push_back(node);
  }
  std::string describe() const override { return "ring"; }

 private:
  int nodes_;
};

TEST_CASE("topology: one that says routes only gets a table of its links and settles circuits by them",
          "[interconnect]") {
  const Ring ring(5);
  const auto table = ring.make_route_table();
  table->reserve(1, 3);               // links 1 and 2
  CHECK(table->is_free(1, 4));        // the same source
  CHECK_FALSE(table->is_free(2, 3));  // link 2
  CHECK_FALSE(table->is_free(0, 2));  // link 1
  CHECK(table->is_free(3, 1));        // links 3, 4, 0
  CircuitPaths paths;
  CHECK_FALSE(ring.settle({{1, 3}, {3, 1}, {1, 2}}, paths).has_value());
  CHECK(paths.links == std::vector<int>{1, 2, 3, 4, 0, 1});
  CHECK(paths.first == std::vector<std::size_t>{0, 2, 5, 6});
  CHECK(ring.settle({{1, 3}, {3, 1}, {2, 4}}, paths) == std::optional<std::size_t>(2));
}

}  // namespace
}  // namespace podsim
