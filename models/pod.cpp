// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/pod.hpp"

#include "podsim/models/values/value_plane.hpp"

namespace podsim {

Pod::Pod(const sc_core::sc_module_name& name, RunContext& context, const HardwareConfig& config, int index)
    : sc_module(name),
      context_(context),
      config_(config),
      kind_(config.pod_group(config.group_of_pod(index))),
      timing_(kind_),
      latency_(kind_.array_latency().count()),
      index_(static_cast<std::uint16_t>(index)) {
  commands.bind(*this);
  weights.bind(weights_input_);
  activations.bind(activations_input_);
  partial_sums_in.bind(partial_sums_input_);
  SC_METHOD(run);
  sensitive << wake_.event();
  dont_initialize();
}

void Pod::reset() {
  wake_.reset();
  queue_.clear();
  loading_.clear();
  streaming_.clear();
  adding_.clear();
  last_start_ = -1;
  stream_end_ = load_end_ = 0;
  operations_ = busy_cycles_ = 0;
}

void Pod::fail(const std::string& what, std::uint32_t op) const {
  throw Error::internal(name(), "tile operation " + std::to_string(op) + ": " + what);
}

void Pod::receive_weights(const Transfer& transfer) {
  if (transfer.arrival < load_end_) fail("weights arrive while others are still being loaded", transfer.id);
  load_end_ = transfer.arrival + timing_.load_cycles(transfer.rows);
  loading_.push(transfer);
}

void Pod::receive_activations(const Transfer& transfer) {
  streaming_.push(transfer);
}

void Pod::receive_partial_sums(const Transfer& transfer) {
  adding_.push(transfer);
}

void Pod::execute(const PodCommand& command) {
  queue_.push(command);
  wake_.notify(context_, command.issued, queue_.front().start);
}

void Pod::run() {
  if (context_.step_back()) {
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  wake_.fired();
  context_.guard([this] {
    const PodCommand command = queue_.front();
    queue_.pop();
    start(command);
    if (!queue_.empty()) wake_.notify(context_, command.start, queue_.front().start);
  });
}

void Pod::start(const PodCommand& command) {
  const std::uint32_t op = command.op;
  if (command.start < stream_end_) fail("it starts while the array still takes rows of the one before", op);

  if (loading_.empty() || loading_.front().id != op) fail("its weights were not loaded", op);
  const Transfer& loaded = loading_.front();
  if (loaded.rows != command.depth) fail("the wrong number of weight rows was loaded", op);
  if (loaded.arrival + timing_.load_cycles(loaded.rows) > command.start)
    fail("it starts before its weights are loaded", op);
  // The shadow plane holds one tile: it may be written once the one before has been swapped in. A register written
  // and swapped in the same cycle is swapped with its old value, so that the cycle of the swap itself is allowed.
  if (loaded.arrival < last_start_) fail("its weights overwrote others in the shadow plane", op);
  if (!timing_.double_buffered && last_start_ >= 0 && loaded.arrival < stream_end_ + timing_.weights_drain) {
    fail("its weights overwrote those in use", op);
  }
  if (command.takes_partial_sums && !kind_.partial_sum_input) fail("the array has no input for partial sums", op);

  if (streaming_.empty() || streaming_.front().id != op || streaming_.front().arrival != command.start ||
      streaming_.front().rows != command.rows) {
    fail("its activations do not enter when it starts", op);
  }
  if (command.takes_partial_sums) {
    if (adding_.empty() || adding_.front().id != op || adding_.front().arrival != command.start ||
        adding_.front().rows != command.rows) {
      fail("its partial sums do not meet its activations", op);
    }
  }

  last_start_ = command.start;
  stream_end_ = command.start + timing_.stream_cycles(command.rows);
  ++operations_;
  busy_cycles_ += command.rows;

  Transfer out;
  out.launch = command.start + latency_;
  out.arrival = command.write_arrival;
  out.rows = command.rows;
  out.row_bytes = command.columns * config_.partial_sum_bytes;
  out.bank = command.p_bank;
  out.unit = index_;
  out.classes = 1U << static_cast<unsigned>(BankClass::p);
  out.item = static_cast<std::uint32_t>(context_.program->work.tiles.size()) + op;
  out.id = op;
  if (context_.values != nullptr) {
    context_.values->start_operation(out, command.start, loaded, streaming_.front(),
                                     command.takes_partial_sums ? &adding_.front() : nullptr);
  }
  loading_.pop();
  streaming_.pop();
  if (command.takes_partial_sums) adding_.pop();
  partial_sums_out->carry(out);
}

}  // namespace podsim
