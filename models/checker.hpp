#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Watches every run for broken hardware rules, independently of the interlocks that should prevent them.

#include <array>
#include <cstdint>
#include <queue>
#include <vector>

#include <systemc>

#include "podsim/interconnect/transfer.hpp"
#include "podsim/models/bank.hpp"
#include "podsim/models/calendar.hpp"
#include "podsim/models/cycle_table.hpp"
#include "podsim/models/held_space.hpp"
#include "podsim/models/run_context.hpp"

namespace podsim {

/// Whoever watches the controller: space in banks that is taken and given back, fills, and the progress of time.
class RunMonitor : public virtual sc_core::sc_interface {
 public:
  /// A fill has its rows in the bank from `cycle` on.
  virtual void filled(std::uint32_t fill, std::int64_t cycle) = 0;
  /// Everything that happens before `cycle` is known.
  virtual void advance(std::int64_t cycle) = 0;
  virtual void take(ItemId item, std::int64_t cycle) = 0;
  virtual void give_back(ItemId item, std::int64_t cycle) = 0;
};

/// Sees all circuits, bank writes and fills. Reports: two sources on one link, two tiles on one port, a row read
/// before it was written, a bank over capacity; each with fabric, bank, unit and tile.
class Checker final : public sc_core::sc_module, public CircuitMonitor, public BankMonitor, public RunMonitor {
 public:
  Checker(const sc_core::sc_module_name& name, RunContext& context, const Machine& machine);

  void circuit(FabricId fabric, const Transfer& transfer) override;
  void written(BankClass bank_class, int bank, const Transfer& transfer) override;
  void take(ItemId item, std::int64_t cycle) override;
  void give_back(ItemId item, std::int64_t cycle) override { space_events_.add({cycle, item, kNone}); }
  void filled(std::uint32_t fill, std::int64_t cycle) override;
  /// Checks the banks' capacity, and the reads that were ordered early, up to there.
  void advance(std::int64_t cycle) override;
  void begin();

  std::int64_t checks() const { return checks_; }
  const std::array<std::int64_t, 3>& peak_bank_bytes() const { return peak_bank_; }
  const std::array<std::int64_t, 3>& peak_class_bytes() const { return peak_class_; }

 private:
  /// The rows that a bank launches from one cycle on, over all branches of a multicast.
  struct Stream {
    std::int64_t launch = 0;
    std::int32_t rows = 0;
    std::uint32_t item = 0;
    std::uint16_t bank = 0;
    bool is_same(const Transfer& transfer) const {
      return launch == transfer.launch && item == transfer.item && bank == transfer.bank;
    }
  };
  /// The links of one fabric. A link holds until when it is used, and by which stream.
  struct Links {
    struct Use {
      std::uint32_t until = 0;  ///< the first cycle after the last use, from `base` on
      std::uint32_t stream = 0;
    };
    std::vector<Use> uses;                    ///< per link
    std::int64_t base = 0;                    ///< cycles are counted from here, so that they take 32 bits
    std::vector<Stream> streams;              ///< from number `first` on
    std::uint32_t first = 1;                  ///< streams before have left all links
    std::vector<std::uint32_t> last_of_bank;  ///< the bank's last stream
    std::uint32_t next() const { return first + static_cast<std::uint32_t>(streams.size()); }
    const Stream& at(std::uint32_t stream) const { return streams[stream - first]; }
    void count_from(std::int64_t cycle);
  };
  struct Port {
    std::int64_t busy_until = 0;
    std::int64_t launch = -1;
    std::uint32_t item = 0;
  };
  struct SpaceEvent {
    std::int64_t cycle;
    ItemId item;
    std::uint32_t bytes;  ///< that are taken, or kNone: given back
    bool is_taken() const { return bytes != kNone; }
  };

  /// A read whose tile was not on its way yet when the read was ordered.
  struct EarlyRead {
    std::int64_t cycle;
    FabricId fabric;
    Transfer transfer;
    bool operator<(const EarlyRead& other) const { return cycle > other.cycle; }  // the earliest is on top
  };

  /// Likewise for what a transfer brings.
  void take(const Transfer& transfer);
  /// Space is taken or given back.
  void apply(const SpaceEvent& event);
  void check_links(FabricId fabric, const Transfer& transfer);
  /// \param path the links of the circuit, in the order of the hops from the bank
  void check_path(FabricId fabric, const Transfer& transfer, const int* path, std::size_t hops);
  /// Without fixed routes: finds settings for the circuits that were launched together, and checks their links.
  void settle(FabricId fabric);
  /// Forgets the streams that have left all links.
  void forget_streams(std::int64_t cycle);
  void check_port(FabricId fabric, const Transfer& transfer);
  /// \param now_or_never the tile's producers must all be known by now
  void check_read(FabricId fabric, const Transfer& transfer, bool now_or_never);
  void output_copied(const PostPlacement& pass, BankClass bank_class, int bank, std::int64_t from);
  /// The cycle from which on row t of a stored tile may be read in cycle `result` + t.
  std::int64_t readable_from(ItemId item);
  BankClass class_of(ItemId item) const;
  int bank_of(ItemId item) const;
  [[noreturn]] void fail(const std::string& text) const;

  RunContext& context_;
  const Machine& machine_;
  const bool shared_ports_;
  const std::int64_t capacity_;  ///< of a bank, in bytes
  std::array<Links, kFabrics> links_;
  std::size_t longest_path_ = 0;  ///< hops of a circuit seen so far
  std::array<std::vector<Port>, kFabrics> ports_;
  std::vector<int> path_;
  std::array<std::vector<Transfer>, kFabrics> launched_;  ///< without fixed routes: in the latest launch cycle
  CircuitPaths paths_;
  // When things can be read.
  CycleTable from_;                           ///< per item; of a stored tile: what DRAM brings
  std::vector<std::uint8_t> is_read_;         ///< per tile operation and pass: it is read, so that it takes space
  std::vector<std::int64_t> block_from_;      ///< per output block: its first row
  std::vector<std::uint32_t> block_missing_;  ///< tiles of the block that are not on their way yet
  std::vector<std::int64_t> list_from_;       ///< per list of requirements: its result once it is final
  // Likewise with relayout by circuits, where a tile has to get copies of its own.
  std::vector<std::int64_t> tile_from_;      ///< per stored tile
  std::vector<std::uint32_t> tile_missing_;  ///< output tiles that are not on their way to its bank yet
  std::priority_queue<EarlyRead> early_reads_;
  // Space.
  Calendar<SpaceEvent> space_events_;
  std::array<std::vector<std::int64_t>, 3> used_;
  std::array<std::int64_t, 3> class_used_{};
  std::array<std::int64_t, 3> peak_bank_{}, peak_class_{};
  HeldSpace held_;
  std::int64_t checks_ = 0;
};

}  // namespace podsim
