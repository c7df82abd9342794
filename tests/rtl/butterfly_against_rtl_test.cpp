// SPDX-License-Identifier: Apache-2.0
// The fabric with the butterfly topology and the butterfly in SystemVerilog carry the same rows in one simulation: what
// the route table calls free arrives in the RTL at its destinations alone, in the cycles that the fabric says; what it
// refuses meets on a link there.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "podsim/interconnect/fabric.hpp"
#include "podsim/interconnect/route_table.hpp"
#include "podsim/sim/core/random.hpp"
#include "rtl/rtl_models.hpp"
#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/stubs.hpp"

namespace podsim::test {
namespace {

/// The rows of one source, on their way to one or more destinations.
struct Multicast {
  int source = 0;
  std::vector<int> destinations;
  std::int64_t launch = 0;
  std::vector<std::uint16_t> rows;
};

std::unique_ptr<Topology> topology_of(const RtlButterflyKind& kind) {
  PluginConfig config{"butterfly"};
  config.parameters["expansion"] = kind.planes;
  return topology_registry().make(config, kind.terminals);
}

/// The RTL is in reset in the cycles before this one.
constexpr std::int64_t kFirstCycle = 2;

/// Launches multicasts at the fabric and at the RTL, and compares what arrives, in every cycle at every terminal.
class FabricBesideRtl final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(FabricBesideRtl);
  FabricBesideRtl(const RtlButterflyKind& kind, const Topology& topology, std::vector<Multicast> multicasts,
                  std::uint64_t seed)
      : sc_module(sc_core::sc_module_name("bench")),
        topology_(topology),
        multicasts_(std::move(multicasts)),
        garbage_(seed, "undefined words"),
        rtl_((set_power_up_seed(static_cast<int>(1 + garbage_.below(1U << 30))), kind.make())),
        fabric_("fabric", FabricId::x, topology, topology.terminals()) {
    const auto terminals = static_cast<std::size_t>(topology.terminals());
    for (std::size_t unit = 0; unit < terminals; ++unit) {
      receivers_.push_back(std::make_unique<Receiver>(*this, unit));
      fabric_.receivers.bind(*receivers_.back());
    }
    inputs_.valid.resize(terminals);
    inputs_.destinations.resize(terminals * terminals);
    inputs_.data.resize(terminals);
    end_ = 0;
    for (const Multicast& m : multicasts_) {
      end_ = std::max(end_, m.launch + static_cast<std::int64_t>(m.rows.size()) + topology.max_latency().count());
    }
    end_ += topology.max_latency().count();
    SC_METHOD(step);
  }

  void run() { run_cycles(end_); }

  std::string difference;  ///< the first; "" if there was none
  std::int64_t delivered = 0;
  /// Per stage: the cycles in which the RTL reported a conflict.
  std::map<int, std::vector<std::int64_t>> conflicts;

 private:
  struct Receiver final : TransferReceiver {
    Receiver(FabricBesideRtl& bench_, std::size_t unit_) : bench(bench_), unit(unit_) {}
    void receive(const Transfer& transfer) override { bench.expect(unit, transfer); }
    FabricBesideRtl& bench;
    std::size_t unit;
  };

  void expect(std::size_t unit, const Transfer& transfer) {
    const std::vector<std::uint16_t>& rows = multicasts_[transfer.id].rows;
    for (std::int64_t t = 0; t < transfer.rows; ++t) {
      expected_[{transfer.arrival + t, unit}] = rows[static_cast<std::size_t>(t)];
    }
  }

  /// As in the pod's testbench: the edge at the beginning of a cycle, then the inputs, then what comes of them.
  void step() {
    switch (phase_++ % 3) {
      case 0:
        rtl_->clk.write(cycle_ > 0);
        break;
      case 1:
        rtl_->clk.write(false);
        drive();
        break;
      default:
        sample();
        ++cycle_;
    }
    next_trigger(phase_ % 3 == 0 ? 334 : 333, sc_core::SC_PS);
  }

  void drive() {
    const std::size_t terminals = inputs_.valid.size();
    rtl_->rst.write(cycle_ < kFirstCycle);
    for (std::size_t s = 0; s < terminals; ++s) {
      inputs_.valid[s] = false;
      inputs_.data[s] = static_cast<std::uint16_t>(garbage_.next());
    }
    for (std::size_t i = 0; i < inputs_.destinations.size(); ++i) inputs_.destinations[i] = garbage_.below(2) != 0;
    for (std::uint32_t id = 0; id < multicasts_.size(); ++id) {
      const Multicast& m = multicasts_[id];
      const std::int64_t row = cycle_ - m.launch;
      if (row < 0 || row >= static_cast<std::int64_t>(m.rows.size())) continue;
      if (row == 0) carry(id);
      const auto s = static_cast<std::size_t>(m.source);
      inputs_.valid[s] = true;
      inputs_.data[s] = m.rows[static_cast<std::size_t>(row)];
      for (std::size_t d = 0; d < terminals; ++d) inputs_.destinations[s * terminals + d] = false;
      for (const int d : m.destinations) inputs_.destinations[s * terminals + static_cast<std::size_t>(d)] = true;
    }
    rtl_->drive(inputs_);
  }

  void carry(std::uint32_t id) {
    const Multicast& m = multicasts_[id];
    for (const int d : m.destinations) {
      Transfer t;
      t.id = id;
      t.launch = m.launch;
      t.arrival = m.launch + topology_.latency(m.source, d).count();
      t.rows = static_cast<std::int32_t>(m.rows.size());
      t.bank = static_cast<std::uint16_t>(m.source);
      t.unit = static_cast<std::uint16_t>(d);
      fabric_.carry(t);
    }
  }

  void sample() {
    if (cycle_ < kFirstCycle) return;
    rtl_->sample(outputs_);
    for (std::size_t t = 0; t < outputs_.conflict.size(); ++t) {
      if (outputs_.conflict[t]) conflicts[static_cast<int>(t)].push_back(cycle_);
    }
    for (std::size_t d = 0; d < outputs_.valid.size(); ++d) {
      const auto found = expected_.find({cycle_, d});
      const bool is_expected = found != expected_.end();
      delivered += is_expected ? 1 : 0;
      if (outputs_.valid[d] == is_expected && (!is_expected || outputs_.data[d] == found->second)) continue;
      if (difference.empty()) {
        difference = "cycle " + std::to_string(cycle_) + ", destination " + std::to_string(d) +
                     (!is_expected         ? ": a row that the fabric does not deliver"
                      : !outputs_.valid[d] ? ": no row"
                                           : ": another row");
      }
    }
  }

  const Topology& topology_;
  std::vector<Multicast> multicasts_;
  RandomStream garbage_;
  std::unique_ptr<RtlButterfly> rtl_;
  Fabric fabric_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  int phase_ = 0;
  std::int64_t cycle_ = 0, end_ = 0;
  RtlButterflyInputs inputs_;
  RtlButterflyOutputs outputs_;
  std::map<std::pair<std::int64_t, std::size_t>, std::uint16_t> expected_;
};

std::vector<std::uint16_t> draw_rows(std::int64_t count, RandomStream& random) {
  std::vector<std::uint16_t> rows;
  for (std::int64_t t = 0; t < count; ++t) rows.push_back(static_cast<std::uint16_t>(random.next()));
  return rows;
}

/// Random circuits that the table calls free, launched together, as multicasts; every source has its own number of
/// rows. Circuits that it refuses go to `refused`.
std::vector<Multicast> random_round(const Topology& topology, RouteTable& table, std::int64_t launch,
                                    std::int64_t most_rows, RandomStream& random, std::vector<Circuit>* refused) {
  const int n = topology.terminals();
  std::map<int, Multicast> by_source;
  table.clear();
  const auto tries = random.between(1, 3 * n);
  const bool few_sources = random.below(3) == 0;  // large multicasts
  for (std::int64_t i = 0; i < tries; ++i) {
    const auto source = static_cast<int>(random.below(static_cast<std::uint64_t>(few_sources ? (n + 3) / 4 : n)));
    const auto destination = static_cast<int>(random.below(static_cast<std::uint64_t>(n)));
    if (!table.is_free(source, destination)) {
      if (refused != nullptr) refused->push_back({source, destination});
      continue;
    }
    table.reserve(source, destination);
    Multicast& m = by_source[source];
    m.source = source;
    if (std::find(m.destinations.begin(), m.destinations.end(), destination) == m.destinations.end()) {
      m.destinations.push_back(destination);
    }
  }
  std::vector<Multicast> round;
  for (auto& [source, m] : by_source) {
    m.launch = launch;
    m.rows = draw_rows(random.between(1, most_rows), random);
    round.push_back(std::move(m));
  }
  return round;
}

TEST_CASE(
    "butterfly against RTL: circuits that are free deliver every row to their destinations, in the fabric's cycle",
    "[rtl]") {
  std::size_t kinds = 0, circuits = 0, multicasts = 0;
  for (const RtlButterflyKind& kind : rtl_butterflies()) {
    ++kinds;
    CAPTURE(kind.terminals, kind.planes);
    const auto topology = topology_of(kind);
    const auto table = topology->make_route_table();
    RandomStream random(5, "rounds of a butterfly");
    std::vector<Multicast> all;
    std::int64_t launch = kFirstCycle, rows = 0;
    for (int round = 0; round < 100; ++round) {
      // Rounds follow each other at the distance of their rows, now and then a few cycles later.
      launch += rows + (random.below(3) == 0 ? random.between(1, 5) : 0);
      rows = random.between(1, 6);
      for (Multicast& m : random_round(*topology, *table, launch, rows, random, nullptr)) {
        circuits += m.destinations.size();
        multicasts += m.destinations.size() > 1 ? 1 : 0;
        all.push_back(std::move(m));
      }
    }
    std::int64_t expected = 0;
    for (const Multicast& m : all) expected += static_cast<std::int64_t>(m.rows.size() * m.destinations.size());
    const Kernel kernel;
    FabricBesideRtl bench(kind, *topology, all, random.next());
    bench.run();
    CHECK(bench.difference == "");
    CHECK(bench.conflicts.empty());
    CHECK(bench.delivered == expected);
  }
  CHECK(kinds >= 8);
  CHECK(circuits >= 10000);
  CHECK(multicasts >= 1000);
}

TEST_CASE("butterfly against RTL: a circuit that is refused meets another source on a link, in the stage of that link",
          "[rtl]") {
  for (const RtlButterflyKind& kind : rtl_butterflies()) {
    CAPTURE(kind.terminals, kind.planes);
    const auto topology = topology_of(kind);
    const auto table = topology->make_route_table();
    RandomStream random(6, "refused circuits of a butterfly");
    std::vector<int> one, other;
    int tried = 0;
    for (int trial = 0; trial < 300 && tried < 60; ++trial) {
      std::vector<Circuit> refused;
      std::vector<Multicast> round = random_round(*topology, *table, kFirstCycle, 1, random, &refused);
      if (refused.empty()) continue;
      ++tried;
      const Circuit extra = refused[random.below(refused.size())];
      CAPTURE(trial, extra.source, extra.destination);
      // The first link that it shares with a circuit of another source.
      topology->route(extra.source, extra.destination, one);
      int first = static_cast<int>(one.size());
      for (const Multicast& m : round) {
        if (m.source == extra.source) continue;
        for (const int d : m.destinations) {
          topology->route(m.source, d, other);
          for (int t = 0; t < first; ++t) {
            if (one[static_cast<std::size_t>(t)] == other[static_cast<std::size_t>(t)]) first = t;
          }
        }
      }
      REQUIRE(first < static_cast<int>(one.size()));
      const auto same =
          std::find_if(round.begin(), round.end(), [&](const auto& m) { return m.source == extra.source; });
      if (same == round.end()) {
        round.push_back({extra.source, {extra.destination}, kFirstCycle, {0}});
      } else {
        same->destinations.push_back(extra.destination);
      }
      const std::int64_t rows = random.between(1, 4);
      for (Multicast& m : round) m.rows = draw_rows(rows, random);
      const Kernel kernel;
      FabricBesideRtl bench(kind, *topology, round, random.next());
      bench.run();
      // In that stage for every row, and in none before it.
      REQUIRE(!bench.conflicts.empty());
      CHECK(bench.conflicts.begin()->first == first);
      std::vector<std::int64_t> cycles;
      for (std::int64_t t = 0; t < rows; ++t) cycles.push_back(kFirstCycle + first + t);
      CHECK(bench.conflicts.begin()->second == cycles);
      CHECK(bench.difference != "");
    }
    CHECK((tried == 60 || kind.terminals == 1));
  }
}

TEST_CASE(
    "butterfly against RTL: launches at any time meet on no link from the link schedule's cycle on, a cycle earlier "
    "they do",
    "[rtl]") {
  for (const RtlButterflyKind& kind : rtl_butterflies()) {
    CAPTURE(kind.terminals, kind.planes);
    const auto topology = topology_of(kind);
    const int n = topology->terminals();
    RandomStream random(7, "staggered launches of a butterfly");
    int early = 0;
    for (int trial = 0; trial < 12; ++trial) {
      LinkSchedule links(*topology, false, true);
      std::vector<std::int64_t> source_free(static_cast<std::size_t>(n), kFirstCycle);
      std::vector<Multicast> all;
      std::optional<std::vector<Multicast>> too_early;
      std::int64_t now = kFirstCycle;
      for (int i = 0; i < 40; ++i) {
        const auto s = static_cast<int>(random.below(static_cast<std::uint64_t>(n)));
        const auto d = static_cast<int>(random.below(static_cast<std::uint64_t>(n)));
        now += random.between(0, 2);
        std::int64_t& free_at = source_free[static_cast<std::size_t>(s)];
        const std::int64_t without_links = std::max(now, free_at);
        const std::int64_t launch = std::max(without_links, links.earliest_launch(s, d));
        const std::int64_t rows = random.between(1, 6);
        all.push_back({s, {d}, launch, draw_rows(rows, random)});
        if (launch > without_links && (!too_early || random.below(3) == 0)) {
          too_early = all;
          --too_early->back().launch;
        }
        links.reserve(s, d, launch, rows);
        free_at = launch + rows;
      }
      {
        const Kernel kernel;
        FabricBesideRtl bench(kind, *topology, all, random.next());
        bench.run();
        CHECK(bench.difference == "");
        CHECK(bench.conflicts.empty());
      }
      if (!too_early) continue;
      ++early;
      const Kernel kernel;
      FabricBesideRtl bench(kind, *topology, *too_early, random.next());
      bench.run();
      CHECK(!bench.conflicts.empty());
    }
    CHECK((early > 0 || kind.terminals == 1));
  }
}

}  // namespace
}  // namespace podsim::test
