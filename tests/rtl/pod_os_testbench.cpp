// SPDX-License-Identifier: Apache-2.0
#include "rtl/pod_os_testbench.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/kernel.hpp"

namespace podsim::test {
namespace {

/// Drives the ports of the RTL cycle by cycle, and writes down what leaves it.
class RtlOsPodBench final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(RtlOsPodBench);
  RtlOsPodBench(const RtlOsPodKind& kind, const std::vector<OsOperation>& ops, std::uint64_t seed)
      : sc_module(sc_core::sc_module_name("bench")),
        geometry_(kind.geometry),
        ops_(ops),
        feeder_(kind.geometry, ops),
        garbage_(seed, "undefined lanes"),
        rtl_((set_power_up_seed(static_cast<int>(1 + garbage_.below(1U << 30))), kind.make())) {
    SC_METHOD(step);
  }

  std::int64_t cycles() const { return feeder_.cycles(); }
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

  std::vector<std::int8_t> garbage(int lanes) {
    std::vector<std::int8_t> out(static_cast<std::size_t>(lanes));
    for (std::int8_t& lane : out) lane = static_cast<std::int8_t>(garbage_.next());
    return out;
  }

  void drive() {
    rtl_->rst.write(cycle_ < kRtlFirstCycle);
    OsPorts ports = feeder_.ports(cycle_);
    RtlOsPodInputs in;
    in.valid = !ports.activations.empty();
    in.replace = in.valid ? ports.replaces : garbage_.below(2) != 0;
    in.activations = in.valid ? std::move(ports.activations) : garbage(geometry_.rows);
    in.weights = in.valid ? std::move(ports.weights) : garbage(geometry_.cols);
    in.drain = ports.drain_rows > 0;
    in.drain_rows = static_cast<std::uint16_t>(in.drain ? ports.drain_rows : garbage_.between(1, geometry_.rows));
    rtl_->drive(in);
  }

  void sample() {
    if (cycle_ < kRtlFirstCycle) return;  // what power up has left may come out
    ++run.cycles;
    rtl_->sample(outputs_);
    const auto valid = std::count(outputs_.valid.begin(), outputs_.valid.end(), true);
    if (valid == 0) return;
    if (valid != geometry_.cols) return note("some columns of a row come without the others");
    while (leaving_ < ops_.size() && (!ops_[leaving_].drains() || left_ == ops_[leaving_].m)) {
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

  OsGeometry geometry_;
  const std::vector<OsOperation>& ops_;
  OsFeeder feeder_;
  RandomStream garbage_;
  std::unique_ptr<RtlOsPod> rtl_;
  Phase phase_ = Phase::rise;
  std::int64_t cycle_ = 0;
  RtlPodOutputs outputs_;
  std::size_t leaving_ = 0;
  int left_ = 0;  ///< rows that have left, of the operation that is leaving
};

}  // namespace

RtlRun run_os_rtl(const RtlOsPodKind& kind, const std::vector<OsOperation>& ops, std::uint64_t seed) {
  const Kernel kernel;
  RtlOsPodBench rtl(kind, ops, seed);
  run_cycles(rtl.cycles());
  return std::move(rtl.run);
}

}  // namespace podsim::test
