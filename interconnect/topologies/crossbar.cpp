// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topologies/terminal_route_table.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

class Crossbar final : public Topology {
 public:
  explicit Crossbar(int terminals) : terminals_(checked_terminals("crossbar", terminals)) {}

  int terminals() const override { return terminals_; }
  int link_count() const override { return terminals_; }
  /// N^2 crosspoints.
  double switch_ports() const override { return static_cast<double>(terminals_) * terminals_; }
  Cycles latency(int, int) const override { return Cycles(1); }
  Cycles max_latency() const override { return Cycles(1); }
  bool has_uniform_latency() const override { return true; }
  void route(int, int destination, std::vector<int>& links) const override { links.assign(1, destination); }
  std::unique_ptr<RouteTable> make_route_table() const override {
    return std::make_unique<TerminalRouteTable>(terminals_, true);
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
