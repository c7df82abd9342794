#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The circuits of a torus in one round: reachability by one walk over the tree of all routes of a source.

#include <cstdint>
#include <vector>

#include "podsim/interconnect/route_table.hpp"

namespace podsim {

/// Links that leave a node; link number = node * kTorusLinksPerNode + direction.
enum TorusDirection : int { kTorusEast, kTorusWest, kTorusSouth, kTorusNorth, kTorusEject, kTorusLinksPerNode };

/// Nodes in a circle, 0 … size-1; + is towards the next higher one.
struct TorusRing {
  int size;

  int next(int at) const { return at + 1 == size ? 0 : at + 1; }
  int previous(int at) const { return at == 0 ? size - 1 : at - 1; }
  /// The longest way that is taken in either direction: a node exactly opposite is reached by +.
  int longest_plus() const { return size / 2; }
  int longest_minus() const { return (size - 1) / 2; }
  /// Hops of the shorter way, negative if it goes towards lower numbers.
  int hops(int from, int to) const {
    const int plus = to >= from ? to - from : to - from + size;
    return plus <= longest_plus() ? plus : plus - size;
  }
};

/// XY dimension order on rows x columns nodes joined in rings: along the row first, then along the column, then
/// ejected. Equal to a LinkRouteTable, but a walk visits each node once instead of once per destination behind it. For
/// one thread.
class TorusRouteTable final : public RouteTable {
 public:
  TorusRouteTable(int rows, int columns);

  bool is_free(int source, int destination) const override;
  void reserve(int source, int destination) override;
  void clear() override;
  void restrict_destinations(int source, BitSet& destinations) const override;
  void restrict_sources(int destination, BitSet& sources) const override;

 private:
  /// Calls visit(node, direction) for every link of the circuit, in the order of the hops, until it returns false.
  /// \returns whether it never did
  template <class Visit>
  bool walk(int source, int destination, const Visit& visit) const;
  std::int32_t owner(int node, TorusDirection direction) const {
    return owner_[static_cast<std::size_t>(node * kTorusLinksPerNode + direction)];
  }
  /// True if `source` may use the link.
  bool usable(int node, TorusDirection direction, int source) const {
    const std::int32_t found = owner(node, direction);
    return found == 0 || found == source + 1;
  }
  /// True if the link is unused. If it is in use, adds its owner to `reached_` if that has a free route.
  bool open(int node, TorusDirection direction, int destination) const;
  /// Adds the nodes of a column that `source` reaches from the given one.
  void reach_column(int row, int column, int source) const;
  /// Adds the nodes of a row from which the given one, on the way to the destination, is reached.
  void reach_back_row(int row, int column, int destination) const;
  int node(int row, int column) const { return row * columns_.size + column; }

  TorusRing rows_;
  TorusRing columns_;
  std::vector<std::int32_t> owner_;    ///< source + 1, or 0
  std::vector<std::int32_t> touched_;  ///< links in use, so that clear() costs what was used
  mutable BitSet reached_;
};

}  // namespace podsim
