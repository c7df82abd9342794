// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/hardware_config.hpp"

#include <algorithm>
#include <utility>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/dram_model.hpp"

namespace podsim {

void PodConfig::fields(Fields& f) {
  f.integer("count", count, {1, 65536}, "pods", "number of pods");
  f.integer("rows", rows, {1, 4096}, "PEs", "rows of each array; GEMM k is reduced over them");
  f.integer("cols", cols, {1, 4096}, "PEs", "columns of each array; they produce GEMM n");
  f.integer("broadcast", broadcast, {1, 4096}, "PEs", "columns an activation reaches in one cycle");
  f.integer("fan_in", fan_in, {1, 4096}, "PEs", "rows whose products one adder stage sums");
  f.choice("weight_buffers", weight_buffers, {"double", "single"},
           "double: the next weights are loaded while the array computes");
  f.plugin("dataflow", dataflow, dataflow_registry(), "how a GEMM is laid over the array");
}

void BankConfig::fields(Fields& f) {
  f.optional_integer("count", count, {1, 65536}, "banks", "as many as pods", "X banks; as many W and P banks");
  f.optional_integer("capacity_kib", capacity_kib, {1, std::int64_t{1} << 32}, "KiB", "256 x max(1, 128 / pods)",
                     "capacity of one bank, 1 KiB = 1024 bytes");
  f.choice("p_ports", p_ports, {"independent", "shared"},
           "P banks: five independent ports as published, or one read and one write port");
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

int HardwareConfig::bank_count() const {
  return static_cast<int>(banks.count.value_or(pods.count));
}

int HardwareConfig::post_processor_count() const {
  return static_cast<int>(post_processors.count.value_or(pods.count));
}

Bytes HardwareConfig::bank_capacity() const {
  return kibibytes(banks.capacity_kib.value_or(256 * std::max<std::int64_t>(1, 128 / pods.count)));
}

int HardwareConfig::terminals() const {
  return std::max({pods.count, bank_count(), post_processor_count()});
}

void HardwareConfig::validate(const std::string& file, const std::string& pointer, IssueList& issues) const {
  for (const auto& [key, bits] :
       {std::pair("/weight_bits", weight_bits), std::pair("/activation_bits", activation_bits)}) {
    if (bits == 4 || bits == 8 || bits == 16) continue;
    issues.add({file, pointer + key, "must be 4, 8 or 16, got " + std::to_string(bits), {}});
  }
  const std::int64_t pes = peak_macs_per_cycle();
  if (pes > (std::int64_t{1} << 32)) {
    issues.add({file, pointer + "/pods", "has " + std::to_string(pes) + " PEs; at most 2^32 are allowed", {}});
  }
  try {
    const auto topology = topology_registry().make(interconnect, terminals());
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
