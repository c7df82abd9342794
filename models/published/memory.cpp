// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/published/memory.hpp"

#include <cmath>

namespace podsim::published {

Memory::Memory(std::vector<MemoryTile> tiles, int banks, std::int64_t bank_bytes, float bytes_per_cycle,
               int prefetch_rounds)
    : tiles_(std::move(tiles)),
      states_(tiles_.size()),
      banks_per_kind_(banks),
      banks_(static_cast<std::size_t>(banks) * 3),
      bank_bytes_(bank_bytes),
      bytes_per_cycle_(bytes_per_cycle),
      prefetch_rounds_(prefetch_rounds) {
  for (std::size_t t = 0; t < tiles_.size(); ++t) states_[t].resident = tiles_[t].on_chip;
}

Memory::Bank& Memory::bank_of(std::uint32_t tile) {
  const auto kind = static_cast<int>(tiles_[tile].kind);
  return banks_[static_cast<std::size_t>(kind * banks_per_kind_ + tiles_[tile].bank)];
}

void Memory::will_be_written(std::int64_t round, std::uint32_t tile) {
  bank_of(tile).to_write.emplace_back(round, tile);
}

void Memory::unlink(Bank& bank, std::uint32_t tile) {
  State& state = states_[tile];
  (state.before == kNobody ? bank.front : states_[state.before].after) = state.after;
  (state.after == kNobody ? bank.back : states_[state.after].before) = state.before;
  state.before = state.after = kNobody;
  state.listed = false;
}

void Memory::touch(std::int64_t round, std::uint32_t tile) {
  Bank& bank = bank_of(tile);
  State& state = states_[tile];
  state.wanted_in = round;
  if (state.listed) unlink(bank, tile);
  state.before = bank.back;
  (bank.back == kNobody ? bank.front : states_[bank.back].after) = tile;
  bank.back = tile;
  state.listed = true;
}

bool Memory::evict_front(Bank& bank, std::int64_t below_round) {
  const std::uint32_t tile = bank.front;
  if (tile == kNobody || states_[tile].wanted_in >= below_round) return false;
  unlink(bank, tile);
  states_[tile].resident = false;
  states_[tile].fetched = 0;
  bank.used -= tiles_[tile].bytes;
  if (bank.used < 0) inconsistent_ = true;
  if (tiles_[tile].is_final) bank.write_back.push_back(tile);
  return true;
}

bool Memory::take_room(std::uint32_t tile, std::int64_t wanted_in, std::int64_t current_round, bool& changed) {
  Bank& bank = bank_of(tile);
  while (bank.used + tiles_[tile].bytes > bank_bytes_) {
    if (!evict_front(bank, current_round)) return false;
    changed = true;
  }
  bank.used += tiles_[tile].bytes;
  touch(wanted_in, tile);
  states_[tile].had_room = true;
  changed = true;
  return true;
}

bool Memory::run_cycle(std::int64_t round) {
  float used = 0;
  bool changed = false;
  if (queue_.empty()) return false;
  while (used < bytes_per_cycle_) {
    while (is_resident(queue_.front().second)) {
      touch(queue_.front().first, queue_.front().second);
      queue_.pop_front();
      changed = true;
      if (queue_.empty()) return true;
    }
    const auto [wanted_in, tile] = queue_.front();
    if (wanted_in - round >= prefetch_rounds_) return changed;
    State& state = states_[tile];
    if (state.fetched == 0 && !take_room(tile, wanted_in, round, changed)) break;
    const auto size = static_cast<float>(tiles_[tile].bytes);
    const float left = bytes_per_cycle_ - used;
    const float fetched_now = state.fetched + left >= size ? size - state.fetched : left;
    if (state.fetched + left >= size) {
      state.fetched = size;
      state.resident = true;
      bytes_[static_cast<int>(tiles_[tile].kind)] += static_cast<double>(tiles_[tile].bytes);
    } else {
      state.fetched += left;
    }
    changed = true;
    // A tile of no bytes at all looks to the published tool like one that found no room.
    if (fetched_now == 0) break;
    used += fetched_now;
  }
  return write_back(used) || changed;
}

bool Memory::write_back(float used) {
  bool changed = false;
  const auto first = static_cast<std::size_t>(banks_per_kind_) * 2;
  for (std::size_t b = first; b < banks_.size() && used < bytes_per_cycle_; ++b) {
    std::deque<std::uint32_t>& waiting = banks_[b].write_back;
    while (!waiting.empty() && used < bytes_per_cycle_) {
      const std::uint32_t tile = waiting.front();
      State& state = states_[tile];
      const auto size = static_cast<float>(tiles_[tile].bytes);
      const float left = bytes_per_cycle_ - used;
      const bool done = state.written + left >= size;
      const float written_now = done ? size - state.written : left;
      state.written += written_now;
      if (done) waiting.pop_front();
      bytes_[static_cast<int>(MemoryTile::Kind::p)] += static_cast<double>(written_now);
      used += written_now;
      changed = true;
    }
  }
  return changed;
}

bool Memory::make_room_for_sums(std::int64_t round) {
  bool changed = false;
  for (auto b = static_cast<std::size_t>(banks_per_kind_) * 2; b < banks_.size(); ++b) {
    auto& to_write = banks_[b].to_write;
    while (!to_write.empty() && to_write.front().first <= round) {
      const auto [written_in, tile] = to_write.front();
      if (!states_[tile].had_room) {
        if (!take_room(tile, written_in, round, changed)) break;
        states_[tile].resident = true;
      }
      to_write.pop_front();
    }
  }
  return changed;
}

std::int64_t Memory::bytes(MemoryTile::Kind kind) const {
  return std::llround(bytes_[static_cast<int>(kind)]);
}

}  // namespace podsim::published
