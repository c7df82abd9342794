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
#include "podsim/models/run_accounts.hpp"
#include "podsim/models/run_context.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/models/scoreboard.hpp"

namespace podsim {

/// A schedule orders work; this module times it. Per round q it decides u_q, the cycle in which the tiles that stay in
/// the arrays start to enter the pods, s_q, the cycle in which those that stream do (the same for all pods), and v_q,
/// likewise for the passes of the post-processors (docs/machine_model.md, "Rounds"). It keeps a scoreboard of
/// everything it has ordered; whatever it waits for beyond the round before is charged to a StallCause.
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
  sc_core::sc_port<RunMonitor> monitor{"monitor"};

  SC_HAS_PROCESS(TilingController);
  TilingController(const sc_core::sc_module_name& name, RunContext& context, const Machine& machine);

  /// Starts the program of the context in cycle 0.
  void begin();
  void reset();
  /// From the next program on: keep a RoundResult per round.
  void record_rounds(bool record) { accounts_.record_rounds(record); }
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
  /// What became of looking for a start cycle.
  enum class Decision { wait, commit };
  /// One of the two sequences of decisions, that of the pods and that of the post-processors.
  struct Sequence {
    bool poked = false;       ///< something changed that it may wait for
    std::int64_t wake = -1;   ///< cycle in which it wants to look again, or -1
    bool is_decided = false;  ///< `start` stands, to be ordered when its time comes
    std::int64_t start = 0;   ///< of the round that is being decided
    std::int64_t lead = 0;    ///< latency of the longest circuit that brings its first row

    bool is_due(std::int64_t now) const { return poked || (wake >= 0 && wake <= now); }
    void begin_step() {
      poked = false;
      wake = -1;
    }
  };

  void run();
  void step(std::int64_t now);
  void step_main(std::int64_t now);
  void step_post(std::int64_t now);
  /// The first cycle in which pods that may have streamed in round `before` can take weights of the next.
  std::int64_t shadow_free(std::uint32_t before, const ArrayTiming& timing) const;
  /// The timing of the pods that run the operation.
  const ArrayTiming& timing_of(const GemmTiles& gemm) const {
    return timing_[static_cast<std::size_t>(gemm.pod_group)];
  }
  /// Its sums stay in the array.
  static bool sums_stay(const RoundOperation& operation) { return operation.place->p_bank == kNoBank; }
  /// Transfer::ahead of a stored tile.
  std::int64_t ahead_of(const StoredTile& tile) const {
    return transposes_ && context_.program->work.operands[tile.operand].by_columns ? tile.columns : 0;
  }
  /// The first cycle in which the bank's port is free after the read.
  static std::int64_t port_free_after(const Transfer& transfer) {
    return transfer.launch - kBankRead - transfer.ahead + transfer.port_cycles();
  }
  /// Longest stream of the round, in cycles.
  std::int64_t longest_stream(const std::vector<RoundOperation>& operations) const;
  /// What arrays that keep their sums ask of the start of a round: of `length` cycles.
  void wait_for_outputs(const std::vector<RoundOperation>& operations, std::int64_t length);
  /// Orders the read of a W tile whose first row enters the pod in `start`.
  void order_weights(const RoundOperation& operation, std::int64_t start);
  Decision decide_weights(std::int64_t now);
  Decision decide_stream(std::int64_t now);
  Decision decide_post(std::int64_t now);
  /// Commits to a start if it is time to order it, otherwise sleeps until it is.
  Decision at(Sequence& sequence, std::int64_t start, std::int64_t now) const;
  static Decision sleep(Sequence& sequence, std::int64_t cycle);
  /// What a decision had to wait for, if its order cannot go out in time any more.
  static StallCause late_because(std::int64_t fetched, std::int64_t now);
  void order_weights();
  void order_stream(std::int64_t now);
  void order_post(std::int64_t now);
  /// Tiles that are written on chip from the round on take their space.
  void take_outputs(std::uint32_t round, std::int64_t cycle);
  void poke(Sequence& sequence, std::int64_t now);
  void maybe_finish(std::int64_t now);
  /// The item's space is free from `cycle` on.
  void give_back(ItemId item, std::int64_t cycle);

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

  RunContext& context_;
  const HardwareConfig& config_;
  const bool shared_ports_;          ///< P banks have one read and one write port
  const bool transposes_;            ///< tiles that are delivered by columns pass a buffer
  std::vector<ArrayTiming> timing_;  ///< per group of pods
  Scoreboard board_;
  RunAccounts accounts_;
  RoundOperations operations_;
  const std::int64_t max_latency_;
  std::int64_t longest_ahead_ = 0;  ///< of the tiles that pass a transposing buffer

  CycleEvent wake_{"wake"};
  CycleEvent finish_{"finish"};

  // Where the run is.
  Sequence main_, post_;
  std::uint32_t rounds_ = 0;
  std::uint32_t main_round_ = 0;  ///< being decided
  std::uint32_t post_round_ = 0;
  bool loading_ = true;  ///< the weights of main_round_ are being decided
  bool done_ = false;
  std::int64_t finish_cycle_ = 0;

  // Rounds.
  bool post_was_queued_ = false;  ///< the passes of post_round_ waited for the round before
  std::int64_t load_start_ = 0, load_end_ = 0;
  std::int64_t loading_cycles_ = 0;  ///< of the round whose weights were ordered last
  // Of arrays that keep their sums: the first cycle in which the next may begin to drain, and, per group of pods, in
  // which an operation with new sums may start.
  std::int64_t outputs_left_ = 0;
  std::vector<std::int64_t> outputs_read_;
  StartBound load_bound_, stream_bound_;

  Reads x_reads_, w_reads_, p_reads_, in1_reads_, in2_reads_;
  std::vector<std::uint32_t> outputs_written_;  ///< per operation: output tiles on their way, for write-back shares
  std::int64_t copies_ = 0, copied_bytes_ = 0;  ///< by relayout circuits
};

}  // namespace podsim
