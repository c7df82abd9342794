#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What a run counted. Everything here is a count; ratios are formed where they are reported.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "podsim/interconnect/fabric.hpp"
#include "podsim/models/bank.hpp"
#include "podsim/models/dram.hpp"

namespace podsim {

/// Why the pods waited between two rounds. A wait is charged to the causes in this order, each taking what it adds
/// to those before it.
enum class StallCause : std::uint8_t {
  weights,         ///< loading weights took longer than the round before
  network,         ///< a link was still in use by an earlier round
  bank,            ///< a shared bank port was still in use
  dependency,      ///< partial sums or activations were still on their way
  post_processor,  ///< a post-processor was still at an earlier round
  memory,          ///< a tile was not there yet, or space was not free yet
};
inline constexpr int kStallCauses = 6;
/// "weights", "network", …
const char* stall_cause_name(StallCause cause);

/// One operation (network layer with all that is fused into it). A read that several operations share is charged to the
/// first of them.
struct OperationResult {
  std::int64_t macs = 0;
  std::int64_t tile_operations = 0;
  std::int64_t passes = 0;
  std::int64_t cycles = 0;                          ///< share of the makespan; sums to the total over all operations
  std::int64_t array_cycles = 0;                    ///< weight rows enter an array for it, or it forms products
  std::int64_t compute_cycles = 0;                  ///< of these: an array forms products for it
  std::int64_t first_cycle = -1;                    ///< the first row of its first round enters a pod or post-processor
  std::int64_t last_cycle = -1;                     ///< the last row of its result is stored
  std::int64_t busy_pod_cycles = 0;                 ///< activation rows that entered pods
  std::array<std::int64_t, kStallCauses> stalls{};  ///< share of the stall cycles, by cause
  std::int64_t weight_bytes = 0;                    ///< rows of second matrices (weights) that pods read
  std::int64_t activation_bytes = 0;                ///< activation rows read from X banks
  std::int64_t partial_sum_bytes = 0;               ///< read and written, P banks
  std::int64_t dram_bytes = 0;                      ///< fetched for it and written back by it
  std::int64_t dram_weight_bytes = 0;               ///< of these: second matrices
  std::int64_t dram_written_bytes = 0;              ///< of these: written back
  std::int64_t dram_spilled_bytes = 0;              ///< results of it that were spilled; not in dram_bytes
  std::int64_t bank_read_bytes = 0;                 ///< that fabrics took from banks for it; see BankStatistics
  std::int64_t bank_written_bytes = 0;              ///< that fabrics brought to banks for it
  std::int64_t fabric_bytes = 0;                    ///< carried for it; see FabricStatistics::bytes
  std::int64_t post_processor_rows = 0;             ///< that entered post-processors
  std::int64_t partial_sums_written = 0;            ///< partial sums (not bytes) that pods wrote
  std::int64_t last_stream_cycle = -1;              ///< its last activation row enters a pod
};

/// One round of the schedule.
struct RoundResult {
  std::int64_t load_start = -1;                     ///< the first weight row enters the pods; -1 without weights
  std::int64_t stream_start = 0;                    ///< the first activation row enters the pods
  std::int64_t stream_end = 0;                      ///< no row enters any more; equal to stream_start without rows
  std::int64_t fill_cycles = 0;                     ///< before the first round, without waiting for memory
  std::array<std::int64_t, kStallCauses> stalls{};  ///< waits since the round before ended, by cause
  std::int64_t post_start = -1;                     ///< the first row of its passes enters; -1 if not reached
  std::int64_t post_end = -1;                       ///< no row enters any more
  std::int64_t tile_operations = 0;                 ///< pods in use
  std::int64_t passes = 0;                          ///< of post-processors
  std::int64_t macs = 0;
  std::int64_t busy_pod_cycles = 0;  ///< activation rows that entered pods
};

struct RunResult {
  bool complete = false;               ///< false: stopped before the end
  std::string stopped_because;         ///< if not complete
  std::int64_t cycles = 0;             ///< makespan: first fetch to last write-back
  std::int64_t stream_cycles = 0;      ///< rounds in which activations stream, without stalls
  std::int64_t fill_cycles = 0;        ///< before the first activation row, without waiting for memory
  std::int64_t drain_cycles = 0;       ///< after the last activation row, without write-back
  std::int64_t write_back_cycles = 0;  ///< after everything else: DRAM still writes
  std::array<std::int64_t, kStallCauses> stalls{};

  /// Cycles in which weight rows enter an array or products are formed in one, of all pods together: what closed forms
  /// for an array count. From the first weight row of a tile to its last; from its first activation row to its last
  /// product, PodConfig::drain_cycles after the last one.
  std::int64_t array_cycles = 0;
  std::int64_t compute_cycles = 0;  ///< of these: products are formed

  std::int64_t rounds = 0;
  std::int64_t rounds_done = 0;
  std::int64_t tile_operations = 0;
  std::int64_t passes = 0;
  std::int64_t macs = 0;
  std::int64_t relayout_copies = 0;  ///< passes that copy an output tile to another bank
  std::int64_t relayout_bytes = 0;   ///< bytes they read, and write

  // Pod cycles: all classes add up to pods x cycles.
  std::int64_t busy_pod_cycles = 0;     ///< an activation row enters
  std::int64_t barrier_pod_cycles = 0;  ///< done, while another pod's tile of the round is longer
  std::int64_t idle_pod_cycles = 0;     ///< no operation in the round
  std::int64_t stalled_pod_cycles = 0;  ///< stall, fill, drain and write-back
  std::int64_t post_processor_busy_cycles = 0;

  std::vector<OperationResult> operations;
  std::vector<RoundResult> round_results;                     ///< of the rounds done; empty unless they were asked for
  std::vector<std::int64_t> pod_operations, pod_busy_cycles;  ///< per pod
  std::array<FabricStatistics, kFabrics> fabrics;
  std::array<BankStatistics, 3> banks;             ///< per class, summed over banks
  std::array<std::int64_t, 3> peak_bank_bytes{};   ///< per class, of the fullest bank
  std::array<std::int64_t, 3> peak_class_bytes{};  ///< per class, all banks together
  DramStatistics dram;
  std::int64_t checks = 0;  ///< events the legality checker looked at
};

}  // namespace podsim
