// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/run_report.hpp"

#include <sys/resource.h>

#include <utility>

#include "podsim/sim/core/random.hpp"
#include "podsim/sim/core/version.hpp"

namespace podsim {
namespace {

std::vector<std::string> fused_names(const Network& network, const Operation& operation) {
  std::vector<std::string> names;
  for (const int layer : operation.fused_layers) names.push_back(network.layers[static_cast<std::size_t>(layer)].name);
  return names;
}

std::vector<PodGroupReport> pod_group_reports(const Program& program, const RunResult& result) {
  const HardwareConfig& hardware = program.machine.config;
  std::vector<PodGroupReport> out;
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    const PodConfig& pods = hardware.pod_group(g);
    PodGroupReport& group = out.emplace_back();
    group.name = hardware.pod_group_name(g);
    group.pods = pods.count;
    group.rows = pods.rows;
    group.cols = pods.cols;
    group.array_latency_cycles = pods.array_latency().count();
    for (const GemmTiles& gemm : program.work.gemms) {
      if (gemm.pod_group != g) continue;
      ++group.layers;
      group.macs += result.operations[static_cast<std::size_t>(gemm.operation)].macs;
    }
    const auto first = static_cast<std::size_t>(hardware.first_pod(g));
    for (std::size_t pod = first; pod < first + static_cast<std::size_t>(pods.count); ++pod) {
      group.tile_operations += result.pod_operations[pod];
      group.busy_pod_cycles += result.pod_busy_cycles[pod];
    }
  }
  return out;
}

}  // namespace

std::int64_t peak_memory_bytes() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

void describe_run(Report& report, const Experiment& experiment, const std::vector<const LoadedNetwork*>& networks,
                  const Program& program, const Technology& technology) {
  const LoweredNetwork& lowered = program.work.network;
  report.experiment = to_json(experiment);
  report.experiment.erase("outputs");
  report.config_hash = config_hash(report.experiment);
  report.workload_hash = networks.front()->hash;
  report.version = version();
  report.commit = commit();
  report.seed = experiment.seed;
  report.network = networks.front()->network.name;
  report.batch = networks.front()->network.batch;
  if (networks.size() > 1) {
    std::string hashes;
    for (const LoadedNetwork* each : networks) hashes += each->hash;
    report.workload_hash = hash_text(hashes);
    report.network = lowered.name;
    report.batch = 1;
  }
  for (const LoadedNetwork* each : networks) {
    const NetworkTotals totals = each->network.totals();
    report.network_macs += totals.macs;
    report.network_parameters += totals.parameters;
  }
  for (const UnmodelledLayer& layer : lowered.unmodelled)
    report.unmodelled.push_back(layer.name + " (" + layer.op + ")");
  report.assumptions = assumptions(experiment);
  report.assumptions.push_back("energy by technology " + technology.name +
                               (technology.summary.empty() ? "" : ": " + technology.summary));
  report.scheduler = program.schedule.scheduler;
  report.topology = program.machine.topology->describe();
  report.last_main_round = program.schedule.last_main_round();
  report.last_post_round = program.schedule.last_post_round();
  const HardwareConfig& hardware = program.machine.config;
  report.pods = hardware.pod_count();
  report.rows = hardware.pod_group(0).rows;
  report.cols = hardware.pod_group(0).cols;
  if (!hardware.pods.groups.empty()) report.pod_groups = pod_group_reports(program, report.result);
  report.clock_mhz = hardware.clock_mhz;
  report.energy = run_energy(program.machine, technology, report.result);
  report.technology_hash = technology.hash;
  report.tdp_watts = experiment.power.tdp_watts;
  report.bound = lower_bound(lowered, experiment.hardware, experiment.mapping.residency());
  report.resident_weight_bytes = program.memory.resident_bytes;
  if (experiment.repeat > 1) report.repetition = repetition_of(report.result.operations, experiment.repeat);
  const auto pes = static_cast<double>(hardware.peak_macs_per_cycle());
  for (std::size_t o = 0; o < lowered.operations.size(); ++o) {
    const Operation& operation = lowered.operations[o];
    const Network& network = networks[static_cast<std::size_t>(operation.network)]->network;
    LayerReport layer;
    layer.name = operation.name;
    layer.op = op_name(network.layers[static_cast<std::size_t>(operation.layer)].op);
    layer.fused = fused_names(network, operation);
    if (const GemmOperation* work = operation.gemm()) {
      layer.m = work->gemm.m;
      layer.k = work->gemm.k;
      layer.n = work->gemm.n;
      layer.groups = work->gemm.groups;
      if (!report.pod_groups.empty())
        layer.pod_group = program.work.gemms[program.work.tiles_of_operation[o]].pod_group;
    }
    layer.result = report.result.operations[o];
    layer.energy = report.energy.operations[o];
    if (layer.result.cycles > 0) {
      layer.utilization = static_cast<double>(layer.result.macs) / (pes * static_cast<double>(layer.result.cycles));
    }
    report.layers.push_back(std::move(layer));
  }
}

}  // namespace podsim
