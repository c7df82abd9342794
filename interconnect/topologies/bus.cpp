// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

/// One link, hence one owner.
class BusRouteTable final : public RouteTable {
 public:
  bool is_free(int source, int) const override { return owner_ < 0 || owner_ == source; }
  void reserve(int source, int) override { owner_ = source; }
  void clear() override { owner_ = -1; }

  void restrict_destinations(int source, BitSet& destinations) const override {
    if (!is_free(source, 0)) destinations.fill(false);
  }
  void restrict_sources(int, BitSet& sources) const override {
    if (owner_ < 0) return;
    const bool keep = sources.test(owner_);
    sources.fill(false);
    if (keep) sources.set(owner_);
  }

 private:
  int owner_ = -1;  ///< the source, or -1
};

/// One link that all sources drive and all destinations hear. It belongs to no destination, but since it carries one
/// source only, no destination hears two.
class Bus final : public Topology {
 public:
  explicit Bus(int terminals) : terminals_(checked_terminals("bus", terminals)) {}

  int terminals() const override { return terminals_; }
  int link_count() const override { return 1; }
  Cycles latency(int, int) const override { return Cycles(1); }
  Cycles max_latency() const override { return Cycles(1); }
  bool has_uniform_latency() const override { return true; }
  void route(int, int, std::vector<int>& links) const override { links.assign(1, 0); }
  std::unique_ptr<RouteTable> make_route_table() const override { return std::make_unique<BusRouteTable>(); }
  std::string describe() const override {
    return "bus, " + std::to_string(terminals_) + " terminals, one source per round, latency 1";
  }

 private:
  int terminals_;
};

const Registered<NoParameters> entry{
    topology_registry(), "bus", "one source per round, any number of destinations; latency 1",
    [](const NoParameters&, int terminals) { return std::make_unique<Bus>(terminals); }};

}  // namespace
}  // namespace podsim
