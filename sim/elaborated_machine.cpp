// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/elaborated_machine.hpp"

#include <algorithm>
#include <utility>

#include <systemc>

#include "podsim/sim/accelerator.hpp"

namespace podsim {

/// A SystemC context of its own. The kernel keeps its state in one global; a context that has run cannot take another
/// model. The one that exists at start-up must stay alive: static objects of the library refer to it.
class ElaboratedMachine::Kernel {
 public:
  Kernel() : context_(new sc_core::sc_simcontext) {
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  }
  ~Kernel() {
    const Use use(*this);
    delete context_;
  }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  /// While it lives, the kernel works for this context.
  class Use {
   public:
    explicit Use(Kernel& kernel) : outer_(sc_core::sc_get_curr_simcontext()) {
      sc_core::sc_curr_simcontext = kernel.context_;
    }
    ~Use() { sc_core::sc_curr_simcontext = outer_; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    sc_core::sc_simcontext* outer_;
  };

 private:
  sc_core::sc_simcontext* context_;
};

ElaboratedMachine::ElaboratedMachine(const HardwareConfig& config, RunProbe* probe) : config_(config), probe_(probe) {
  elaborate();
}

ElaboratedMachine::~ElaboratedMachine() {
  const Kernel::Use use(*kernel_);
  accelerator_.reset();
}

void ElaboratedMachine::elaborate() {
  kernel_ = std::make_unique<Kernel>();
  const Kernel::Use use(*kernel_);
  accelerator_ = std::make_unique<Accelerator>("accelerator", config_);
  if (probe_ != nullptr) accelerator_->observe(*probe_);
}

RunResult ElaboratedMachine::run(const Program& program, const RunOptions& options, ValuePlane* values) {
  if (!accelerator_) elaborate();
  const Kernel::Use use(*kernel_);
  // Whatever ends a run early leaves events and half-done orders behind.
  struct DropUnlessDone {
    std::unique_ptr<Accelerator>& accelerator;
    bool done = false;
    ~DropUnlessDone() {
      if (!done) accelerator.reset();
    }
  } guard{accelerator_};
  RunResult result = run_elaborated(program, options, values);
  guard.done = result.complete && !options.stall_seed && !options.shuffle_seed;
  return result;
}

RunResult ElaboratedMachine::run_elaborated(const Program& program, const RunOptions& options, ValuePlane* values) {
  try {
    Accelerator& accelerator = *accelerator_;
    if (options.stall_seed) accelerator.stall_randomly(*options.stall_seed);
    accelerator.record_rounds(options.record_rounds);
    if (options.shuffle_seed) accelerator.shuffle_processes(*options.shuffle_seed);
    // Both outlive the run: no ownership is shared.
    accelerator.start(std::shared_ptr<const Program>(std::shared_ptr<const Program>(), &program),
                      std::shared_ptr<ValuePlane>(std::shared_ptr<ValuePlane>(), values));
    const auto rounds = static_cast<std::int64_t>(program.order.main_first.size()) - 1;

    constexpr std::int64_t kSliceCycles = 1 << 14;
    std::int64_t cycle = 0;
    bool started = false;
    while (!started || (accelerator.is_running() && sc_core::sc_pending_activity())) {
      started = true;
      if (cycle > 0 && options.stop && options.stop()) {
        RunResult result = accelerator.result(cycle);
        result.stopped_because = "interrupted";
        return result;
      }
      if (options.max_cycles > 0 && cycle >= options.max_cycles) {
        RunResult result = accelerator.result(cycle);
        result.stopped_because = "reached the limit of " + std::to_string(options.max_cycles) + " cycles";
        return result;
      }
      std::int64_t slice = kSliceCycles;
      if (options.max_cycles > 0) slice = std::min(slice, options.max_cycles - cycle);
      sc_core::sc_start(accelerator.clock_period() * static_cast<double>(slice), sc_core::SC_RUN_TO_TIME);
      cycle += slice;
      if (options.progress) {
        options.progress({RunProgress::Phase::simulating, accelerator.rounds_done(), rounds, cycle});
      }
    }
    if (accelerator.is_running()) {
      throw Error::run_failed("the run cannot progress: " + accelerator.waiting_for());
    }
    return accelerator.result();
  } catch (const sc_core::sc_report& report) {
    throw Error::internal("SystemC", report.what());
  }
}

ElaboratedMachine& MachinePool::machine_for(const HardwareConfig& config) {
  std::string key = to_json(config).dump();
  const auto known =
      std::find_if(entries_.begin(), entries_.end(), [&key](const Entry& entry) { return entry.config == key; });
  if (known != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, known);
  } else {
    if (entries_.size() >= most_) entries_.pop_back();
    entries_.push_front({std::move(key), std::make_unique<ElaboratedMachine>(config)});
  }
  return *entries_.front().machine;
}

}  // namespace podsim
