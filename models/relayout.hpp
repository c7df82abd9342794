#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Which operand tiles need rows of which output tile, and hence in which banks copies of it are needed.

#include <cstdint>
#include <vector>

namespace podsim {

struct TiledWorkload;
struct HardwareConfig;

/// An operand tile that needs rows of an output tile: its row t needs row t + `offset` of it, or an earlier one; of a
/// tile that arrives column by column (OutputBlocks::is_transposed), the rows are there `offset` cycles earlier or
/// later.
struct TileReader {
  std::uint32_t tile = 0;
  std::int32_t offset = 0;
};

/// A terminal of PP-out with banks that need an output tile.
struct CopyTarget {
  std::uint16_t bank = 0;
  std::uint8_t classes = 0;  ///< bit mask of bank classes
};

/// The demand for copies under `relayout: "circuits"`; empty otherwise. Output tiles are numbered through over all
/// operations: number(operation, tile) with `tile` as in PostPlacement.
struct Relayout {
  std::vector<std::uint32_t> first_number;  ///< per operation, less the `tile` of its first output tile
  std::vector<std::uint32_t> first_reader;  ///< per output tile, and one more: index into `readers`
  std::vector<TileReader> readers;
  std::vector<std::uint32_t> first_target;  ///< likewise, into `targets`
  std::vector<CopyTarget> targets;          ///< of one output tile in the order of the banks

  /// Every copy takes its own circuit.
  bool by_circuits() const { return !first_target.empty(); }
  std::uint32_t number(std::uint32_t operation, std::uint32_t tile) const { return first_number[operation] + tile; }
  /// Bank classes that need the output tile at this terminal.
  std::uint8_t classes_at(std::uint32_t number, int bank) const;
};

/// Looks at every element that an operand tile is made of: windows of convolutions and poolings exactly, and all that a
/// tensor has where an unmodelled layer hides which elements are needed.
Relayout find_relayout(const TiledWorkload& work, const HardwareConfig& hardware);

}  // namespace podsim
