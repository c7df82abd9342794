// SPDX-License-Identifier: Apache-2.0
// The whole of a plug-in: one file that nothing else refers to.
#include <memory>
#include <string>
#include <vector>

#include "podsim/interconnect/topology.hpp"

namespace {

struct PrivateLinksConfig {
  int latency = 1;

  void fields(podsim::Fields& f) { f.integer("latency", latency, {1, 1000}, "cycles", "latency of every link"); }
};

/// A link of its own for every pair: no conflicts, at a quadratic price.
class PrivateLinks final : public podsim::Topology {
 public:
  PrivateLinks(const PrivateLinksConfig& config, int terminals) : latency_(config.latency), terminals_(terminals) {}

  int terminals() const override { return terminals_; }
  int link_count() const override { return terminals_ * terminals_; }
  podsim::Cycles latency(int, int) const override { return latency_; }
  podsim::Cycles max_latency() const override { return latency_; }
  bool has_uniform_latency() const override { return true; }
  void route(int source, int destination, std::vector<int>& links) const override {
    links.assign(1, source * terminals_ + destination);
  }
  std::string describe() const override { return "private links, latency " + std::to_string(latency_.count()); }

 private:
  podsim::Cycles latency_;
  int terminals_;
};

const podsim::Registered<PrivateLinksConfig> entry{
    podsim::topology_registry(), "private_links", "a link for every pair",
    [](const PrivateLinksConfig& config, int terminals) { return std::make_unique<PrivateLinks>(config, terminals); }};

}  // namespace
