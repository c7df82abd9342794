#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A set of small integers as words of bits, with the few operations that placement needs.

#include <cstdint>
#include <vector>

namespace podsim {

/// A fixed-size set of the integers [0, size).
class BitSet {
 public:
  BitSet() = default;
  explicit BitSet(int size, bool full = false)
      : size_(size), words_((static_cast<std::size_t>(size) + 63) / 64, full ? ~std::uint64_t{0} : 0) {
    if (full) trim();
  }

  int size() const { return size_; }
  bool test(int i) const { return ((words_[word(i)] >> (i & 63)) & 1U) != 0; }
  void set(int i) { words_[word(i)] |= std::uint64_t{1} << (i & 63); }
  void reset(int i) { words_[word(i)] &= ~(std::uint64_t{1} << (i & 63)); }
  void fill(bool value) {
    for (std::uint64_t& w : words_) w = value ? ~std::uint64_t{0} : 0;
    if (value) trim();
  }
  bool none() const {
    for (const std::uint64_t w : words_) {
      if (w != 0) return false;
    }
    return true;
  }
  int count() const {
    int n = 0;
    for (const std::uint64_t w : words_) n += __builtin_popcountll(w);
    return n;
  }
  /// The smallest element >= from, or -1.
  int next(int from = 0) const {
    if (from >= size_) return -1;
    std::size_t w = word(from);
    std::uint64_t bits = words_[w] & (~std::uint64_t{0} << (from & 63));
    while (bits == 0) {
      if (++w == words_.size()) return -1;
      bits = words_[w];
    }
    return static_cast<int>(w) * 64 + __builtin_ctzll(bits);
  }
  BitSet& operator&=(const BitSet& other) {
    for (std::size_t w = 0; w < words_.size(); ++w) words_[w] &= other.words_[w];
    return *this;
  }
  friend bool operator==(const BitSet& a, const BitSet& b) { return a.size_ == b.size_ && a.words_ == b.words_; }

  std::vector<std::uint64_t>& words() { return words_; }
  const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  static std::size_t word(int i) { return static_cast<std::size_t>(i) >> 6; }
  void trim() {
    if ((size_ & 63) != 0 && !words_.empty()) words_.back() &= (std::uint64_t{1} << (size_ & 63)) - 1;
  }

  int size_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace podsim
