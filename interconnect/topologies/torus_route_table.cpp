// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topologies/torus_route_table.hpp"

namespace podsim {

TorusRouteTable::TorusRouteTable(int rows, int columns)
    : rows_{rows},
      columns_{columns},
      owner_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) * kTorusLinksPerNode, 0),
      reached_(rows * columns) {}

template <class Visit>
bool TorusRouteTable::walk(int source, int destination, const Visit& visit) const {
  int row = source / columns_.size;
  int column = source % columns_.size;
  int hops = columns_.hops(column, destination % columns_.size);
  for (; hops > 0; --hops, column = columns_.next(column)) {
    if (!visit(node(row, column), kTorusEast)) return false;
  }
  for (; hops < 0; ++hops, column = columns_.previous(column)) {
    if (!visit(node(row, column), kTorusWest)) return false;
  }
  hops = rows_.hops(row, destination / columns_.size);
  for (; hops > 0; --hops, row = rows_.next(row)) {
    if (!visit(node(row, column), kTorusSouth)) return false;
  }
  for (; hops < 0; ++hops, row = rows_.previous(row)) {
    if (!visit(node(row, column), kTorusNorth)) return false;
  }
  return visit(destination, kTorusEject);
}

bool TorusRouteTable::is_free(int source, int destination) const {
  // The last link is the one most often taken.
  if (!usable(destination, kTorusEject, source)) return false;
  return walk(source, destination, [&](int at, TorusDirection direction) { return usable(at, direction, source); });
}

void TorusRouteTable::reserve(int source, int destination) {
  walk(source, destination, [&](int at, TorusDirection direction) {
    const int link = at * kTorusLinksPerNode + direction;
    std::int32_t& found = owner_[static_cast<std::size_t>(link)];
    if (found == 0) touched_.push_back(link);
    found = source + 1;
    return true;
  });
}

void TorusRouteTable::clear() {
  for (const std::int32_t link : touched_) owner_[static_cast<std::size_t>(link)] = 0;
  touched_.clear();
}

void TorusRouteTable::reach_column(int row, int column, int source) const {
  if (usable(node(row, column), kTorusEject, source)) reached_.set(node(row, column));
  int at = row;
  for (int hop = rows_.longest_plus(); hop > 0 && usable(node(at, column), kTorusSouth, source); --hop) {
    at = rows_.next(at);
    if (usable(node(at, column), kTorusEject, source)) reached_.set(node(at, column));
  }
  at = row;
  for (int hop = rows_.longest_minus(); hop > 0 && usable(node(at, column), kTorusNorth, source); --hop) {
    at = rows_.previous(at);
    if (usable(node(at, column), kTorusEject, source)) reached_.set(node(at, column));
  }
}

void TorusRouteTable::restrict_destinations(int source, BitSet& destinations) const {
  reached_.fill(false);
  const int row = source / columns_.size;
  const int column = source % columns_.size;
  reach_column(row, column, source);
  int at = column;
  for (int hop = columns_.longest_plus(); hop > 0 && usable(node(row, at), kTorusEast, source); --hop) {
    at = columns_.next(at);
    reach_column(row, at, source);
  }
  at = column;
  for (int hop = columns_.longest_minus(); hop > 0 && usable(node(row, at), kTorusWest, source); --hop) {
    at = columns_.previous(at);
    reach_column(row, at, source);
  }
  destinations &= reached_;
}

bool TorusRouteTable::open(int at, TorusDirection direction, int destination) const {
  const std::int32_t found = owner(at, direction);
  if (found != 0 && is_free(found - 1, destination)) reached_.set(found - 1);
  return found == 0;
}

void TorusRouteTable::reach_back_row(int row, int column, int destination) const {
  reached_.set(node(row, column));
  int at = column;
  for (int hop = columns_.longest_plus(); hop > 0; --hop) {
    at = columns_.previous(at);
    if (!open(node(row, at), kTorusEast, destination)) break;
    reached_.set(node(row, at));
  }
  at = column;
  for (int hop = columns_.longest_minus(); hop > 0; --hop) {
    at = columns_.next(at);
    if (!open(node(row, at), kTorusWest, destination)) break;
    reached_.set(node(row, at));
  }
}

void TorusRouteTable::restrict_sources(int destination, BitSet& sources) const {
  // Backwards from the destination over unused links. Of the sources behind a link in use only its owner can be free.
  reached_.fill(false);
  if (open(destination, kTorusEject, destination)) {
    const int row = destination / columns_.size;
    const int column = destination % columns_.size;
    reach_back_row(row, column, destination);
    int at = row;
    for (int hop = rows_.longest_plus(); hop > 0; --hop) {
      at = rows_.previous(at);
      if (!open(node(at, column), kTorusSouth, destination)) break;
      reach_back_row(at, column, destination);
    }
    at = row;
    for (int hop = rows_.longest_minus(); hop > 0; --hop) {
      at = rows_.next(at);
      if (!open(node(at, column), kTorusNorth, destination)) break;
      reach_back_row(at, column, destination);
    }
  }
  sources &= reached_;
}

}  // namespace podsim
