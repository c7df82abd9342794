#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The circuits of one network in one round: which are set up, which could be added.

#include <cstdint>
#include <vector>

#include "podsim/interconnect/bit_set.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {

/// Used by schedulers, which ask a lot; every topology may bring its own fast one. The contract is that of
/// LinkRouteTable, which works for any topology with fixed routes.
class RouteTable {
 public:
  virtual ~RouteTable() = default;

  /// True if the circuit could be added: every link of it is unused or carries the same source.
  virtual bool is_free(int source, int destination) const = 0;
  /// Adds a circuit that is free.
  virtual void reserve(int source, int destination) = 0;
  /// Removes all circuits.
  virtual void clear() = 0;
  /// Removes from `destinations` all to which `source` has no free route.
  virtual void restrict_destinations(int source, BitSet& destinations) const;
  /// Removes from `sources` all that have no free route to `destination`.
  virtual void restrict_sources(int destination, BitSet& sources) const;
};

/// Keeps the owner of every link; O(hops) per test.
class LinkRouteTable final : public RouteTable {
 public:
  explicit LinkRouteTable(const Topology& topology);
  bool is_free(int source, int destination) const override;
  void reserve(int source, int destination) override;
  void clear() override;

 private:
  const Topology& topology_;
  std::vector<std::int32_t> owner_;  ///< source + 1, or 0
  std::vector<int> touched_;         ///< links in use, so that clear() costs what was used
  mutable std::vector<int> path_;
};

}  // namespace podsim
