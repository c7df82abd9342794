// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_json.hpp"

namespace podsim {
namespace {

/// An empty object with room for so many members: one that grows copies what is in it.
Json object_for(std::size_t members) {
  Json out = Json::object();
  out.get_ref<Json::object_t&>().reserve(members);
  return out;
}

Json stalls_json(const std::array<std::int64_t, kStallCauses>& stalls) {
  Json out = Json::object();
  for (int c = 0; c < kStallCauses; ++c) {
    out[stall_cause_name(static_cast<StallCause>(c))] = stalls[static_cast<std::size_t>(c)];
  }
  return out;
}

Json layer_json(const Report& report, const LayerReport& layer) {
  const OperationResult& counted = layer.result;
  Json out = object_for(24);
  out["name"] = layer.name;
  out["op"] = layer.op;
  out["fused"] = layer.fused;
  out["m"] = layer.m;
  out["k"] = layer.k;
  out["n"] = layer.n;
  out["groups"] = layer.groups;
  if (layer.pod_group >= 0) out["pod_group"] = report.pod_groups[static_cast<std::size_t>(layer.pod_group)].name;
  out["macs"] = counted.macs;
  out["tile_operations"] = counted.tile_operations;
  out["passes"] = counted.passes;
  out["cycles"] = counted.cycles;
  out["array_cycles"] = counted.array_cycles;
  out["compute_cycles"] = counted.compute_cycles;
  out["first_cycle"] = counted.first_cycle;
  out["last_cycle"] = counted.last_cycle;
  out["utilization"] = layer.utilization;
  out["busy_pod_cycles"] = counted.busy_pod_cycles;
  out["stall_cycles"] = stalls_json(counted.stalls);
  out["weight_bytes"] = counted.weight_bytes;
  out["activation_bytes"] = counted.activation_bytes;
  out["partial_sum_bytes"] = counted.partial_sum_bytes;
  out["dram_bytes"] = counted.dram_bytes;
  Json& energy = out["energy_mj"] = object_for(9);
  for (const auto& [name, mj] : millijoules(layer.energy)) energy[name] = mj;
  return out;
}

Json pod_group_json(const Report& report, const PodGroupReport& group) {
  Json out = Json::object();
  const double pe_cycles = static_cast<double>(group.pes()) * static_cast<double>(report.result.cycles);
  out["name"] = group.name;
  out["pods"] = group.pods;
  out["rows"] = group.rows;
  out["cols"] = group.cols;
  out["array_latency_cycles"] = group.array_latency_cycles;
  out["layers"] = group.layers;
  out["macs"] = group.macs;
  out["tile_operations"] = group.tile_operations;
  out["busy_pod_cycles"] = group.busy_pod_cycles;
  out["utilization"] = pe_cycles > 0 ? static_cast<double>(group.macs) / pe_cycles : 0.0;
  return out;
}

}  // namespace

Json to_json(const Report& report) {
  const RunResult& result = report.result;
  Json out = object_for(24);
  out["format"] = "podsim-report";
  out["schema"] = Report::kSchema;
  out["version"] = report.version;
  out["commit"] = report.commit;
  out["config_hash"] = report.config_hash;
  out["workload_hash"] = report.workload_hash;
  out["seed"] = report.seed;
  out["complete"] = result.complete;
  if (!result.complete) out["stopped_because"] = result.stopped_because;
  out["experiment"] = report.experiment;

  Json& network = out["network"];
  network["name"] = report.network;
  network["batch"] = report.batch;
  network["macs"] = report.network_macs;
  network["parameters"] = report.network_parameters;
  network["unmodelled"] = report.unmodelled;

  Json& machine = out["machine"];
  machine["pods"] = report.pods;
  if (report.pod_groups.empty()) {
    machine["rows"] = report.rows;
    machine["cols"] = report.cols;
  }
  for (const PodGroupReport& group : report.pod_groups) machine["pod_groups"].push_back(pod_group_json(report, group));
  machine["clock_mhz"] = report.clock_mhz;
  machine["topology"] = report.topology;
  machine["scheduler"] = report.scheduler;
  out["assumptions"] = report.assumptions;

  Json& totals = out["totals"] = object_for(24);
  totals["cycles"] = result.cycles;
  totals["array_cycles"] = result.array_cycles;
  totals["compute_cycles"] = result.compute_cycles;
  totals["time_ms"] = report.milliseconds();
  totals["utilization"] = report.utilization();
  totals["effective_tops"] = report.effective_tops();
  totals["peak_tops"] = report.peak_tops();
  totals["busy_pods"] = report.busy_pods();
  totals["bounded_by"] = report.bounded_by();
  const auto distance = report.distance_to_limit();
  totals["distance_to_limit"] = distance ? Json(*distance) : Json();
  totals["macs"] = result.macs;
  totals["tile_operations"] = result.tile_operations;
  totals["passes"] = result.passes;
  totals["rounds"] = result.rounds;
  totals["rounds_done"] = result.rounds_done;
  totals["last_main_round"] = report.last_main_round;
  totals["last_post_round"] = report.last_post_round;
  totals["resident_weight_bytes"] = report.resident_weight_bytes;
  totals["dram_read_bytes"] = result.dram.read_bytes;
  totals["dram_written_bytes"] = result.dram.written_bytes + result.dram.spilled_bytes;

  Json& energy = out["energy"] = object_for(20);
  energy["technology"] = report.energy.technology;
  energy["technology_hash"] = report.technology_hash;
  for (const auto& [name, mj] : millijoules(report.energy)) energy[name + "_mj"] = mj;
  energy["average_power_watts"] = report.energy.average_watts();
  energy["peak_power_watts"] = report.energy.peak_watts;
  if (report.energy.area_mm2) energy["area_mm2"] = *report.energy.area_mm2;
  energy["tops_per_watt_at_average_power"] = report.tops_per_watt_at_average_power();
  energy["tops_per_watt_at_peak_power"] = report.tops_per_watt_at_peak_power();
  energy["tdp_watts"] = report.tdp_watts;
  energy["effective_tops_at_tdp"] = report.effective_tops_at_tdp();

  Json& classes = out["cycle_classes"];
  for (const auto& [name, cycles] : report.cycle_classes()) classes[name] = cycles;

  Json& bounds = out["lower_bounds"];
  bounds["mac_cycles"] = report.bound.mac;
  bounds["work_cycles"] = report.bound.work;
  bounds["load_cycles"] = report.bound.load;
  bounds["drain_cycles"] = report.bound.drain;
  bounds["dram_cycles"] = report.bound.dram;
  bounds["limit_cycles"] = report.bound.limit();
  bounds["binding"] = report.bound.binding();

  if (report.functional.was_run) {
    Json& functional = out["functional"];
    functional["bit_exact"] = report.functional.is_equal();
    functional["weights_file"] = report.functional.weights_file;
    functional["inputs_file"] = report.functional.inputs_file;
    Json& outputs = functional["outputs"] = Json::array();
    for (const OutputComparison& output : report.functional.outputs) {
      outputs.push_back({{"name", output.name},
                         {"shape", output.shape},
                         {"elements", output.elements},
                         {"different", output.different},
                         {"hash", output.hash}});
    }
  }
  if (report.repetition) out["repetition"] = to_json(*report.repetition, report.clock_mhz);
  if (report.tenancy) out["tenancy"] = to_json(*report.tenancy, report.clock_mhz);
  if (report.decode) out["decode"] = to_json(*report.decode, report.clock_mhz);

  Json& layers = out["layers"] = Json::array();
  for (const LayerReport& layer : report.layers) layers.push_back(layer_json(report, layer));
  out["statistics"] = report.statistics().to_json();
  return out;
}

}  // namespace podsim
