// SPDX-License-Identifier: Apache-2.0
// The Benes network with and without copy network: settings exist, are consistent switch by switch, and take as long as
// the formulas say. The wiring below is built from the recursive definition, not taken from the topology.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

std::unique_ptr<Topology> benes(int terminals, bool copy_network) {
  return make_topology("benes", terminals, {{"copy_network", copy_network}});
}

int log2_of(int terminals) {
  int n = 1;
  while ((1 << n) < terminals) ++n;
  return n;
}

/// Which wires each 2 x 2 switch of a Benes network joins; the wire w in front of stage 0 is {-1, w}.
using Wire = std::pair<int, int>;
class Wiring {
 public:
  explicit Wiring(int log2_size) {
    std::vector<Wire> in;
    for (int w = 0; w < 1 << log2_size; ++w) in.push_back({-1, w});
    build(0, 2 * log2_size - 2, 0, in);
  }
  /// True if some switch has `before` as an input and `behind` as an output.
  bool joins(Wire before, Wire behind) const {
    const auto outputs = outputs_.find(before);
    return outputs != outputs_.end() && (outputs->second[0] == behind || outputs->second[1] == behind);
  }

 private:
  /// \return the wires that leave the network
  std::vector<Wire> build(int first, int last, int base, const std::vector<Wire>& in) {
    const int size = static_cast<int>(in.size());
    std::vector<Wire> out;
    for (int w = 0; w < size; ++w) out.push_back({last, base + w});
    if (size == 2) {
      connect(in[0], in[1], out[0], out[1]);
      return out;
    }
    std::vector<Wire> upper, lower;
    for (int s = 0; s < size / 2; ++s) {
      upper.push_back({first, base + s});
      lower.push_back({first, base + size / 2 + s});
      connect(in[static_cast<std::size_t>(2 * s)], in[static_cast<std::size_t>(2 * s + 1)], upper.back(), lower.back());
    }
    upper = build(first + 1, last - 1, base, upper);
    lower = build(first + 1, last - 1, base + size / 2, lower);
    for (int s = 0; s < size / 2; ++s) {
      const auto at = static_cast<std::size_t>(s);
      connect(upper[at], lower[at], out[2 * at], out[2 * at + 1]);
    }
    return out;
  }
  void connect(Wire in1, Wire in2, Wire out1, Wire out2) { outputs_[in1] = outputs_[in2] = {out1, out2}; }

  std::map<Wire, std::array<Wire, 2>> outputs_;
};

/// Fails unless the settings lead every circuit from its source to its destination through switches that are straight
/// or crossed, or in the copy network send one input to both outputs.
void check_settings(const Topology& topology, const std::vector<Circuit>& circuits, bool copy_network) {
  const int n = log2_of(topology.terminals());
  const Wiring wiring(n);
  const int copy_stages = copy_network ? 2 * n : 0;
  CircuitPaths paths;
  REQUIRE_FALSE(topology.settle(circuits, paths).has_value());
  REQUIRE(paths.first.size() == circuits.size() + 1);
  std::map<int, int> source_of;        // copy network: link -> source
  std::map<int, std::size_t> carried;  // Benes network: link -> circuit
  for (std::size_t c = 0; c < circuits.size(); ++c) {
    REQUIRE(static_cast<int>(paths.first[c + 1] - paths.first[c]) == copy_stages + 2 * n - 1);
    int place = circuits[c].source;
    for (int stage = 0; stage < copy_stages + 2 * n - 1; ++stage) {
      const int link = paths.links[paths.first[c] + static_cast<std::size_t>(stage)];
      const int next = link - (stage << n);
      if (next < 0 || next >= 1 << n) FAIL("link " << link << " is not of stage " << stage);
      if (stage < copy_stages) {
        // A switch joins the two wires that differ in one bit: from the lowest up, then from the highest down.
        const int bit = stage < n ? stage : copy_stages - 1 - stage;
        if (((place ^ next) & ~(1 << bit)) != 0) FAIL("copy stage " << stage << " jumps");
        if (source_of.emplace(link, circuits[c].source).first->second != circuits[c].source) FAIL("two sources meet");
      } else {
        const int benes_stage = stage - copy_stages;
        if (!wiring.joins({benes_stage - 1, place}, {benes_stage, next})) FAIL("stage " << stage << " jumps");
        if (!carried.emplace(link, c).second) FAIL("two circuits on link " << link);
      }
      place = next;
    }
    if (place != circuits[c].destination) FAIL("circuit " << c << " ends at " << place);
  }
}

TEST_CASE("benes: latency is 2 n - 1 for every pair, with copy network 4 n - 1", "[interconnect]") {
  for (int terminals = 1; terminals <= 70; ++terminals) {
    const int n = log2_of(terminals);
    for (const bool copy_network : {false, true}) {
      const auto topology = benes(terminals, copy_network);
      const int stages = copy_network ? 4 * n - 1 : 2 * n - 1;
      CAPTURE(terminals, copy_network);
      CHECK(topology->has_uniform_latency());
      CHECK_FALSE(topology->has_fixed_routes());
      CHECK(topology->max_latency() == Cycles(stages));
      CHECK(topology->link_count() == stages << n);
      for (int s = 0; s < terminals; s += 3) {
        for (int d = 0; d < terminals; d += 2) {
          if (topology->latency(s, d) != Cycles(stages)) FAIL(s << " -> " << d);
        }
      }
    }
  }
}

TEST_CASE("benes: all permutations of up to 6 terminals have settings", "[interconnect]") {
  for (int terminals = 1; terminals <= 6; ++terminals) {
    const auto topology = benes(terminals, false);
    std::vector<int> target(static_cast<std::size_t>(terminals));
    std::iota(target.begin(), target.end(), 0);
    do {
      std::vector<Circuit> circuits;
      for (int s = 0; s < terminals; ++s) circuits.push_back({s, target[static_cast<std::size_t>(s)]});
      check_settings(*topology, circuits, false);
    } while (std::next_permutation(target.begin(), target.end()));
  }
}

TEST_CASE("benes: random full and partial permutations have settings", "[interconnect]") {
  std::mt19937_64 random(21);
  for (int terminals = 2; terminals <= 64; ++terminals) {
    CAPTURE(terminals);
    const auto topology = benes(terminals, false);
    std::vector<int> sources(static_cast<std::size_t>(terminals)), destinations;
    std::iota(sources.begin(), sources.end(), 0);
    destinations = sources;
    for (int trial = 0; trial < 12; ++trial) {
      std::shuffle(sources.begin(), sources.end(), random);
      std::shuffle(destinations.begin(), destinations.end(), random);
      const std::size_t count = trial < 6 ? sources.size() : random() % (sources.size() + 1);
      std::vector<Circuit> circuits;
      for (std::size_t c = 0; c < count; ++c) circuits.push_back({sources[c], destinations[c]});
      check_settings(*topology, circuits, false);
    }
  }
}

TEST_CASE("benes: with copy network every assignment of sources to destinations has settings", "[interconnect]") {
  std::mt19937_64 random(22);
  for (int terminals = 1; terminals <= 64; ++terminals) {
    CAPTURE(terminals);
    const auto topology = benes(terminals, true);
    for (int trial = 0; trial < 12; ++trial) {
      // From one source for all to a source for each, over all or some of the destinations.
      const auto range = static_cast<std::uint64_t>(1 + trial * terminals / 12);
      std::vector<Circuit> circuits;
      for (int d = 0; d < terminals; ++d) {
        const int s = (static_cast<int>(random() % range) * 7 + trial) % terminals;
        if (trial % 2 == 0 || random() % 2 == 0) circuits.push_back({s, d});
      }
      std::shuffle(circuits.begin(), circuits.end(), random);
      check_settings(*topology, circuits, true);
    }
  }
}

TEST_CASE("benes: what cannot be set up together is named", "[interconnect]") {
  CircuitPaths paths;
  for (const bool copy_network : {false, true}) {
    const auto topology = benes(8, copy_network);
    CHECK(topology->settle({{0, 1}, {2, 3}, {4, 1}}, paths) == std::size_t{2});
    CHECK_FALSE(topology->settle({{0, 1}, {0, 1}}, paths).has_value());
    CHECK(topology->settle({{5, 0}, {5, 1}, {6, 2}}, paths).has_value() == !copy_network);
    CHECK_FALSE(topology->settle({}, paths).has_value());
  }
}

TEST_CASE("benes: the route table tells exactly what can be set up", "[interconnect]") {
  for (const bool copy_network : {false, true}) {
    for (const int terminals : {1, 2, 5, 16, 65}) {
      CAPTURE(terminals, copy_network);
      const auto topology = benes(terminals, copy_network);
      const auto table = topology->make_route_table();
      std::vector<Circuit> placed;
      CircuitPaths paths;
      std::mt19937_64 random(23);
      auto fits = [&](int s, int d) {
        std::vector<Circuit> all = placed;
        all.push_back({s, d});
        return !topology->settle(all, paths).has_value();
      };
      for (int step = 0; step < 60; ++step) {
        const auto ports = static_cast<std::uint64_t>(terminals);
        const int s = static_cast<int>(random() % ports), d = static_cast<int>(random() % ports);
        if (table->is_free(s, d) != fits(s, d)) FAIL("step " << step << ": is_free");
        BitSet destinations(terminals, true), sources(terminals, true);
        table->restrict_destinations(s, destinations);
        table->restrict_sources(d, sources);
        for (int i = 0; i < terminals; ++i) {
          if (destinations.test(i) != fits(s, i)) FAIL("step " << step << ": destination " << i);
          if (sources.test(i) != fits(i, d)) FAIL("step " << step << ": source " << i);
        }
        if (table->is_free(s, d)) {
          table->reserve(s, d);
          placed.push_back({s, d});
        }
        if (step == 40) {
          table->clear();
          placed.clear();
        }
      }
    }
  }
}

TEST_CASE("benes: of the topologies only crossbar and benes place every permutation", "[interconnect]") {
  // The table in docs/interconnect.md, N = 16: all other rows follow from the topologies' own formulas.
  auto reversed = [](int s) { return (s & 1) << 3 | (s & 2) << 1 | (s & 4) >> 1 | (s & 8) >> 3; };
  for (const bool copy_network : {false, true}) CHECK(placed(*benes(16, copy_network), reversed) == 16);
  CHECK(placed(*make_topology("crossbar", 16), reversed) == 16);
  CHECK(placed(*make_topology("butterfly", 16, {{"expansion", 1}}), reversed) == 4);
  for (const char* name : {"fat_tree", "torus", "mesh", "h_tree", "bus"}) {
    CAPTURE(name);
    CHECK(placed(*make_topology(name, 16), reversed) < 16);
  }
}

}  // namespace
}  // namespace podsim
