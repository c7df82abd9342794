// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/lower_bound.hpp"

#include "podsim/sim/core/wide.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

namespace podsim {
namespace {

/// Elements of each tensor in DRAM that the operation which reads most of it has to have.
class DramReads {
 public:
  explicit DramReads(const LoweredNetwork& network) : network_(network), elements_(network.tensors.size(), 0) {}

  /// \param window for a convolution: pixels that no output needs are not fetched
  void note(const View& view, const Window* window = nullptr) {
    std::map<int, std::int64_t> read;
    for (const ViewPart& part : view.parts) {
      if (network_.tensors[static_cast<std::size_t>(part.tensor)].operation >= 0) continue;
      const std::int64_t rows =
          window == nullptr ? part.rows.last - part.rows.first + 1 : window->batch * window->distinct_input_pixels();
      read[part.tensor] += rows * part.columns;
    }
    for (const auto& [tensor, elements] : read) {
      const auto t = static_cast<std::size_t>(tensor);
      const std::int64_t all = network_.tensors[t].rows * network_.tensors[t].columns;
      elements_[t] = std::max(elements_[t], std::min(all, elements));
    }
  }

  std::int64_t total() const { return std::accumulate(elements_.begin(), elements_.end(), std::int64_t{0}); }

 private:
  const LoweredNetwork& network_;
  std::vector<std::int64_t> elements_;
};

/// Bytes of everything that has to cross the DRAM bus at least once.
std::int64_t dram_bytes(const LoweredNetwork& network) {
  std::int64_t bytes = 0;
  std::set<std::int64_t> weight_sets;
  DramReads reads(network);
  for (const Operation& operation : network.operations) {
    const Tensor& output = network.tensors[static_cast<std::size_t>(operation.output)];
    if (const GemmOperation* work = operation.gemm()) {
      if (work->stationary == StationaryOperand::weights && weight_sets.insert(work->weight_set).second) {
        bytes += work->gemm.groups * work->gemm.k * work->gemm.n;
      }
      reads.note(work->activation, work->is_convolution ? &work->window : nullptr);
      reads.note(work->stationary_view);
      reads.note(work->residual);
    } else {
      for (const View& view : operation.vector()->inputs) reads.note(view);
    }
    if (output.is_network_output || output.is_cache_update) {
      const GemmOperation* work = operation.gemm();
      bytes += (work != nullptr && work->has_fused_pool ? work->pool.output_rows() : output.rows) * output.columns;
    }
  }
  return bytes + reads.total();
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
  // Whole hertz and bytes per second, as the DRAM module counts: no rounding error may lift the bound.
  const std::int64_t hz = std::llround(hardware.clock_mhz * 1e6);
  const std::int64_t bytes_per_second = std::llround(hardware.dram.bandwidth_gb_per_s * 1e9);
  bound.dram = static_cast<std::int64_t>((static_cast<Wide>(dram_bytes(network)) * hz + bytes_per_second - 1) /
                                         bytes_per_second);
  return bound;
}

}  // namespace podsim
