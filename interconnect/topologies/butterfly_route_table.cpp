// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topologies/butterfly_route_table.hpp"

#include <algorithm>

namespace podsim {
namespace {

/// Doubles each of the lowest 2^width_log2 <= 32 bits: bit i becomes bits 2i and 2i+1. Higher bits must be 0.
inline std::uint64_t double_bits(std::uint64_t x, unsigned width_log2) {
  if (width_log2 > 4) x = (x | x << 16) & 0x0000ffff0000ffffULL;
  if (width_log2 > 3) x = (x | x << 8) & 0x00ff00ff00ff00ffULL;
  if (width_log2 > 2) x = (x | x << 4) & 0x0f0f0f0f0f0f0f0fULL;
  if (width_log2 > 1) x = (x | x << 2) & 0x3333333333333333ULL;
  if (width_log2 > 0) x = (x | x << 1) & 0x5555555555555555ULL;
  return x | x << 1;
}

unsigned bits_for(int count) {
  unsigned bits = 1;
  while ((1 << bits) < count) ++bits;
  return bits;
}

}  // namespace

ButterflyRouteTable::ButterflyRouteTable(int terminals, int expansion_log2)
    : n_(bits_for(terminals)),
      e_(static_cast<unsigned>(expansion_log2)),
      first_(std::min(e_, n_ - 1)),
      last_(n_ - 1),
      stage_words_(std::max<std::size_t>(1, (std::size_t{1} << (n_ + e_)) / 64)) {
  const std::size_t terminal_words = std::max<std::size_t>(1, (std::size_t{1} << n_) / 64);
  used_at_ = (last_ - first_) * stage_words_;
  bits_.assign(used_at_ + terminal_words, 0);
  by_source_.assign(used_at_, 0);
  active_.assign(terminal_words, 0);
  owner_.resize(static_cast<std::size_t>(terminals));
  head_.resize(owner_.size());
  next_.resize(owner_.size());
  link_owner_.resize(static_cast<std::size_t>(last_ - first_) << (n_ + e_));
  blocked_.resize(terminal_words);
}

void ButterflyRouteTable::clear() {
  std::fill(bits_.begin(), bits_.end(), Word{0});
  circuits_.clear();
  if (entered_ == 0) return;
  std::fill(by_source_.begin(), by_source_.end(), Word{0});
  std::fill(active_.begin(), active_.end(), Word{0});
  entered_ = 0;
}

ButterflyRouteTable::Word ButterflyRouteTable::short_row(const Word* stage, unsigned row, unsigned width_log2) {
  const unsigned at = row << width_log2;
  const Word word = stage[at >> 6] >> (at & 63);
  return width_log2 == 6 ? word : word & ((Word{1} << (1U << width_log2)) - 1);
}

bool ButterflyRouteTable::is_free(int source, int destination) const {
  const auto s = static_cast<unsigned>(source);
  const auto d = static_cast<unsigned>(destination);
  if (bit(used(), d)) return owner_[d] == s;
  for (unsigned t = last_; t-- > first_;) {
    const unsigned unsettled = (1U << (n_ + e_ - 1 - t)) - 1;
    const unsigned link = ((d << e_) & ~unsettled) | (s & unsettled);
    if (bit(by_destination(t), link)) return link_owner_[((t - first_) << (n_ + e_)) + link] == s;
  }
  return true;
}

void ButterflyRouteTable::reserve(int source, int destination) {
  const auto s = static_cast<unsigned>(source);
  const auto d = static_cast<unsigned>(destination);
  Word* const words = bits_.data();
  if (bit(used(), d)) return;
  Word* rows = words;
  std::uint16_t* owners = link_owner_.data();
  for (unsigned t = first_; t < last_; ++t) {
    const unsigned unsettled = (1U << (n_ + e_ - 1 - t)) - 1;
    const unsigned link = ((d << e_) & ~unsettled) | (s & unsettled);
    set_bit(rows, link);
    owners[link] = static_cast<std::uint16_t>(s);
    rows += stage_words_;
    owners += std::size_t{1} << (n_ + e_);
  }
  set_bit(words + used_at_, d);
  owner_[d] = static_cast<std::uint16_t>(s);
  circuits_.push_back({static_cast<std::uint16_t>(s), static_cast<std::uint16_t>(d)});
}

void ButterflyRouteTable::catch_up() const {
  for (; entered_ < circuits_.size(); ++entered_) {
    const unsigned s = circuits_[entered_].source;
    const unsigned d = circuits_[entered_].destination;
    Word* rows = by_source_.data();
    for (unsigned t = first_; t < last_; ++t, rows += stage_words_) {
      const unsigned unsettled = (1U << (n_ + e_ - 1 - t)) - 1;
      set_bit(rows, ((s & unsettled) << (t + 1)) | (d >> (n_ - 1 - t)));
    }
    next_[d] = bit(active_.data(), s) ? head_[s] : static_cast<std::uint16_t>(d);
    head_[s] = static_cast<std::uint16_t>(d);
    set_bit(active_.data(), s);
  }
}

void ButterflyRouteTable::remove_own(unsigned source, unsigned length, Word* blocked) const {
  unsigned own = head_[source];
  while (true) {
    const unsigned prefix = own >> (n_ - length);
    blocked[prefix >> 6] &= ~(Word{1} << (prefix & 63));
    if (next_[own] == own) return;
    own = next_[own];
  }
}

// The set of blocked prefixes grows by one destination bit a stage: a prefix is blocked if its parent was, or if the
// link it adds is used by another source. The last link, one per destination, is the stage that settles bit n.
void ButterflyRouteTable::restrict_destinations(int source, BitSet& destinations) const {
  const auto s = static_cast<unsigned>(source);
  catch_up();
  const bool has_own = bit(active_.data(), s);
  std::vector<Word>& out = destinations.words();

  Word blocked = 0;
  unsigned t = first_;
  const Word* stage = by_source(t);
  for (; t < last_ && t < 6; ++t, stage += stage_words_) {
    const unsigned low = s & ((1U << (n_ + e_ - 1 - t)) - 1);
    blocked = double_bits(blocked, t) | short_row(stage, low, t + 1);
    if (has_own) remove_own(s, t + 1, &blocked);
  }
  if (n_ <= 6) {
    blocked = double_bits(blocked, t) | *used();
    if (has_own) remove_own(s, n_, &blocked);
    out[0] &= ~blocked;
    return;
  }

  Word* const wide = blocked_.data();
  wide[0] = blocked;
  for (t = 6; t <= last_; ++t, stage += stage_words_) {
    const std::size_t words = std::size_t{1} << (t - 6);
    const std::size_t low = s & ((std::size_t{1} << (n_ + e_ - 1 - t)) - 1);
    const Word* const row = t < last_ ? stage + low * 2 * words : used();
    for (std::size_t w = words; w-- > 0;) {
      const Word parent = wide[w];
      wide[2 * w] = double_bits(parent & 0xffffffffU, 5) | row[2 * w];
      wide[2 * w + 1] = double_bits(parent >> 32, 5) | row[2 * w + 1];
    }
    if (has_own) remove_own(s, t + 1, wide);
  }
  for (std::size_t w = 0; w < out.size(); ++w) out[w] &= ~wide[w];
}

// The low source bits select the link, so a row repeats over the high ones.
void ButterflyRouteTable::restrict_sources(int destination, BitSet& sources) const {
  const auto d = static_cast<unsigned>(destination);
  std::vector<Word>& out = sources.words();
  if (bit(used(), d)) {
    const int owner = owner_[d];
    const bool keep = sources.test(owner);
    sources.fill(false);
    if (keep) sources.set(owner);
    return;
  }
  if (first_ == last_) return;

  Word repeated = 0;
  unsigned width_log2 = e_ + 1;
  unsigned t = last_;
  for (; t > first_ && width_log2 <= 6; --t, ++width_log2) {
    repeated |= repeated << (1U << (width_log2 - 1));
    repeated |= short_row(by_destination(t - 1), d >> (n_ - t), width_log2);
  }
  for (; width_log2 <= 6; ++width_log2) repeated |= repeated << (1U << (width_log2 - 1));

  // Rows of more than a word: stages first_ … t-1, the widest first.
  const Word* rows[16];
  std::size_t masks[16];
  unsigned row_count = 0;
  for (unsigned wide = first_; wide < t; ++wide) {
    const std::size_t words = std::size_t{1} << (n_ + e_ - 1 - wide - 6);
    rows[row_count] = by_destination(wide) + (d >> (n_ - 1 - wide)) * words;
    masks[row_count++] = words - 1;
  }
  catch_up();
  const Word* const busy = active_.data();
  for (std::size_t w = 0; w < out.size(); ++w) {
    Word blocked = repeated;
    for (unsigned r = 0; r < row_count; ++r) blocked |= rows[r][w & masks[r]];
    Word retry = out[w] & blocked & busy[w];
    out[w] &= ~blocked;
    for (; retry != 0; retry &= retry - 1) {
      const int b = __builtin_ctzll(retry);
      if (is_free(static_cast<int>(w) * 64 + b, destination)) out[w] |= Word{1} << b;
    }
  }
}

}  // namespace podsim
