// SPDX-License-Identifier: Apache-2.0
// Weights stay in the PEs; activation rows enter one per cycle and partial-sum rows leave one per cycle.
#include <algorithm>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/hardware_config.hpp"

namespace podsim {
namespace {

class WeightStationary final : public Dataflow {
 public:
  OperandFlow flow() const override { return {}; }
  TileShape tile_shape(const PodConfig& pod, std::optional<std::int64_t> partition_rows,
                       const TileShape& gemm) const override {
    const std::int64_t rows = partition_rows.value_or(pod.rows);
    return {rows == 0 ? gemm.m : std::min(rows, gemm.m), pod.rows, pod.cols};
  }
  std::int64_t packing(const PodConfig& pod, const TileShape& gemm) const override {
    return std::max<std::int64_t>(1, std::min(pod.rows / gemm.k, pod.cols / gemm.n));
  }
  Cycles stream_cycles(const TileShape& tile) const override { return Cycles(tile.m); }
  Cycles load_cycles(const TileShape& tile) const override { return Cycles(tile.k); }
  PortCycles least_cycles(const PodConfig& pod, const TileShape& gemm) const override {
    const std::int64_t folds_k = ceil_div(gemm.k, pod.rows);
    const std::int64_t folds_n = ceil_div(gemm.n, pod.cols);
    const std::int64_t rows = pod.edge_folds == "full" ? folds_k * pod.rows : gemm.k;
    return {folds_k * folds_n * pod.stream_cycles(gemm.m), rows * folds_n, 0};
  }
  std::string describe(const PodConfig& pod) const override {
    return "X " + std::to_string(pod.rows) + " B/cycle, W " + std::to_string(pod.cols) +
           " B/cycle, partial sums in and out " + std::to_string(pod.cols) +
           " values/cycle; a tile of m <= partition, k <= " + std::to_string(pod.rows) +
           ", n <= " + std::to_string(pod.cols) + ": k load + m stream + " +
           std::to_string(pod.row_stages() + pod.col_stages() - 1) + " cycles of wavefront; circuits X, W, P-in, P-out";
  }
};

const Registered<NoParameters> entry{dataflow_registry(), "weight_stationary",
                                     "weights stay in the PEs, activations and partial sums move",
                                     [](const NoParameters&) { return std::make_unique<WeightStationary>(); }};

}  // namespace
}  // namespace podsim
