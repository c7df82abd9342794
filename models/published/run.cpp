// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/published/run.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "podsim/models/published/memory.hpp"
#include "podsim/models/published/tiling.hpp"
#include "podsim/sim/core/poll.hpp"

namespace podsim::published {
namespace {

/// A tile operation with what the cycle model has to know of it.
struct MainOperation {
  std::uint32_t x = 0, w = 0, sums = 0;  ///< memory tiles
  std::uint32_t sums_in = kNone;         ///< memory tile, if it adds to partial sums
  std::int32_t x_rows = 0, w_rows = 0;
  std::int64_t macs = 0;
};

/// One issue of an add; its twin is another one.
struct AddOperation {
  std::uint32_t in1 = 0, in2 = 0, sums = 0;  ///< memory tiles
  std::int32_t rows = 0, columns = 0;
};

struct RoundWork {
  std::vector<MainOperation> main;  ///< by pod
  std::vector<AddOperation> adds;   ///< by post-processor
};

class CycleModel {
 public:
  CycleModel(const TiledWorkload& work, const Schedule& schedule, const MachineConfig& machine, const Rules& rules)
      : work_(work),
        schedule_(schedule),
        machine_(machine),
        rules_(rules),
        latency_(machine.latency(rules)),
        order_(order_by_round(schedule)),
        memory_(memory_tiles(), machine.pods, machine.bank_bytes, machine.bytes_per_cycle(rules),
                rules.prefetch_is_limited ? machine.prefetch_rounds : std::numeric_limits<int>::max()) {}

  RunResult run();

 private:
  std::uint32_t sums_of_main(std::uint32_t op) const { return static_cast<std::uint32_t>(work_.tiles.size()) + op; }
  /// Passes that write one tile: a pass and its twin, which follow each other in the schedule.
  std::uint32_t issues() const { return rules_.adds_issued_twice ? 2 : 1; }
  std::uint32_t sums_of_add(std::uint32_t pass) const {
    return sums_of_main(static_cast<std::uint32_t>(schedule_.main.size()) + pass / issues());
  }
  std::uint32_t sums_of(const PostSource& source) const {
    return source.kind == PostSource::Kind::main_sum ? sums_of_main(source.index) : sums_of_add(source.index);
  }
  std::vector<MemoryTile> memory_tiles() const;
  void fill_queues();
  RoundWork work_of(std::int64_t round) const;

  bool warm_up(const RoundWork& first);
  bool wait_for_first_round(const RoundWork& first);
  void run_round(std::int64_t number, const RoundWork& round, const RoundWork& next);
  bool wait_for(std::int64_t number, const RoundWork& round);
  /// Everything of a round is in the banks. Partial sums that were evicted are put in front of DRAM's queue, each time
  /// this is asked: of what pods add to, the first that is missing; of what post-processors read, and of what they
  /// wrote for a twin before, all. (The published description leaves open how many; the raw results with evicted sums
  /// decide it.)
  bool is_ready(std::int64_t number, const RoundWork& round);
  void run_memory(std::int64_t round, std::int64_t cycles);
  bool fail(std::string reason) {
    result_.failure = std::move(reason);
    return false;
  }
  std::string deadlock(const std::string& when) const {
    return "deadlock " + when + ": DRAM can fetch nothing more, since a tile finds no room in its bank of " +
           std::to_string(machine_.bank_bytes) + " bytes or is not to be fetched yet (prefetch limit " +
           std::to_string(machine_.prefetch_rounds) + ")";
  }

  const TiledWorkload& work_;
  const Schedule& schedule_;
  const MachineConfig& machine_;
  const Rules rules_;
  const int latency_;
  const RoundOrder order_;
  Memory memory_;
  RunResult result_;
};

std::vector<MemoryTile> CycleModel::memory_tiles() const {
  std::vector<MemoryTile> tiles;
  tiles.reserve(work_.tiles.size() + schedule_.main.size() + schedule_.post.size() / issues());
  for (const StoredTile& stored : work_.tiles) {
    MemoryTile tile;
    tile.kind = stored.bank_class == BankClass::x ? MemoryTile::Kind::x : MemoryTile::Kind::w;
    tile.bank = stored.bank;
    tile.bytes = stored.bytes;
    // Activations of a layer inside the network are taken to be in their banks.
    tile.on_chip = stored.bank_class == BankClass::x && !work_.operands[stored.operand].from_dram;
    tiles.push_back(tile);
  }
  constexpr std::int64_t kPartialSumBytes = 2;
  for (const GemmTiles& gemm : work_.gemms) {
    for (std::uint32_t op = gemm.first_op; op < gemm.first_op + gemm.op_count; ++op) {
      const OpIndex at = op_index(gemm, op);
      MemoryTile tile;
      tile.kind = MemoryTile::Kind::p;
      tile.bank = schedule_.main[op].p_bank;
      tile.bytes = kPartialSumBytes * podsim::tile_rows(gemm, at.i) * tile_columns(gemm, at.g, at.k);
      tile.is_final = true;  // until somebody takes it
      tiles.push_back(tile);
    }
  }
  for (std::size_t pass = 0; pass < schedule_.post.size(); pass += issues()) {
    const PostPlacement& add = schedule_.post[pass];
    MemoryTile tile;
    tile.kind = MemoryTile::Kind::p;
    tile.bank = add.bank;
    tile.bytes = kPartialSumBytes * add.rows * add.columns;
    tile.is_final = true;
    tiles.push_back(tile);
  }
  for (const MainPlacement& place : schedule_.main) {
    if (place.partial_sum_in != kNone) tiles[sums_of_main(place.partial_sum_in)].is_final = false;
  }
  for (const PostPlacement& add : schedule_.post) {
    tiles[sums_of(add.in1)].is_final = false;
    tiles[sums_of(add.in2)].is_final = false;
  }
  return tiles;
}

RoundWork CycleModel::work_of(std::int64_t number) const {
  RoundWork out;
  const auto r = static_cast<std::size_t>(number);
  if (r + 1 >= order_.main_first.size()) return out;
  for (std::uint32_t n = order_.main_first[r]; n < order_.main_first[r + 1]; ++n) {
    const std::uint32_t op = order_.main_ids[n];
    const OpTiles tiles = tiles_of_op(work_, op);
    MainOperation main;
    main.x = tiles.x_tile;
    main.w = tiles.w_tile;
    main.sums = sums_of_main(op);
    const std::uint32_t in = schedule_.main[op].partial_sum_in;
    if (in != kNone) main.sums_in = sums_of_main(in);
    main.x_rows = work_.tiles[main.x].rows;
    main.w_rows = work_.tiles[main.w].rows;
    main.macs = std::int64_t{1} * main.x_rows * main.w_rows * work_.tiles[main.w].columns;
    out.main.push_back(main);
  }
  for (std::uint32_t n = order_.post_first[r]; n < order_.post_first[r + 1]; ++n) {
    const std::uint32_t pass = order_.post_ids[n];
    const PostPlacement& add = schedule_.post[pass];
    out.adds.push_back({sums_of(add.in1), sums_of(add.in2), sums_of_add(pass), add.rows, add.columns});
  }
  return out;
}

void CycleModel::fill_queues() {
  const std::int64_t rounds = schedule_.round_count();
  for (std::int64_t r = 0; r < rounds; ++r) {
    const RoundWork round = work_of(r);
    for (const MainOperation& op : round.main) memory_.enqueue(r, op.w);
    for (const MainOperation& op : round.main) memory_.enqueue(r, op.x);
    for (const MainOperation& op : round.main) memory_.will_be_written(r, op.sums);
    for (const AddOperation& add : round.adds) memory_.will_be_written(r, add.sums);
  }
}

void CycleModel::run_memory(std::int64_t round, std::int64_t cycles) {
  while (cycles-- > 0 && memory_.run_cycle(round)) {
  }
}

bool CycleModel::warm_up(const RoundWork& first) {
  auto has_weights = [&] {
    return std::all_of(first.main.begin(), first.main.end(),
                       [&](const MainOperation& op) { return memory_.is_resident(op.w); });
  };
  while (!has_weights()) {
    if (!memory_.run_cycle(0)) return fail(deadlock("before the first round"));
    ++result_.warm_up_cycles;
  }
  // An array takes a cycle per weight row and one more to notice that it is full. Then it starts again, until all
  // arrays are full in the same cycle.
  std::int64_t loading = 1;
  for (const MainOperation& op : first.main) {
    const std::int64_t own = op.w_rows + 1;
    loading = rules_.buffers_rearm ? std::lcm(loading, own) : std::max(loading, own);
    if (loading > std::numeric_limits<std::int32_t>::max()) {
      return fail("the arrays are never full in the same cycle: weight tiles of too many heights meet in round 0");
    }
  }
  run_memory(0, loading);
  result_.warm_up_cycles += loading;
  return true;
}

bool CycleModel::wait_for_first_round(const RoundWork& first) {
  memory_.make_room_for_sums(0);
  while (!is_ready(0, first)) {
    ++result_.memory_stall_cycles;
    if (!memory_.run_cycle(0)) return fail(deadlock("before the first round"));
  }
  return true;
}

bool CycleModel::is_ready(std::int64_t number, const RoundWork& round) {
  bool ready = true;
  bool asked_for_sums_in = false;
  auto is_missing = [&](std::uint32_t tile) {
    const bool missing = !memory_.is_resident(tile);
    if (missing) ready = false;
    return missing;
  };
  auto fetch_if_evicted = [&](std::uint32_t tile) {
    if (is_missing(tile) && memory_.was_evicted(tile)) memory_.fetch_at_once(number, tile);
  };
  for (const MainOperation& op : round.main) {
    is_missing(op.w);
    is_missing(op.x);
    is_missing(op.sums);
    if (op.sums_in == kNone || !is_missing(op.sums_in) || asked_for_sums_in) continue;
    memory_.fetch_at_once(number, op.sums_in);
    asked_for_sums_in = true;
  }
  for (const AddOperation& add : round.adds) fetch_if_evicted(add.in1);
  for (const AddOperation& add : round.adds) fetch_if_evicted(add.in2);
  for (const AddOperation& add : round.adds) fetch_if_evicted(add.sums);
  return ready;
}

void CycleModel::run_round(std::int64_t number, const RoundWork& round, const RoundWork& next) {
  std::int64_t cycles = rules_.round_trip_floor ? 2 * latency_ + 1 : 0;
  for (const MainOperation& op : round.main) {
    cycles = std::max<std::int64_t>(cycles, op.x_rows);
    result_.ops += 2 * op.macs;
  }
  for (const MainOperation& op : next.main) cycles = std::max<std::int64_t>(cycles, op.w_rows);
  for (const AddOperation& add : round.adds) {
    cycles = std::max<std::int64_t>(cycles, add.rows);
    result_.post_ops += std::int64_t{1} * add.rows * add.columns;
  }
  if (rules_.round_has_extra_cycle) ++cycles;
  run_memory(number, cycles);
  result_.round_cycles += cycles;
}

bool CycleModel::wait_for(std::int64_t number, const RoundWork& round) {
  const std::int64_t most = std::int64_t{100} * machine_.rows;
  std::int64_t stalled = 0;
  memory_.make_room_for_sums(number);
  while (!is_ready(number, round)) {
    ++result_.memory_stall_cycles;
    if (++stalled > most) {
      return fail("round " + std::to_string(number) + " waited for memory for more than " + std::to_string(most) +
                  " cycles: the prefetch limit (" + std::to_string(machine_.prefetch_rounds) + "), the banks (" +
                  std::to_string(machine_.bank_bytes) + " bytes each) or the bandwidth are too small");
    }
    memory_.run_cycle(number - 1);
    memory_.make_room_for_sums(number);
  }
  return true;
}

RunResult CycleModel::run() {
  result_.last_main_round = schedule_.last_main_round();
  result_.last_post_round = schedule_.last_post_round();
  result_.tile_operations = static_cast<std::int64_t>(schedule_.main.size());
  fill_queues();
  const std::int64_t last = std::max(result_.last_main_round, result_.last_post_round);
  RoundWork round = work_of(0);
  bool good = warm_up(round) && wait_for_first_round(round);
  for (std::int64_t r = 0; good && r < last; ++r) {
    poll();
    RoundWork next = work_of(r + 1);
    run_round(r, round, next);
    good = wait_for(r + 1, next);
    round = std::move(next);
  }
  if (good && rules_.last_round_runs) run_round(last, round, {});
  if (good && memory_.is_inconsistent()) {
    good = fail("activations that took no room in their bank were evicted from it");
  }
  result_.tail_cycles = latency_ + 1;
  result_.cycles =
      good ? result_.warm_up_cycles + result_.memory_stall_cycles + result_.round_cycles + result_.tail_cycles : -1;
  result_.x_bytes = memory_.bytes(MemoryTile::Kind::x);
  result_.w_bytes = memory_.bytes(MemoryTile::Kind::w);
  result_.p_bytes = memory_.bytes(MemoryTile::Kind::p);
  return result_;
}

}  // namespace

RunResult run_schedule(const TiledWorkload& work, const Schedule& schedule, const MachineConfig& machine,
                       const Rules& rules) {
  return CycleModel(work, schedule, machine, rules).run();
}

RunResult run(const std::vector<GemmLayer>& layers, const MachineConfig& machine, const SchedulerProgress& progress) {
  const TiledWorkload work = tile(layers, machine);
  return run_schedule(work, schedule(work, machine, progress), machine);
}

}  // namespace podsim::published
