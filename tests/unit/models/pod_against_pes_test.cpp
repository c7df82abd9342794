// SPDX-License-Identifier: Apache-2.0
// The pod computes a tile operation at once, from closed forms. Here it runs beside an array of PEs that is stepped
// cycle by cycle, on the same random operations: every partial-sum row has to leave both in the same cycle, with the
// same values.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "podsim/models/pod.hpp"
#include "podsim/models/values/int8_gemm.hpp"
#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/pe_array.hpp"
#include "support/programs.hpp"
#include "support/stubs.hpp"

namespace podsim::test {
namespace {

/// A tile operation: (m x k) @ (k x n), and when its operands enter. All lanes of the ports are given; those beyond k
/// and n too.
struct Operation {
  std::int64_t load = 0;   ///< the first weight row enters in this cycle
  std::int64_t start = 0;  ///< the first activation row does
  int m = 0, k = 0, n = 0;
  bool takes_sums = false;
  std::vector<std::int8_t> activations;  ///< m x rows of the array, 0 beyond k
  std::vector<std::int8_t> weights;      ///< k x cols of the array, anything beyond n
  std::vector<std::int32_t> sums;        ///< m x cols of the array, anything beyond n
  std::int64_t stream_end() const { return start + m; }
};

/// A partial-sum row that leaves the array; its first n values.
struct OutputRow {
  std::int64_t cycle = 0;
  std::vector<std::int32_t> values;
  bool operator==(const OutputRow& other) const { return cycle == other.cycle && values == other.values; }
};

/// Corners are as likely as a quarter of the rest.
std::int8_t draw_int8(RandomStream& random) {
  return static_cast<std::int8_t>(random.below(5) == 0 ? (random.below(2) == 0 ? -128 : 127)
                                                       : random.between(-128, 127));
}

/// Random operands for an operation of m x k x n.
void draw_operands(Operation& op, const PeGeometry& array, RandomStream& random) {
  for (int i = 0; i < op.m * array.rows; ++i) {
    op.activations.push_back(i % array.rows < op.k ? draw_int8(random) : std::int8_t{0});
  }
  for (int i = 0; i < op.k * array.cols; ++i) op.weights.push_back(draw_int8(random));
  if (!op.takes_sums) return;
  for (int i = 0; i < op.m * array.cols; ++i) op.sums.push_back(static_cast<std::int32_t>(random.next()));
}

/// Operations as docs/machine_model.md, section 6, allows them, for one pod: each as early as can be, or later because
/// its weights, or its activations, are late.
std::vector<Operation> random_operations(const PeGeometry& array, int count, RandomStream& random) {
  std::vector<Operation> ops;
  // The full extent is as likely as all remainders together.
  auto extent = [&random](int most) { return static_cast<int>(random.below(2) == 0 ? most : random.between(1, most)); };
  auto delay = [&random](int most) { return random.below(2) == 0 ? 0 : random.between(1, most); };
  for (int q = 0; q < count; ++q) {
    Operation op;
    op.m = static_cast<int>(random.between(1, random.below(4) == 0 ? 3 * array.rows : array.rows + 1));
    op.k = extent(array.rows);
    op.n = extent(array.cols);
    op.takes_sums = random.below(2) == 0;
    if (q > 0) {
      const Operation& last = ops.back();
      op.load = std::max(last.start, last.load + last.k);
      if (!array.double_buffered) {
        op.load = std::max(op.load, last.stream_end() + array.row_stages() + array.col_stages() - 2);
      }
      op.start = last.stream_end();
    }
    op.load += delay(2 * array.rows + array.cols);
    op.start = std::max(op.start, op.load + op.k) + delay(array.rows + 2 * array.cols);
    draw_operands(op, array, random);
    ops.push_back(std::move(op));
  }
  return ops;
}

/// What leaves the array of PEs, cycle by cycle.
std::vector<OutputRow> run_pes(const PeGeometry& geometry, const std::vector<Operation>& ops) {
  PeArray array(geometry, 77);
  std::vector<OutputRow> rows;
  std::size_t loading = 0, streaming = 0, leaving = 0, left = 0;
  const std::int64_t end = ops.back().stream_end() + geometry.rows + geometry.cols + 1;
  for (std::int64_t cycle = 0; cycle < end; ++cycle) {
    PePorts ports;
    while (loading < ops.size() && cycle >= ops[loading].load + ops[loading].k) ++loading;
    if (loading < ops.size() && cycle >= ops[loading].load) {
      const Operation& op = ops[loading];
      ports.weight_row = static_cast<int>(cycle - op.load);
      const auto from = op.weights.begin() + ports.weight_row * geometry.cols;
      ports.weights.assign(from, from + geometry.cols);
    }
    while (streaming < ops.size() && cycle >= ops[streaming].stream_end()) ++streaming;
    if (streaming < ops.size() && cycle >= ops[streaming].start) {
      const Operation& op = ops[streaming];
      const std::int64_t t = cycle - op.start;
      const auto from = op.activations.begin() + t * geometry.rows;
      ports.activations.assign(from, from + geometry.rows);
      ports.is_first_row = t == 0;
      if (op.takes_sums) {
        ports.sums.assign(op.sums.begin() + t * geometry.cols, op.sums.begin() + (t + 1) * geometry.cols);
      }
    }
    auto out = array.step(ports);
    if (!out) continue;
    REQUIRE(leaving < ops.size());
    out->resize(static_cast<std::size_t>(ops[leaving].n));
    rows.push_back({cycle, std::move(*out)});
    if (++left == static_cast<std::size_t>(ops[leaving].m)) {
      left = 0;
      ++leaving;
    }
  }
  return rows;
}

/// The values podsim gives a tile operation.
std::vector<std::int32_t> podsim_sums(const PeGeometry& array, const Operation& op) {
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

/// What leaves the pod.
struct PodRun {
  std::vector<OutputRow> rows;
  std::string fault;  ///< "" if there was none
};

PodRun run_pod(const PeGeometry& array, const std::vector<Operation>& ops) {
  Kernel kernel;
  Setup setup = crossbar_setup(1, array.rows, array.cols);
  setup.hardware.pods.fan_in = array.fan_in;
  setup.hardware.pods.broadcast = array.broadcast;
  setup.hardware.pods.weight_buffers = array.double_buffered ? "double" : "single";
  const auto program = make(one_linear(1, array.rows, array.cols), setup);
  RunContext context = context_for(*program);
  sc_core::sc_event stop("stop");
  context.fault_event = &stop;
  FabricStub out;
  Pod pod("pod", context, program->machine.config, 0);
  pod.partial_sums_out.bind(out);

  PodRun run;
  try {
    for (std::uint32_t q = 0; q < ops.size(); ++q) {
      const Operation& op = ops[q];
      auto transfer = [q](std::int64_t arrival, int rows) {
        Transfer t;
        t.id = q;
        t.launch = arrival - 1;
        t.arrival = arrival;
        t.rows = rows;
        return t;
      };
      pod.weights->receive(transfer(op.load, op.k));
      pod.activations->receive(transfer(op.start, op.m));
      if (op.takes_sums) pod.partial_sums_in->receive(transfer(op.start, op.m));
      PodCommand command;
      command.op = q;
      command.start = op.start;
      command.rows = op.m;
      command.depth = op.k;
      command.columns = op.n;
      command.write_arrival = op.start + 1000;
      command.takes_partial_sums = op.takes_sums;
      pod.commands->execute(command);
    }
    run_cycles(ops.back().stream_end() + 1);
  } catch (const Error& error) {
    run.fault = error.what();
  }
  if (context.fault) run.fault = context.fault->what();

  for (const Transfer& sums : out.carried) {
    const Operation& op = ops.at(sums.id);
    const std::vector<std::int32_t> values = podsim_sums(array, op);
    for (int t = 0; t < sums.rows; ++t) {
      const auto from = values.begin() + t * padded_columns(op.n);
      run.rows.push_back({sums.launch + t, {from, from + op.n}});
    }
  }
  return run;
}

/// Compares row by row, so that a failure names the first row that differs.
void check_equal(const std::vector<OutputRow>& pod, const std::vector<OutputRow>& pes) {
  REQUIRE(pod.size() == pes.size());
  for (std::size_t row = 0; row < pes.size(); ++row) {
    CAPTURE(row);
    REQUIRE(pod[row].cycle == pes[row].cycle);
    REQUIRE(pod[row].values == pes[row].values);
  }
}

TEST_CASE("pod against PEs: every partial-sum row leaves in the same cycle with the same values", "[models]") {
  RandomStream random(4, "pod against PEs");
  const std::vector<PeGeometry> geometries{{1, 1, 1, 1},     {1, 9, 1, 2},     {7, 1, 2, 1},     {4, 4, 1, 1},
                                           {8, 8, 2, 16},    {5, 13, 16, 1},   {16, 16, 16, 16}, {17, 11, 4, 3},
                                           {12, 33, 5, 16},  {32, 32, 16, 16}, {32, 32, 1, 1},   {31, 47, 2, 16},
                                           {64, 64, 16, 16}, {64, 64, 1, 1},   {64, 16, 16, 2}};
  for (PeGeometry array : geometries) {
    for (const bool double_buffered : {true, false}) {
      array.double_buffered = double_buffered;
      CAPTURE(array.rows, array.cols, array.fan_in, array.broadcast, double_buffered);
      // About as many steps of PEs for every geometry.
      const int count = std::clamp(1500000 / (array.rows * array.cols * (3 * array.rows + array.cols)), 12, 400);
      const std::vector<Operation> ops = random_operations(array, count, random);
      const PodRun pod = run_pod(array, ops);
      REQUIRE(pod.fault.empty());
      const std::vector<OutputRow> pes = run_pes(array, ops);
      std::size_t rows = 0;
      for (const Operation& op : ops) rows += static_cast<std::size_t>(op.m);
      REQUIRE(pes.size() == rows);
      check_equal(pod.rows, pes);
    }
  }
}

}  // namespace
}  // namespace podsim::test
