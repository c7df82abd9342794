// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/lower_bound.hpp"

#include "podsim/sim/core/wide.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
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

  /// \param pod_cycles of one operation, on pods of a group
  template <class Function>
  void add(Function pod_cycles) {
    std::optional<Wide> least, least_pes;
    for (int g = 0; g < hardware_.pod_group_count(); ++g) {
      const PodConfig& pods = hardware_.pod_group(g);
      const Wide cycles = pod_cycles(g);
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

/// Classes of banks that may hold weights: W banks, X banks if activations stay in the arrays, or both.
std::int64_t weight_bank_classes(const HardwareConfig& hardware) {
  bool in_x = false, in_w = false;
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    (make_dataflow(hardware.pod_group(g))->flow().is_transposed ? in_x : in_w) = true;
  }
  return (in_x ? 1 : 0) + (in_w ? 1 : 0);
}

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
    const std::int64_t capacity = hardware.bank_count() * hardware.bank_capacity().count();
    weight_bits = std::max<std::int64_t>(0, weight_bits - 8 * weight_bank_classes(hardware) * capacity);
  }
  return bytes_for_bits(bits + weight_bits + reads.bits(hardware));
}

}  // namespace

std::int64_t LowerBound::limit() const {
  return std::max({work, load, drain, dram});
}

const char* LowerBound::binding() const {
  if (dram == limit()) return "DRAM";
  if (drain > work && drain > load) return "output port";
  return work >= load ? "array" : "weight loading";
}

LowerBound lower_bound(const LoweredNetwork& network, const HardwareConfig& hardware, WeightResidency residency) {
  LowerBound bound;
  std::vector<std::unique_ptr<Dataflow>> dataflows;
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    dataflows.push_back(make_dataflow(hardware.pod_group(g)));
  }
  PodCycles work_rows(hardware);
  PodCycles load_rows(hardware);
  PodCycles drain_rows(hardware);
  for (const Operation& operation : network.operations) {
    const GemmOperation* work = operation.gemm();
    if (work == nullptr) continue;
    const Gemm& gemm = work->gemm;
    const std::int64_t images = gemm.groups / work->groups_per_image;
    /// Of all images: whole packs, and one that may hold fewer groups.
    auto cycles = [&](int g, auto part) {
      const PodConfig& pods = hardware.pod_group(g);
      const Dataflow& dataflow = *dataflows[static_cast<std::size_t>(g)];
      const std::int64_t packed = std::min(dataflow.packing(pods, {gemm.m, gemm.k, gemm.n}), work->groups_per_image);
      auto of_pack = [&](std::int64_t groups) {
        return groups == 0 ? 0 : part(dataflow.least_cycles(pods, {gemm.m, groups * gemm.k, groups * gemm.n}));
      };
      return images * (work->groups_per_image / packed * of_pack(packed) + of_pack(work->groups_per_image % packed));
    };
    work_rows.add([&](int g) { return cycles(g, [](const PortCycles& ports) { return ports.stream; }); });
    load_rows.add([&](int g) { return cycles(g, [](const PortCycles& ports) { return ports.load; }); });
    drain_rows.add([&](int g) { return cycles(g, [](const PortCycles& ports) { return ports.drain; }); });
  }
  bound.mac = ceil_div(network.macs(), hardware.peak_macs_per_cycle());
  bound.work = work_rows.bound();
  bound.load = load_rows.bound();
  bound.drain = drain_rows.bound();
  // Whole hertz and bytes per second, as the DRAM module counts: no rounding error may lift the bound.
  const std::int64_t hz = std::llround(hardware.clock_mhz * 1e6);
  const std::int64_t bytes_per_second = std::llround(hardware.dram.bandwidth_gb_per_s * 1e9);
  const auto bytes = static_cast<Wide>(dram_bytes(network, hardware, residency));
  bound.dram = static_cast<std::int64_t>((bytes * hz + bytes_per_second - 1) / bytes_per_second);
  return bound;
}

}  // namespace podsim
