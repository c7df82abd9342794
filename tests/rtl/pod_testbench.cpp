// SPDX-License-Identifier: Apache-2.0
#include "rtl/pod_testbench.hpp"

#include <algorithm>

#include "support/kernel.hpp"

namespace podsim::test {
namespace {

/// Drives the ports of the RTL cycle by cycle, and writes down what leaves it.
class RtlPodBench final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(RtlPodBench);
  RtlPodBench(const RtlPodKind& kind, const std::vector<PodOperation>& ops, std::uint64_t seed)
      : sc_module(sc_core::sc_module_name("bench")),
        geometry_(kind.geometry),
        ops_(ops),
        garbage_(seed, "undefined lanes"),
        rtl_((set_power_up_seed(static_cast<int>(1 + garbage_.below(1U << 30))), kind.make())) {
    inputs_.activations.resize(static_cast<std::size_t>(geometry_.rows));
    inputs_.sums.resize(static_cast<std::size_t>(geometry_.cols));
    inputs_.weights.resize(static_cast<std::size_t>(geometry_.cols));
    SC_METHOD(step);
  }

  RtlRun run;

 private:
  enum class Phase { drive, rise, sample };

  /// Cycle c is the time from c to c + 1 ns. Its registers change at its beginning, with the rising edge.
  void step() {
    switch (phase_) {
      case Phase::rise:
        rtl_->clk.write(cycle_ > 0);  // the edge between this cycle and the one before; there is none before cycle 0
        phase_ = Phase::drive;
        break;
      case Phase::drive:
        rtl_->clk.write(false);
        drive();
        phase_ = Phase::sample;
        break;
      case Phase::sample:
        sample();
        ++cycle_;
        phase_ = Phase::rise;
        break;
    }
    // Thirds of a cycle that add up to it.
    next_trigger(phase_ == Phase::rise ? 334 : 333, sc_core::SC_PS);
  }

  template <class Lanes>
  void fill_with_garbage(Lanes& lanes) {
    using Lane = typename Lanes::value_type;
    for (Lane& lane : lanes) lane = static_cast<Lane>(garbage_.next());
  }

  void drive() {
    rtl_->rst.write(cycle_ < kRtlFirstCycle);
    fill_with_garbage(inputs_.activations);
    fill_with_garbage(inputs_.weights);
    fill_with_garbage(inputs_.sums);
    inputs_.weight_row = static_cast<std::uint16_t>(garbage_.below(static_cast<std::uint64_t>(geometry_.rows)));
    inputs_.row_first = garbage_.below(2) != 0;

    while (loading_ < ops_.size() && cycle_ >= ops_[loading_].load + ops_[loading_].k) ++loading_;
    inputs_.weight_valid = loading_ < ops_.size() && cycle_ >= ops_[loading_].load;
    if (inputs_.weight_valid) {
      const PodOperation& op = ops_[loading_];
      const std::int64_t row = cycle_ - op.load;
      inputs_.weight_row = static_cast<std::uint16_t>(row);
      std::copy_n(op.weights.begin() + row * geometry_.cols, geometry_.cols, inputs_.weights.begin());
    }
    while (streaming_ < ops_.size() && cycle_ >= ops_[streaming_].stream_end()) ++streaming_;
    inputs_.row_valid = streaming_ < ops_.size() && cycle_ >= ops_[streaming_].start;
    if (inputs_.row_valid) {
      const PodOperation& op = ops_[streaming_];
      const std::int64_t row = cycle_ - op.start;
      inputs_.row_first = row == 0;
      std::copy_n(op.activations.begin() + row * geometry_.rows, geometry_.rows, inputs_.activations.begin());
      if (!op.takes_sums) {
        std::fill(inputs_.sums.begin(), inputs_.sums.end(), 0);
      } else if (row >= op.sums_late) {
        std::copy_n(op.sums.begin() + (row - op.sums_late) * geometry_.cols, geometry_.cols, inputs_.sums.begin());
      }
    }
    rtl_->drive(inputs_);
  }

  void sample() {
    if (cycle_ < kRtlFirstCycle) return;  // what power up has left may come out
    ++run.cycles;
    rtl_->sample(outputs_);
    const auto valid = std::count(outputs_.valid.begin(), outputs_.valid.end(), true);
    if (valid == 0) return;
    if (valid != geometry_.cols) return note("some columns of a row come without the others");
    while (leaving_ < ops_.size() && left_ == ops_[leaving_].m) {
      ++leaving_;
      left_ = 0;
    }
    if (leaving_ == ops_.size()) return note("a row leaves that nobody asked for");
    ++left_;
    run.rows.push_back({cycle_, {outputs_.sums.begin(), outputs_.sums.begin() + ops_[leaving_].n}});
  }

  void note(const char* what) {
    if (run.flaw.empty()) run.flaw = "RTL, cycle " + std::to_string(cycle_) + ": " + what;
  }

  PeGeometry geometry_;
  const std::vector<PodOperation>& ops_;
  RandomStream garbage_;
  std::unique_ptr<RtlPod> rtl_;
  Phase phase_ = Phase::rise;
  std::int64_t cycle_ = 0;
  RtlPodInputs inputs_;
  RtlPodOutputs outputs_;
  std::size_t loading_ = 0, streaming_ = 0, leaving_ = 0;
  int left_ = 0;  ///< rows that have left, of the operation that is leaving
};

/// Until the last row has left, and as many cycles again, in which none may come.
std::int64_t cycles_of(const PeGeometry& geometry, const std::vector<PodOperation>& ops) {
  return ops.back().stream_end() + 2 * (geometry.row_stages() + geometry.col_stages());
}

}  // namespace

SideBySideRun run_side_by_side(const RtlPodKind& kind, const std::vector<PodOperation>& ops, std::uint64_t seed) {
  const Kernel kernel;
  PodBench pod(kind.geometry);
  RtlPodBench rtl(kind, ops, seed);
  pod.order(ops);
  run_cycles(cycles_of(kind.geometry, ops));
  return {pod.rows(), pod.fault(), std::move(rtl.run)};
}

RtlRun run_rtl(const RtlPodKind& kind, const std::vector<PodOperation>& ops, std::uint64_t seed) {
  const Kernel kernel;
  RtlPodBench rtl(kind, ops, seed);
  run_cycles(cycles_of(kind.geometry, ops));
  return std::move(rtl.run);
}

std::string first_difference(const std::vector<OutputRow>& pod, const std::vector<OutputRow>& rtl) {
  for (std::size_t row = 0; row < std::min(pod.size(), rtl.size()); ++row) {
    const std::string where = "row " + std::to_string(row);
    if (pod[row].cycle != rtl[row].cycle) {
      return where + " leaves the pod in cycle " + std::to_string(pod[row].cycle) + ", the RTL in cycle " +
             std::to_string(rtl[row].cycle);
    }
    for (std::size_t c = 0; c < std::min(pod[row].values.size(), rtl[row].values.size()); ++c) {
      if (pod[row].values[c] == rtl[row].values[c]) continue;
      return where + ", column " + std::to_string(c) + ", cycle " + std::to_string(pod[row].cycle) +
             ": the pod gives " + std::to_string(pod[row].values[c]) + ", the RTL " +
             std::to_string(rtl[row].values[c]);
    }
    if (pod[row].values.size() != rtl[row].values.size()) return where + " has another number of columns";
  }
  if (pod.size() == rtl.size()) return "";
  return std::to_string(pod.size()) + " rows leave the pod, " + std::to_string(rtl.size()) + " the RTL";
}

Campaign run_random_batch(const RtlPodKind& kind, std::uint64_t seed, std::int64_t number, int count) {
  const std::string what = kind.name() + ", simulation " + std::to_string(number);
  RandomStream random(seed, "pod against RTL, " + what);
  const std::vector<PodOperation> ops = random_operations(kind.geometry, count, kRtlFirstCycle, random);
  const SideBySideRun run = run_side_by_side(kind, ops, random.next());
  Campaign campaign;
  campaign.operations = count;
  for (const PodOperation& op : ops) campaign.rows += op.m;
  campaign.cycles = run.rtl.cycles;
  std::string& difference = campaign.difference;
  difference = run.fault;
  if (difference.empty()) difference = run.rtl.flaw;
  if (difference.empty()) difference = first_difference(run.pod, run.rtl.rows);
  if (difference.empty() && static_cast<std::int64_t>(run.pod.size()) != campaign.rows) {
    difference = std::to_string(run.pod.size()) + " rows leave, " + std::to_string(campaign.rows) + " enter";
  }
  if (!difference.empty()) difference.insert(0, what + ": ");
  return campaign;
}

}  // namespace podsim::test
