#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A schedule: which tile operation runs in which round, on which pod, into which bank. Plain data.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "podsim/models/tiling.hpp"
#include "podsim/sim/core/json_reader.hpp"
#include "podsim/sim/core/registry.hpp"

namespace podsim {

inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// In the place of a P bank: the sums stay in the pod, for the operation that goes on with them.
inline constexpr std::uint16_t kNoBank = std::numeric_limits<std::uint16_t>::max();

/// Where one tile operation runs. Its id is its index in Schedule::main.
struct MainPlacement {
  std::uint32_t round = 0;
  std::uint16_t pod = 0;
  std::uint16_t p_bank = 0;  ///< receives the partial sums; kNoBank: they stay
  std::uint32_t partial_sum_in =
      kNone;  ///< id of the tile operation whose partial sums are added on the way, or goes on with
};

/// What a post-processor reads on one port.
struct PostSource {
  enum class Kind : std::uint8_t {
    none,
    main_sum,  ///< partial sums of a tile operation
    post_sum,  ///< result of an earlier pass in its P bank
    stored,    ///< a tile of an operand in P banks
  };
  Kind kind = Kind::none;
  std::uint32_t index = 0;
};

/// One pass of one tile through a post-processor. Its id is its index in Schedule::post.
struct PostPlacement {
  enum class Kind : std::uint8_t {
    add,         ///< sums two partial-sum tiles
    finalize,    ///< partial sums (and residual) -> one output tile
    vector,      ///< tiles of one or two operands -> one output tile, or an intermediate sum
    statistics,  ///< a tile of a row-wise operation -> its statistics
    combine,     ///< two statistics -> one
    normalize,   ///< tile and statistics -> one output tile
    move,        ///< a tile -> another P bank
    copy,        ///< an output tile, held in the P bank of the pass that made it -> other banks (relayout "circuits")
  };
  Kind kind = Kind::add;
  bool writes_output = false;  ///< an int8 output tile or a copy of one; false: what a later pass reads
  std::uint16_t post_processor = 0;
  std::uint16_t bank = 0;  ///< terminal where PP-out lands
  std::uint32_t round = 0;
  std::uint32_t operation = 0;
  std::int32_t rows = 0;
  std::int32_t columns = 0;
  std::uint32_t tile = 0;  ///< of a GEMM: output tile id; of a vector operation: index i * k_count + k
  PostSource in1, in2;
};

/// A complete placement of a tiled workload.
struct Schedule {
  std::string scheduler;
  /// The published machine: no finalise pass, an operation's result counts as stored when its partial sums are.
  bool without_finalize = false;
  std::vector<MainPlacement> main;
  std::vector<PostPlacement> post;

  /// Number of rounds, main or post.
  std::uint32_t round_count() const;
  /// Index of the last round with a tile operation / a pass; 0 if there is none (as the published results have it).
  std::uint32_t last_main_round() const;
  std::uint32_t last_post_round() const;
};

/// The ids of operations sorted by (round, unit), with the first index of every round.
struct RoundOrder {
  std::vector<std::uint32_t> main_ids, main_first;  ///< main_first has round_count + 1 entries
  std::vector<std::uint32_t> post_ids, post_first;
};
RoundOrder order_by_round(const Schedule& schedule);

/// Checks a schedule against the machine and the workload, independently of the scheduler: every operation once,
/// producers in earlier rounds than consumers, ports, banks and circuits free, every partial sum used once.
/// \param order of the same schedule
/// \throws Error (internal if `trusted`, otherwise bad_input) naming the first problems
void check_schedule(const Schedule& schedule, const RoundOrder& order, const TiledWorkload& work,
                    const Machine& machine, bool trusted);

/// The JSON form for `--schedule-out`: columns, one number per tile operation or pass.
std::string schedule_to_json(const Schedule& schedule, const TiledWorkload& work);
/// Reads what schedule_to_json wrote, for the same tiled workload.
/// \throws Error (bad_input)
Schedule schedule_from_json(const JsonDocument& document, const TiledWorkload& work, const Machine& machine);

/// Told how many tile operations are placed; may throw to stop.
using SchedulerProgress = std::function<void(std::int64_t placed, std::int64_t total)>;

/// Places tile operations.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual Schedule schedule(const TiledWorkload& work, const Machine& machine,
                            const SchedulerProgress& progress) const = 0;
  /// How the workload must be cut for this scheduler.
  virtual void adjust(TilingConfig&) const {}
};

using SchedulerRegistry = Registry<Scheduler>;
SchedulerRegistry& scheduler_registry();

}  // namespace podsim
