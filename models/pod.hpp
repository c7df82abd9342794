#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file One systolic array with its shadow planes.

#include <cstdint>

#include <systemc>

#include "podsim/interconnect/transfer.hpp"
#include "podsim/models/array_timing.hpp"
#include "podsim/models/run_context.hpp"

namespace podsim {

/// One tile operation as the controller orders it.
struct PodCommand {
  std::uint32_t op = 0;
  std::int64_t issued = 0;  ///< cycle of the order
  std::int64_t start = 0;   ///< the first row at the X port enters in this cycle
  std::int32_t rows = 0;    ///< at the X port
  std::int32_t w_rows = 0;  ///< at the W port
  std::int32_t sum_rows = 0;
  std::int32_t sum_columns = 0;
  std::uint16_t p_bank = 0;              ///< kNoBank: the sums stay in the array
  std::uint32_t partial_sum_in = kNone;  ///< the operation whose sums it adds to
  std::int64_t drain = 0;                ///< an array that keeps its sums begins to drain in this cycle
  std::int64_t write_arrival = 0;        ///< the first row of sums enters the P bank
};

class PodCommandInterface : public virtual sc_core::sc_interface {
 public:
  virtual void execute(const PodCommand& command) = 0;
};

/// An array of rows x cols PEs, which holds weights, activations or sums (OperandFlow of its dataflow).
///
/// If weights or activations stay, each PE has one shadow value. A row that enters at the X port in cycle t has its
/// row of sums in the output register after t + ceil(rows / fan_in) + ceil(cols / broadcast) - 1. The swap from shadow
/// to active values travels with the first row of an operation. If sums stay, rows enter at both ports together; a wave
/// of draining follows the last, and row i of the sums leaves ceil(cols / broadcast) + i cycles after its start.
///
/// The array is simulated per tile: one activation of its process per operation; that this is equal to a
/// register-by-register simulation is what the PE-level tests show.
class Pod final : public sc_core::sc_module, public PodCommandInterface {
 public:
  sc_core::sc_export<PodCommandInterface> commands{"commands"};
  sc_core::sc_export<TransferReceiver> weights{"weights"};
  sc_core::sc_export<TransferReceiver> activations{"activations"};
  sc_core::sc_export<TransferReceiver> partial_sums_in{"partial_sums_in"};
  sc_core::sc_port<FabricInterface> partial_sums_out{"partial_sums_out"};

  SC_HAS_PROCESS(Pod);
  Pod(const sc_core::sc_module_name& name, RunContext& context, const HardwareConfig& config, int index);

  void execute(const PodCommand& command) override;
  void reset();

  std::int64_t operations() const { return operations_; }
  /// Cycles in which rows entered the array at the X port.
  std::int64_t busy_cycles() const { return busy_cycles_; }

 private:
  void receive_weights(const Transfer& transfer);
  void receive_activations(const Transfer& transfer);
  void receive_partial_sums(const Transfer& transfer);
  void run();
  void start(const PodCommand& command);
  std::int64_t stream_end_of(const PodCommand& command) const {
    return command.start + timing_.stream_cycles(command.rows);
  }
  /// What the interlocks have to see to. \throws Error (internal) if one has not
  void check_loaded(const PodCommand& command);
  void check_streamed(const PodCommand& command);
  void check_sums(const PodCommand& command);
  /// Is the next of a port's tiles the one that has to enter with the operation?
  static bool enters(const Fifo<Transfer>& port, const PodCommand& command, std::int32_t rows);
  [[noreturn]] void fail(const std::string& what, std::uint32_t op) const;

  RunContext& context_;
  const HardwareConfig& config_;
  const PodConfig& kind_;
  const ArrayTiming timing_;
  std::uint16_t index_;
  Input<Pod, &Pod::receive_weights> weights_input_{*this};
  Input<Pod, &Pod::receive_activations> activations_input_{*this};
  Input<Pod, &Pod::receive_partial_sums> partial_sums_input_{*this};
  CycleEvent wake_{"wake"};

  Fifo<PodCommand> queue_;
  Fifo<Transfer> loading_;           ///< weights on their way or in the shadow plane
  Fifo<Transfer> streaming_;         ///< activations on their way
  Fifo<Transfer> adding_;            ///< partial sums on their way
  std::int64_t last_start_ = -1;     ///< of the operation whose tile is active
  std::int64_t stream_end_ = 0;      ///< the array takes no row of the running operation from here on
  std::int64_t load_end_ = 0;        ///< the W port is free from here on
  std::uint32_t kept_sums_ = kNone;  ///< the operation whose sums are in the array and will not leave it
  std::int64_t sums_read_ = 0;       ///< sums that drain are out of the way of new ones from here on
  std::int64_t sums_left_ = 0;       ///< the output port is free from here on
  std::int64_t operations_ = 0;
  std::int64_t busy_cycles_ = 0;
};

}  // namespace podsim
