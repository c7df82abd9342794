// SPDX-License-Identifier: Apache-2.0
// Activations stay in the PEs, loaded through the W port; weights stream through the X port, one column of the weight
// matrix (all k of one n) per cycle, and a row of partial sums (one n of all m) leaves per cycle. The array is that of
// the weight-stationary dataflow, at work on the transposed product.
#include <algorithm>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/hardware_config.hpp"

namespace podsim {
namespace {

class InputStationary final : public Dataflow {
 public:
  OperandFlow flow() const override { return {true, true, false}; }
  TileShape tile_shape(const PodConfig& pod, std::optional<std::int64_t> partition_rows,
                       const TileShape& gemm) const override {
    const std::int64_t rows = partition_rows.value_or(pod.rows);
    return {std::min<std::int64_t>(pod.cols, gemm.m), pod.rows, rows == 0 ? gemm.n : std::min(rows, gemm.n)};
  }
  Cycles stream_cycles(const TileShape& tile) const override { return Cycles(tile.n); }
  Cycles load_cycles(const TileShape& tile) const override { return Cycles(tile.k); }
  PortCycles least_cycles(const PodConfig& pod, const TileShape& gemm) const override {
    const std::int64_t folds_k = ceil_div(gemm.k, pod.rows);
    const std::int64_t folds_m = ceil_div(gemm.m, pod.cols);
    const std::int64_t rows = pod.edge_folds == "full" ? folds_k * pod.rows : gemm.k;
    return {folds_k * folds_m * pod.stream_cycles(gemm.n), rows * folds_m, 0};
  }
  std::string describe(const PodConfig& pod) const override {
    return "X (weights) " + std::to_string(pod.rows) + " B/cycle, W (activations) " + std::to_string(pod.cols) +
           " B/cycle, partial sums in and out " + std::to_string(pod.cols) +
           " values/cycle, n rows of m; a tile of n <= partition, k <= " + std::to_string(pod.rows) +
           ", m <= " + std::to_string(pod.cols) + ": k load + n stream + " +
           std::to_string(pod.row_stages() + pod.col_stages() - 1) + " cycles of wavefront; circuits X, W, P-in, P-out";
  }
};

const Registered<NoParameters> entry{dataflow_registry(), "input_stationary",
                                     "activations stay in the PEs, weights and partial sums move",
                                     [](const NoParameters&) { return std::make_unique<InputStationary>(); }};

}  // namespace
}  // namespace podsim
