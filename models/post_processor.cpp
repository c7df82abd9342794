// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/post_processor.hpp"

#include "podsim/models/run_probe.hpp"
#include "podsim/models/values/value_plane.hpp"

namespace podsim {

PostProcessor::PostProcessor(const sc_core::sc_module_name& name, RunContext& context, const HardwareConfig& config,
                             int index)
    : sc_module(name), context_(context), config_(config), index_(static_cast<std::uint16_t>(index)) {
  commands.bind(*this);
  in1.bind(in1_input_);
  in2.bind(in2_input_);
  SC_METHOD(run);
  sensitive << wake_.event();
  dont_initialize();
}

void PostProcessor::reset() {
  wake_.reset();
  queue_.clear();
  first_.clear();
  second_.clear();
  busy_until_ = 0;
  passes_ = busy_cycles_ = 0;
}

void PostProcessor::execute(const PostCommand& command) {
  queue_.push(command);
  wake_.notify(context_, command.issued, queue_.front().start);
}

void PostProcessor::run() {
  if (context_.step_back()) {
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  wake_.fired();
  context_.guard([this] {
    const PostCommand command = queue_.front();
    queue_.pop();
    start(command);
    if (!queue_.empty()) wake_.notify(context_, command.start, queue_.front().start);
  });
}

Transfer PostProcessor::take(Fifo<Transfer>& input, const PostCommand& command, const char* port) {
  if (input.empty() || input.front().id != command.pass || input.front().arrival != command.start ||
      input.front().rows != command.rows) {
    throw Error::internal(name(),
                          "pass " + std::to_string(command.pass) + ": no tile enters " + port + " when it starts");
  }
  const Transfer transfer = input.front();
  input.pop();
  return transfer;
}

void PostProcessor::start(const PostCommand& command) {
  if (command.start < busy_until_) {
    throw Error::internal(name(), "pass " + std::to_string(command.pass) + " starts while another is running");
  }
  const Transfer first = take(first_, command, "in1");
  Transfer second;
  if (command.has_second_input) second = take(second_, command, "in2");
  busy_until_ = command.start + command.rows;
  ++passes_;
  busy_cycles_ += command.rows;
  if (context_.probe != nullptr) context_.probe->pass(index_, command.pass, command.start, command.rows);

  Transfer result;
  result.launch = command.start + config_.post_processors.latency_cycles;
  result.arrival = command.write_arrival;
  result.rows = command.rows;
  result.row_bytes = command.row_bytes;
  result.bank = command.bank;
  result.unit = index_;
  result.classes = command.classes;
  result.item =
      static_cast<std::uint32_t>(context_.program->work.tiles.size() + context_.program->schedule.main.size()) +
      command.pass;
  result.id = command.pass;
  if (context_.values != nullptr) {
    context_.values->start_pass(result, command.start, first, command.has_second_input ? &second : nullptr);
  }
  out->carry(result);
}

}  // namespace podsim
