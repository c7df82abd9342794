// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topologies/benes_network.hpp"

#include <cstddef>

namespace podsim {
namespace {

constexpr int kUnset = -1;

/// One network of the recursion: `size` wires from `base` on, whose first stage is stage `level`.
class Looping {
 public:
  Looping(int log2_size, const std::vector<WirePair>& pairs)
      : log2_size_(log2_size),
        stages_(static_cast<std::size_t>(2 * log2_size - 1)),
        places_(pairs.size() * stages_, 0),
        in_(std::size_t{1} << log2_size, kUnset),
        out_(in_.size(), kUnset),
        half_(pairs.size(), kUnset) {}

  std::vector<int> run(std::vector<WirePair> pairs) {
    std::vector<std::size_t> ids(pairs.size());
    for (std::size_t n = 0; n < ids.size(); ++n) ids[n] = n;
    set_up(0, 0, std::move(pairs), ids);
    return std::move(places_);
  }

 private:
  int& place(std::size_t id, int stage) { return places_[id * stages_ + static_cast<std::size_t>(stage)]; }

  /// \param pairs wires within this network
  /// \param ids the circuits they belong to
  void set_up(int level, int base, std::vector<WirePair> pairs, const std::vector<std::size_t>& ids) {
    if (pairs.empty()) return;
    const int middle = log2_size_ - 1;
    if (level == middle) {
      for (std::size_t n = 0; n < pairs.size(); ++n) place(ids[n], middle) = base + pairs[n].out;
      return;
    }
    const int half_size = 1 << (log2_size_ - level - 1);
    for (std::size_t n = 0; n < pairs.size(); ++n) {
      in_[static_cast<std::size_t>(pairs[n].in)] = static_cast<int>(n);
      out_[static_cast<std::size_t>(pairs[n].out)] = static_cast<int>(n);
      half_[n] = kUnset;
    }
    // Two circuits that share a switch of the first or of the last stage must pass through different halves: each
    // circuit has at most one such neighbour on either side, so that they form paths and even cycles.
    for (std::size_t n = 0; n < pairs.size(); ++n) {
      if (half_[n] == kUnset) {
        follow(pairs, static_cast<int>(n), 0, false);
        follow(pairs, static_cast<int>(n), 0, true);
      }
    }
    std::vector<WirePair> part[2];
    std::vector<std::size_t> part_ids[2];
    const int last = 2 * log2_size_ - 2 - level;
    for (std::size_t n = 0; n < pairs.size(); ++n) {
      in_[static_cast<std::size_t>(pairs[n].in)] = out_[static_cast<std::size_t>(pairs[n].out)] = kUnset;
      const int half = half_[n];
      place(ids[n], level) = base + half * half_size + pairs[n].in / 2;
      place(ids[n], last) = base + pairs[n].out;
      part[half].push_back({pairs[n].in / 2, pairs[n].out / 2});
      part_ids[half].push_back(ids[n]);
    }
    pairs = {};
    for (const int half : {0, 1}) set_up(level + 1, base + half * half_size, std::move(part[half]), part_ids[half]);
  }

  /// Sends circuit `n` through `half` and its neighbours alternately through the other one and this.
  void follow(const std::vector<WirePair>& pairs, int n, int half, bool by_output) {
    while (n != kUnset) {
      half_[static_cast<std::size_t>(n)] = half;
      const WirePair& pair = pairs[static_cast<std::size_t>(n)];
      n = by_output ? out_[static_cast<std::size_t>(pair.out ^ 1)] : in_[static_cast<std::size_t>(pair.in ^ 1)];
      if (n != kUnset && half_[static_cast<std::size_t>(n)] != kUnset) return;  // once round
      half = 1 - half;
      by_output = !by_output;
    }
  }

  int log2_size_;
  std::size_t stages_;
  std::vector<int> places_;
  std::vector<int> in_, out_;  ///< per wire of the network being set: its circuit
  std::vector<int> half_;      ///< per circuit of the network being set: 0 upper, 1 lower
};

}  // namespace

std::vector<int> BenesNetwork::set_up(const std::vector<WirePair>& pairs) const {
  return Looping(log2_size_, pairs).run(pairs);
}

void BenesNetwork::outputs_of(int stage, int place, int& upper, int& lower) const {
  const int level = stage < log2_size_ ? stage : 2 * log2_size_ - 2 - stage;
  const int size = 1 << (log2_size_ - level);
  const int base = place & ~(size - 1);
  const int wire = place & (size - 1);
  if (stage < log2_size_ - 1) {
    upper = base + wire / 2;
    lower = upper + size / 2;
  } else if (stage == log2_size_ - 1) {
    upper = base;
    lower = base + 1;
  } else {
    upper = base + wire % (size / 2) * 2;
    lower = upper + 1;
  }
}

void CopyNetwork::append_path(int source, int rank, int copy, std::vector<int>& places) const {
  // Gathering settles the bits from the lowest to the highest, copying from the highest to the lowest.
  for (int t = 0; t < log2_size_; ++t) {
    const int settled = (2 << t) - 1;
    places.push_back((source & ~settled) | (rank & settled));
  }
  for (int t = 0; t < log2_size_; ++t) {
    const int unsettled = (1 << (log2_size_ - 1 - t)) - 1;
    places.push_back((copy & ~unsettled) | (rank & unsettled));
  }
}

void CopyNetwork::outputs_of(int stage, int place, int& upper, int& lower) const {
  const int bit = 1 << (stage < log2_size_ ? stage : 2 * log2_size_ - 1 - stage);
  upper = place & ~bit;
  lower = place | bit;
}

}  // namespace podsim
