#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The machine of the published tool, and which of its rules are in force.

#include <cstdint>

#include "podsim/models/hardware_config.hpp"
#include "podsim/sim/core/fields.hpp"

namespace podsim::published {

/// The rules in which the published machine differs from podsim's, one switch each, to measure what each is worth.
/// The defaults are as published.
struct Rules {
  bool last_round_runs = false;        ///< the last round, main or post, is executed and counted
  bool buffers_rearm = true;           ///< at warm-up, arrays load again and again until all are full in one cycle
  bool round_has_extra_cycle = true;   ///< T = 1 + max(…)
  bool round_trip_floor = true;        ///< a round takes 2 L + 1 cycles (and the extra one) or more
  bool expansion_counts_twice = true;  ///< L = n + 2e for a butterfly; false: n + e
  bool adds_issued_twice = true;       ///< a second time with operands swapped, into the same tile
  bool prefetch_is_limited = true;     ///< false: tiles are fetched as soon as there is room
  bool giga_is_2_to_30 = true;         ///< bandwidth in 2^30 bytes a second; false: 10^9
};

/// N pods, as many banks of each class (X, W, P), as many post-processors, seven networks of one kind; 1 GHz.
struct MachineConfig {
  int pods = 256;
  int rows = 32;                       ///< PEs over which k is reduced
  int cols = 32;                       ///< PEs that produce n
  std::int64_t bank_bytes = 262144;    ///< of one bank
  double bandwidth_giga_per_s = 1200;  ///< of DRAM, in what the published tool calls GB/s: 2^30 bytes a second
  int prefetch_rounds = 100;           ///< in round q, tiles of rounds below q + this are fetched
  std::int64_t partition_rows = 0;     ///< activation rows per tile; 0: as many as the array has rows
  /// crossbar, bus, butterfly with `expansion` (the tool's banyan_exp_e has 2^e planes), or benes with copy network.
  PluginConfig interconnect{"crossbar", Json::object()};

  std::int64_t tile_rows() const { return partition_rows > 0 ? partition_rows : rows; }
  /// Of one circuit, in cycles, as published: crossbar and bus 1; benes 4n - 1; butterfly n + 2e, which counts the e
  /// stages of its expansion twice. n = ceil(log2 N), e = log2 of the planes.
  /// \throws Error (bad_input) for other topologies, and for multi-stage ones with a single pod
  int latency(const Rules& rules) const;
  /// In single precision, as published: M x (2^30 / 10^9).
  float bytes_per_cycle(const Rules& rules) const;
  /// The same machine for a scheduler, which looks at pods, banks and circuits only.
  /// \throws Error (bad_input)
  Machine for_scheduler() const;
};

}  // namespace podsim::published
