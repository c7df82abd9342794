#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file One SRAM bank: reads into fabrics, takes rows from fabrics and from DRAM.

#include <array>
#include <cstdint>
#include <vector>

#include <systemc>

#include "podsim/interconnect/transfer.hpp"
#include "podsim/models/run_context.hpp"

namespace podsim {

/// The read ports of a bank; X and W banks have one.
enum class ReadPort : std::uint8_t { main, post_in1, post_in2 };

class BankInterface : public virtual sc_core::sc_interface {
 public:
  /// Reads a tile and sends it off; the first row is read one cycle before `transfer.launch`.
  /// \return bytes read; 0 for further branches of a multicast
  virtual std::int64_t read(ReadPort port, const Transfer& transfer) = 0;
  /// Rows of a fill enter the bank, one per cycle from `now` on, the last not before `data_end`.
  virtual void fill(std::uint32_t fill, std::int64_t now, std::int64_t data_begin, std::int64_t data_end) = 0;
  /// Relayout writes `bytes` of copies.
  virtual void copy_in(std::int64_t bytes) = 0;
};

class FillListener : public virtual sc_core::sc_interface {
 public:
  /// A fill started `now` and has all its rows in the bank from `cycle` on.
  virtual void filling(std::uint32_t fill, std::int64_t cycle, std::int64_t now) = 0;
  /// Rows of a post-processor get in between: it will be later.
  virtual void fill_delayed(std::uint32_t fill, std::int64_t cycle) = 0;
};

class BankMonitor : public virtual sc_core::sc_interface {
 public:
  /// The first row of an item is in the bank and may be read from `cycle` on.
  virtual void written(BankClass bank_class, int bank, const Transfer& transfer) = 0;
};

struct BankStatistics {
  std::int64_t read_bytes = 0;           ///< a multicast read counts once
  std::int64_t written_bytes = 0;        ///< from fabrics
  std::int64_t filled_bytes = 0;         ///< from DRAM
  std::int64_t copied_bytes = 0;         ///< by relayout
  std::int64_t delayed_fill_cycles = 0;  ///< fills that yielded to post-processors
};

/// A bank without a process of its own: it acts when it is spoken to.
class Bank final : public sc_core::sc_module, public BankInterface {
 public:
  sc_core::sc_export<BankInterface> commands{"commands"};
  sc_core::sc_export<TransferReceiver> main_in{"main_in"};  ///< P-out (P banks)
  sc_core::sc_export<TransferReceiver> post_in{"post_in"};  ///< PP-out
  /// The fabrics it reads into, by ReadPort.
  sc_core::sc_port<FabricInterface, 0, sc_core::SC_ZERO_OR_MORE_BOUND> out{"out"};
  sc_core::sc_port<FillListener, 1, sc_core::SC_ZERO_OR_MORE_BOUND> fill_listener{"fill_listener"};
  sc_core::sc_port<BankMonitor, 1, sc_core::SC_ZERO_OR_MORE_BOUND> monitor{"monitor"};

  Bank(const sc_core::sc_module_name& name, RunContext& context, BankClass bank_class, int index);

  std::int64_t read(ReadPort port, const Transfer& transfer) override;
  void fill(std::uint32_t fill, std::int64_t now, std::int64_t data_begin, std::int64_t data_end) override;
  void copy_in(std::int64_t bytes) override { statistics_.copied_bytes += bytes; }
  void reset();
  const BankStatistics& statistics() const { return statistics_; }

 private:
  struct Window {
    std::int64_t start, end;
  };
  void receive_main(const Transfer& transfer);
  void receive_post(const Transfer& transfer);
  void received(const Transfer& transfer);

  RunContext& context_;
  BankClass class_;
  int index_;
  Input<Bank, &Bank::receive_main> main_input_{*this};
  Input<Bank, &Bank::receive_post> post_input_{*this};

  /// A fill under way. Its end depends on the rows of post-processors it meets, known or still to come, and not on the
  /// order in which they become known.
  struct FillWrite {
    std::uint32_t fill;
    std::int64_t ordered;
    std::int64_t data_end;
    std::int64_t rows;
    std::int64_t end = 0;
    std::int64_t delay = 0;
  };
  void forget_before(std::int64_t now);
  /// Times all fills under way anew; tells those whose end moved.
  void time_fills();

  std::vector<FillWrite> fills_;     ///< under way, in order
  std::int64_t fills_end_ = 0;       ///< of the last one before those
  std::vector<Window> post_writes_;  ///< of post-processors, that fills may meet; in order
  struct LastRead {
    std::int64_t launch = -1;
    std::uint32_t item = 0;
  };
  std::array<LastRead, 3> last_read_;
  BankStatistics statistics_;
};

}  // namespace podsim
