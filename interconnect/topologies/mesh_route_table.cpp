// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topologies/mesh_route_table.hpp"

namespace podsim {

MeshRouteTable::MeshRouteTable(int rows, int columns)
    : rows_(rows),
      columns_(columns),
      owner_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) * kMeshLinksPerNode, 0),
      circuits_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), 0),
      reached_(rows * columns) {}

bool MeshRouteTable::is_free(int source, int destination) const {
  if (!usable(destination, kMeshEject, source)) return false;
  int node = source;
  const int column = destination % columns_;
  while (node % columns_ < column) {
    if (!usable(node, kMeshEast, source)) return false;
    ++node;
  }
  while (node % columns_ > column) {
    if (!usable(node, kMeshWest, source)) return false;
    --node;
  }
  for (; node < destination; node += columns_) {
    if (!usable(node, kMeshSouth, source)) return false;
  }
  for (; node > destination; node -= columns_) {
    if (!usable(node, kMeshNorth, source)) return false;
  }
  return true;
}

void MeshRouteTable::take(int node, MeshDirection direction, int source) {
  const int link = node * kMeshLinksPerNode + direction;
  std::int32_t& owner = owner_[static_cast<std::size_t>(link)];
  if (owner == 0) touched_.push_back(link);
  owner = source + 1;
}

void MeshRouteTable::reserve(int source, int destination) {
  int node = source;
  const int column = destination % columns_;
  for (; node % columns_ < column; ++node) take(node, kMeshEast, source);
  for (; node % columns_ > column; --node) take(node, kMeshWest, source);
  for (; node < destination; node += columns_) take(node, kMeshSouth, source);
  for (; node > destination; node -= columns_) take(node, kMeshNorth, source);
  take(destination, kMeshEject, source);
  ++circuits_[static_cast<std::size_t>(source)];
}

void MeshRouteTable::clear() {
  for (const std::int32_t link : touched_) {
    std::int32_t& owner = owner_[static_cast<std::size_t>(link)];
    circuits_[static_cast<std::size_t>(owner - 1)] = 0;
    owner = 0;
  }
  touched_.clear();
}

void MeshRouteTable::reach_column(int node, int source, BitSet& reached) const {
  if (usable(node, kMeshEject, source)) reached.set(node);
  for (int at = node; at + columns_ < rows_ * columns_ && usable(at, kMeshSouth, source);) {
    at += columns_;
    if (usable(at, kMeshEject, source)) reached.set(at);
  }
  for (int at = node; at >= columns_ && usable(at, kMeshNorth, source);) {
    at -= columns_;
    if (usable(at, kMeshEject, source)) reached.set(at);
  }
}

void MeshRouteTable::restrict_destinations(int source, BitSet& destinations) const {
  reached_.fill(false);
  const int first = source / columns_ * columns_;
  reach_column(source, source, reached_);
  for (int at = source; at + 1 < first + columns_ && usable(at, kMeshEast, source);)
    reach_column(++at, source, reached_);
  for (int at = source; at > first && usable(at, kMeshWest, source);) reach_column(--at, source, reached_);
  destinations &= reached_;
}

void MeshRouteTable::reach_back_row(int node, BitSet& reached) const {
  const int first = node / columns_ * columns_;
  reached.set(node);
  for (int at = node; at > first && unused(at - 1, kMeshEast); --at) reached.set(at - 1);
  for (int at = node; at + 1 < first + columns_ && unused(at + 1, kMeshWest); ++at) reached.set(at + 1);
}

void MeshRouteTable::restrict_sources(int destination, BitSet& sources) const {
  // Sources without circuits need unused links all the way; they are found by walking back from the destination.
  reached_.fill(false);
  if (unused(destination, kMeshEject)) {
    reach_back_row(destination, reached_);
    for (int at = destination; at >= columns_ && unused(at - columns_, kMeshSouth);) {
      at -= columns_;
      reach_back_row(at, reached_);
    }
    for (int at = destination; at + columns_ < rows_ * columns_ && unused(at + columns_, kMeshNorth);) {
      at += columns_;
      reach_back_row(at, reached_);
    }
  }
  for (int source = sources.next(); source >= 0; source = sources.next(source + 1)) {
    const bool free =
        circuits_[static_cast<std::size_t>(source)] == 0 ? reached_.test(source) : is_free(source, destination);
    if (!free) sources.reset(source);
  }
}

}  // namespace podsim
