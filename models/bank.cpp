// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/bank.hpp"

#include <algorithm>

#include "podsim/models/values/value_plane.hpp"

namespace podsim {

Bank::Bank(const sc_core::sc_module_name& name, RunContext& context, BankClass bank_class, int index)
    : sc_module(name), context_(context), class_(bank_class), index_(index) {
  commands.bind(*this);
  main_in.bind(main_input_);
  post_in.bind(post_input_);
}

void Bank::reset() {
  fills_.clear();
  fills_end_ = 0;
  post_writes_.clear();
  last_read_.fill(LastRead{});
  statistics_ = {};
}

std::int64_t Bank::read(ReadPort port, const Transfer& transfer) {
  // All branches of a multicast are the same read.
  LastRead& last = last_read_[static_cast<std::size_t>(port)];
  std::int64_t bytes = 0;
  if (last.launch != transfer.launch || last.item != transfer.item) {
    bytes = static_cast<std::int64_t>(transfer.rows) * transfer.row_bytes;
    statistics_.read_bytes += bytes;
    last = {transfer.launch, transfer.item};
  }
  out[static_cast<int>(port)]->carry(transfer);
  return bytes;
}

void Bank::received(const Transfer& transfer) {
  statistics_.written_bytes += static_cast<std::int64_t>(transfer.rows) * transfer.row_bytes;
  if (context_.values != nullptr) context_.values->stored(class_, index_, transfer);
  if (monitor.size() > 0) monitor->written(class_, index_, transfer);
}

void Bank::receive_main(const Transfer& transfer) {
  received(transfer);
}

void Bank::receive_post(const Transfer& transfer) {
  received(transfer);
  forget_before(transfer.launch - context_.program->machine.config.post_processors.latency_cycles);
  const Window window{transfer.arrival, transfer.arrival + transfer.rows};
  const auto after = std::upper_bound(post_writes_.begin(), post_writes_.end(), window,
                                      [](const Window& a, const Window& b) { return a.start < b.start; });
  post_writes_.insert(after, window);
  time_fills();
}

void Bank::fill(std::uint32_t fill, std::int64_t now, std::int64_t data_begin, std::int64_t data_end) {
  const Fill& what = context_.program->memory.fills[fill];
  statistics_.filled_bytes += what.bytes;
  forget_before(now);
  FillWrite write{};
  write.fill = fill;
  write.ordered = data_begin;
  write.data_end = data_end;
  write.rows = what.rows;
  fills_.push_back(write);
  time_fills();
  fill_listener->filling(fill, fills_.back().end, now);
}

void Bank::forget_before(std::int64_t now) {
  std::size_t over = 0;
  while (over < fills_.size() && fills_[over].end <= now) fills_end_ = fills_[over++].end;
  fills_.erase(fills_.begin(), fills_.begin() + static_cast<std::ptrdiff_t>(over));
  // A fill under way is timed from its start.
  const std::int64_t from = fills_.empty() ? now : std::min(now, std::max(fills_.front().ordered, fills_end_));
  post_writes_.erase(
      std::remove_if(post_writes_.begin(), post_writes_.end(), [from](const Window& w) { return w.end <= from; }),
      post_writes_.end());
}

void Bank::time_fills() {
  std::int64_t previous = fills_end_;
  for (FillWrite& write : fills_) {
    // A row per cycle in which no post-processor writes, and the last one not before its data are there.
    const std::int64_t start = std::max(write.ordered, previous);
    std::int64_t end = start + write.rows;
    for (const Window& window : post_writes_) {
      if (window.end > start && window.start < end) end += window.end - std::max(window.start, start);
    }
    if (end < write.data_end) {
      end = write.data_end;
      for (const Window& window : post_writes_) {
        if (window.start < end && window.end >= end) end = window.end + 1;
      }
    }
    const std::int64_t delay = end - std::max(start + write.rows, write.data_end);
    statistics_.delayed_fill_cycles += delay - write.delay;
    write.delay = delay;
    if (write.end != 0 && write.end != end) fill_listener->fill_delayed(write.fill, end);
    write.end = end;
    previous = end;
  }
}

}  // namespace podsim
