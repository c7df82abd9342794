// SPDX-License-Identifier: Apache-2.0
// Sums stay in the PEs; columns of activations and rows of weights enter together, one of each per cycle, and rows of
// sums leave when the operation drains.
#include <algorithm>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/hardware_config.hpp"

namespace podsim {
namespace {

/// Rows of k per tile operation, in array rows, unless the mapping says otherwise. An operation hides the draining of
/// the one before if it is longer than the array is high; with four times as much an operation in eight is a short one
/// where k is some thousand, and an X tile of a 32x32 array takes 4 KiB.
constexpr std::int64_t kDepthInRows = 4;

class OutputStationary final : public Dataflow {
 public:
  OperandFlow flow() const override { return {false, false, true}; }
  TileShape tile_shape(const PodConfig& pod, std::optional<std::int64_t> partition_rows,
                       const TileShape& gemm) const override {
    const std::int64_t depth = partition_rows.value_or(kDepthInRows * pod.rows);
    return {std::min<std::int64_t>(pod.rows, gemm.m), depth == 0 ? gemm.k : depth, pod.cols};
  }
  Cycles stream_cycles(const TileShape& tile) const override { return Cycles(tile.k); }
  Cycles load_cycles(const TileShape&) const override { return Cycles(0); }
  PortCycles least_cycles(const PodConfig& pod, const TileShape& gemm) const override {
    const std::int64_t folds_m = ceil_div(gemm.m, pod.rows);
    const std::int64_t folds_n = ceil_div(gemm.n, pod.cols);
    return {folds_m * folds_n * pod.stream_cycles(gemm.k), 0, gemm.m * folds_n};
  }
  std::string describe(const PodConfig& pod) const override {
    return "X " + std::to_string(pod.rows) + " B/cycle and W " + std::to_string(pod.cols) +
           " B/cycle together, sums out " + std::to_string(pod.cols) +
           " values/cycle; a tile of m <= " + std::to_string(pod.rows) +
           ", k <= partition, n <= " + std::to_string(pod.cols) + ": k stream + " + std::to_string(pod.col_stages()) +
           " + m drain, beside the next operation's stream with double output buffers; products in k + " +
           std::to_string(pod.drain_cycles()) + " cycles; circuits X, W, P-out";
  }
};

const Registered<NoParameters> entry{dataflow_registry(), "output_stationary",
                                     "sums stay in the PEs, activations and weights move",
                                     [](const NoParameters&) { return std::make_unique<OutputStationary>(); }};

}  // namespace
}  // namespace podsim
