#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Plays a schedule: decides when rounds start, orders reads and operations, accounts for every cycle.

#include <array>
#include <cstdint>
#include <vector>

#include <systemc>

#include "podsim/interconnect/fabric.hpp"
#include "podsim/models/bank.hpp"
#include "podsim/models/checker.hpp"
#include "podsim/models/dram.hpp"
#include "podsim/models/pod.hpp"
#include "podsim/models/post_processor.hpp"
#include "podsim/models/run_context.hpp"
#include "podsim/models/run_result.hpp"

namespace podsim {

/// A schedule orders work; this module times it. Per round q it decides u_q, the cycle in which weight rows start to
/// enter the pods, s_q, the cycle in which activation rows do (the same for all pods), and v_q, likewise for the
/// passes of the post-processors (docs/machine_model.md, "Rounds"). It keeps a scoreboard of everything it has
/// ordered; whatever it waits for beyond the round before is charged to a StallCause.
class TilingController final : public sc_core::sc_module, public FillListener, public DramListener {
 public:
  sc_core::sc_export<FillListener> fills{"fills"};
  sc_core::sc_export<DramListener> spills{"spills"};
  sc_core::sc_port<BankInterface, 0> x_banks{"x_banks"};
  sc_core::sc_port<BankInterface, 0> w_banks{"w_banks"};
  sc_core::sc_port<BankInterface, 0> p_banks{"p_banks"};
  sc_core::sc_port<PodCommandInterface, 0> pods{"pods"};
  sc_core::sc_port<PostCommandInterface, 0> post_processors{"post_processors"};
  sc_core::sc_port<DramInterface> dram{"dram"};
  sc_core::sc_port<SpaceMonitor> space{"space"};

  SC_HAS_PROCESS(TilingController);
  TilingController(const sc_core::sc_module_name& name, RunContext& context, const Machine& machine, Checker& checker,
                   Dram& memory);

  /// Starts the program of the context in cycle 0.
  void begin();
  void reset();
  void filling(std::uint32_t fill, std::int64_t cycle, std::int64_t now) override;
  void fill_delayed(std::uint32_t fill, std::int64_t cycle) override;
  void spilled(std::int64_t count, std::int64_t cycle, std::int64_t now) override;
  void idle(std::int64_t now) override { maybe_finish(now); }

  /// Fires when everything has been ordered and the last write-back has ended.
  const sc_core::sc_event& done_event() const { return finish_.event(); }
  bool is_done() const { return done_; }
  std::int64_t rounds_done() const { return main_round_; }
  /// Adds what the controller knows to the result, with the shares of operations. If the run was stopped,
  /// `stopped_at` is the last cycle that counts.
  void collect(RunResult& result, std::optional<std::int64_t> stopped_at) const;
  /// What the run waits for, when nothing happens any more.
  std::string waiting_for() const;

 private:
  /// A lower bound that grows cause by cause.
  struct Bound {
    std::array<std::int64_t, kStallCauses> at{};
    void raise(StallCause cause, std::int64_t cycle) {
      std::int64_t& bound = at[static_cast<std::size_t>(cause)];
      if (cycle > bound) bound = cycle;
    }
    std::int64_t highest() const {
      std::int64_t out = 0;
      for (const std::int64_t bound : at) out = out > bound ? out : bound;
      return out;
    }
  };
  /// What became of looking for a start cycle.
  enum class Decision { wait, sleep, commit };

  void run_main();
  void run_post();
  void step_main(std::int64_t now);
  void step_post(std::int64_t now);
  Decision decide_weights(std::int64_t now);
  Decision decide_stream(std::int64_t now);
  Decision decide_post(std::int64_t now);
  /// Waits for the fills of a stage: false if one has not started; otherwise the cycle from which on all are there.
  bool fills_ready(std::uint32_t round, Stage stage, std::int64_t& ready) const;
  Decision at(CycleEvent& event, std::int64_t& decided, std::int64_t start, std::int64_t lead, std::int64_t now);
  void order_weights();
  void order_stream(std::int64_t now);
  void order_post(std::int64_t now);
  void charge(std::int64_t start, const Bound& bound);
  void poke_main(std::int64_t now);
  void poke_post(std::int64_t now);
  void maybe_finish(std::int64_t now);

  /// The cycle from which on the rows of a list may be read (row t in that cycle + t); false if a producer has not
  /// been ordered yet.
  bool rows_ready(RequirementRange range, std::int64_t& ready, bool& queued);
  bool block_ready(std::uint32_t operation, std::uint32_t block, std::int64_t& ready, bool& queued);
  /// The cycle from which on the first row of partial sums may be read; false if they have not been ordered yet.
  bool sum_ready(const PostSource& source, std::int64_t& ready) const;
  void write_output(const GemmTiles& gemm, std::int64_t g, std::int64_t i, std::int64_t ready, bool queued);
  void write_block(std::uint32_t operation, std::uint32_t block, std::int64_t ready, bool queued);

  std::int64_t latency(int bank, int unit) const {
    return uniform_latency_ >= 0 ? uniform_latency_ : machine_.topology->latency(bank, unit).count();
  }
  /// Latency of the longest branch of the read that the bank takes part in this round.
  struct Reads {
    std::vector<std::int64_t> latency;
    std::vector<std::uint32_t> epoch;
    std::uint32_t now = 0;
    explicit Reads(std::size_t banks) : latency(banks), epoch(banks, 0) {}
    void next() { ++now; }
    void add(int bank, std::int64_t cycles) {
      const auto b = static_cast<std::size_t>(bank);
      if (epoch[b] != now || latency[b] < cycles) latency[b] = cycles;
      epoch[b] = now;
    }
    std::int64_t of(int bank) const { return latency[static_cast<std::size_t>(bank)]; }
  };
  std::int64_t& port_free(FabricId fabric, int bank);

  RunContext& context_;
  const Machine& machine_;
  const HardwareConfig& config_;
  Checker& checker_;
  Dram& memory_;
  const std::int64_t uniform_latency_;  ///< -1 if pairs differ
  const std::int64_t max_latency_;
  const std::int64_t array_latency_;

  CycleEvent main_wake_{"main_wake"};
  CycleEvent post_wake_{"post_wake"};
  CycleEvent finish_{"finish"};

  // Where the run is.
  std::uint32_t rounds_ = 0;
  std::uint32_t main_round_ = 0;  ///< being decided
  std::uint32_t post_round_ = 0;
  bool loading_ = true;                                 ///< the weights of main_round_ are being decided
  std::int64_t decided_main_ = -1, decided_post_ = -1;  ///< start that was found, to be ordered when its time comes
  bool done_ = false;
  std::int64_t finish_cycle_ = 0;

  // Rounds.
  std::vector<std::int64_t> stream_start_, stream_end_, post_start_, post_end_;
  std::vector<std::uint8_t> post_queued_;  ///< the pass round waited for the one before it
  std::int64_t load_start_ = 0, load_end_ = 0;
  std::int64_t loading_rows_ = 0;  ///< of the round whose weights were ordered last
  Bound load_bound_, stream_bound_, post_bound_;
  std::int64_t main_lead_ = 0, post_lead_ = 0;
  StallCause waited_for_ = StallCause::memory;  ///< what the decision last had to wait for

  // Scoreboard.
  std::vector<std::int64_t> fill_ready_;  ///< per fill; kUnknown before it starts
  std::int64_t spills_done_ = 0, spills_done_cycle_ = 0;
  std::vector<std::int64_t> block_ready_;  ///< per output block
  std::vector<std::uint32_t> block_missing_;
  std::vector<std::uint8_t> block_queued_;
  std::vector<std::int64_t> list_ready_;  ///< per first requirement of a list, once final; -1 before
  std::vector<std::uint8_t> list_queued_;
  std::array<LinkSchedule, kFabrics> links_;
  std::array<std::vector<std::int64_t>, kFabrics> ports_;
  Reads x_reads_, w_reads_, p_reads_, in1_reads_, in2_reads_;
  std::vector<std::uint8_t> destination_classes_;  ///< per operation: bank classes that read its output
  std::vector<std::uint32_t> outputs_written_;     ///< per operation: output tiles on their way, for write-back shares

  // Accounts.
  std::vector<OperationResult> operations_;
  std::array<std::int64_t, kStallCauses> stalls_{};
  std::int64_t stream_cycles_ = 0, fill_cycles_ = 0;
  std::int64_t busy_pod_cycles_ = 0, barrier_pod_cycles_ = 0, idle_pod_cycles_ = 0;
  std::int64_t macs_ = 0;
  std::int64_t last_work_ = 0;  ///< everything ordered so far is stored by then
  std::int64_t passes_done_ = 0;
  int charged_last_ = 0;         ///< operation that the last round was charged to
  std::vector<std::uint32_t> round_ops_;  ///< scratch: tile operations of the round per operation
};

}  // namespace podsim
