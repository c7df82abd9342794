#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How a GEMM is laid over one array: tile shape, roles of the operands, cycles.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "podsim/sim/core/registry.hpp"
#include "podsim/sim/core/units.hpp"

namespace podsim {

struct PodConfig;

/// A GEMM, or the part of one that a tile operation computes: (m x k) @ (k x n).
struct TileShape {
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
};

/// Which operand moves how through an array: what the machine around it has to know of a dataflow. A pod has an X port
/// and a W port, fed by the X and the W banks; both take a row of a tile per cycle.
struct OperandFlow {
  /// The tile at the W port is loaded into the shadow plane before the one at the X port streams through; if not, both
  /// stream together.
  bool preloads = true;
  /// Activations enter at the W port and weights at the X port: the array computes the transposed product, and its
  /// sums leave as n rows of m columns.
  bool is_transposed = false;
  /// Sums stay in the PEs while k streams through, and leave when the operation drains.
  bool keeps_sums = false;

  /// The activation tile crosses its port column by column of the activation matrix.
  bool activations_by_columns() const { return is_transposed || keeps_sums; }
};

/// What the tiles of a GEMM take at the ports of pods, all tiles together, in cycles.
struct PortCycles {
  std::int64_t stream = 0;  ///< the X port
  std::int64_t load = 0;    ///< the W port, ahead of streaming
  std::int64_t drain = 0;   ///< the output port, after streaming
};

/// A mapping of GEMM loops onto an array.
class Dataflow {
 public:
  virtual ~Dataflow() = default;
  virtual OperandFlow flow() const = 0;
  /// The largest tile one operation computes.
  /// \param partition_rows rows that stream per tile operation; 0: all of the GEMM; default: the dataflow's choice
  virtual TileShape tile_shape(const PodConfig& pod, std::optional<std::int64_t> partition_rows,
                               const TileShape& gemm) const = 0;
  /// How many GEMMs of this size fit on the array together, block-diagonally.
  virtual std::int64_t packing(const PodConfig&, const TileShape&) const { return 1; }
  /// Cycles in which rows enter the array at the X port: the operation's length in a round.
  virtual Cycles stream_cycles(const TileShape& tile) const = 0;
  /// Cycles in which rows enter the array at the W port before.
  virtual Cycles load_cycles(const TileShape& tile) const = 0;
  /// The fewest cycles that a GEMM can take at the ports of one pod, however long the tiles are.
  virtual PortCycles least_cycles(const PodConfig& pod, const TileShape& gemm) const = 0;
  /// Ports, bytes per cycle and the closed form of a tile's cycles, for people.
  virtual std::string describe(const PodConfig& pod) const = 0;
};

using DataflowRegistry = Registry<Dataflow>;
DataflowRegistry& dataflow_registry();

/// The dataflow of a kind of pods.
/// \throws Error (bad_input) if there is none of that name or a parameter is wrong; (internal) if its flow is none that
///         pods know: either one operand is loaded ahead and sums leave at once, or both stream, activations at the X
///         port, and sums stay
std::unique_ptr<Dataflow> make_dataflow(const PodConfig& pods);

}  // namespace podsim
