#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file External memory: fetches tiles, takes results and spilled tiles, limited by bandwidth.

#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include <systemc>

#include "podsim/models/bank.hpp"
#include "podsim/models/dram_model.hpp"
#include "podsim/models/run_context.hpp"
#include "podsim/models/run_probe.hpp"

namespace podsim {

class DramInterface : public virtual sc_core::sc_interface {
 public:
  /// The reading of a round ends in `cycle` (announced ahead of time).
  virtual void round_ends(RoundEnd end, std::int64_t cycle, std::int64_t now) = 0;
  /// Output rows that are complete in `ready` go to DRAM.
  virtual void write_back(std::int64_t bytes, std::int64_t ready, std::int64_t now) = 0;
  /// Nothing is left to move.
  virtual bool is_idle() const = 0;
  /// The cycle in which the last transfer so far ends.
  virtual std::int64_t busy_until() const = 0;
  /// What the next fill waits for, for people.
  virtual std::string waiting_for() const = 0;
};

class DramListener : public virtual sc_core::sc_interface {
 public:
  /// The first `count` spills are complete; the last of them in `cycle`.
  virtual void spilled(std::int64_t count, std::int64_t cycle, std::int64_t now) = 0;
  /// Nothing is left to move.
  virtual void idle(std::int64_t now) = 0;
};

struct DramStatistics {
  std::int64_t read_bytes = 0;
  std::int64_t weight_bytes = 0;      ///< of read_bytes: second matrices of GEMMs
  std::int64_t activation_bytes = 0;  ///< of read_bytes: into X and P banks
  std::int64_t written_bytes = 0;     ///< results and new keys and values
  std::int64_t spilled_bytes = 0;
  std::int64_t refetched_bytes = 0;               ///< of read_bytes
  std::int64_t busy_until = 0;                    ///< cycle in which the last transfer ends
  std::vector<DramChannelStatistics> channels{};  ///< none if the model has none
};

/// Decides what is transferred next: write-backs and spills go first, then fills in the order of the plan. A fill waits
/// until its space is free; those behind it wait with it. How long a transfer takes is up to the DramModel.
class Dram final : public sc_core::sc_module, public DramInterface {
 public:
  sc_core::sc_export<DramInterface> commands{"commands"};
  // A port per class: the kernel compares what is bound to a port with everything that is bound to it already.
  sc_core::sc_port<BankInterface, 0> x_banks{"x_banks"};
  sc_core::sc_port<BankInterface, 0> w_banks{"w_banks"};
  sc_core::sc_port<BankInterface, 0> p_banks{"p_banks"};
  sc_core::sc_port<DramListener> listener{"listener"};

  SC_HAS_PROCESS(Dram);
  Dram(const sc_core::sc_module_name& name, RunContext& context, const HardwareConfig& config);

  void round_ends(RoundEnd end, std::int64_t cycle, std::int64_t now) override;
  void write_back(std::int64_t bytes, std::int64_t ready, std::int64_t now) override;
  /// Clears all state and starts with the program's fills in cycle 0.
  void begin();
  void reset();

  bool is_idle() const override;
  std::int64_t busy_until() const override { return statistics_.busy_until; }
  DramStatistics statistics() const;
  std::size_t fills_done() const { return next_fill_; }
  std::string waiting_for() const override;

 private:
  struct WriteBack {
    std::int64_t ready;
    std::int64_t id;
    std::int64_t bytes;
    bool operator<(const WriteBack& other) const {  // the earliest is on top of the queue
      return ready != other.ready ? ready > other.ready : id > other.id;
    }
  };
  void run();
  void serve(std::int64_t now);
  /// The cycle from which on the space of this transfer is free; nothing if that is not known yet.
  std::optional<std::int64_t> free_from(RoundEnd after) const;
  /// Issues the first of what waits and can begin: a write-back, a spill or a fill. False, with the wake-up set, if
  /// nothing can.
  bool serve_one(std::int64_t now);
  DramRequest request_for(ItemId item, std::int64_t bytes, bool is_spill) const;
  DramService issue(DramMove move, const DramRequest& request, std::int64_t now);
  BankInterface& bank(BankClass bank_class, int bank);
  /// Where a stored tile lies.
  std::int64_t address_of(ItemId tile) const;
  /// The cycle in which what the fill brings is in DRAM: Release::arrival_cycle.
  std::int64_t arrival_of(const Fill& fill) const;

  RunContext& context_;
  const HardwareConfig& config_;
  std::unique_ptr<DramModel> model_;
  std::int64_t result_latency_ = 0;
  CycleEvent wake_{"wake"};
  std::vector<std::int64_t> address_;                       ///< of every kAddressStep-th stored tile
  std::unordered_map<ItemId, std::int64_t> spill_address_;  ///< looked up, never walked through
  std::int64_t next_address_ = 0;
  std::size_t next_fill_ = 0;
  std::size_t next_spill_ = 0;
  std::int64_t next_write_back_ = 0;
  std::priority_queue<WriteBack> write_backs_;
  std::vector<std::int64_t> spill_end_;            ///< per spill that has begun
  std::vector<std::int64_t> main_end_, post_end_;  ///< per round announced so far
  DramStatistics statistics_;
};

}  // namespace podsim
