// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topology.hpp"

#include <map>

#include "podsim/interconnect/route_table.hpp"

namespace podsim {

std::unique_ptr<RouteTable> Topology::make_route_table() const {
  return std::make_unique<LinkRouteTable>(*this);
}

std::optional<std::size_t> Topology::settle(const std::vector<Circuit>& circuits, CircuitPaths& paths) const {
  paths.clear();
  std::map<int, int> source_of;
  std::vector<int> links;
  for (std::size_t c = 0; c < circuits.size(); ++c) {
    route(circuits[c].source, circuits[c].destination, links);
    for (const int link : links) {
      if (source_of.emplace(link, circuits[c].source).first->second != circuits[c].source) return c;
    }
    paths.links.insert(paths.links.end(), links.begin(), links.end());
    paths.first.push_back(paths.links.size());
  }
  return {};
}

TopologyRegistry& topology_registry() {
  static TopologyRegistry registry("topology");
  return registry;
}

}  // namespace podsim
