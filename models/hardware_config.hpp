#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Every parameter of a simulated machine.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podsim/interconnect/topology.hpp"
#include "podsim/sim/core/fields.hpp"
#include "podsim/sim/core/units.hpp"

namespace podsim {

/// Pods of one kind: systolic arrays with double-buffered weights.
struct PodConfig {
  std::string name;  ///< of a group; may be empty
  int count = 256;
  int rows = 32;                          ///< PEs over which k is reduced
  int cols = 32;                          ///< PEs that produce n
  int broadcast = 16;                     ///< columns that an activation reaches in one cycle
  int fan_in = 16;                        ///< rows whose products one adder stage sums
  std::string weight_buffers = "double";  ///< "double" or "single"
  std::string output_buffers = "double";  ///< "double" or "single"; of arrays that keep their sums
  std::string drain = "charged";          ///< "charged" or "overlapped"; of single buffers
  std::string edge_folds = "actual";      ///< "actual" or "full": weight rows that a short tile loads
  int min_stream_cycles = 1;              ///< a tile operation takes the X port for at least so many cycles
  bool partial_sum_input = true;          ///< an operation may go on with the sums of an earlier one
  PluginConfig dataflow{"weight_stationary", Json::object()};

  /// The parameters of a group.
  void fields(Fields& f);
  /// All but the name.
  void array_fields(Fields& f);
  /// Wavefront stages over the rows, ceil(rows / fan_in).
  int row_stages() const { return static_cast<int>(ceil_div(rows, fan_in)); }
  /// Wavefront stages over the columns, ceil(cols / broadcast).
  int col_stages() const { return static_cast<int>(ceil_div(cols, broadcast)); }
  /// Cycles from the last activation row entering the array to the last product in it.
  std::int64_t drain_cycles() const { return row_stages() + col_stages() - 2; }
  /// Cycles in which weight rows of a tile enter the array.
  /// \param depth rows of k in the tile
  std::int64_t load_cycles(std::int64_t depth) const { return edge_folds == "full" ? rows : depth; }
  /// Cycles in which a tile operation takes the X port.
  /// \param tile_rows rows of the tile there
  std::int64_t stream_cycles(std::int64_t tile_rows) const {
    return tile_rows < min_stream_cycles ? min_stream_cycles : tile_rows;
  }
  /// Cycles from a row entering the array to its partial-sum row in the output register, if weights or activations
  /// stay in the PEs.
  Cycles array_latency() const { return Cycles(row_stages() + col_stages() - 1); }
  std::int64_t pes() const { return static_cast<std::int64_t>(count) * rows * cols; }
};

/// All pods of a machine: of one kind, said by the plain members, or of several, in `groups`. Pods are numbered group
/// after group, and pod i is at terminal i of the fabrics.
struct PodsConfig : PodConfig {
  std::vector<PodConfig> groups;  ///< if there are any, the plain members are not in force

  void fields(Fields& f);
};

/// The SRAM banks; there are as many X banks as W banks and P banks.
struct BankConfig {
  std::optional<std::int64_t> count;         ///< of each class; default: as many as pods
  std::optional<std::int64_t> capacity_kib;  ///< default: 256 x max(1, 128 / pods), as published
  std::string p_ports = "independent";       ///< "independent" or "shared"
  std::string column_reads = "free";         ///< "free" or "buffered": how a tile is delivered column by column

  void fields(Fields& f);
};

/// The post-processors.
struct PostProcessorConfig {
  std::optional<std::int64_t> count;  ///< default: as many as pods
  int latency_cycles = 4;             ///< from a row entering to the row leaving

  void fields(Fields& f);
};

/// The external memory.
struct DramConfig {
  PluginConfig model{"bandwidth", Json::object()};  ///< key "type"; its parameters lie beside it
  double bandwidth_gb_per_s = 1200;
  std::int64_t prefetch_rounds = 0;  ///< how many rounds ahead tiles may be fetched; 0: as far as the banks hold them

  void fields(Fields& f);
};

/// Bytes that hold so many bits.
inline std::int64_t bytes_for_bits(std::int64_t bits) {
  return ceil_div(bits, 8);
}

/// The whole machine.
struct HardwareConfig {
  double clock_mhz = 1000;
  PodsConfig pods;
  BankConfig banks;
  PluginConfig interconnect;  ///< topology of all seven fabrics; default butterfly with expansion 2
  PostProcessorConfig post_processors;
  DramConfig dram;
  int partial_sum_bytes = 2;
  int weight_bits = 8;      ///< of a weight or a parameter in DRAM, banks and circuits: 4, 8 or 16
  int activation_bits = 8;  ///< likewise of inputs, activations, outputs, and cached keys and values
  std::string relayout = "free";
  std::string spill = "lru";

  HardwareConfig();
  void fields(Fields& f);

  /// How many kinds of pods there are; 1 if `pods` has no groups.
  int pod_group_count() const { return pods.groups.empty() ? 1 : static_cast<int>(pods.groups.size()); }
  const PodConfig& pod_group(int group) const {
    return pods.groups.empty() ? pods : pods.groups[static_cast<std::size_t>(group)];
  }
  /// Its name, or its number if it has none.
  std::string pod_group_name(int group) const;
  int first_pod(int group) const;
  int group_of_pod(int pod) const;
  /// Of all groups.
  int pod_count() const;
  int bank_count() const;
  int post_processor_count() const;
  /// Of one bank.
  Bytes bank_capacity() const;
  /// Ports on each side of a fabric: the largest of pods, banks and post-processors.
  int terminals() const;
  /// Peak MACs per cycle of all pods: their PEs.
  std::int64_t peak_macs_per_cycle() const;
  /// "4 pods of 32x32", or "6 pods: 4 of 32x32, 2 of 64x64".
  std::string describe_pods() const;
  double dram_bytes_per_cycle() const { return dram.bandwidth_gb_per_s * 1000.0 / clock_mhz; }

  /// Checks what no single field can check.
  /// \param pointer where the hardware object lies in the file
  void validate(const std::string& file, const std::string& pointer, IssueList& issues) const;
};

/// A configuration and its fabric topology, as the planners see it. Cheap to copy.
struct Machine {
  HardwareConfig config;
  std::shared_ptr<const Topology> topology;

  /// \throws Error (bad_input) if the topology cannot be built with that many terminals
  explicit Machine(HardwareConfig hardware);
};

}  // namespace podsim
