// SPDX-License-Identifier: Apache-2.0
#include "support/pod_operations.hpp"

#include <algorithm>
#include <utility>

#include "podsim/models/values/int8_gemm.hpp"

namespace podsim::test {
namespace {

std::int8_t draw_int8(RandomStream& random) {
  return static_cast<std::int8_t>(random.below(5) == 0 ? (random.below(2) == 0 ? -128 : 127)
                                                       : random.between(-128, 127));
}

std::unique_ptr<Program> one_pod(const PeGeometry& array) {
  Setup setup = crossbar_setup(1, array.rows, array.cols);
  setup.hardware.pods.fan_in = array.fan_in;
  setup.hardware.pods.broadcast = array.broadcast;
  setup.hardware.pods.weight_buffers = array.double_buffered ? "double" : "single";
  setup.hardware.pods.drain = array.is_drain_charged ? "charged" : "overlapped";
  setup.hardware.pods.edge_folds = array.has_full_edges ? "full" : "actual";
  return make(one_linear(1, array.rows, array.cols), setup);
}

}  // namespace

void draw_operands(PodOperation& op, const PeGeometry& array, RandomStream& random) {
  for (int i = 0; i < op.m * array.rows; ++i) {
    op.activations.push_back(i % array.rows < op.k ? draw_int8(random) : std::int8_t{0});
  }
  for (int i = 0; i < op.k * array.cols; ++i) op.weights.push_back(draw_int8(random));
  if (!op.takes_sums) return;
  for (int i = 0; i < op.m * array.cols; ++i) op.sums.push_back(static_cast<std::int32_t>(random.next()));
}

std::vector<PodOperation> random_operations(const PeGeometry& array, int count, std::int64_t first,
                                            RandomStream& random) {
  std::vector<PodOperation> ops;
  ops.reserve(static_cast<std::size_t>(count));
  // The full extent is as likely as all remainders together.
  auto extent = [&random](int most) { return static_cast<int>(random.below(2) == 0 ? most : random.between(1, most)); };
  auto delay = [&random](int most) { return random.below(2) == 0 ? 0 : random.between(1, most); };
  for (int q = 0; q < count; ++q) {
    PodOperation op;
    op.m = static_cast<int>(random.between(1, random.below(4) == 0 ? 3 * array.rows : array.rows + 1));
    op.k = extent(array.rows);
    op.n = extent(array.cols);
    op.takes_sums = random.below(2) == 0;
    op.load = first;
    if (q > 0) {
      const PodOperation& last = ops.back();
      op.load = std::max(last.start, last.load + array.loaded_rows(last.k));
      if (!array.double_buffered) op.load = std::max(op.load, array.weights_after(last.stream_end()));
      op.start = last.stream_end();
    }
    op.load += delay(2 * array.rows + array.cols);
    op.start = std::max(op.start, op.load + array.loaded_rows(op.k)) + delay(array.rows + 2 * array.cols);
    draw_operands(op, array, random);
    ops.push_back(std::move(op));
  }
  return ops;
}

std::vector<std::int32_t> kernel_sums(const PeGeometry& array, const PodOperation& op) {
  const int pairs = depth_pairs(op.k);
  const int padded = padded_columns(op.n);
  std::vector<std::int16_t> x(static_cast<std::size_t>(op.m * pairs * 2));
  std::vector<std::int16_t> w(static_cast<std::size_t>(pairs * padded * 2));
  std::vector<std::int32_t> sums(static_cast<std::size_t>(op.m * padded));
  for (int t = 0; t < op.m; ++t) {
    for (int d = 0; d < op.k; ++d) {
      x[static_cast<std::size_t>(t * pairs * 2 + d)] = op.activations[static_cast<std::size_t>(t * array.rows + d)];
    }
    if (!op.takes_sums) continue;
    std::copy_n(op.sums.begin() + t * array.cols, op.n, sums.begin() + t * padded);
  }
  for (int d = 0; d < op.k; ++d) {
    for (int c = 0; c < op.n; ++c) {
      w[packed_index(d, c, padded)] = op.weights[static_cast<std::size_t>(d * array.cols + c)];
    }
  }
  int8_gemm_kernels().back().run(x.data(), op.m, pairs, w.data(), padded, sums.data());
  return sums;
}

PodBench::PodBench(const PeGeometry& array)
    : array_(array),
      program_(one_pod(array)),
      context_(context_for(*program_)),
      pod_("pod", context_, program_->machine.config, 0) {
  context_.fault_event = &stop_;
  pod_.partial_sums_out.bind(out_);
}

void PodBench::order(const std::vector<PodOperation>& ops) {
  ops_ = &ops;
  try {
    for (std::uint32_t q = 0; q < ops.size(); ++q) {
      const PodOperation& op = ops[q];
      auto transfer = [q](std::int64_t arrival, int rows) {
        Transfer t;
        t.id = q;
        t.launch = arrival - 1;
        t.arrival = arrival;
        t.rows = rows;
        return t;
      };
      pod_.weights->receive(transfer(op.load, op.k));
      pod_.activations->receive(transfer(op.start, op.m));
      if (op.takes_sums) pod_.partial_sums_in->receive(transfer(op.start + op.sums_late, op.m));
      PodCommand command;
      command.op = q;
      command.start = op.start;
      command.rows = op.m;
      command.w_rows = op.k;
      command.sum_rows = command.rows;
      command.sum_columns = op.n;
      command.write_arrival = op.start + 1000;
      if (op.takes_sums) command.partial_sum_in = 0;
      pod_.commands->execute(command);
    }
  } catch (const Error& error) {
    refused_ = error.what();
  }
}

std::vector<OutputRow> PodBench::rows() const {
  std::vector<OutputRow> rows;
  for (const Transfer& sums : out_.carried) {
    const PodOperation& op = ops_->at(sums.id);
    const std::vector<std::int32_t> values = kernel_sums(array_, op);
    for (int t = 0; t < sums.rows; ++t) {
      const auto from = values.begin() + t * padded_columns(op.n);
      rows.push_back({sums.launch + t, {from, from + op.n}});
    }
  }
  return rows;
}

}  // namespace podsim::test
