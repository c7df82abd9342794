#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What is fetched, evicted and spilled, and between which rounds: a static plan for the SRAM banks.

#include <cstdint>
#include <vector>

#include "podsim/models/schedule.hpp"

namespace podsim {

/// The part of a round that needs a tile.
enum class Stage : std::uint8_t {
  weights,  ///< loading the tiles that stay in the arrays
  stream,   ///< streaming tiles and partial sums
  post,     ///< the passes of the round
};
inline constexpr std::uint32_t kStages = 3;

/// Where weights are when the run starts.
enum class WeightResidency : std::uint8_t {
  cold,  ///< in DRAM
  warm,  ///< in their banks, as many as fit, for the whole run: the steady state of repeated inferences
};

/// Anything that occupies a bank, numbered through: stored tiles, then partial sums of tile operations, then results
/// of passes.
using ItemId = std::uint32_t;

/// The end of a round's reading, by pods or by post-processors; round -1 is the start of the run.
struct RoundEnd {
  std::int64_t round = -1;
  bool post = false;
};

/// A transfer from DRAM into a bank.
struct Fill {
  ItemId item = 0;
  std::uint32_t bytes = 0;  ///< over the DRAM bus
  std::int32_t rows = 0;    ///< cycles at the bank's write port
  std::uint32_t need_round = 0;
  std::uint16_t bank = 0;
  BankClass bank_class = BankClass::x;
  Stage need_stage = Stage::weights;
  std::int64_t after_main = -1;   ///< its space is in use until pods have read this round
  std::int64_t after_post = -1;   ///< and post-processors this one
  std::int64_t after_spill = -1;  ///< this spill and all before it come first
  bool is_refetch = false;        ///< it was evicted or spilled before
};

/// It brings weights, or activations in their place.
inline bool is_weight_fill(const TiledWorkload& work, const Fill& fill) {
  return fill.item < work.tiles.size() && work.operands[work.tiles[fill.item].operand].is_second;
}

/// A transfer from a bank to DRAM that makes room.
struct Spill {
  ItemId item = 0;
  std::uint32_t bytes = 0;
  std::uint16_t bank = 0;
  BankClass bank_class = BankClass::p;
  RoundEnd after;  ///< the last use before
};

/// The plan. Vectors named *_first are offsets per round (one more entry than rounds) into the vector of that name.
struct MemoryPlan {
  std::vector<Fill> fills;                 ///< in the order in which they are needed
  std::vector<std::uint32_t> fills_first;  ///< per round * kStages + stage
  std::vector<Spill> spills;               ///< in order
  /// Before round r writes anything, the first spills_before[r] spills must be complete.
  std::vector<std::uint32_t> spills_before;
  /// Before round r writes anything, the post-processors have read their first posts_before[r] rounds.
  std::vector<std::uint32_t> posts_before;
  std::vector<ItemId> taken;  ///< takes its space when passes of a round write to it: operand tiles
  std::vector<std::uint32_t> taken_first;
  std::vector<ItemId> released_main;  ///< gives its space back after the pods' reading of a round
  std::vector<std::uint32_t> released_main_first;
  std::vector<ItemId> released_post;  ///< likewise after the post-processors' reading of a round
  std::vector<std::uint32_t> released_post_first;
  /// Weight tiles that are in their banks from before the run until its end.
  std::vector<ItemId> resident;
  std::int64_t resident_bytes = 0;  ///< capacity they take
  std::int64_t refetched_bytes = 0;
  std::int64_t spilled_bytes = 0;
};

/// Plans the banks for a schedule: tiles are fetched for their first use, kept until their last, and evicted in
/// least-recently-used order (by round) where a bank is full.
///
/// With warm weights, a bank keeps all its weight tiles if they fit beside what else lies in it at a time. Otherwise
/// an eighth of the bank (at least four tiles) is left for streaming, and the tiles that stay are spread evenly over
/// the order of use, so that DRAM fetches the others all the time. Any choice of the same size saves the same bytes:
/// each weight tile is fetched at most once per inference. \throws Error (run_failed) if a round needs more in one bank
/// than it holds, or would have to spill with spill "off";
///         the text says what would fit
MemoryPlan plan_memory(const TiledWorkload& work, const Schedule& schedule, const RoundOrder& order,
                       const Machine& machine, WeightResidency residency = WeightResidency::cold);

/// Bytes of capacity that an item takes.
std::uint32_t item_bytes(const TiledWorkload& work, const Schedule& schedule, const Machine& machine, ItemId item);

}  // namespace podsim
