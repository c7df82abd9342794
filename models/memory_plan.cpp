// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/memory_plan.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "podsim/sim/core/poll.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/wide.hpp"

namespace podsim {
namespace {

const char* class_name(BankClass bank_class) {
  switch (bank_class) {
    case BankClass::x:
      return "X";
    case BankClass::w:
      return "W";
    default:
      return "P";
  }
}

/// Items by round, as offsets into one flat vector.
struct ByRound {
  std::vector<std::uint32_t> first;
  std::vector<ItemId> items;

  /// \param round_of kNone: in no round
  template <class RoundOf>
  void build(std::uint32_t rounds, ItemId count, RoundOf round_of) {
    first.assign(rounds + 1, 0);
    for (ItemId item = 0; item < count; ++item) {
      if (round_of(item) != kNone) ++first[round_of(item) + 1];
    }
    for (std::uint32_t r = 0; r < rounds; ++r) first[r + 1] += first[r];
    items.resize(first[rounds]);
    std::vector<std::uint32_t> at(first.begin(), first.end() - 1);
    for (ItemId item = 0; item < count; ++item) {
      if (round_of(item) != kNone) items[at[round_of(item)]++] = item;
    }
  }
};

class Planner {
 public:
  /// \param capacity bytes of one bank
  Planner(const TiledWorkload& work, const Schedule& schedule, const RoundOrder& order, const Machine& machine,
          std::int64_t capacity, WeightResidency residency)
      : work_(work),
        schedule_(schedule),
        order_(order),
        machine_(machine),
        rounds_(static_cast<std::uint32_t>(order.main_first.size()) - 1),
        tiles_(static_cast<ItemId>(work.tiles.size())),
        mains_(static_cast<ItemId>(schedule.main.size())),
        posts_(static_cast<ItemId>(schedule.post.size())),
        capacity_(capacity),
        residency_(residency) {}

  /// A round needs more in one bank than it holds.
  struct Overflow {
    std::string bank;
    std::uint32_t round;
    std::int64_t needed;
  };

  MemoryPlan run() {
    find_lifetimes();
    const ItemId items = tiles_ + mains_ + posts_;
    resident_.assign(items, 0);
    banks_.resize(3 * static_cast<std::size_t>(machine_.config.bank_count()));
    for (Bank& bank : banks_) bank.free_now = capacity_;
    pinned_.assign(tiles_, 0);
    if (residency_ == WeightResidency::warm) keep_weights();

    reserve_lists();
    plan_.fills_first.assign(static_cast<std::size_t>(rounds_) * kStages + 1, 0);
    plan_.spills_before.assign(rounds_, 0);
    plan_.posts_before.assign(rounds_, 0);
    plan_.taken_first.assign(rounds_ + 1, 0);
    plan_.released_main_first.assign(rounds_ + 1, 0);
    plan_.released_post_first.assign(rounds_ + 1, 0);
    for (round_ = 0; round_ < rounds_; ++round_) {
      poll();
      find_operations();
      give_back_space();
      stage(Stage::weights, [this] { need_weights(); });
      stage(Stage::stream, [this] { need_stream(); });
      stage(Stage::post, [this] { need_post(); });
      produce();
      release();
    }
    produced_.items.resize(taken_);
    plan_.taken = std::move(produced_.items);
    count_evictions();
    return std::move(plan_);
  }

 private:
  /// Space that was given back. There can be as many chunks as items fit into all banks, so they are small.
  struct Chunk {
    std::uint32_t bytes;
    std::uint32_t after_round;
    std::uint32_t after_spill;  ///< or kNone
    bool after_post;
    bool is_free_with(const Chunk& other) const {
      return after_round == other.after_round && after_post == other.after_post && after_spill == other.after_spill;
    }
  };
  /// From when on space is free: rounds that pods and post-processors have read, and a spill; -1: at once.
  struct Space {
    std::int64_t after_main = -1, after_post = -1, after_spill = -1;
  };
  struct Bank {
    std::int64_t free_now = 0;                 ///< never used, or usable whenever
    std::deque<Chunk> released;                ///< usable after a round, oldest first
    std::int64_t free_later = 0;               ///< sum of `released`
    std::uint32_t head = kNone, tail = kNone;  ///< places of residents, least recently used first
  };

  /// An item that is in its bank. There are few of them at a time.
  struct Resident {
    ItemId item = 0;
    std::uint32_t touched = 0;                     ///< round of the last touch + 1
    std::uint32_t last_use = kNone;                ///< kept here meanwhile, see last_use_
    std::uint32_t next = kNone, previous = kNone;  ///< places in `residents_`
  };

  Bank& bank_of(ItemId item) { return banks_[bank_index(item)]; }

  std::size_t bank_index(ItemId item) const {
    return static_cast<std::size_t>(class_of(item)) * static_cast<std::size_t>(machine_.config.bank_count()) +
           bank(item);
  }

  BankClass class_of(ItemId item) const { return item < tiles_ ? work_.tiles[item].bank_class : BankClass::p; }

  std::uint16_t bank(ItemId item) const {
    if (item < tiles_) return work_.tiles[item].bank;
    if (item < tiles_ + mains_) return schedule_.main[item - tiles_].p_bank;
    return schedule_.post[item - tiles_ - mains_].bank;
  }

  ItemId item_of(const PostSource& source) const {
    switch (source.kind) {
      case PostSource::Kind::main_sum:
        return tiles_ + source.index;
      case PostSource::Kind::post_sum:
        return tiles_ + mains_ + source.index;
      default:
        return source.index;
    }
  }

  bool is_dirty(ItemId item) const { return item >= tiles_ || work_.operands[work_.tiles[item].operand].on_chip; }

  std::int32_t rows_of(ItemId item) const {
    if (item < tiles_) return work_.tiles[item].rows;
    if (item < tiles_ + mains_) {
      const GemmTiles& gemm = work_.gemm_of_op(item - tiles_);
      return static_cast<std::int32_t>(sum_rows(gemm, op_index(gemm, item - tiles_)));
    }
    return schedule_.post[item - tiles_ - mains_].rows;
  }

  // --- lifetimes --------------------------------------------------------------------------------------------------

  /// It takes sums from a P bank.
  bool reads_sums(const MainPlacement& place) const {
    return place.partial_sum_in != kNone && schedule_.main[place.partial_sum_in].p_bank != kNoBank;
  }

  void find_lifetimes() {
    last_use_.assign(static_cast<std::size_t>(tiles_) + mains_ + posts_, kNone);
    auto use = [&](ItemId item, std::uint32_t round, bool post) {
      const std::uint32_t moment = 2 * round + (post ? 1 : 0);
      if (last_use_[item] == kNone || last_use_[item] < moment) last_use_[item] = moment;
    };
    OpCursor cursor(work_);
    for (std::uint32_t op = 0; op < mains_; ++op) {
      const MainPlacement& place = schedule_.main[op];
      const OpTiles& reads = cursor.at(op);
      use(reads.x_tile, place.round, false);
      use(reads.w_tile, place.round, false);
      if (reads_sums(place)) use(tiles_ + place.partial_sum_in, place.round, false);
    }
    for (const PostPlacement& pass : schedule_.post) {
      for (const PostSource& source : {pass.in1, pass.in2}) {
        if (source.kind != PostSource::Kind::none) use(item_of(source), pass.round, true);
      }
    }
    find_writes();
  }

  bool is_used(ItemId item) const { return last_use_[item] != kNone; }

  /// Room for what takes and gives back space: growing lists would hold all of it twice.
  void reserve_lists() {
    std::size_t released = 0, by_post = 0;
    for (std::size_t item = 0; item < last_use_.size(); ++item) {
      if (!is_used(static_cast<ItemId>(item))) continue;
      ++released;
      if (last_use_[item] % 2 != 0) ++by_post;
    }
    plan_.released_main.reserve(released - by_post);
    plan_.released_post.reserve(by_post);
  }

  /// First and last round in which each operand tile that operations produce is written.
  void find_writes() {
    copied_ = work_.relayout.by_circuits() && !schedule_.without_finalize;
    first_write_.assign(copied_ ? tiles_ : work_.requirement_list_count(), kNone);
    complete_.assign(first_write_.size(), 0);
    if (copied_) {
      find_copied_writes();
    } else {
      find_block_writes();
    }
    produced_.build(rounds_, tiles_, [&](ItemId tile) { return is_used(tile) ? first_write(tile) : kNone; });
  }

  std::size_t writes_of(ItemId tile) const { return copied_ ? tile : work_.tiles[tile].requirements; }
  /// The round of the tile's first write, or kNone.
  std::uint32_t first_write(ItemId tile) const { return first_write_[writes_of(tile)]; }
  /// The round of its last write.
  std::uint32_t complete(ItemId tile) const { return complete_[writes_of(tile)]; }

  /// Relayout by circuits: a tile is written by the passes that end at its bank.
  void find_copied_writes() {
    const Relayout& relayout = work_.relayout;
    for (const PostPlacement& pass : schedule_.post) {
      if (!pass.writes_output) continue;
      const std::uint32_t number = relayout.number(pass.operation, pass.tile);
      for (std::uint32_t r = relayout.first_reader[number]; r < relayout.first_reader[number + 1]; ++r) {
        const ItemId tile = relayout.readers[r].tile;
        if (bank(tile) != pass.bank || !is_used(tile)) continue;
        first_write_[tile] = std::min(first_write_[tile], pass.round);
        complete_[tile] = std::max(complete_[tile], pass.round);
      }
    }
  }

  void find_block_writes() {
    std::vector<std::uint32_t> first(work_.block_count, kNone), last(work_.block_count, 0);
    auto write = [&](BlockRange blocks, std::uint32_t round) {
      for (const std::size_t block : blocks) {
        first[block] = first[block] == kNone ? round : std::min(first[block], round);
        last[block] = std::max(last[block], round);
      }
    };
    for (const PostPlacement& pass : schedule_.post) {
      if (pass.writes_output) write(output_blocks_of(work_, pass.operation, pass.tile), pass.round);
    }
    if (schedule_.without_finalize) {
      for (std::uint32_t op = 0; op < mains_; ++op) {
        const GemmTiles& gemm = work_.gemm_of_op(op);
        const OpIndex at = op_index(gemm, op);
        write(output_blocks_of(work_, gemm, at.g, at.i), schedule_.main[op].round);
      }
    }
    for (RequirementList list = 0; list < work_.requirement_list_count(); ++list) {
      poll();
      const RequirementRange range = work_.requirements_of(list);
      for (std::uint32_t r = range.first; r < range.first + range.count; ++r) {
        const Requirement& need = work_.requirements[r];
        const std::size_t flat = work_.outputs[need.operation].first_block + need.block;
        if (first[flat] == kNone) continue;  // a vector operation of the published machine has no passes
        first_write_[list] = std::min(first_write_[list], first[flat]);
        complete_[list] = std::max(complete_[list], last[flat]);
      }
    }
  }

  // --- weights that stay --------------------------------------------------------------------------------------------

  bool is_weight(ItemId tile) const { return work_.operands[work_.tiles[tile].operand].is_learned; }

  void keep_weights() {
    std::vector<std::uint32_t> first_use(tiles_, kNone);
    for (std::uint32_t op = 0; op < mains_; ++op) {
      const OpTiles reads = tiles_of_op(work_, op);
      for (const ItemId tile : {reads.x_tile, reads.w_tile}) {
        first_use[tile] = std::min(first_use[tile], schedule_.main[op].round);
      }
    }
    for (const BankClass bank_class : {BankClass::x, BankClass::w}) keep_weights(bank_class, first_use);
    std::sort(plan_.resident.begin(), plan_.resident.end());
  }

  void keep_weights(BankClass bank_class, const std::vector<std::uint32_t>& first_use) {
    std::vector<std::vector<ItemId>> weights(static_cast<std::size_t>(machine_.config.bank_count()));
    std::vector<std::vector<std::pair<std::uint32_t, std::int64_t>>> others(weights.size());  // round, change of bytes
    for (ItemId tile = 0; tile < tiles_; ++tile) {
      const StoredTile& stored = work_.tiles[tile];
      if (stored.bank_class != bank_class || first_use[tile] == kNone) continue;
      if (is_weight(tile)) {
        weights[stored.bank].push_back(tile);
      } else {
        others[stored.bank].emplace_back(std::min(first_write(tile), first_use[tile]), stored.bytes);
        others[stored.bank].emplace_back(last_use_[tile] / 2 + 1, -static_cast<std::int64_t>(stored.bytes));
      }
    }
    for (std::size_t b = 0; b < weights.size(); ++b) {
      std::sort(weights[b].begin(), weights[b].end(),
                [&](ItemId x, ItemId y) { return std::tie(first_use[x], x) < std::tie(first_use[y], y); });
      keep_weights_of_bank(static_cast<std::size_t>(bank_class) * weights.size() + b, weights[b], others[b]);
    }
  }

  /// \param bank index into `banks_`
  /// \param weights in the order of their first use
  void keep_weights_of_bank(std::size_t bank, const std::vector<ItemId>& weights,
                            std::vector<std::pair<std::uint32_t, std::int64_t>>& others) {
    std::int64_t all = 0;
    std::int64_t largest = 0;
    for (const ItemId tile : weights) {
      all += work_.tiles[tile].bytes;
      largest = std::max<std::int64_t>(largest, work_.tiles[tile].bytes);
    }
    // What is released comes first: its space can be used in that round.
    std::sort(others.begin(), others.end());
    std::int64_t now = 0;
    std::int64_t peak = 0;
    for (const auto& [round, change] : others) peak = std::max(peak, now += change);
    std::int64_t space = capacity_ - peak;
    if (all > space) space -= std::max(4 * largest, capacity_ / 8);
    if (space <= 0) return;
    std::int64_t seen = 0;
    std::int64_t kept = 0;
    for (const ItemId tile : weights) {
      const std::int64_t size = work_.tiles[tile].bytes;
      seen += size;
      if (static_cast<Wide>(kept + size) * all > static_cast<Wide>(std::min(space, all)) * seen) continue;
      kept += size;
      pinned_[tile] = 1;
      plan_.resident.push_back(tile);
    }
    plan_.resident_bytes += kept;
    banks_[bank].free_now -= kept;
  }

  // --- one round --------------------------------------------------------------------------------------------------

  template <class Body>
  void stage(Stage which, Body body) {
    stage_ = which;
    body();
    plan_.fills_first[static_cast<std::size_t>(round_) * kStages + static_cast<std::size_t>(which) + 1] =
        static_cast<std::uint32_t>(plan_.fills.size());
  }

  /// What the tile operations of the round read and write.
  void find_operations() {
    operations_.clear();
    OpCursor cursor(work_);
    for (std::uint32_t n = order_.main_first[round_]; n < order_.main_first[round_ + 1]; ++n) {
      const std::uint32_t op = order_.main_ids[n];
      const OpTiles& reads = cursor.at(op);
      const MainPlacement& place = schedule_.main[op];
      operations_.push_back({reads.x_tile, reads.w_tile, reads_sums(place) ? tiles_ + place.partial_sum_in : kNone,
                             tiles_ + op, sum_bytes(reads), reads.gemm->flow.preloads});
    }
  }

  void need_weights() {
    for (const Operands& operation : operations_) {
      if (operation.preloads) need(operation.w_tile);
    }
  }

  void need_stream() {
    for (const Operands& operation : operations_) {
      need(operation.x_tile);
      if (!operation.preloads) need(operation.w_tile);
      if (operation.sum_in != kNone) need(operation.sum_in);
    }
  }

  void need_post() {
    for (std::uint32_t n = order_.post_first[round_]; n < order_.post_first[round_ + 1]; ++n) {
      const PostPlacement& pass = schedule_.post[order_.post_ids[n]];
      for (const PostSource& source : {pass.in1, pass.in2}) {
        if (source.kind != PostSource::Kind::none) need(item_of(source));
      }
    }
  }

  void need(ItemId item) {
    if (item < tiles_ && pinned_[item] != 0) return;
    if (resident_[item] != kFilled) {
      const bool evicted = resident_[item] == kEvicted;
      const std::uint32_t size = bytes_of(item);
      std::uint32_t fetched = 0;
      if (evicted) {
        fetched = is_dirty(item) ? size : work_.tiles[item].dram_bytes;
      } else if (item < tiles_) {
        fetched = work_.tiles[item].dram_bytes;
      }
      // Nothing is ever put there: all of it is padding, or comes from an operation of the published machine that has
      // no passes.
      if (resident_[item] == kAbsent && fetched == 0 && item < tiles_ && first_write(item) == kNone) return;
      Space space;
      if (resident_[item] == kPartial) {
        // The part that is produced on chip took the space.
        space.after_main = space.after_post = first_write(item);
      } else {
        space = take(item, size);
      }
      // What was spilled has to be in DRAM before it comes back, and what was dropped has to be gone.
      if (const auto spill = spill_of_.find(item); spill != spill_of_.end()) {
        space.after_spill = std::max(space.after_spill, spill->second);
      } else if (evicted) {
        const RoundEnd& dropped = dropped_after_.at(item);
        space.after_main = std::max(space.after_main, dropped.round);
        if (dropped.post) space.after_post = std::max(space.after_post, dropped.round);
      }
      if (fetched > 0) {
        plan_.fills.push_back({item, fetched, rows_of(item), round_, bank(item), class_of(item), stage_,
                               space.after_main, space.after_post, space.after_spill, evicted});
        if (evicted) plan_.refetched_bytes += fetched;
      }
      if (resident_[item] == kAbsent || evicted) append(item);
      resident_[item] = kFilled;
    }
    touch(item);
  }

  /// Results of this round take their space.
  void produce() {
    auto take_for_result = [&](ItemId item, std::uint32_t size) {
      // Without finalise passes nothing reads the last sums: they are out of the published machine.
      if (!is_used(item)) return;
      const Space space = take(item, size);
      plan_.spills_before[round_] =
          std::max(plan_.spills_before[round_], static_cast<std::uint32_t>(space.after_spill + 1));
      plan_.posts_before[round_] =
          std::max(plan_.posts_before[round_], static_cast<std::uint32_t>(space.after_post + 1));
      append(item);
      touch(item);
      resident_[item] = kFilled;
    };
    for (const Operands& operation : operations_) take_for_result(operation.sum_out, operation.sum_bytes);
    for (std::uint32_t n = order_.post_first[round_]; n < order_.post_first[round_ + 1]; ++n) {
      const std::uint32_t id = order_.post_ids[n];
      const ItemId item = tiles_ + mains_ + id;
      // A finished output tile takes space of its own only while it is held for copies.
      if (schedule_.post[id].writes_output && !is_used(item)) continue;
      take_for_result(item, bytes_of(item));
    }
    for (std::uint32_t n = produced_.first[round_]; n < produced_.first[round_ + 1]; ++n) {
      const ItemId item = produced_.items[n];
      if (resident_[item] == kAbsent) {
        take_for_result(item, bytes_of(item));
        produced_.items[taken_++] = item;  // what takes no space is left out; its place has been read
        if (work_.tiles[item].dram_bytes > 0) resident_[item] = kPartial;  // a part from DRAM is still to come
      }
    }
    plan_.taken_first[round_ + 1] = taken_;
  }

  void release() {
    auto is_over = [&](ItemId item) { return resident_[item] == kFilled && resident(item).last_use / 2 == round_; };
    auto release = [&](ItemId item, std::uint32_t size) {
      const bool post = resident(item).last_use % 2 != 0;
      resident_[item] = kDone;
      unlink(item);
      (post ? plan_.released_post : plan_.released_main).push_back(item);
      released_[post ? 1 : 0].push_back({bank_index(item), size});
    };
    auto try_release = [&](ItemId item) {
      if (is_over(item)) release(item, bytes_of(item));
    };
    for (const Operands& operation : operations_) {
      try_release(operation.x_tile);
      try_release(operation.w_tile);
      // All sums of an output tile have the same size.
      if (operation.sum_in != kNone && is_over(operation.sum_in)) release(operation.sum_in, operation.sum_bytes);
      if (is_over(operation.sum_out)) release(operation.sum_out, operation.sum_bytes);
    }
    for (std::uint32_t n = order_.post_first[round_]; n < order_.post_first[round_ + 1]; ++n) {
      const std::uint32_t id = order_.post_ids[n];
      for (const PostSource& source : {schedule_.post[id].in1, schedule_.post[id].in2}) {
        if (source.kind != PostSource::Kind::none) try_release(item_of(source));
      }
      if (!schedule_.post[id].writes_output) try_release(tiles_ + mains_ + id);
    }
    plan_.released_main_first[round_ + 1] = static_cast<std::uint32_t>(plan_.released_main.size());
    plan_.released_post_first[round_ + 1] = static_cast<std::uint32_t>(plan_.released_post.size());
  }

  /// Space that the round before released becomes usable.
  void give_back_space() {
    for (const bool post : {false, true}) {
      for (const Release& release : released_[post ? 1 : 0]) {
        put_back(banks_[release.bank], {release.bytes, round_ - 1, kNone, post});
      }
      released_[post ? 1 : 0].clear();
    }
  }

  // --- space ------------------------------------------------------------------------------------------------------

  std::uint32_t sum_bytes(const OpTiles& operation) const {
    return static_cast<std::uint32_t>(tile_rows(*operation.gemm, operation.at.i) *
                                      tile_columns(*operation.gemm, operation.at.g, operation.at.k) *
                                      machine_.config.partial_sum_bytes);
  }

  std::uint32_t bytes_of(ItemId item) const { return item_bytes(work_, schedule_, machine_, item); }

  void put_back(Bank& bank, const Chunk& chunk) {
    bank.free_later += chunk.bytes;
    if (!bank.released.empty()) {
      Chunk& last = bank.released.back();
      if (last.is_free_with(chunk) && last.bytes <= kNone - chunk.bytes) {
        last.bytes += chunk.bytes;
        return;
      }
    }
    bank.released.push_back(chunk);
  }

  /// Takes space in the item's bank, evicting others if it must; says from when on the space is free.
  Space take(ItemId item, std::uint32_t size) {
    Bank& bank = bank_of(item);
    while (bank.free_now + bank.free_later < size) evict_one(bank, item, size);
    Space taken;
    std::int64_t missing = size;
    const std::int64_t at_once = std::min(missing, bank.free_now);
    bank.free_now -= at_once;
    missing -= at_once;
    while (missing > 0) {
      Chunk& oldest = bank.released.front();
      const std::int64_t part = std::min<std::int64_t>(missing, oldest.bytes);
      // Post-processors may be rounds behind the pods: a later round of the pods says nothing of them.
      const std::int64_t round = oldest.after_round;
      taken.after_main = std::max(taken.after_main, round);
      if (oldest.after_post) taken.after_post = std::max(taken.after_post, round);
      if (oldest.after_spill != kNone)
        taken.after_spill = std::max<std::int64_t>(taken.after_spill, oldest.after_spill);
      oldest.bytes -= static_cast<std::uint32_t>(part);
      bank.free_later -= part;
      missing -= part;
      if (oldest.bytes == 0) bank.released.pop_front();
    }
    return taken;
  }

  void evict_one(Bank& bank, ItemId wanted, std::uint32_t size) {
    for (std::uint32_t n = bank.head; n != kNone; n = residents_[n].next) {
      const ItemId victim = residents_[n].item;
      if (residents_[n].touched >= round_ + 1 || resident_[victim] != kFilled) continue;
      // A tile whose rows lie in others for the most part may take no space of its own: nothing is won.
      if (victim < tiles_ && bytes_of(victim) == 0) continue;
      // Its last write has to be over.
      if (victim < tiles_ && is_dirty(victim) && complete(victim) >= round_) continue;
      if (is_dirty(victim) && machine_.config.spill == "off") continue;
      evict(bank, victim);
      return;
    }
    fail(bank, wanted, size);
  }

  void evict(Bank& bank, ItemId victim) {
    const std::uint32_t size = bytes_of(victim);
    // Operand tiles are written by passes, and P banks are read by them.
    const bool post = class_of(victim) == BankClass::p || is_dirty(victim);
    RoundEnd after{static_cast<std::int64_t>(resident(victim).touched) - 1, post};
    // Passes may have written to it after its last use so far.
    if (victim < tiles_ && is_dirty(victim)) after.round = std::max<std::int64_t>(after.round, complete(victim));
    std::int64_t spill = -1;
    if (is_dirty(victim)) {
      spill = static_cast<std::int64_t>(plan_.spills.size());
      plan_.spills.push_back({victim, size, this->bank(victim), class_of(victim), after});
      plan_.spilled_bytes += size;
      spill_of_[victim] = spill;
    }
    // A spilled tile leaves when its spill is complete, a clean one with the round that used it last.
    if (spill < 0) dropped_after_[victim] = after;
    if (spill < 0) evictions_.emplace_back(after, victim);
    put_back(bank, {size, static_cast<std::uint32_t>(after.round),
                    spill < 0 ? kNone : static_cast<std::uint32_t>(spill), after.post});
    resident_[victim] = kEvicted;
    unlink(victim);
  }

  [[noreturn]] void fail(const Bank& bank, ItemId wanted, std::uint32_t size) const {
    std::int64_t needed = size;
    for (std::uint32_t n = bank.head; n != kNone; n = residents_[n].next) needed += bytes_of(residents_[n].item);
    throw Overflow{std::string(class_name(class_of(wanted))) + " bank " + std::to_string(this->bank(wanted)), round_,
                   needed};
  }

  // --- least recently used ----------------------------------------------------------------------------------------

  void append(ItemId item) {
    if (vacant_.empty()) {
      vacant_.push_back(static_cast<std::uint32_t>(residents_.size()));
      residents_.emplace_back();
    }
    const std::uint32_t place = vacant_.back();
    vacant_.pop_back();
    residents_[place].item = item;
    residents_[place].touched = 0;
    residents_[place].last_use = std::exchange(last_use_[item], place);
    link(bank_of(item), place);
  }

  void unlink(ItemId item) {
    const std::uint32_t place = last_use_[item];
    unlink(bank_of(item), place);
    vacant_.push_back(place);
    last_use_[item] = residents_[place].last_use;
  }

  Resident& resident(ItemId item) { return residents_[last_use_[item]]; }

  void touch(ItemId item) {
    const std::uint32_t place = last_use_[item];
    if (residents_[place].touched == round_ + 1) return;
    residents_[place].touched = round_ + 1;
    Bank& bank = bank_of(item);
    if (bank.tail == place) return;
    unlink(bank, place);
    link(bank, place);
  }

  /// Puts a resident at the end of the list of its bank.
  void link(Bank& bank, std::uint32_t place) {
    residents_[place].previous = bank.tail;
    residents_[place].next = kNone;
    (bank.tail == kNone ? bank.head : residents_[bank.tail].next) = place;
    bank.tail = place;
  }

  void unlink(Bank& bank, std::uint32_t place) {
    const Resident& resident = residents_[place];
    (resident.previous == kNone ? bank.head : residents_[resident.previous].next) = resident.next;
    (resident.next == kNone ? bank.tail : residents_[resident.next].previous) = resident.previous;
  }

  /// Evictions count as releases of the round that used the tile last.
  void count_evictions() {
    if (evictions_.empty()) return;
    auto merge = [&](std::vector<ItemId>& list, std::vector<std::uint32_t>& first, bool post) {
      std::vector<ItemId> merged;
      std::vector<std::uint32_t> merged_first(rounds_ + 1, 0);
      std::vector<std::vector<ItemId>> extra(rounds_);
      for (const auto& [after, item] : evictions_) {
        if (after.post == post) extra[static_cast<std::size_t>(after.round)].push_back(item);
      }
      for (std::uint32_t r = 0; r < rounds_; ++r) {
        merged.insert(merged.end(), list.begin() + first[r], list.begin() + first[r + 1]);
        merged.insert(merged.end(), extra[r].begin(), extra[r].end());
        merged_first[r + 1] = static_cast<std::uint32_t>(merged.size());
      }
      list = std::move(merged);
      first = std::move(merged_first);
    };
    merge(plan_.released_main, plan_.released_main_first, false);
    merge(plan_.released_post, plan_.released_post_first, true);
  }

  enum State : std::uint8_t { kAbsent, kPartial, kFilled, kEvicted, kDone };

  const TiledWorkload& work_;
  const Schedule& schedule_;
  const RoundOrder& order_;
  const Machine& machine_;
  const std::uint32_t rounds_;
  const ItemId tiles_, mains_, posts_;
  const std::int64_t capacity_;
  const WeightResidency residency_;
  MemoryPlan plan_;
  std::uint32_t round_ = 0;
  Stage stage_ = Stage::weights;
  /// Per item: twice the round, and one more for post-processors; kNone: never used. While an item is resident its
  /// place in `residents_` stands here instead, so that a run needs one table of all items only.
  std::vector<std::uint32_t> last_use_;
  bool copied_ = false;  ///< relayout by circuits
  // Per list of requirements, since tiles with the same list are written together; per stored tile if `copied_`.
  std::vector<std::uint32_t> first_write_;  ///< the round of the first write, or kNone
  std::vector<std::uint32_t> complete_;     ///< the round of the last write
  ByRound produced_;                        ///< stored tiles by the round of their first write
  std::uint32_t taken_ = 0;                 ///< so many of them, at the front, have taken space
  std::vector<std::uint8_t> resident_;
  std::vector<std::uint8_t> pinned_;                    ///< per stored tile: stays for the whole run
  std::unordered_map<ItemId, std::int64_t> spill_of_;   ///< of an item that was spilled: its last spill
  std::unordered_map<ItemId, RoundEnd> dropped_after_;  ///< of an item that was evicted otherwise: the last use before
  /// A tile operation of the round.
  struct Operands {
    ItemId x_tile, w_tile;
    ItemId sum_in;  ///< or kNone
    ItemId sum_out;
    std::uint32_t sum_bytes;
    bool preloads;  ///< the W tile
  };
  std::vector<Operands> operations_;
  std::vector<Resident> residents_;
  std::vector<std::uint32_t> vacant_;  ///< places in `residents_` to be used again
  struct Release {
    std::size_t bank;
    std::uint32_t bytes;
  };
  std::array<std::vector<Release>, 2> released_;  ///< in the round, after the reading of pods and of post-processors
  std::vector<Bank> banks_;
  std::vector<std::pair<RoundEnd, ItemId>> evictions_;
};

}  // namespace

std::uint32_t item_bytes(const TiledWorkload& work, const Schedule& schedule, const Machine& machine, ItemId item) {
  const auto tiles = static_cast<ItemId>(work.tiles.size());
  if (item < tiles) return work.tiles[item].bytes;
  const auto mains = static_cast<ItemId>(schedule.main.size());
  const auto width = static_cast<std::uint32_t>(machine.config.partial_sum_bytes);
  if (item < tiles + mains) {
    const GemmTiles& gemm = work.gemm_of_op(item - tiles);
    const OpIndex at = op_index(gemm, item - tiles);
    return static_cast<std::uint32_t>(tile_rows(gemm, at.i) * tile_columns(gemm, at.g, at.k)) * width;
  }
  const PostPlacement& pass = schedule.post[item - tiles - mains];
  const auto rows = static_cast<std::uint32_t>(pass.rows);
  const auto columns = static_cast<std::uint32_t>(pass.columns);
  if (!pass.writes_output) return rows * columns * width;
  return rows * static_cast<std::uint32_t>(bytes_for_bits(std::int64_t{columns} * machine.config.activation_bits));
}

namespace {

/// The smallest capacity of a bank with which all rounds can be planned. What a round cannot do without does not depend
/// on the capacity, so every larger one will do, too.
std::int64_t smallest_capacity_kib(const TiledWorkload& work, const Schedule& schedule, const RoundOrder& order,
                                   const Machine& machine, WeightResidency residency, const Planner::Overflow& first) {
  std::int64_t too_small = ceil_div(first.needed, 1024) - 1;
  std::int64_t enough = too_small + 1;
  auto fits = [&](std::int64_t kib) {
    try {
      Planner(work, schedule, order, machine, kib * 1024, residency).run();
      return true;
    } catch (const Planner::Overflow&) {
      return false;
    }
  };
  while (!fits(enough)) {
    too_small = enough;
    enough *= 2;
  }
  while (enough - too_small > 1) {
    const std::int64_t middle = too_small + (enough - too_small) / 2;
    (fits(middle) ? enough : too_small) = middle;
  }
  return enough;
}

}  // namespace

MemoryPlan plan_memory(const TiledWorkload& work, const Schedule& schedule, const RoundOrder& order,
                       const Machine& machine, WeightResidency residency) {
  const std::int64_t capacity = machine.config.bank_capacity().count();
  try {
    return Planner(work, schedule, order, machine, capacity, residency).run();
  } catch (const Planner::Overflow& overflow) {
    const bool off = machine.config.spill == "off";
    throw Error(ErrorKind::run_failed,
                {Issue{{},
                       "/hardware/banks/capacity_kib",
                       overflow.bank + " holds " + with_thousands(capacity) + " bytes, but round " +
                           std::to_string(overflow.round) + " of the schedule needs " +
                           with_thousands(overflow.needed) + " bytes in it at once",
                       "at least " +
                           std::to_string(smallest_capacity_kib(work, schedule, order, machine, residency, overflow)) +
                           " KiB would fit" + (off ? ", or allow /hardware/spill \"lru\"" : "")}});
  }
}

}  // namespace podsim
