#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Random tile operations for one pod, and what the pod makes of them: what arrays of PEs are compared with.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <systemc>

#include "podsim/models/pod.hpp"
#include "podsim/sim/core/random.hpp"
#include "support/pe_array.hpp"
#include "support/programs.hpp"
#include "support/stubs.hpp"

namespace podsim::test {

/// A tile operation: (m x k) @ (k x n), and when its operands enter. All lanes of the ports are given; those beyond k
/// and n too.
struct PodOperation {
  std::int64_t load = 0;   ///< the first weight row enters in this cycle
  std::int64_t start = 0;  ///< the first activation row does
  int m = 0, k = 0, n = 0;
  bool takes_sums = false;
  std::int64_t sums_late = 0;            ///< cycles by which they enter after the activations; 0 in working machines
  std::vector<std::int8_t> activations;  ///< m x rows of the array, 0 beyond k
  std::vector<std::int8_t> weights;      ///< k x cols of the array, anything beyond n
  std::vector<std::int32_t> sums;        ///< m x cols of the array, anything beyond n
  std::int64_t stream_end() const { return start + m; }
};

/// Operations as docs/machine_model.md, section 6, allows them, for one pod: each as early as can be, or later because
/// its weights, or its activations, are late.
/// \param first no weights enter before this cycle
std::vector<PodOperation> random_operations(const PeGeometry& array, int count, std::int64_t first,
                                            RandomStream& random);
/// Random operands for an operation of m x k x n; corners are as likely as a quarter of the rest.
void draw_operands(PodOperation& op, const PeGeometry& array, RandomStream& random);

/// A partial-sum row that leaves the array; its first n values.
struct OutputRow {
  std::int64_t cycle = 0;
  std::vector<std::int32_t> values;
  bool operator==(const OutputRow& other) const { return cycle == other.cycle && values == other.values; }
};

/// m rows of padded_columns(n) sums, from the int8 kernel that functional runs use.
std::vector<std::int32_t> kernel_sums(const PeGeometry& array, const PodOperation& op);

/// A pod alone, fed by hand. To be made in a SystemC context of its own, with a clock of 1 ns.
class PodBench {
 public:
  explicit PodBench(const PeGeometry& array);
  /// Orders all operations; they must outlive the bench. A fault while they are taken is kept.
  void order(const std::vector<PodOperation>& ops);
  /// What has left the pod so far, row by row; values from kernel_sums.
  std::vector<OutputRow> rows() const;
  /// The first fault; "" if there was none.
  std::string fault() const { return context_.fault ? context_.fault->what() : refused_; }

 private:
  PeGeometry array_;
  std::unique_ptr<Program> program_;
  RunContext context_;
  sc_core::sc_event stop_{"stop"};
  FabricStub out_;
  Pod pod_;
  const std::vector<PodOperation>* ops_ = nullptr;
  std::string refused_;
};

}  // namespace podsim::test
