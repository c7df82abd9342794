// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/pod.hpp"

#include "podsim/models/run_probe.hpp"
#include "podsim/models/values/value_plane.hpp"

namespace podsim {

Pod::Pod(const sc_core::sc_module_name& name, RunContext& context, const HardwareConfig& config, int index)
    : sc_module(name),
      context_(context),
      config_(config),
      kind_(config.pod_group(config.group_of_pod(index))),
      timing_(kind_),
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
  kept_sums_ = kNone;
  sums_read_ = sums_left_ = 0;
  operations_ = busy_cycles_ = 0;
}

void Pod::fail(const std::string& what, std::uint32_t op) const {
  throw Error::internal(name(), "tile operation " + std::to_string(op) + ": " + what);
}

void Pod::receive_weights(const Transfer& transfer) {
  if (transfer.arrival < load_end_) fail("weights arrive while others are still being loaded", transfer.id);
  load_end_ = transfer.arrival +
              (timing_.flow.preloads ? timing_.load_cycles(transfer.rows) : timing_.stream_cycles(transfer.rows));
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

void Pod::check_loaded(const PodCommand& command) {
  const std::uint32_t op = command.op;
  if (loading_.empty() || loading_.front().id != op) fail("its weights were not loaded", op);
  const Transfer& loaded = loading_.front();
  if (loaded.rows != command.w_rows) fail("the wrong number of weight rows was loaded", op);
  if (loaded.arrival + timing_.load_cycles(loaded.rows) > command.start) {
    fail("it starts before its weights are loaded", op);
  }
  // The shadow plane holds one tile: it may be written once the one before has been swapped in. A register written
  // and swapped in the same cycle is swapped with its old value, so that the cycle of the swap itself is allowed.
  if (loaded.arrival < last_start_) fail("its weights overwrote others in the shadow plane", op);
  if (!timing_.double_buffered && last_start_ >= 0 && loaded.arrival < stream_end_ + timing_.weights_drain) {
    fail("its weights overwrote those in use", op);
  }
}

bool Pod::enters(const Fifo<Transfer>& port, const PodCommand& command, std::int32_t rows) {
  return !port.empty() && port.front().id == command.op && port.front().arrival == command.start &&
         port.front().rows == rows;
}

void Pod::check_streamed(const PodCommand& command) {
  const std::uint32_t op = command.op;
  if (!enters(streaming_, command, command.rows)) fail("its activations do not enter when it starts", op);
  if (command.partial_sum_in != kNone && !kind_.partial_sum_input) fail("the array cannot go on with partial sums", op);
  if (!timing_.flow.keeps_sums && command.partial_sum_in != kNone && !enters(adding_, command, command.rows)) {
    fail("its partial sums do not meet its activations", op);
  }
}

void Pod::check_sums(const PodCommand& command) {
  const std::uint32_t op = command.op;
  if (!enters(loading_, command, command.rows)) fail("its weights do not enter when it starts", op);
  if (command.partial_sum_in != kept_sums_) fail("the sums it goes on with are not in the array", op);
  if (command.partial_sum_in == kNone && command.start < sums_read_) {
    fail("it overwrites sums that have not been read", op);
  }
  if (command.p_bank == kNoBank) return;
  if (command.drain < stream_end_of(command)) fail("its sums leave before they are complete", op);
  if (command.drain < sums_left_) fail("its sums leave while others still do", op);
}

void Pod::start(const PodCommand& command) {
  if (command.start < stream_end_) fail("it starts while the array still takes rows of the one before", command.op);
  if (timing_.flow.preloads) check_loaded(command);
  check_streamed(command);
  if (timing_.flow.keeps_sums) check_sums(command);

  last_start_ = command.start;
  stream_end_ = stream_end_of(command);
  ++operations_;
  busy_cycles_ += command.rows;
  if (context_.probe != nullptr) context_.probe->operation(index_, command.op, command.start, command.rows);

  Transfer out;
  out.launch = (timing_.flow.keeps_sums ? command.drain : command.start) + timing_.sums_latency;
  out.arrival = command.write_arrival;
  out.rows = command.sum_rows;
  out.row_bytes = command.sum_columns * config_.partial_sum_bytes;
  out.bank = command.p_bank;
  out.unit = index_;
  out.classes = 1U << static_cast<unsigned>(BankClass::p);
  const auto tiles = static_cast<std::uint32_t>(context_.program->work.tiles.size());
  out.item = tiles + command.op;
  out.id = command.op;
  const bool stays = timing_.flow.keeps_sums && command.p_bank == kNoBank;
  if (timing_.flow.keeps_sums) {
    kept_sums_ = stays ? command.op : kNone;
    if (!stays) {
      sums_left_ = command.drain + command.sum_rows;
      sums_read_ = command.drain + timing_.sums_held(command.sum_rows, command.sum_columns);
    }
  }
  if (context_.values != nullptr) {
    Transfer kept;
    const Transfer* sums = nullptr;
    if (command.partial_sum_in != kNone && timing_.flow.keeps_sums) {
      kept.item = tiles + command.partial_sum_in;
      kept.bank = kNoBank;
      kept.launch = command.start;
      sums = &kept;
    } else if (command.partial_sum_in != kNone) {
      sums = &adding_.front();
    }
    context_.values->start_operation(out, command.start, loading_.front(), streaming_.front(), sums);
  }
  loading_.pop();
  streaming_.pop();
  if (command.partial_sum_in != kNone && !timing_.flow.keeps_sums) adding_.pop();
  if (!stays) partial_sums_out->carry(out);
}

}  // namespace podsim
