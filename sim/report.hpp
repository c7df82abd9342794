#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Everything a run has to tell, ready for writers and for the summary.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podsim/models/energy/run_energy.hpp"
#include "podsim/models/lower_bound.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/sim/core/statistics.hpp"
#include "podsim/sim/decode.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/functional.hpp"
#include "podsim/sim/repetition.hpp"
#include "podsim/sim/tenancy/tenancy_result.hpp"

namespace podsim {

/// One row of the per-layer table: an operation, that is a network layer and what is fused into it.
struct LayerReport {
  std::string name;
  std::string op;                                ///< conv2d, linear, matmul, softmax, …
  std::vector<std::string> fused;                ///< names of the layers it carries out besides
  std::int64_t m = 0, k = 0, n = 0, groups = 0;  ///< 0 for vector operations
  OperationResult result;
  Energy energy;
  double utilization = 0;  ///< MACs / (PEs x cycles attributed to it); 0 if it has no cycles
  int pod_group = -1;      ///< index into Report::pod_groups; -1 if pods are of one kind, and for vector operations
};

/// Pods of one kind, on a machine with several.
struct PodGroupReport {
  std::string name;
  int pods = 0, rows = 0, cols = 0;
  std::int64_t array_latency_cycles = 0;
  std::int64_t layers = 0;  ///< that it carries out
  std::int64_t macs = 0;
  std::int64_t tile_operations = 0;
  std::int64_t busy_pod_cycles = 0;  ///< activation rows that entered its pods

  std::int64_t pes() const { return std::int64_t{1} * pods * rows * cols; }
};

/// What the host spent. Not part of any result file: it differs from run to run.
struct HostCost {
  double lowering_seconds = 0;    ///< workload, lowering, tiling
  double scheduling_seconds = 0;  ///< schedule, its check, memory plan
  double simulation_seconds = 0;  ///< elaboration and simulation
  double reference_seconds = 0;   ///< of functional runs, beside lowering and scheduling
  double total_seconds = 0;
  std::int64_t peak_memory_bytes = 0;
};

struct Report {
  static constexpr int kSchema = 1;
  Json experiment;  ///< echo, complete with defaults; without outputs, which change nothing
  std::string config_hash;
  std::string workload_hash;  ///< 16 hexadecimal digits over the network itself: a file may change under its name
  std::string version, commit;
  std::uint64_t seed = 1;
  std::string network;
  /// What names the network to people: as the user asked for it if it is of the zoo, otherwise its own name.
  std::string network_label() const;
  std::int64_t batch = 1;
  std::int64_t network_macs = 0, network_parameters = 0;
  std::vector<std::string> unmodelled;   ///< "name (op)" of layers that are not modelled
  std::vector<std::string> assumptions;  ///< in force, one sentence each
  std::string scheduler;
  std::string topology;  ///< Topology::describe()
  std::int64_t last_main_round = 0, last_post_round = 0;
  int pods = 0;                            ///< of all groups
  int rows = 0, cols = 0;                  ///< of every pod; of the first group if there are several
  std::vector<PodGroupReport> pod_groups;  ///< empty if pods are of one kind
  double clock_mhz = 1000;
  RunResult result;
  RunEnergy energy;
  std::string technology_hash;  ///< 16 hexadecimal digits: a file may change under its name
  double tdp_watts = 0;         ///< the power budget
  LowerBound bound;
  std::int64_t resident_weight_bytes = 0;  ///< in banks from before the run on
  std::optional<Repetition> repetition;    ///< of several inferences
  std::optional<DecodeRun> decode;         ///< of an autoregressive run; all else is its last step
  std::optional<TenancyResult> tenancy;    ///< of several networks
  std::vector<LayerReport> layers;
  FunctionalResult functional;
  HostCost host;

  std::int64_t pes() const;       ///< of all pods
  double milliseconds() const;    ///< cycles at the clock
  double utilization() const;     ///< MACs / (PEs x cycles)
  double effective_tops() const;  ///< 2 MACs / time, in 10^12 per second
  double peak_tops() const;
  double tops_per_watt_at_average_power() const;  ///< effective
  double tops_per_watt_at_peak_power() const;     ///< effective; charges idle pods as if they were busy
  /// effective_tops() of as many machines as draw tdp_watts at their peak: tops_at_tdp.
  double effective_tops_at_tdp() const;
  double busy_pods() const;                         ///< tile operations / (rounds with tile operations x pods)
  std::optional<double> distance_to_limit() const;  ///< cycles / lower bound; nothing if the run is partial
  /// A complete run that takes at most this times its lower bound is bound by what the bound is made of.
  static constexpr double kAtLimit = 1.05;
  bool is_at_limit() const;
  /// What bounds the run: "array", "network", "SRAM", "DRAM", "dependencies", "post-processors" or "weight loading".
  /// At its limit, that of the largest lower bound, otherwise whichever class of cycles is the largest.
  std::string bounded_by() const;
  /// Name and cycles of every class; they add up to result.cycles.
  std::vector<std::pair<std::string, std::int64_t>> cycle_classes() const;
  /// The statistics tree with units and descriptions.
  StatGroup statistics() const;
};

/// The parts of an energy by name, in mJ, and behind them their sum as "total": it adds up to the last bit.
std::vector<std::pair<std::string, double>> millijoules(const Energy& energy);

/// The network as its user asked for it if it is of the zoo ("zoo:resnet50:image=299"), otherwise its own name.
/// \param experiment the echo in a report
std::string workload_label(const Json& experiment, const std::string& network);

/// The modelling assumptions that an experiment's configuration puts in force, one sentence each.
std::vector<std::string> assumptions(const Experiment& experiment);

}  // namespace podsim
