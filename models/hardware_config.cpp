// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/hardware_config.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "podsim/models/array_timing.hpp"
#include "podsim/models/dataflow.hpp"
#include "podsim/models/dram_model.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {

void PodConfig::fields(Fields& f) {
  f.text("name", name, "of the group, for the mapping and the report; its number if empty");
  array_fields(f);
}

void PodConfig::array_fields(Fields& f) {
  f.integer("count", count, {1, 65536}, "pods", "number of pods");
  f.integer("rows", rows, {1, 4096}, "PEs",
            "rows of each array; k is reduced over them, or m is laid over them if sums stay");
  f.integer("cols", cols, {1, 4096}, "PEs", "columns of each array; they produce n, or m if activations stay");
  f.integer("broadcast", broadcast, {1, 4096}, "PEs", "columns that a row at the X port reaches in one cycle");
  f.integer("fan_in", fan_in, {1, 4096}, "PEs",
            "rows whose products one adder stage sums; if sums stay, rows that a weight reaches in one cycle");
  f.choice("weight_buffers", weight_buffers, {"double", "single"},
           "arrays that load a tile ahead; double: the next one is loaded while the array computes");
  f.choice("output_buffers", output_buffers, {"double", "single"},
           "arrays that keep their sums; double: they leave while the array computes the next ones");
  f.choice("drain", drain, {"charged", "overlapped"},
           "single buffers: the next weights or sums wait for the last product, or follow the last row");
  f.choice(
      "edge_folds", edge_folds, {"actual", "full"},
      "a tile with fewer rows than the array loads those it has, or zeros for the others too; if sums stay: the last "
      "product is that of the tile, or that of a whole one");
  f.integer("min_stream_cycles", min_stream_cycles, {1, 4096}, "cycles",
            "a tile operation takes at least so many; empty rows follow a shorter tile");
  f.boolean(
      "partial_sum_input", partial_sum_input,
      "an operation may go on with the sums of an earlier one, which enter the array or, in one that keeps its sums, "
      "have stayed; if not, post-processors add");
  f.plugin("dataflow", dataflow, dataflow_registry(), "how a GEMM is laid over the array");
}

void PodsConfig::fields(Fields& f) {
  if (groups.empty() || !f.is_echo()) array_fields(f);
  f.list("groups", groups, {"count", "rows", "cols"},
         "pods of different kinds, in place of the other keys; pods are numbered group after group");
}

void BankConfig::fields(Fields& f) {
  f.optional_integer("count", count, {1, 65536}, "banks", "as many as pods", "X banks; as many W and P banks");
  f.optional_integer("capacity_kib", capacity_kib, {1, std::int64_t{1} << 32}, "KiB", "256 x max(1, 128 / pods)",
                     "capacity of one bank, 1 KiB = 1024 bytes");
  f.choice("p_ports", p_ports, {"independent", "shared"},
           "P banks: five independent ports as published, or one read and one write port");
  f.choice("column_reads", column_reads, {"free", "buffered"},
           "a tile that leaves column by column costs nothing, or is read row by row into a transposing buffer first");
}

void PostProcessorConfig::fields(Fields& f) {
  f.optional_integer("count", count, {1, 65536}, "post-processors", "as many as pods", "number of post-processors");
  f.integer("latency_cycles", latency_cycles, {1, 1024}, "cycles", "from a row entering to the row leaving");
}

void DramConfig::fields(Fields& f) {
  f.variant(model, dram_model_registry(), "how requests are timed");
  f.number("bandwidth_gb_per_s", bandwidth_gb_per_s, {0.001, 1e6}, "GB/s", "1 GB = 10^9 bytes");
  f.integer("prefetch_rounds", prefetch_rounds, {0, std::int64_t{1} << 40}, "rounds",
            "how far ahead tiles may be fetched; 0: as far as the banks hold them");
}

HardwareConfig::HardwareConfig() {
  interconnect.type = "butterfly";
  interconnect.parameters["expansion"] = 2;
}

void HardwareConfig::fields(Fields& f) {
  f.number("clock_mhz", clock_mhz, {0.001, 1e6}, "MHz", "clock of the whole machine");
  f.group("pods", "the systolic arrays", [this](Fields& g) { pods.fields(g); });
  f.group("banks", "the SRAM banks", [this](Fields& g) { banks.fields(g); });
  f.plugin("interconnect", interconnect, topology_registry(), "topology of the seven fabrics");
  f.group("post_processors", "the post-processors", [this](Fields& g) { post_processors.fields(g); });
  f.group("dram", "the external memory", [this](Fields& g) { dram.fields(g); });
  f.integer("partial_sum_bytes", partial_sum_bytes, {1, 8}, "bytes", "size of one partial sum in traffic and capacity");
  f.integer("weight_bits", weight_bits, {4, 16}, "bits", "of a weight, in traffic and capacity: 4, 8 or 16");
  f.integer("activation_bits", activation_bits, {4, 16}, "bits",
            "of inputs, activations, outputs and cached keys and values: 4, 8 or 16");
  f.choice("relayout", relayout, {"free", "circuits"},
           "free: a finalised row reaches every tile that needs it without extra circuits; circuits: every copy to "
           "another bank is a pass of its own");
  f.choice("spill", spill, {"lru", "off"},
           "what happens when a bank is full: write the least recently used tile to DRAM, or stop with an error");
}

std::string HardwareConfig::pod_group_name(int group) const {
  const std::string& name = pod_group(group).name;
  return name.empty() ? std::to_string(group) : name;
}

int HardwareConfig::first_pod(int group) const {
  int first = 0;
  for (int g = 0; g < group; ++g) first += pod_group(g).count;
  return first;
}

int HardwareConfig::group_of_pod(int pod) const {
  int group = 0;
  for (int first = pod_group(0).count; first <= pod && group + 1 < pod_group_count(); ++group) {
    first += pod_group(group + 1).count;
  }
  return group;
}

int HardwareConfig::pod_count() const {
  return first_pod(pod_group_count());
}

std::int64_t HardwareConfig::peak_macs_per_cycle() const {
  std::int64_t pes = 0;
  for (int g = 0; g < pod_group_count(); ++g) pes += pod_group(g).pes();
  return pes;
}

std::string HardwareConfig::describe_pods() const {
  auto size = [this](int g) { return std::to_string(pod_group(g).rows) + "x" + std::to_string(pod_group(g).cols); };
  const std::string all = std::to_string(pod_count()) + (pod_count() == 1 ? " pod" : " pods");
  if (pod_group_count() == 1) return all + " of " + size(0);
  std::vector<std::string> groups;
  for (int g = 0; g < pod_group_count(); ++g) {
    groups.push_back(std::to_string(pod_group(g).count) + " of " + size(g));
  }
  return all + ": " + join(groups);
}

int HardwareConfig::bank_count() const {
  return static_cast<int>(banks.count.value_or(pod_count()));
}

int HardwareConfig::post_processor_count() const {
  return static_cast<int>(post_processors.count.value_or(pod_count()));
}

Bytes HardwareConfig::bank_capacity() const {
  return kibibytes(banks.capacity_kib.value_or(256 * std::max<std::int64_t>(1, 128 / pod_count())));
}

int HardwareConfig::terminals() const {
  return std::max({pod_count(), bank_count(), post_processor_count()});
}

void HardwareConfig::validate(const std::string& file, const std::string& pointer, IssueList& issues) const {
  for (const auto& [key, bits] :
       {std::pair("/weight_bits", weight_bits), std::pair("/activation_bits", activation_bits)}) {
    if (bits == 4 || bits == 8 || bits == 16) continue;
    issues.add({file, pointer + key, "must be 4, 8 or 16, got " + std::to_string(bits), {}});
  }
  constexpr std::int64_t kMostPods = 65536;
  constexpr std::size_t kMostGroups = 64;
  if (pods.groups.size() > kMostGroups) {
    issues.add({file,
                pointer + "/pods/groups",
                "has " + std::to_string(pods.groups.size()) + " groups; at most " + std::to_string(kMostGroups) +
                    " are allowed",
                {}});
    return;
  }
  std::int64_t all_pods = 0;
  std::set<std::string> names;
  for (int g = 0; g < pod_group_count(); ++g) {
    all_pods += pod_group(g).count;
    if (!names.insert(pod_group_name(g)).second) {
      issues.add({file, pointer + "/pods/groups/" + std::to_string(g) + "/name",
                  "another group is called \"" + pod_group_name(g) + "\" already",
                  "groups without a name are called by their number"});
    }
  }
  if (all_pods > kMostPods) {
    issues.add(
        {file,
         pointer + "/pods/groups",
         "have " + std::to_string(all_pods) + " pods together; at most " + std::to_string(kMostPods) + " are allowed",
         {}});
    return;
  }
  for (int g = 0; g < pod_group_count(); ++g) {
    if (bank_count() >= kMostPods && ArrayTiming(pod_group(g)).flow.keeps_sums) {
      issues.add({file, pointer + (banks.count ? "/banks/count" : "/pods/count"),
                  "gives " + std::to_string(bank_count()) + " banks of each class; at most 65535 are allowed if sums " +
                      "stay in arrays",
                  banks.count ? "" : "set /hardware/banks/count; its default is as many as pods"});
      break;
    }
  }
  const std::int64_t pes = peak_macs_per_cycle();
  if (pes > (std::int64_t{1} << 32)) {
    issues.add({file, pointer + "/pods", "has " + std::to_string(pes) + " PEs; at most 2^32 are allowed", {}});
  }
  try {
    const auto topology = topology_registry().make(interconnect, terminals());
    // Rows of one round enter or leave such arrays at different times, but their circuits are set up together.
    if (!topology->has_fixed_routes() && !launches_sums_together(*this)) {
      const bool is_latency = takes_weights_together(*this);
      issues.add({file, pointer + "/pods/groups",
                  is_latency ? "arrays that differ in latency need fixed routes"
                             : "arrays that keep their sums beside others that do not need fixed routes",
                  std::string(is_latency ? "choose broadcast and fan_in so that all have the same"
                                         : "choose output_stationary for all groups or none") +
                      ", or another topology than " + interconnect.type});
    }
  } catch (const Error& error) {
    for (const Issue& issue : error.issues()) {
      issues.add(
          {file, pointer + "/interconnect" + (issue.pointer == "/" ? "" : issue.pointer), issue.message, issue.hint});
    }
  }
}

Machine::Machine(HardwareConfig hardware)
    : config(std::move(hardware)), topology(topology_registry().make(config.interconnect, config.terminals())) {}

}  // namespace podsim
