#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Where the cycles went: the books of one run, by cause, by layer and by pod class.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "podsim/models/round_operations.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/models/scoreboard.hpp"

namespace podsim {

/// A lower bound on the start of a round, one per cause of waiting.
struct StartBound {
  std::array<std::int64_t, kStallCauses> at{};

  void raise(StallCause cause, std::int64_t cycle) {
    std::int64_t& bound = at[static_cast<std::size_t>(cause)];
    if (cycle > bound) bound = cycle;
  }
  std::int64_t highest() const {
    std::int64_t out = 0;
    for (const std::int64_t bound : at) out = out > bound ? out : bound;
    return out;
  }
};

/// Cycles in which something is busy, from intervals in the order of their first cycles.
class BusyCycles {
 public:
  /// It is busy in cycles first ... end - 1.
  void add(std::int64_t first, std::int64_t end) {
    if (end <= end_ || end <= first) return;
    if (first < end_) first = end_;
    cycles_ += end - first;
    end_ = end;
  }
  /// Those before `end`. If intervals lie beyond it, the part of them that is counted is exact for the last one only.
  std::int64_t until(std::int64_t end) const {
    const std::int64_t beyond = end_ > end ? end_ - end : 0;
    return beyond < cycles_ ? cycles_ - beyond : 0;
  }

 private:
  std::int64_t cycles_ = 0;
  std::int64_t end_ = 0;
};

/// Adds up what the tiling controller orders. Every cycle of the run and every pod cycle falls into one class, and
/// every cycle is charged to one layer.
class RunAccounts {
 public:
  explicit RunAccounts(const HardwareConfig& config);

  void begin(const Program& program);
  /// From the next program on: keep a RoundResult per round.
  void record_rounds(bool record) { record_rounds_ = record; }
  /// Round `q` loads weights from `load_start` on, if any, and streams from `start` to `end`; the one before ended in
  /// `previous_end`. The wait is charged to the causes of `bound` in their order, each taking what it adds; before the
  /// first round all but memory counts as filling.
  /// \param operations of the round
  void round(std::uint32_t q, const std::vector<RoundOperation>& operations, std::int64_t previous_end,
             std::int64_t load_start, std::int64_t start, std::int64_t end, const StartBound& bound);
  /// The W tile of an operation enters its pod from cycle `start` on.
  void weights(const RoundOperation& operation, std::int64_t start);
  /// One tile operation of a round whose longest tile has `longest` rows; its result is stored by `last_cycle`.
  void tile_operation(const RoundOperation& operation, std::int64_t start, std::int64_t longest,
                      std::int64_t last_cycle, std::int64_t partial_sum_bytes);
  /// Pods without an operation in a round of `longest` rows.
  void idle(std::int64_t pods, std::int64_t longest) { idle_pod_cycles_ += pods * longest; }
  /// A pass of `rows` rows of `row_bytes` into the banks of so many classes.
  /// \param bytes_in of partial sums and operands that enter it
  void pass(const PostPlacement& pass, std::int64_t start, std::int64_t last_cycle, std::int64_t bytes_in,
            std::int32_t row_bytes, int classes);
  /// A bank gave so many bytes to a fabric.
  void bank_read(int operation, std::int64_t bytes) {
    operations_[static_cast<std::size_t>(operation)].bank_read_bytes += bytes;
    operations_[static_cast<std::size_t>(operation)].fabric_bytes += bytes;
  }
  void write_back(std::uint32_t operation, std::int64_t bytes) {
    operations_[operation].dram_bytes += bytes;
    operations_[operation].dram_written_bytes += bytes;
  }

  /// Everything ordered so far is stored by then.
  std::int64_t last_work() const { return last_work_; }
  /// Closes the books.
  /// \param end last cycle that counts
  /// \param waiting if the run was stopped before all rounds had streamed: what the next one was waiting for
  void collect(RunResult& result, const Scoreboard& board, std::int64_t end, std::optional<StallCause> waiting) const;

 private:
  const HardwareConfig& config_;
  std::vector<ArrayTiming> timing_;  ///< per group of pods
  const Program* program_ = nullptr;
  std::vector<OperationResult> operations_;
  bool record_rounds_ = false;
  std::vector<RoundResult> rounds_;
  std::array<std::int64_t, kStallCauses> stalls_{};
  std::int64_t stream_cycles_ = 0, fill_cycles_ = 0;
  std::int64_t busy_pod_cycles_ = 0, barrier_pod_cycles_ = 0, idle_pod_cycles_ = 0;
  BusyCycles arrays_busy_, arrays_computing_;
  std::vector<BusyCycles> busy_, computing_;  ///< per operation
  std::int64_t last_work_ = 0;
  int charged_last_ = 0;                  ///< operation that the last round was charged to
  std::vector<std::uint32_t> round_ops_;  ///< scratch: tile operations of the round per operation
};

}  // namespace podsim
