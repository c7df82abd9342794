// SPDX-License-Identifier: Apache-2.0
// How much a butterfly blocks: exact counts, the theory of unbuffered banyan networks (J. H. Patel, "Performance of
// processor-memory interconnections for multiprocessors", IEEE Trans. Computers C-30(10), 1981), and a network of
// single switches that knows nothing of links. Estimates come with an interval of confidence level 99.9 %, from random
// streams with fixed names and seeds, so that a test that passes once always does.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topology.hpp"
#include "podsim/sim/core/random.hpp"
#include "support/catch.hpp"
#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

constexpr double kStandardErrors = 3.2905;  ///< of a normal distribution, two-sided, 99.9 %

/// A sample's mean and half the width of its confidence interval.
class Estimate {
 public:
  void add(double value) {
    ++count_;
    sum_ += value;
    squares_ += value * value;
  }
  double mean() const { return sum_ / count_; }
  double half_width() const {
    const double variance = std::max(0.0, squares_ / count_ - mean() * mean()) * count_ / (count_ - 1);
    return kStandardErrors * std::sqrt(variance / count_);
  }

 private:
  double count_ = 0, sum_ = 0, squares_ = 0;
};

using Targets = std::vector<int>;  ///< per source its destination

Targets random_permutation(int n, RandomStream& random) {
  Targets targets(static_cast<std::size_t>(n));
  std::iota(targets.begin(), targets.end(), 0);
  for (int i = n - 1; i > 0; --i) {
    std::swap(targets[static_cast<std::size_t>(i)], targets[random.below(static_cast<std::uint64_t>(i) + 1)]);
  }
  return targets;
}

Targets random_requests(int n, RandomStream& random) {
  Targets targets;
  for (int s = 0; s < n; ++s) targets.push_back(static_cast<int>(random.below(static_cast<std::uint64_t>(n))));
  return targets;
}

/// Columns of 2 x 2 switches behind perfect shuffles, one more per doubling of the planes; wires between them. Requests
/// find their way by the bits of the destination's wire, the first one first.
class SwitchNetwork {
 public:
  SwitchNetwork(int terminals, int planes) : planes_(planes), wires_(terminals * planes) {
    for (int reach = 1; reach < wires_; reach *= 2) ++columns_;
    clear();
  }

  void clear() {
    owner_.assign(static_cast<std::size_t>(columns_), std::vector<int>(static_cast<std::size_t>(wires_), -1));
  }

  /// Circuits are set up one after the other. One that meets another is given up, and holds nothing.
  bool set_up(int source, int destination) {
    std::vector<int> way;
    int wire = source;
    for (int column = 0; column < columns_; ++column) {
      wire = behind_switch(wire, column, destination);
      const int owner = owner_[static_cast<std::size_t>(column)][static_cast<std::size_t>(wire)];
      if (owner != -1 && owner != source) return false;
      way.push_back(wire);
    }
    for (int column = 0; column < columns_; ++column) {
      owner_[static_cast<std::size_t>(column)][static_cast<std::size_t>(way[static_cast<std::size_t>(column)])] =
          source;
    }
    return true;
  }

  /// All requests advance together, column by column. Of two at one output of a switch one, by lot, goes on.
  int pass_together(const Targets& targets, RandomStream& random) const {
    std::vector<int> at(static_cast<std::size_t>(wires_), -1);  // the source whose request is on the wire
    for (std::size_t s = 0; s < targets.size(); ++s) at[s] = static_cast<int>(s);
    for (int column = 0; column < columns_; ++column) {
      std::vector<int> next(static_cast<std::size_t>(wires_), -1);
      for (int wire = 0; wire < wires_; ++wire) {
        const int source = at[static_cast<std::size_t>(wire)];
        if (source == -1) continue;
        int& winner =
            next[static_cast<std::size_t>(behind_switch(wire, column, targets[static_cast<std::size_t>(source)]))];
        if (winner == -1 || random.below(2) == 0) winner = source;
      }
      at = next;
    }
    return wires_ - static_cast<int>(std::count(at.begin(), at.end(), -1));
  }

 private:
  /// From a wire in front of the shuffle of a column to the one behind its switch.
  int behind_switch(int wire, int column, int destination) const {
    const int half = wires_ / 2;
    const int shuffled = wire < half ? 2 * wire : 2 * (wire - half) + 1;
    const bool lower = (destination * planes_ >> (columns_ - 1 - column)) % 2 == 1;
    return shuffled / 2 * 2 + (lower ? 1 : 0);
  }

  int planes_, wires_, columns_ = 0;
  std::vector<std::vector<int>> owner_;  ///< per column and wire behind it
};

/// The share of terminals that get a request through if every source asks for a random destination and switches drop
/// what they cannot pass. Whether a link is busy depends on the two links in front of its switch, which stem from
/// different sources and so are independent; hence the recurrence is exact, whoever wins. `planes` 2^e and n bits: the
/// first e columns have one busy input per switch, the last e do not choose.
double patel_share(int terminals, int planes) {
  const auto bits = [](int count) { return static_cast<int>(std::lround(std::log2(count))); };
  const int n = bits(terminals), e = bits(planes);
  double busy = 1;
  for (int column = 0; column < n + e; ++column) {
    const double towards = column < n ? busy / 2 : busy;
    busy = column < e ? towards : 1 - (1 - towards) * (1 - towards);
  }
  return busy;
}

/// The same by the links of a topology: hop by hop, each link takes one of those that ask for it.
int pass_together(const Topology& topology, const Targets& targets, RandomStream& random) {
  std::vector<std::vector<int>> links(targets.size());
  std::vector<int> alive;
  for (std::size_t s = 0; s < targets.size(); ++s) {
    topology.route(static_cast<int>(s), targets[s], links[s]);
    alive.push_back(static_cast<int>(s));
  }
  for (std::size_t hop = 0; hop < links.front().size(); ++hop) {
    std::map<int, int> winners;
    for (const int s : alive) {
      const auto [winner, first] = winners.emplace(links[static_cast<std::size_t>(s)].at(hop), s);
      if (!first && random.below(2) == 0) winner->second = s;
    }
    alive.clear();
    for (const auto& [link, winner] : winners) alive.push_back(winner);
  }
  return static_cast<int>(alive.size());
}

/// Circuits placed by the topology's own table, source after source, and whether the network of switches agrees on
/// every one of them.
int place(RouteTable& table, SwitchNetwork& network, const Targets& targets) {
  table.clear();
  network.clear();
  int circuits = 0;
  for (std::size_t s = 0; s < targets.size(); ++s) {
    const bool free = table.is_free(static_cast<int>(s), targets[s]);
    if (free) table.reserve(static_cast<int>(s), targets[s]);
    if (network.set_up(static_cast<int>(s), targets[s]) != free) FAIL("circuit " << s << " -> " << targets[s]);
    circuits += free ? 1 : 0;
  }
  return circuits;
}

TEST_CASE("blocking: of all permutations, a butterfly passes as many as its switches have settings", "[interconnect]") {
  // One plane has (N / 2) log2 N switches, straight or crossed. There is one path per pair, so different settings give
  // different permutations and every permutation that passes needs the one setting: 2^(N / 2 log2 N) of the N! pass.
  for (const auto& [n, expected] : {std::pair{2, 2}, {4, 16}, {8, 4096}}) {
    CAPTURE(n);
    const auto topology = make_topology("butterfly", n, {{"expansion", 1}});
    const auto table = topology->make_route_table();
    SwitchNetwork network(n, 1);
    Targets targets(static_cast<std::size_t>(n));
    std::iota(targets.begin(), targets.end(), 0);
    int passed = 0;
    do {
      passed += place(*table, network, targets) == n ? 1 : 0;
    } while (std::next_permutation(targets.begin(), targets.end()));
    CHECK(passed == expected);
  }
}

TEST_CASE("blocking: random permutations of 16 terminals pass with the probability that their number gives",
          "[interconnect]") {
  const int n = 16;
  const double expected = std::exp(32 * std::log(2.0) - std::lgamma(n + 1));  // 2^32 / 16!, 2.05e-4
  const auto topology = make_topology("butterfly", n, {{"expansion", 1}});
  const auto table = topology->make_route_table();
  RandomStream random(1, "blocking of permutations");
  const int samples = 600000;
  int passed = 0;
  for (int sample = 0; sample < samples; ++sample) {
    const Targets targets = random_permutation(n, random);
    table->clear();
    int s = 0;
    for (; s < n && table->is_free(s, targets[static_cast<std::size_t>(s)]); ++s) {
      table->reserve(s, targets[static_cast<std::size_t>(s)]);
    }
    passed += s == n ? 1 : 0;
  }
  // A binomial of mean 123: about normal.
  const double mean = expected * samples;
  CAPTURE(passed, mean);
  CHECK(std::abs(passed - mean) < kStandardErrors * std::sqrt(mean * (1 - expected)));
}

TEST_CASE("blocking: independent requests get through as often as Patel's recurrence says", "[interconnect]") {
  for (const int n : {4, 32, 128}) {
    for (const int planes : {1, 2, 4, 8}) {
      CAPTURE(n, planes);
      const double expected = n * patel_share(n, planes);
      const auto topology = make_topology("butterfly", n, {{"expansion", planes}});
      const SwitchNetwork network(n, planes);
      RandomStream random(static_cast<std::uint64_t>(n * planes), "blocking of requests");
      Estimate by_links, by_switches;
      for (int sample = 0; sample < 4000; ++sample) {
        by_links.add(pass_together(*topology, random_requests(n, random), random));
        by_switches.add(network.pass_together(random_requests(n, random), random));
      }
      CAPTURE(expected, by_links.mean(), by_links.half_width(), by_switches.mean(), by_switches.half_width());
      CHECK(by_links.half_width() < 0.02 * n);
      CHECK(std::abs(by_links.mean() - expected) < by_links.half_width());
      CHECK(std::abs(by_switches.mean() - expected) < by_switches.half_width());
    }
  }
}

TEST_CASE("blocking: circuits placed one by one are those of a network of switches", "[interconnect]") {
  for (const int n : {4, 16, 64, 256}) {
    for (const int planes : {1, 2, 4, 8}) {
      CAPTURE(n, planes);
      const auto topology = make_topology("butterfly", n, {{"expansion", planes}});
      const auto table = topology->make_route_table();
      SwitchNetwork network(n, planes), other(n, planes);
      RandomStream random(static_cast<std::uint64_t>(n * planes), "blocking, one by one");
      RandomStream independent(static_cast<std::uint64_t>(n * planes), "blocking, one by one, independent");
      Estimate by_table, by_switches;
      for (int sample = 0; sample < 300; ++sample) {
        place(*table, network, random_requests(n, random));
        by_table.add(place(*table, network, random_permutation(n, random)));
        other.clear();
        const Targets targets = random_permutation(n, independent);
        int circuits = 0;
        for (int s = 0; s < n; ++s) circuits += other.set_up(s, targets[static_cast<std::size_t>(s)]) ? 1 : 0;
        by_switches.add(circuits);
      }
      // Two samples of their own: their difference has the sum of the variances.
      CAPTURE(by_table.mean(), by_table.half_width(), by_switches.mean(), by_switches.half_width());
      CHECK(std::abs(by_table.mean() - by_switches.mean()) <=
            std::hypot(by_table.half_width(), by_switches.half_width()));
    }
  }
}

// The table in docs/interconnect.md; run by its tag.
TEST_CASE("table of blocking probabilities", "[.blocking-table]") {
  std::cout << std::fixed << std::setprecision(3);
  for (const int n : {32, 128, 256}) {
    for (const int planes : {1, 2, 4, 8}) {
      const auto topology = make_topology("butterfly", n, {{"expansion", planes}});
      const auto table = topology->make_route_table();
      SwitchNetwork network(n, planes);
      RandomStream random(static_cast<std::uint64_t>(n * planes), "blocking table");
      Estimate requests, permutations;
      for (int sample = 0; sample < 4000; ++sample) {
        requests.add(1 - static_cast<double>(place(*table, network, random_requests(n, random))) / n);
        permutations.add(1 - static_cast<double>(place(*table, network, random_permutation(n, random))) / n);
      }
      std::cout << "| " << n << " | " << planes << " | " << 1 - patel_share(n, planes) << " | " << requests.mean()
                << " ± " << requests.half_width() << " | " << permutations.mean() << " ± " << permutations.half_width()
                << " |\n";
    }
  }
}

}  // namespace
}  // namespace podsim
