// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/bank.hpp"

#include <algorithm>

namespace podsim {

Bank::Bank(const sc_core::sc_module_name& name, RunContext& context, BankClass bank_class, int index)
    : sc_module(name), context_(context), class_(bank_class), index_(index) {
  commands.bind(*this);
  main_in.bind(main_input_);
  post_in.bind(post_input_);
}

void Bank::reset() {
  fill_ = kNone;
  fill_end_ = 0;
  post_writes_.clear();
  last_read_.fill(LastRead{});
  statistics_ = {};
}

void Bank::read(ReadPort port, const Transfer& transfer) {
  // All branches of a multicast are the same read.
  LastRead& last = last_read_[static_cast<std::size_t>(port)];
  if (last.launch != transfer.launch || last.item != transfer.item) {
    statistics_.read_bytes += static_cast<std::int64_t>(transfer.rows) * transfer.row_bytes;
    last = {transfer.launch, transfer.item};
  }
  out[static_cast<int>(port)]->carry(transfer);
}

void Bank::received(const Transfer& transfer) {
  statistics_.written_bytes += static_cast<std::int64_t>(transfer.rows) * transfer.row_bytes;
  if (monitor.size() > 0) monitor->written(class_, index_, transfer);
}

void Bank::receive_main(const Transfer& transfer) {
  received(transfer);
}

void Bank::receive_post(const Transfer& transfer) {
  received(transfer);
  // Windows that lie behind can meet no fill any more.
  const std::int64_t now = transfer.launch - context_.program->machine.config.post_processors.latency_cycles;
  post_writes_.erase(
      std::remove_if(post_writes_.begin(), post_writes_.end(), [now](const Window& w) { return w.end <= now; }),
      post_writes_.end());
  post_writes_.push_back({transfer.arrival, transfer.arrival + transfer.rows});
  // A fill that is still being written yields: its remaining rows wait for as long as the post-processor writes.
  if (fill_ != kNone && fill_end_ > transfer.arrival) {
    fill_end_ += transfer.rows;
    statistics_.delayed_fill_cycles += transfer.rows;
    fill_listener->fill_delayed(fill_, fill_end_);
  }
}

void Bank::fill(std::uint32_t fill, std::int64_t now, std::int64_t data_end) {
  const Fill& what = context_.program->memory.fills[fill];
  statistics_.filled_bytes += what.bytes;
  // One fill after the other, around the rows of post-processors that are under way.
  const std::int64_t start = std::max(now, fill_end_);
  std::sort(post_writes_.begin(), post_writes_.end(),
            [](const Window& a, const Window& b) { return a.start < b.start; });
  std::int64_t end = start + what.rows;
  for (const Window& window : post_writes_) {
    if (window.end <= start || window.start >= end) continue;
    const std::int64_t taken = window.end - std::max(window.start, start);
    end += taken;
    statistics_.delayed_fill_cycles += taken;
  }
  fill_ = fill;
  fill_end_ = std::max(end, data_end);
  fill_listener->filling(fill, fill_end_, now);
}

}  // namespace podsim
