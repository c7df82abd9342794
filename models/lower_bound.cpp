// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/lower_bound.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace podsim {
namespace {

/// Bytes of everything that has to cross the DRAM bus at least once.
std::int64_t dram_bytes(const LoweredNetwork& network) {
  std::int64_t bytes = 0;
  std::set<std::int64_t> weight_sets;
  std::set<int> read;
  auto note = [&](const View& view) {
    for (const ViewPart& part : view.parts) read.insert(part.tensor);
  };
  for (const Operation& operation : network.operations) {
    const Tensor& output = network.tensors[static_cast<std::size_t>(operation.output)];
    if (const GemmOperation* work = operation.gemm()) {
      if (work->stationary == StationaryOperand::weights && weight_sets.insert(work->weight_set).second) {
        bytes += work->gemm.groups * work->gemm.k * work->gemm.n;
      }
      note(work->activation);
      note(work->stationary_view);
      note(work->residual);
    } else {
      for (const View& view : operation.vector()->inputs) note(view);
    }
    if (output.is_network_output || output.is_cache_update) {
      const GemmOperation* work = operation.gemm();
      bytes += (work != nullptr && work->has_fused_pool ? work->pool.output_rows() : output.rows) * output.columns;
    }
  }
  for (const int tensor : read) {
    const Tensor& source = network.tensors[static_cast<std::size_t>(tensor)];
    if (source.operation < 0) bytes += source.rows * source.columns;
  }
  return bytes;
}

}  // namespace

std::int64_t LowerBound::limit() const {
  return std::max({work, load, dram});
}

const char* LowerBound::binding() const {
  if (dram >= work && dram >= load) return "DRAM";
  return work >= load ? "array" : "weight loading";
}

LowerBound lower_bound(const LoweredNetwork& network, const HardwareConfig& hardware) {
  const std::int64_t rows = hardware.pods.rows;
  const std::int64_t cols = hardware.pods.cols;
  const std::int64_t pods = hardware.pods.count;
  LowerBound bound;
  std::int64_t work_rows = 0;
  std::int64_t load_rows = 0;
  for (const Operation& operation : network.operations) {
    const GemmOperation* work = operation.gemm();
    if (work == nullptr) continue;
    const Gemm& gemm = work->gemm;
    const std::int64_t packing =
        std::max<std::int64_t>(1, std::min({rows / gemm.k, cols / gemm.n, work->groups_per_image}));
    const std::int64_t images = gemm.groups / work->groups_per_image;
    const std::int64_t groups = images * ceil_div(work->groups_per_image, packing);
    work_rows += groups * ceil_div(packing * gemm.k, rows) * ceil_div(packing * gemm.n, cols) * gemm.m;
    // Every weight row of every column block is loaded at least once; packed groups load their rows side by side.
    load_rows += gemm.groups * gemm.k * ceil_div(packing * gemm.n, cols);
  }
  bound.mac = ceil_div(network.macs(), pods * rows * cols);
  bound.work = ceil_div(work_rows, pods);
  bound.load = ceil_div(load_rows, pods);
  bound.dram =
      static_cast<std::int64_t>(std::ceil(static_cast<double>(dram_bytes(network)) / hardware.dram_bytes_per_cycle()));
  return bound;
}

}  // namespace podsim
