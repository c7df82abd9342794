// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/dram.hpp"

#include <algorithm>
#include <cmath>

#include "podsim/models/array_timing.hpp"

namespace podsim {
namespace {

/// Every item begins at a multiple of this, in bytes.
constexpr std::int64_t kItemAlignment = 64;

/// Addresses of the tiles between are added up when they are needed, which is once per fill.
constexpr std::size_t kAddressStep = 16;

std::int64_t aligned_bytes(const StoredTile& tile) {
  return ceil_div(tile.dram_bytes, kItemAlignment) * kItemAlignment;
}

}  // namespace

Dram::Dram(const sc_core::sc_module_name& name, RunContext& context, const HardwareConfig& config)
    : sc_module(name),
      context_(context),
      config_(config),
      model_(dram_model_registry().make(config.dram.model, {std::llround(config.clock_mhz * 1e6),
                                                            std::llround(config.dram.bandwidth_gb_per_s * 1e9)})) {
  commands.bind(*this);
  SC_METHOD(run);
  sensitive << wake_.event();
  dont_initialize();
}

void Dram::reset() {
  wake_.reset();
  model_->reset();
  next_address_ = 0;
  spill_address_.clear();
  next_fill_ = next_spill_ = 0;
  next_write_back_ = 0;
  write_backs_ = {};
  main_end_.clear();
  spill_end_.clear();
  post_end_.clear();
  statistics_ = {};
}

void Dram::begin() {
  reset();
  const Machine& machine = context_.program->machine;
  result_latency_ = std::max<std::int64_t>(longest_drain(config_), config_.post_processors.latency_cycles) +
                    machine.topology->max_latency().count() + 1;
  // Tiles lie in DRAM in their order; what is spilled and written back comes behind them.
  address_.clear();
  const std::vector<StoredTile>& tiles = context_.program->work.tiles;
  address_.reserve(tiles.size() / kAddressStep + 1);
  for (std::size_t tile = 0; tile < tiles.size(); ++tile) {
    if (tile % kAddressStep == 0) address_.push_back(next_address_);
    next_address_ += aligned_bytes(tiles[tile]);
  }
  wake_.notify(context_, 0, 0);
}

void Dram::round_ends(RoundEnd end, std::int64_t cycle, std::int64_t now) {
  auto& ends = end.post ? post_end_ : main_end_;
  if (static_cast<std::int64_t>(ends.size()) != end.round) {
    throw Error::internal(name(), "round " + std::to_string(end.round) + " ends out of order");
  }
  // The end of a round without work may lie behind. Whether this cycle's transfers were chosen before it was known must
  // not matter.
  ends.push_back(std::max(cycle, now + 1));
  // Only matters to a fill or spill that waits for it; it is cheaper to look than to remember.
  if (!is_idle()) wake_.notify(context_, now, std::max(cycle, now));
}

void Dram::write_back(std::int64_t bytes, std::int64_t ready, std::int64_t now) {
  write_backs_.push({ready, next_write_back_++, bytes});
  wake_.notify(context_, now, std::max(ready, now));
}

bool Dram::is_idle() const {
  const MemoryPlan& plan = context_.program->memory;
  return next_fill_ == plan.fills.size() && next_spill_ == plan.spills.size() && write_backs_.empty();
}

std::optional<std::int64_t> Dram::free_from(RoundEnd after) const {
  if (after.round < 0) return 0;
  const auto round = static_cast<std::size_t>(after.round);
  if (main_end_.size() <= round) return std::nullopt;
  if (!after.post) return main_end_[round];
  if (post_end_.size() <= round) return std::nullopt;
  return std::max(main_end_[round], post_end_[round]);
}

DramRequest Dram::request_for(ItemId item, std::int64_t bytes, bool is_spill) const {
  const auto spilled = spill_address_.find(item);
  if (spilled != spill_address_.end()) return {bytes, item, spilled->second};
  const bool is_new = is_spill || item >= context_.program->work.tiles.size();
  return {bytes, item, is_new ? next_address_ : address_of(item)};
}

BankInterface& Dram::bank(BankClass bank_class, int bank) {
  switch (bank_class) {
    case BankClass::x:
      return *x_banks[bank];
    case BankClass::w:
      return *w_banks[bank];
    default:
      return *p_banks[bank];
  }
}

std::int64_t Dram::address_of(ItemId tile) const {
  const std::vector<StoredTile>& tiles = context_.program->work.tiles;
  std::int64_t address = address_[tile / kAddressStep];
  for (std::size_t before = tile / kAddressStep * kAddressStep; before < tile; ++before) {
    address += aligned_bytes(tiles[before]);
  }
  return address;
}

std::int64_t Dram::arrival_of(const Fill& fill) const {
  const TiledWorkload& work = context_.program->work;
  if (work.releases.empty() || fill.item >= work.tiles.size()) return 0;
  const Operand& operand = work.operands[work.tiles[fill.item].operand];
  return operand.is_learned ? 0 : work.releases[operand.operation].arrival_cycle;
}

DramService Dram::issue(DramMove move, const DramRequest& request, std::int64_t now) {
  const DramService service = model_->issue(request, now);
  statistics_.busy_until = std::max(statistics_.busy_until, service.end);
  if (context_.probe != nullptr) context_.probe->dram(move, request.bytes, service.begin, service.end);
  return service;
}

void Dram::run() {
  if (context_.step_back()) {
    next_trigger(sc_core::SC_ZERO_TIME);
    return;
  }
  wake_.fired();
  context_.guard([this] { serve(wake_.cycle()); });
}

void Dram::serve(std::int64_t now) {
  while (serve_one(now)) {
  }
  if (is_idle()) listener->idle(now);
}

bool Dram::serve_one(std::int64_t now) {
  const MemoryPlan& plan = context_.program->memory;
  std::int64_t next_time = -1;  // when the earliest of those that wait for a known time can begin
  auto can_begin = [&](std::int64_t ready, const DramRequest& request) {
    const std::int64_t from = std::max(ready, model_->issue_from(request));
    if (from <= now) return true;
    next_time = next_time < 0 ? from : std::min(next_time, from);
    return false;
  };
  if (!write_backs_.empty()) {
    const WriteBack& first = write_backs_.top();
    const DramRequest request{first.bytes, first.id, next_address_};
    if (can_begin(first.ready, request)) {
      statistics_.written_bytes += request.bytes;
      issue(DramMove::write_back, request, now);
      next_address_ += ceil_div(request.bytes, kItemAlignment) * kItemAlignment;
      write_backs_.pop();
      return true;
    }
  }
  if (next_spill_ < plan.spills.size()) {
    const Spill& spill = plan.spills[next_spill_];
    auto from = free_from(spill.after);
    // Results of that round are stored once they have left the array or the post-processor and passed the fabric.
    if (from) *from += result_latency_;
    const DramRequest request = request_for(spill.item, spill.bytes, true);
    if (from && can_begin(*from, request)) {
      statistics_.spilled_bytes += spill.bytes;
      if (spill_address_.emplace(spill.item, request.address).second) {
        next_address_ += ceil_div(request.bytes, kItemAlignment) * kItemAlignment;
      }
      const std::int64_t before = spill_end_.empty() ? 0 : spill_end_.back();
      // Spills count as complete in their order.
      const std::int64_t end = std::max(before, issue(DramMove::spill, request, now).end);
      ++next_spill_;
      spill_end_.push_back(end);
      listener->spilled(static_cast<std::int64_t>(next_spill_), end, now);
      return true;
    }
  }
  if (next_fill_ < plan.fills.size()) {
    const Fill& fill = plan.fills[next_fill_];
    auto from = free_from({fill.after_main, false});
    const auto passed = free_from({fill.after_post, true});
    from = from && passed ? std::optional(std::max(*from, *passed)) : std::nullopt;
    const std::int64_t window = config_.dram.prefetch_rounds;
    if (window > 0 && fill.need_round > window) {
      // Not before the round `window` rounds earlier has been read.
      const auto opened = free_from({static_cast<std::int64_t>(fill.need_round) - window - 1, false});
      from = from && opened ? std::optional(std::max(*from, *opened)) : std::nullopt;
    }
    if (from) *from = std::max(*from, arrival_of(fill));
    if (fill.after_spill >= static_cast<std::int64_t>(next_spill_)) from = std::nullopt;
    // The last byte of a spill may leave in the middle of a cycle; its space is free from the next one on.
    if (from && fill.after_spill >= 0) from = std::max(*from, spill_end_[static_cast<std::size_t>(fill.after_spill)]);
    const DramRequest request = request_for(fill.item, fill.bytes, false);
    if (from && can_begin(*from, request)) {
      statistics_.read_bytes += fill.bytes;
      (is_weight_fill(context_.program->work, fill) ? statistics_.weight_bytes : statistics_.activation_bytes) +=
          fill.bytes;
      if (fill.is_refetch) statistics_.refetched_bytes += fill.bytes;
      DramService service = issue(DramMove::fill, request, now);
      service.end += context_.random_stall("fill", next_fill_);
      bank(fill.bank_class, fill.bank).fill(static_cast<std::uint32_t>(next_fill_), now, service.begin, service.end);
      ++next_fill_;
      return true;
    }
  }
  if (next_time >= 0) wake_.notify(context_, now, next_time);
  return false;
}

DramStatistics Dram::statistics() const {
  DramStatistics out = statistics_;
  out.channels = model_->channels();
  return out;
}

std::string Dram::waiting_for() const {
  const MemoryPlan& plan = context_.program->memory;
  if (next_fill_ == plan.fills.size()) return "nothing: all fills are done";
  const Fill& fill = plan.fills[next_fill_];
  return "fill " + std::to_string(next_fill_) + " for round " + std::to_string(fill.need_round) +
         ", whose space is in use until pods have read round " + std::to_string(fill.after_main) +
         " and post-processors round " + std::to_string(fill.after_post);
}

}  // namespace podsim
