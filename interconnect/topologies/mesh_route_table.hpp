#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The circuits of a mesh in one round: reachability by one walk over the tree of all routes of a source.

#include <cstdint>
#include <vector>

#include "podsim/interconnect/route_table.hpp"

namespace podsim {

/// Links that leave a node; link number = node * kMeshLinksPerNode + direction.
enum MeshDirection : int { kMeshEast, kMeshWest, kMeshSouth, kMeshNorth, kMeshEject, kMeshLinksPerNode };

/// XY dimension order on rows x columns nodes: along the row first, then along the column, then ejected. Equal to a
/// LinkRouteTable, but a walk visits each node once instead of once per destination behind it. For one thread.
class MeshRouteTable final : public RouteTable {
 public:
  MeshRouteTable(int rows, int columns);

  bool is_free(int source, int destination) const override;
  void reserve(int source, int destination) override;
  void clear() override;
  void restrict_destinations(int source, BitSet& destinations) const override;
  void restrict_sources(int destination, BitSet& sources) const override;

 private:
  /// True if `source` may use the link.
  bool usable(int node, MeshDirection direction, int source) const {
    const std::int32_t owner = owner_[static_cast<std::size_t>(node * kMeshLinksPerNode + direction)];
    return owner == 0 || owner == source + 1;
  }
  bool unused(int node, MeshDirection direction) const {
    return owner_[static_cast<std::size_t>(node * kMeshLinksPerNode + direction)] == 0;
  }
  void take(int node, MeshDirection direction, int source);
  /// Adds the nodes of the column of `node` that `source` reaches from there.
  void reach_column(int node, int source, BitSet& reached) const;
  /// Adds the nodes of the row of `node` from which unused links lead to it.
  void reach_back_row(int node, BitSet& reached) const;

  int rows_;
  int columns_;
  std::vector<std::int32_t> owner_;     ///< source + 1, or 0
  std::vector<std::int32_t> touched_;   ///< links in use, so that clear() costs what was used
  std::vector<std::int32_t> circuits_;  ///< per source: how many circuits it has
  mutable BitSet reached_;
};

}  // namespace podsim
