// SPDX-License-Identifier: Apache-2.0
#include "support/pod_bench.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/kernel.hpp"

namespace podsim::test {

std::vector<OutputRow> run_pes(const PeGeometry& geometry, const std::vector<PodOperation>& ops) {
  PeArray array(geometry, 77);
  std::vector<OutputRow> rows;
  std::size_t loading = 0, streaming = 0, leaving = 0, left = 0;
  const std::int64_t end = ops.back().stream_end() + geometry.rows + geometry.cols + 1;
  for (std::int64_t cycle = 0; cycle < end; ++cycle) {
    PePorts ports;
    while (loading < ops.size() && cycle >= ops[loading].load + geometry.loaded_rows(ops[loading].k)) ++loading;
    if (loading < ops.size() && cycle >= ops[loading].load) {
      const PodOperation& op = ops[loading];
      ports.weight_row = static_cast<int>(cycle - op.load);
      ports.weights.assign(static_cast<std::size_t>(geometry.cols), 0);
      if (ports.weight_row < op.k) {
        std::copy_n(op.weights.begin() + ports.weight_row * geometry.cols, geometry.cols, ports.weights.begin());
      }
    }
    while (streaming < ops.size() && cycle >= ops[streaming].stream_end()) ++streaming;
    if (streaming < ops.size() && cycle >= ops[streaming].start) {
      const PodOperation& op = ops[streaming];
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

PodRun run_pod(const PeGeometry& array, const std::vector<PodOperation>& ops) {
  Kernel kernel;
  PodBench bench(array);
  bench.order(ops);
  run_cycles(ops.back().stream_end() + 1);
  return {bench.rows(), bench.fault()};
}

void check_equal(const std::vector<OutputRow>& pod, const std::vector<OutputRow>& pes) {
  REQUIRE(pod.size() == pes.size());
  for (std::size_t row = 0; row < pes.size(); ++row) {
    CAPTURE(row);
    REQUIRE(pod[row].cycle == pes[row].cycle);
    REQUIRE(pod[row].values == pes[row].values);
  }
}

}  // namespace podsim::test
