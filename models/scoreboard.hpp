#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What the tiling controller knows of everything it has ordered: when data is there, when paths are free.

#include <array>
#include <cstdint>
#include <vector>

#include "podsim/interconnect/fabric.hpp"
#include "podsim/models/array_timing.hpp"
#include "podsim/models/program.hpp"

namespace podsim {

/// Cycles to read a row out of a bank before it is launched.
inline constexpr std::int64_t kBankRead = 1;
/// Cycles until a row that entered a bank can be read.
inline constexpr std::int64_t kBankWrite = 1;

/// The controller's memory. Plain data and look-ups; decides nothing.
class Scoreboard {
 public:
  explicit Scoreboard(const Machine& machine);

  void reset();
  void begin(const Program& program);

  // Per round ordered so far: the cycles in which its first row enters the pods or post-processors, and in which no
  // row of it does any more.
  std::vector<std::int64_t> stream_start, stream_end, post_start, post_end;

  /// From bank to unit or back, in cycles.
  std::int64_t latency(int bank, int unit) const {
    return uniform_latency_ >= 0 ? uniform_latency_ : machine_.topology->latency(bank, unit).count();
  }

  /// The timing of a pod's array.
  const ArrayTiming& timing(int pod) const { return timing_[group_of_pod_[static_cast<std::size_t>(pod)]]; }
  /// The cycle in which a pod launches the first row of its sums.
  /// \param start, end of the round's streaming
  std::int64_t sums_launch(int pod, std::int64_t start, std::int64_t end) const {
    const ArrayTiming& array = timing(pod);
    return (array.flow.keeps_sums ? end : start) + array.sums_latency;
  }

  /// A fill has its rows in the bank from `cycle` on.
  void note_fill(std::uint32_t fill, std::int64_t cycle) { fill_ready_[fill] = cycle; }
  bool fill_begun(std::uint32_t fill) const { return fill_ready_[fill] >= 0; }
  /// False if a fill of the stage has not begun; otherwise raises `ready` to the cycle from which on all are there.
  bool fills_ready(std::uint32_t round, Stage stage, std::int64_t& ready) const;

  /// The first `count` spills are complete in `cycle`.
  void note_spills(std::int64_t count, std::int64_t cycle) {
    spill_done_.resize(static_cast<std::size_t>(count), cycle);
  }
  std::int64_t spills_done() const { return static_cast<std::int64_t>(spill_done_.size()); }
  /// False if spills that have to come before the round are not complete; otherwise raises `ready` to when they are.
  bool spills_ready(std::uint32_t round, std::int64_t& ready) const;

  /// Raises `ready` to the cycle from which on the rows of a list may be read (row t in that cycle + t), and then says
  /// whether the pass that writes the last of them had to queue; false if a producer has not been ordered yet.
  bool rows_ready(RequirementList list, std::int64_t& ready, bool& queued);
  /// The cycle from which on the first row of partial sums may be read; false if they have not been ordered yet.
  bool sum_ready(const PostSource& source, std::int64_t& ready) const;
  /// One more output tile of these blocks is written: its first row is in its bank from `ready` on.
  /// \param queued whether a post-processor or port that was busy made it late
  void write(BlockRange blocks, std::int64_t ready, bool queued);

  /// The first cycle in which the port takes or gives a row again.
  std::int64_t& port_free(FabricId fabric, int bank);
  LinkSchedule& links(FabricId fabric) { return links_[static_cast<std::size_t>(fabric)]; }
  /// False if circuits of successive rounds can never meet on a link.
  bool links_can_conflict() const { return !links_.front().never_conflicts(); }
  /// Likewise for tiles on the W fabric, which some arrays take ahead of a round and others in it.
  bool weights_can_conflict() const { return !links_[static_cast<std::size_t>(FabricId::w)].never_conflicts(); }
  /// Likewise for the sums of pods, which also leave at different times if the arrays differ in their latency.
  bool sums_can_conflict() const { return !links_[static_cast<std::size_t>(FabricId::p_out)].never_conflicts(); }
  /// Bit mask of the bank classes that take the result of a pass.
  std::uint8_t destination_classes(std::uint32_t pass) const;

 private:
  bool block_ready(std::uint32_t operation, std::uint32_t block, std::int64_t& ready, bool& queued);

  const Machine& machine_;
  const HardwareConfig& config_;
  const Program* program_ = nullptr;
  const bool shared_ports_;
  const std::int64_t uniform_latency_;  ///< -1 if pairs differ
  std::vector<ArrayTiming> timing_;     ///< per group of pods
  std::vector<std::uint8_t> group_of_pod_;
  std::vector<std::int64_t> fill_ready_;   ///< per fill; -1 before it begins
  std::vector<std::int64_t> spill_done_;   ///< per spill that has begun: the cycle in which it is complete
  std::vector<std::int64_t> block_ready_;  ///< per output block
  std::vector<std::uint32_t> block_missing_;
  std::vector<std::uint8_t> block_queued_;
  std::vector<std::int64_t> list_ready_;  ///< per list of requirements, once final; -1 before
  std::vector<std::uint8_t> list_queued_;
  std::array<LinkSchedule, kFabrics> links_;
  std::array<std::vector<std::int64_t>, kFabrics> ports_;
  std::vector<std::uint8_t> destination_classes_;  ///< of an operation's output, if relayout is free
  std::vector<std::uint8_t> is_held_;              ///< per pass: copies read its output tile
};

}  // namespace podsim
