// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "podsim/interconnect/topologies/benes_network.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topologies/terminal_route_table.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

struct BenesConfig {
  bool copy_network = true;

  void fields(Fields& f) {
    f.boolean("copy_network", copy_network,
              "a copy network in front, so that a source may feed any number of destinations; without it, one");
  }
};

/// ceil(log2(terminals)), but at least one stage.
int log2_size_for(int terminals) {
  int bits = 1;
  while ((1 << bits) < terminals) ++bits;
  return bits;
}

class Benes final : public Topology {
 public:
  Benes(const BenesConfig& config, int terminals)
      : terminals_(checked_terminals("benes", terminals)),
        has_copy_network_(config.copy_network),
        network_(log2_size_for(terminals)),
        copies_(log2_size_for(terminals)),
        copy_stages_(has_copy_network_ ? copies_.stages() : 0) {}

  int terminals() const override { return terminals_; }
  int link_count() const override { return stages() * network_.size(); }
  /// 2 N log2 N, and as many of a copy network.
  double switch_ports() const override { return (has_copy_network_ ? 4.0 : 2.0) * terminals_ * std::log2(terminals_); }
  Cycles latency(int, int) const override { return Cycles(stages()); }
  Cycles max_latency() const override { return Cycles(stages()); }
  bool has_uniform_latency() const override { return true; }
  bool has_fixed_routes() const override { return false; }

  void route(int source, int destination, std::vector<int>& links) const override {
    CircuitPaths paths;
    settle({{source, destination}}, paths);
    links = std::move(paths.links);
  }

  std::optional<std::size_t> settle(const std::vector<Circuit>& circuits, CircuitPaths& paths) const override {
    paths.clear();
    std::vector<int> source_of(static_cast<std::size_t>(terminals_), -1);
    std::vector<int> destination_of(source_of);
    std::vector<Circuit> sorted;
    for (std::size_t c = 0; c < circuits.size(); ++c) {
      int& source = source_of[static_cast<std::size_t>(circuits[c].destination)];
      int& destination = destination_of[static_cast<std::size_t>(circuits[c].source)];
      if (source == circuits[c].source && (has_copy_network_ || destination == circuits[c].destination)) continue;
      if (source >= 0 || (destination >= 0 && !has_copy_network_)) return c;
      source = circuits[c].source;
      destination = circuits[c].destination;
      sorted.push_back(circuits[c]);
    }
    std::sort(sorted.begin(), sorted.end(), [](const Circuit& a, const Circuit& b) {
      return a.source != b.source ? a.source < b.source : a.destination < b.destination;
    });

    std::vector<WirePair> pairs;
    for (const Circuit& circuit : sorted) {
      const int in = has_copy_network_ ? static_cast<int>(pairs.size()) : circuit.source;
      pairs.push_back({in, circuit.destination});
    }
    const std::vector<int> permuted = network_.set_up(pairs);

    // Per destination: its branch through both networks.
    const auto benes_stages = static_cast<std::size_t>(network_.stages());
    std::vector<std::vector<int>> branches(static_cast<std::size_t>(terminals_));
    int rank = -1;
    for (std::size_t n = 0; n < sorted.size(); ++n) {
      if (n == 0 || sorted[n].source != sorted[n - 1].source) ++rank;
      std::vector<int>& places = branches[static_cast<std::size_t>(sorted[n].destination)];
      if (has_copy_network_) copies_.append_path(sorted[n].source, rank, static_cast<int>(n), places);
      const auto from = permuted.begin() + static_cast<std::ptrdiff_t>(n * benes_stages);
      places.insert(places.end(), from, from + static_cast<std::ptrdiff_t>(benes_stages));
    }
    check_switches(sorted, branches);
    for (const Circuit& circuit : circuits) {
      const std::vector<int>& places = branches[static_cast<std::size_t>(circuit.destination)];
      for (std::size_t stage = 0; stage < places.size(); ++stage) {
        paths.links.push_back(static_cast<int>(stage) * network_.size() + places[stage]);
      }
      paths.first.push_back(paths.links.size());
    }
    return {};
  }

  std::unique_ptr<RouteTable> make_route_table() const override {
    return std::make_unique<TerminalRouteTable>(terminals_, has_copy_network_);
  }
  std::string describe() const override {
    const std::string stage_text = std::to_string(stages()) + (stages() == 1 ? " stage" : " stages");
    return std::string("benes, ") + (has_copy_network_ ? "with copy network, " : "one destination per source, ") +
           stage_text + ", latency " + std::to_string(stages());
  }

 private:
  int stages() const { return copy_stages_ + network_.stages(); }

  /// Every 2 x 2 switch takes what enters it straight, crossed or, in the copy network, to both outputs. Follows the
  /// wires, not the algorithms that set them.
  void check_switches(const std::vector<Circuit>& circuits, const std::vector<std::vector<int>>& branches) const {
    constexpr int kFree = -1;
    std::vector<int> carries(static_cast<std::size_t>(network_.size()));
    for (int stage = 0; stage < stages(); ++stage) {
      std::fill(carries.begin(), carries.end(), kFree);
      const bool copies = stage < copy_stages_;
      for (std::size_t n = 0; n < circuits.size(); ++n) {
        const std::vector<int>& places = branches[static_cast<std::size_t>(circuits[n].destination)];
        const auto s = static_cast<std::size_t>(stage);
        const int before = stage == 0 ? circuits[n].source : places[s - 1];
        int upper = 0, lower = 0;
        if (copies) {
          copies_.outputs_of(stage, before, upper, lower);
        } else {
          network_.outputs_of(stage - copy_stages_, before, upper, lower);
        }
        // Behind the copy network every branch is a circuit of its own.
        const int what = copies ? circuits[n].source : static_cast<int>(n);
        int& carried = carries[static_cast<std::size_t>(places[s])];
        if ((places[s] != upper && places[s] != lower) || (carried != kFree && carried != what)) {
          throw Error::internal("topology benes", "no setting of a switch of stage " + std::to_string(stage) +
                                                      " leads bank " + std::to_string(circuits[n].source) +
                                                      " to unit " + std::to_string(circuits[n].destination));
        }
        carried = what;
      }
    }
    for (const Circuit& circuit : circuits) {
      if (branches[static_cast<std::size_t>(circuit.destination)].back() != circuit.destination) {
        throw Error::internal("topology benes",
                              "a circuit to unit " + std::to_string(circuit.destination) + " ends elsewhere");
      }
    }
  }

  int terminals_;
  bool has_copy_network_;
  BenesNetwork network_;
  CopyNetwork copies_;
  int copy_stages_;
};

const Registered<BenesConfig> entry{
    topology_registry(), "benes",
    "rearrangeable: any permutation, with `copy_network` any multicast; 2 n - 1 stages of latency, or 4 n - 1, "
    "n = ceil(log2 N)",
    [](const BenesConfig& config, int terminals) { return std::make_unique<Benes>(config, terminals); }};

}  // namespace
}  // namespace podsim
