// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/lower_bound.hpp"

#include "podsim/sim/core/wide.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace podsim {
namespace {

/// Bounds the time in which pods of several kinds can do work that takes different pod cycles on each kind. However the
/// operations are shared out, a group of pods is busy for at most all cycles; so for any weights of the groups' pod
/// cycles, the sum over operations of their cheapest weighted pod cycles fits into the weighted pod cycles of all
/// groups (duality of linear programming). Two choices of weights are tried: every pod alike, and every PE alike.
class PodCycles {
 public:
  explicit PodCycles(const HardwareConfig& hardware) : hardware_(hardware) {}

  /// \param pod_cycles of one operation, on pods of a kind
  template <class Function>
  void add(Function pod_cycles) {
    std::optional<Wide> least, least_pes;
    for (int g = 0; g < hardware_.pod_group_count(); ++g) {
      const PodConfig& pods = hardware_.pod_group(g);
      const Wide cycles = pod_cycles(pods);
      const Wide pe_cycles = cycles * pods.rows * pods.cols;
      if (!least || cycles < *least) least = cycles;
      if (!least_pes || pe_cycles < *least_pes) least_pes = pe_cycles;
    }
    cycles_ += *least;
    pe_cycles_ += *least_pes;
  }

  std::int64_t bound() const {
    const Wide pods = hardware_.pod_count();
    const Wide pes = hardware_.peak_macs_per_cycle();
    return static_cast<std::int64_t>(std::max((cycles_ + pods - 1) / pods, (pe_cycles_ + pes - 1) / pes));
  }

 private:
  const HardwareConfig& hardware_;
  Wide cycles_ = 0, pe_cycles_ = 0;
};

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
  LowerBound bound;
  PodCycles work_rows(hardware);
  PodCycles load_rows(hardware);
  for (const Operation& operation : network.operations) {
    const GemmOperation* work = operation.gemm();
    if (work == nullptr) continue;
    const Gemm& gemm = work->gemm;
    auto packing = [&](const PodConfig& pods) {
      return std::max<std::int64_t>(1, std::min({pods.rows / gemm.k, pods.cols / gemm.n, work->groups_per_image}));
    };
    const std::int64_t images = gemm.groups / work->groups_per_image;
    work_rows.add([&](const PodConfig& pods) {
      const std::int64_t packed = packing(pods);
      const std::int64_t groups = images * ceil_div(work->groups_per_image, packed);
      return groups * ceil_div(packed * gemm.k, pods.rows) * ceil_div(packed * gemm.n, pods.cols) *
             pods.stream_cycles(gemm.m);
    });
    // Every weight row of every column block is loaded at least once; packed groups load their rows side by side.
    load_rows.add([&](const PodConfig& pods) {
      const std::int64_t packed = packing(pods);
      const std::int64_t column_blocks = ceil_div(packed * gemm.n, pods.cols);
      if (pods.edge_folds == "actual") return gemm.groups * gemm.k * column_blocks;
      const std::int64_t groups = images * ceil_div(work->groups_per_image, packed);
      return groups * ceil_div(packed * gemm.k, pods.rows) * pods.rows * column_blocks;
    });
  }
  bound.mac = ceil_div(network.macs(), hardware.peak_macs_per_cycle());
  bound.work = work_rows.bound();
  bound.load = load_rows.bound();
  // Whole hertz and bytes per second, as the DRAM module counts: no rounding error may lift the bound.
  const std::int64_t hz = std::llround(hardware.clock_mhz * 1e6);
  const std::int64_t bytes_per_second = std::llround(hardware.dram.bandwidth_gb_per_s * 1e9);
  const auto bytes = static_cast<Wide>(dram_bytes(network, hardware, residency));
  bound.dram = static_cast<std::int64_t>((bytes * hz + bytes_per_second - 1) / bytes_per_second);
  return bound;
}

}  // namespace podsim
