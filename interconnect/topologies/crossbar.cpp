// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

/// Only two sources to one destination conflict.
class CrossbarRouteTable final : public RouteTable {
 public:
  explicit CrossbarRouteTable(int terminals) : used_(terminals), owner_(static_cast<std::size_t>(terminals), 0) {}

  bool is_free(int source, int destination) const override {
    return !used_.test(destination) || owner_[static_cast<std::size_t>(destination)] == source;
  }
  void reserve(int source, int destination) override {
    used_.set(destination);
    owner_[static_cast<std::size_t>(destination)] = static_cast<std::uint16_t>(source);
  }
  void clear() override { used_.fill(false); }

  void restrict_destinations(int source, BitSet& destinations) const override {
    std::vector<std::uint64_t>& out = destinations.words();
    for (std::size_t w = 0; w < out.size(); ++w) {
      for (std::uint64_t doubtful = out[w] & used_.words()[w]; doubtful != 0; doubtful &= doubtful - 1) {
        const int bit = __builtin_ctzll(doubtful);
        if (owner_[w * 64 + static_cast<std::size_t>(bit)] != source) out[w] &= ~(std::uint64_t{1} << bit);
      }
    }
  }
  void restrict_sources(int destination, BitSet& sources) const override {
    if (!used_.test(destination)) return;
    const int owner = owner_[static_cast<std::size_t>(destination)];
    const bool keep = sources.test(owner);
    sources.fill(false);
    if (keep) sources.set(owner);
  }

 private:
  BitSet used_;
  std::vector<std::uint16_t> owner_;
};

class Crossbar final : public Topology {
 public:
  explicit Crossbar(int terminals) : terminals_(checked_terminals("crossbar", terminals)) {}

  int terminals() const override { return terminals_; }
  int link_count() const override { return terminals_; }
  Cycles latency(int, int) const override { return Cycles(1); }
  Cycles max_latency() const override { return Cycles(1); }
  bool has_uniform_latency() const override { return true; }
  void route(int, int destination, std::vector<int>& links) const override { links.assign(1, destination); }
  std::unique_ptr<RouteTable> make_route_table() const override {
    return std::make_unique<CrossbarRouteTable>(terminals_);
  }
  std::string describe() const override {
    return "crossbar, " + std::to_string(terminals_) + " x " + std::to_string(terminals_) + ", non-blocking, latency 1";
  }

 private:
  int terminals_;
};

const Registered<NoParameters> entry{
    topology_registry(), "crossbar", "never blocks, latency 1",
    [](const NoParameters&, int terminals) { return std::make_unique<Crossbar>(terminals); }};

}  // namespace
}  // namespace podsim
