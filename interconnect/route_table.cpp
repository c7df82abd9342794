// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/route_table.hpp"

namespace podsim {

void RouteTable::restrict_destinations(int source, BitSet& destinations) const {
  for (int d = destinations.next(); d >= 0; d = destinations.next(d + 1)) {
    if (!is_free(source, d)) destinations.reset(d);
  }
}

void RouteTable::restrict_sources(int destination, BitSet& sources) const {
  for (int s = sources.next(); s >= 0; s = sources.next(s + 1)) {
    if (!is_free(s, destination)) sources.reset(s);
  }
}

LinkRouteTable::LinkRouteTable(const Topology& topology)
    : topology_(topology), owner_(static_cast<std::size_t>(topology.link_count()), 0) {}

bool LinkRouteTable::is_free(int source, int destination) const {
  topology_.route(source, destination, path_);
  for (const int link : path_) {
    const std::int32_t owner = owner_[static_cast<std::size_t>(link)];
    if (owner != 0 && owner != source + 1) return false;
  }
  return true;
}

void LinkRouteTable::reserve(int source, int destination) {
  topology_.route(source, destination, path_);
  for (const int link : path_) {
    std::int32_t& owner = owner_[static_cast<std::size_t>(link)];
    if (owner == 0) touched_.push_back(link);
    owner = source + 1;
  }
}

void LinkRouteTable::clear() {
  for (const int link : touched_) owner_[static_cast<std::size_t>(link)] = 0;
  touched_.clear();
}

}  // namespace podsim
