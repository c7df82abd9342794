#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A route table for the butterfly that answers for all sources or all destinations at once, by bitmaps.

#include <cstdint>
#include <vector>

#include "podsim/interconnect/route_table.hpp"

namespace podsim {

/// Exactly what LinkRouteTable answers for a Butterfly, with a few bits per link.
///
/// Three observations make it small. Write n = ceil(log2 N), e = log2(planes).
/// - Stages t < e are never contested: their links carry all bits of the source. Stages n-1 <= t < n'-1 need no test:
///   their links name the whole destination, so whoever owns one of them owns the last link too. What is left is
///   stages e … n-2 and one last link per destination.
/// - The circuits of a source form a tree: if the source owns the link of stage t on the way to D, it owns those of all
///   earlier stages. One circuit is therefore free if the last used link on its way belongs to its source, or if none
///   is used.
/// - Each stage is kept twice as plain used-bits: rows by destination prefix (over source bits) and rows by source bits
///   (over destination prefixes), so that a question about one destination and all sources, or the other way round,
///   reads one row a stage. A list of the circuits of each source tells which of the used bits are its own. The second
///   set of rows and the lists are brought up to date only when they are asked.
class ButterflyRouteTable final : public RouteTable {
 public:
  /// \param terminals in [1, 65536]
  /// \param expansion_log2 e, in [0, 3]
  ButterflyRouteTable(int terminals, int expansion_log2);

  bool is_free(int source, int destination) const override;
  void reserve(int source, int destination) override;
  void clear() override;
  void restrict_destinations(int source, BitSet& destinations) const override;
  void restrict_sources(int destination, BitSet& sources) const override;

 private:
  using Word = std::uint64_t;

  static bool bit(const Word* words, unsigned i) { return ((words[i >> 6] >> (i & 63)) & 1U) != 0; }
  static void set_bit(Word* words, unsigned i) { words[i >> 6] |= Word{1} << (i & 63); }
  /// The row of 2^width_log2 <= 64 bits with this number.
  static Word short_row(const Word* stage, unsigned row, unsigned width_log2);

  const Word* by_source(unsigned stage) const { return by_source_.data() + (stage - first_) * stage_words_; }
  const Word* by_destination(unsigned stage) const { return bits_.data() + (stage - first_) * stage_words_; }
  const Word* used() const { return bits_.data() + used_at_; }
  /// Enters the circuits that `by_source_`, `active_` and the lists do not have yet.
  void catch_up() const;
  /// Clears in `blocked`, a set of prefixes of `length` bits, those of the circuits of `source`.
  void remove_own(unsigned source, unsigned length, Word* blocked) const;

  unsigned n_;  ///< bits of a destination, at least 1
  unsigned e_;
  unsigned first_;  ///< first contested stage
  unsigned last_;   ///< one after the last contested stage: n-1
  std::size_t stage_words_;
  std::size_t used_at_;                    ///< destinations in use
  std::vector<Word> bits_;                 ///< rows by destination, and the destinations in use
  std::vector<std::uint16_t> owner_;       ///< of each destination in use
  std::vector<std::uint16_t> link_owner_;  ///< of each used link of the contested stages, by destination prefix
  struct Circuit {
    std::uint16_t source, destination;
  };
  std::vector<Circuit> circuits_;
  // Of the first `entered_` circuits.
  mutable std::size_t entered_ = 0;
  mutable std::vector<Word> by_source_;
  mutable std::vector<Word> active_;         ///< sources in use
  mutable std::vector<std::uint16_t> head_;  ///< of each active source: the destination of its latest circuit
  /// Of each destination in use: that of the owner's circuit before; itself if there is none.
  mutable std::vector<std::uint16_t> next_;
  mutable std::vector<Word> blocked_;  ///< scratch of restrict_destinations, for more than 64 destinations
};

}  // namespace podsim
