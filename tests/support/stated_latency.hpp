#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The latency of every circuit as docs/interconnect.md states it, written out once more.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "podsim/sim/core/registry.hpp"

namespace podsim::test {

/// The lowest number of bits that tells `count` things apart.
inline int bits_for(int count) {
  int bits = 0;
  for (int reach = 1; reach < count; reach *= 2) ++bits;
  return bits;
}

/// Hops along one side of a grid; on a ring the shorter way.
inline int grid_hops(int from, int to, int size, bool ring) {
  const int straight = std::abs(from - to);
  return ring ? std::min(straight, size - straight) : straight;
}

/// Cycles from launch to arrival between two of `n` terminals; nothing for a topology without a formula here.
inline std::optional<std::int64_t> stated_latency(const PluginConfig& topology, int n, int source, int destination) {
  const int stages = std::max(1, bits_for(n));
  if (topology.type == "crossbar" || topology.type == "bus") return 1;
  if (topology.type == "butterfly") {
    const int planes = topology.parameters.value("expansion", 2);
    return std::max(1, bits_for(n) + bits_for(planes));
  }
  if (topology.type == "benes")
    return topology.parameters.value("copy_network", true) ? 4 * stages - 1 : 2 * stages - 1;
  if (topology.type == "mesh" || topology.type == "torus") {
    int rows = 1;
    for (int side = 1; side * side <= n; ++side) {
      if (n % side == 0) rows = side;
    }
    if (topology.parameters.contains("rows") && !topology.parameters.at("rows").is_null()) {
      rows = topology.parameters.at("rows").get<int>();
    }
    const int columns = n / rows;
    const bool ring = topology.type == "torus";
    return grid_hops(source % columns, destination % columns, columns, ring) +
           grid_hops(source / columns, destination / columns, rows, ring) + 1;
  }
  if (topology.type == "h_tree" || topology.type == "fat_tree") {
    // Subtrees of 2, 4, 8, ... leaves, until both ends are in one.
    int levels = 1;
    for (int leaves = 2; source / leaves != destination / leaves; leaves *= 2) ++levels;
    return 2 * levels;
  }
  return std::nullopt;
}

}  // namespace podsim::test
