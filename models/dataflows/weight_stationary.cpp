// SPDX-License-Identifier: Apache-2.0
// Weights stay in the PEs; activation rows enter one per cycle and partial-sum rows leave one per cycle.
#include <algorithm>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/hardware_config.hpp"

namespace podsim {
namespace {

class WeightStationary final : public Dataflow {
 public:
  TileShape tile_shape(const PodConfig& pod, std::int64_t partition_rows, std::int64_t gemm_rows) const override {
    return {partition_rows == 0 ? gemm_rows : std::min(partition_rows, gemm_rows), pod.rows, pod.cols};
  }
  Cycles stream_cycles(const TileShape& tile) const override { return Cycles(tile.m); }
  Cycles load_cycles(const TileShape& tile) const override { return Cycles(tile.k); }
  std::string describe(const PodConfig& pod) const override {
    const std::int64_t row_stages = ceil_div(pod.rows, pod.fan_in);
    const std::int64_t col_stages = ceil_div(pod.cols, pod.broadcast);
    return "X " + std::to_string(pod.rows) + " B/cycle, W " + std::to_string(pod.cols) +
           " B/cycle, partial sums in and out " + std::to_string(pod.cols) +
           " values/cycle; one tile: k load + m stream + " + std::to_string(row_stages + col_stages - 1) +
           " cycles of wavefront";
  }
};

const Registered<NoParameters> entry{dataflow_registry(), "weight_stationary",
                                     "weights stay in the PEs, activations and partial sums move",
                                     [](const NoParameters&) { return std::make_unique<WeightStationary>(); }};

}  // namespace
}  // namespace podsim
