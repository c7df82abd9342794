#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The whole machine as one SystemC module, to be simulated by podsim or embedded elsewhere.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <systemc>

#include "podsim/interconnect/fabric.hpp"
#include "podsim/models/bank.hpp"
#include "podsim/models/checker.hpp"
#include "podsim/models/dram.hpp"
#include "podsim/models/pod.hpp"
#include "podsim/models/post_processor.hpp"
#include "podsim/models/program.hpp"
#include "podsim/models/run_context.hpp"
#include "podsim/models/run_probe.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/models/tiling_controller.hpp"
#include "podsim/models/values/value_plane.hpp"

namespace podsim {

/// Pods, banks, fabrics, post-processors, DRAM and tiling controller, wired.
///
/// Runs one program at a time:
/// \code
/// podsim::Accelerator accelerator("accelerator", program->machine.config);
/// accelerator.start(program);         // before or during simulation
/// wait(accelerator.done_event());
/// podsim::RunResult result = accelerator.result();
/// \endcode
/// The time base is `clock_mhz` of the configuration. Both ports may stay unbound.
class Accelerator final : public sc_core::sc_module {
 public:
  /// If bound, jobs start and completion is signalled at its rising edges; nothing else depends on it.
  sc_core::sc_port<sc_core::sc_signal_in_if<bool>, 1, sc_core::SC_ZERO_OR_MORE_BOUND> clk{"clk"};
  /// If bound, a high level aborts the job that runs: `done_event` fires and `result` throws. A job that is started
  /// during reset begins after it.
  sc_core::sc_port<sc_core::sc_signal_in_if<bool>, 1, sc_core::SC_ZERO_OR_MORE_BOUND> rst{"rst"};

  SC_HAS_PROCESS(Accelerator);
  /// \throws Error (bad_input) if the configuration cannot be built
  Accelerator(const sc_core::sc_module_name& name, const HardwareConfig& config);
  Accelerator(const Accelerator&) = delete;
  Accelerator& operator=(const Accelerator&) = delete;
  ~Accelerator() override;

  /// Starts a program that was made for this configuration.
  /// \throws Error (internal) if another one is running or the machine differs
  /// \param values takes part in the run: see ValuePlane; null if only time is simulated
  void start(std::shared_ptr<const Program> program, std::shared_ptr<ValuePlane> values = nullptr);
  /// Fires when the program is complete, or has failed.
  const sc_core::sc_event& done_event() const { return done_; }
  bool is_running() const { return running_; }
  /// The result of the last program; if it has not ended, what has been done so far.
  /// \param stopped_at cycle in which an unfinished run was stopped
  /// \throws Error that the run ended with
  RunResult result(std::optional<std::int64_t> stopped_at = std::nullopt) const;
  /// The fault that ended the run, if any.
  const std::optional<Error>& fault() const { return context_.fault; }
  std::int64_t rounds_done() const { return controller_.rounds_done(); }
  /// What an unfinished run waits for, for people.
  std::string waiting_for() const { return controller_.waiting_for(); }
  sc_core::sc_time clock_period() const { return context_.period; }
  /// From the next program on: keep a RoundResult per round.
  void record_rounds(bool record) { controller_.record_rounds(record); }
  /// Shows a probe all that happens, in all programs from the next one on. Before elaboration ends only, once.
  void observe(RunProbe& probe);
  /// For tests: processes that are ready at the same time run in random order from now on.
  void shuffle_processes(std::uint64_t seed) { context_.shuffle.emplace(seed, "process order"); }
  /// For tests: banks and DRAM take longer now and then.
  void stall_randomly(std::uint64_t seed) { context_.stall_seed = seed; }

 private:
  template <class Module>
  using Modules = std::vector<std::unique_ptr<Module>>;

  void before_end_of_elaboration() override;
  void bind();
  void begin();
  void finish();
  void on_clock();
  void on_reset();

  Machine machine_;
  const Json config_json_;  ///< what a program must have been made for
  RunContext context_;
  std::shared_ptr<const Program> program_;
  std::shared_ptr<ValuePlane> values_;
  bool start_requested_ = false;
  bool running_ = false;
  bool finish_requested_ = false;
  sc_core::sc_event begin_{"begin_requested"};
  sc_core::sc_event failed_{"failed"};
  sc_core::sc_event done_{"done_event"};

  Checker checker_;
  Dram dram_;
  Modules<Fabric> fabrics_;
  Modules<Bank> x_banks_;
  Modules<Bank> w_banks_;
  Modules<Bank> p_banks_;
  Modules<Pod> pods_;
  Modules<PostProcessor> post_processors_;
  TilingController controller_;
};

}  // namespace podsim
