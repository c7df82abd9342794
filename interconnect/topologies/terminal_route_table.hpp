#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The route table of networks that block at their terminals only.

#include <cstdint>
#include <vector>

#include "podsim/interconnect/route_table.hpp"

namespace podsim {

/// A destination takes one source. Without multicast a source also feeds one destination only.
class TerminalRouteTable final : public RouteTable {
 public:
  TerminalRouteTable(int terminals, bool multicast)
      : multicast_(multicast),
        used_(terminals),
        owner_(static_cast<std::size_t>(terminals), 0),
        sending_(terminals),
        target_(static_cast<std::size_t>(multicast ? 0 : terminals), 0) {}

  bool is_free(int source, int destination) const override {
    if (used_.test(destination)) return owner_[static_cast<std::size_t>(destination)] == source;
    return multicast_ || !sending_.test(source);
  }
  void reserve(int source, int destination) override {
    used_.set(destination);
    owner_[static_cast<std::size_t>(destination)] = static_cast<std::uint16_t>(source);
    if (multicast_) return;
    sending_.set(source);
    target_[static_cast<std::size_t>(source)] = static_cast<std::uint16_t>(destination);
  }
  void clear() override {
    used_.fill(false);
    sending_.fill(false);
  }

  void restrict_destinations(int source, BitSet& destinations) const override {
    if (!multicast_ && sending_.test(source)) {
      keep_only(target_[static_cast<std::size_t>(source)], destinations);
      return;
    }
    std::vector<std::uint64_t>& out = destinations.words();
    for (std::size_t w = 0; w < out.size(); ++w) {
      for (std::uint64_t doubtful = out[w] & used_.words()[w]; doubtful != 0; doubtful &= doubtful - 1) {
        const int bit = __builtin_ctzll(doubtful);
        if (owner_[w * 64 + static_cast<std::size_t>(bit)] != source) out[w] &= ~(std::uint64_t{1} << bit);
      }
    }
  }
  void restrict_sources(int destination, BitSet& sources) const override {
    if (used_.test(destination)) {
      keep_only(owner_[static_cast<std::size_t>(destination)], sources);
    } else if (!multicast_) {
      for (std::size_t w = 0; w < sources.words().size(); ++w) sources.words()[w] &= ~sending_.words()[w];
    }
  }

 private:
  static void keep_only(int terminal, BitSet& set) {
    const bool keep = terminal < set.size() && set.test(terminal);
    set.fill(false);
    if (keep) set.set(terminal);
  }

  bool multicast_;
  BitSet used_;                        ///< destinations
  std::vector<std::uint16_t> owner_;   ///< per used destination: its source
  BitSet sending_;                     ///< sources, if there is no multicast
  std::vector<std::uint16_t> target_;  ///< per sending source: its destination
};

}  // namespace podsim
