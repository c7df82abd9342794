#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A post-processor: adds partial sums, finalises outputs, carries out vector operations, one row per cycle.

#include <cstdint>

#include <systemc>

#include "podsim/interconnect/transfer.hpp"
#include "podsim/models/run_context.hpp"

namespace podsim {

/// One pass as the controller orders it.
struct PostCommand {
  std::uint32_t pass = 0;
  std::int64_t issued = 0;
  std::int64_t start = 0;          ///< the first row of each input enters in this cycle
  std::int64_t write_arrival = 0;  ///< the first row of the result enters the bank
  std::int32_t rows = 0;
  std::int32_t row_bytes = 0;  ///< of the result
  std::uint16_t bank = 0;
  std::uint8_t classes = 0;  ///< bank classes that take the result
  bool has_second_input = false;
};

class PostCommandInterface : public virtual sc_core::sc_interface {
 public:
  virtual void execute(const PostCommand& command) = 0;
};

/// A pipeline of `latency_cycles` stages that takes a row of each input and gives a row of the result per cycle.
class PostProcessor final : public sc_core::sc_module, public PostCommandInterface {
 public:
  sc_core::sc_export<PostCommandInterface> commands{"commands"};
  sc_core::sc_export<TransferReceiver> in1{"in1"};
  sc_core::sc_export<TransferReceiver> in2{"in2"};
  sc_core::sc_port<FabricInterface> out{"out"};

  SC_HAS_PROCESS(PostProcessor);
  PostProcessor(const sc_core::sc_module_name& name, RunContext& context, const HardwareConfig& config, int index);

  void execute(const PostCommand& command) override;
  void reset();

  std::int64_t passes() const { return passes_; }
  std::int64_t busy_cycles() const { return busy_cycles_; }

 private:
  void receive_in1(const Transfer& transfer) { first_.push(transfer); }
  void receive_in2(const Transfer& transfer) { second_.push(transfer); }
  void run();
  void start(const PostCommand& command);
  Transfer take(Fifo<Transfer>& input, const PostCommand& command, const char* port);

  RunContext& context_;
  const HardwareConfig& config_;
  std::uint16_t index_;
  Input<PostProcessor, &PostProcessor::receive_in1> in1_input_{*this};
  Input<PostProcessor, &PostProcessor::receive_in2> in2_input_{*this};
  CycleEvent wake_{"wake"};
  Fifo<PostCommand> queue_;
  Fifo<Transfer> first_, second_;
  std::int64_t busy_until_ = 0;
  std::int64_t passes_ = 0;
  std::int64_t busy_cycles_ = 0;
};

}  // namespace podsim
