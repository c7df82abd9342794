// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/lower_bound.hpp"

#include "podsim/sim/core/wide.hpp"

#include <algorithm>
#include <cmath>
#include <map>
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

  std::int64_t bits(const HardwareConfig& hardware) const {
    std::int64_t sum = 0;
    for (std::size_t t = 0; t < elements_.size(); ++t) {
      sum += elements_[t] * element_bits(network_.tensors[t], hardware);
    }
    return sum;
  }

 private:
  const LoweredNetwork& network_;
  std::vector<std::int64_t> elements_;
};

/// Bytes of everything that has to cross the DRAM bus at least once.
std::int64_t dram_bytes(const LoweredNetwork& network, const HardwareConfig& hardware, WeightResidency residency) {
  std::int64_t bits = 0;
  std::int64_t weight_bits = 0;
  std::set<std::int64_t> weight_sets;
  DramReads reads(network);
  for (const Operation& operation : network.operations) {
    const Tensor& output = network.tensors[static_cast<std::size_t>(operation.output)];
    if (const GemmOperation* work = operation.gemm()) {
      if (work->stationary == StationaryOperand::weights && weight_sets.insert(work->weight_set).second) {
        weight_bits += work->gemm.groups * work->gemm.k * work->gemm.n * hardware.weight_bits;
      }
      reads.note(work->activation, work->is_convolution ? &work->window : nullptr);
      reads.note(work->stationary_view);
      reads.note(work->residual);
    } else {
      for (const View& view : operation.vector()->inputs) reads.note(view);
    }
    if (output.is_network_output || output.is_cache_update) {
      const GemmOperation* work = operation.gemm();
      bits += (work != nullptr && work->has_fused_pool ? work->pool.output_rows() : output.rows) * output.columns *
              hardware.activation_bits;
    }
  }
  if (residency == WeightResidency::warm) {
    weight_bits = std::max<std::int64_t>(0, weight_bits - 8 * hardware.bank_count() * hardware.bank_capacity().count());
  }
  return bytes_for_bits(bits + weight_bits + reads.bits(hardware));
}

}  // namespace

std::int64_t LowerBound::limit() const {
  return std::max({work, load, dram});
}

const char* LowerBound::binding() const {
  if (dram >= work && dram >= load) return "DRAM";
  return work >= load ? "array" : "weight loading";
}

LowerBound lower_bound(const LoweredNetwork& network, const HardwareConfig& hardware, WeightResidency residency) {
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
  const auto bytes = static_cast<Wide>(dram_bytes(network, hardware, residency));
  bound.dram = static_cast<std::int64_t>((bytes * hz + bytes_per_second - 1) / bytes_per_second);
  return bound;
}

}  // namespace podsim
