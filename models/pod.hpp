#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file One systolic array with its weight double buffer.

#include <cstdint>

#include <systemc>

#include "podsim/interconnect/transfer.hpp"
#include "podsim/models/run_context.hpp"

namespace podsim {

/// One tile operation as the controller orders it.
struct PodCommand {
  std::uint32_t op = 0;
  std::int64_t issued = 0;  ///< cycle of the order
  std::int64_t start = 0;   ///< the first activation row enters in this cycle
  std::int32_t rows = 0;
  std::int32_t depth = 0;  ///< weight rows in use
  std::int32_t columns = 0;
  std::uint16_t p_bank = 0;
  std::int64_t write_arrival = 0;  ///< the first partial-sum row enters the P bank
  bool takes_partial_sums = false;
};

class PodCommandInterface : public virtual sc_core::sc_interface {
 public:
  virtual void execute(const PodCommand& command) = 0;
};

/// A weight-stationary array of rows x cols PEs with one shadow weight each.
///
/// An activation row that enters in cycle t has its partial-sum row in the output register after
/// t + ceil(rows / fan_in) + ceil(cols / broadcast) - 1. The swap from shadow to active weights travels with the
/// first activation row of an operation. The array is simulated per tile: one activation of its process per
/// operation; that this is equal to a register-by-register simulation is what the PE-level tests show.
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
  /// Cycles in which activation rows entered the array.
  std::int64_t busy_cycles() const { return busy_cycles_; }

 private:
  void receive_weights(const Transfer& transfer);
  void receive_activations(const Transfer& transfer);
  void receive_partial_sums(const Transfer& transfer);
  void run();
  void start(const PodCommand& command);
  [[noreturn]] void fail(const std::string& what, std::uint32_t op) const;

  RunContext& context_;
  const HardwareConfig& config_;
  const PodConfig& kind_;
  const ArrayTiming timing_;
  const std::int64_t latency_;  ///< PodConfig::array_latency  ///< of its group
  std::uint16_t index_;
  Input<Pod, &Pod::receive_weights> weights_input_{*this};
  Input<Pod, &Pod::receive_activations> activations_input_{*this};
  Input<Pod, &Pod::receive_partial_sums> partial_sums_input_{*this};
  CycleEvent wake_{"wake"};

  Fifo<PodCommand> queue_;
  Fifo<Transfer> loading_;        ///< weights on their way or in the shadow plane
  Fifo<Transfer> streaming_;      ///< activations on their way
  Fifo<Transfer> adding_;         ///< partial sums on their way
  std::int64_t last_start_ = -1;  ///< of the operation whose weights are active
  std::int64_t stream_end_ = 0;   ///< the array takes no row of the running operation from here on
  std::int64_t load_end_ = 0;     ///< the weight port is free from here on
  std::int64_t operations_ = 0;
  std::int64_t busy_cycles_ = 0;
};

}  // namespace podsim
