#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Banks and DRAM of the published machine.

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace podsim::published {

/// A tile as the memory sees it. Its id is its index in the list that Memory is made of.
struct MemoryTile {
  enum class Kind : std::uint8_t { x, w, p };
  Kind kind = Kind::x;
  bool is_final = false;  ///< partial sums of a layer's output: written to DRAM when they are evicted
  bool on_chip = false;   ///< resident from the start without taking room
  int bank = 0;           ///< of its kind
  std::int64_t bytes = 0;
};

/// The banks and the one DRAM, which is bandwidth only. DRAM works through a queue of (round, tile) entries, strictly
/// in order:
/// - A resident tile costs nothing, but counts as touched: it goes to the end of its bank's list.
/// - A tile for round q waits, and with it all behind it, while q >= current round + prefetch limit.
/// - A tile takes room in its bank when its first byte arrives. If there is none, the tile at the front of the bank's
///   list (the one not touched for longest) is evicted, if the last round it is wanted in is below the current one; if
///   not, DRAM waits.
/// - Only while it waits for room in a bank, DRAM writes back evicted final sums.
///
/// Tiles that are on chip from the start take no room, but are evicted like others and then even give room back that
/// they never took (a flaw of the published tool, kept here).
/// Byte counts of a cycle are single-precision numbers, as published.
class Memory {
 public:
  /// \param banks of each kind
  Memory(std::vector<MemoryTile> tiles, int banks, std::int64_t bank_bytes, float bytes_per_cycle, int prefetch_rounds);

  /// Appends a tile to DRAM's queue. Rounds must not fall.
  void enqueue(std::int64_t round, std::uint32_t tile) { queue_.emplace_back(round, tile); }
  /// Puts a tile in front of DRAM's queue.
  void fetch_at_once(std::int64_t round, std::uint32_t tile) { queue_.emplace_front(round, tile); }
  /// Appends a tile to what its P bank has to make room for.
  void will_be_written(std::int64_t round, std::uint32_t tile);

  /// One cycle of DRAM, in round `round`.
  /// \return false if it changed nothing: as long as the round is the same and nothing else is called, nothing will
  bool run_cycle(std::int64_t round);
  /// Makes room for all sums that are written in rounds up to `round`, bank after bank, as far as there is any.
  /// \return true if anything changed
  bool make_room_for_sums(std::int64_t round);

  bool is_resident(std::uint32_t tile) const { return states_[tile].resident; }
  /// It had room once, and is not resident any more or not yet again.
  bool was_evicted(std::uint32_t tile) const { return states_[tile].had_room && !states_[tile].resident; }
  /// Bytes of all tiles fetched, and of partial sums also what was written back.
  std::int64_t bytes(MemoryTile::Kind kind) const;
  /// True once more room was given back in a bank than was taken, where the published tool ends with an error.
  bool is_inconsistent() const { return inconsistent_; }

 private:
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};
  struct State {
    bool resident = false;
    bool had_room = false;                            ///< room was made for it once
    bool listed = false;                              ///< in its bank's list
    float fetched = 0;                                ///< bytes
    float written = 0;                                ///< bytes
    std::int64_t wanted_in = 0;                       ///< the last round known to want it
    std::uint32_t before = kNobody, after = kNobody;  ///< neighbours in the list
  };
  struct Bank {
    std::int64_t used = 0;
    std::uint32_t front = kNobody, back = kNobody;  ///< of the list, ordered by the last touch
    std::deque<std::pair<std::int64_t, std::uint32_t>> to_write;
    std::deque<std::uint32_t> write_back;
  };

  Bank& bank_of(std::uint32_t tile);
  void unlink(Bank& bank, std::uint32_t tile);
  void touch(std::int64_t round, std::uint32_t tile);
  bool evict_front(Bank& bank, std::int64_t below_round);
  bool take_room(std::uint32_t tile, std::int64_t wanted_in, std::int64_t current_round, bool& changed);
  /// \param used bytes of this cycle that are gone
  bool write_back(float used);

  std::vector<MemoryTile> tiles_;
  std::vector<State> states_;
  int banks_per_kind_;
  std::vector<Bank> banks_;  ///< X banks, W banks, P banks
  std::int64_t bank_bytes_;
  float bytes_per_cycle_;
  std::int64_t prefetch_rounds_;
  std::deque<std::pair<std::int64_t, std::uint32_t>> queue_;
  double bytes_[3] = {0, 0, 0};
  bool inconsistent_ = false;
};

}  // namespace podsim::published
