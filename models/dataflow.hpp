#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How a GEMM is laid over one array: tile shape, roles of the operands, cycles.

#include <cstdint>
#include <memory>
#include <string>

#include "podsim/sim/core/registry.hpp"
#include "podsim/sim/core/units.hpp"

namespace podsim {

struct PodConfig;

/// The part of a GEMM that one tile operation computes: (m x k) @ (k x n).
struct TileShape {
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
};

/// A mapping of GEMM loops onto an array.
class Dataflow {
 public:
  virtual ~Dataflow() = default;
  /// The largest tile one operation computes.
  /// \param partition_rows rows of activations per tile; 0: all rows of the GEMM
  /// \param gemm_rows m of the GEMM
  virtual TileShape tile_shape(const PodConfig& pod, std::int64_t partition_rows, std::int64_t gemm_rows) const = 0;
  /// Cycles in which activation rows enter the array for a tile: the operation's length in a round.
  virtual Cycles stream_cycles(const TileShape& tile) const = 0;
  /// Cycles in which the stationary operand enters the array.
  virtual Cycles load_cycles(const TileShape& tile) const = 0;
  /// Ports, bytes per cycle and the closed form of a tile's cycles, for people.
  virtual std::string describe(const PodConfig& pod) const = 0;
};

using DataflowRegistry = Registry<Dataflow>;
DataflowRegistry& dataflow_registry();

}  // namespace podsim
