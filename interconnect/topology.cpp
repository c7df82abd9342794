// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topology.hpp"

#include "podsim/interconnect/route_table.hpp"

namespace podsim {

std::unique_ptr<RouteTable> Topology::make_route_table() const {
  return std::make_unique<LinkRouteTable>(*this);
}

TopologyRegistry& topology_registry() {
  static TopologyRegistry registry("topology");
  return registry;
}

}  // namespace podsim
