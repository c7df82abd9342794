// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/run_energy.hpp"

#include "podsim/models/energy/power.hpp"

namespace podsim {
namespace {

/// What is counted of a run, or of one of its operations.
struct Actions {
  std::int64_t macs = 0;
  std::int64_t sram_read_bytes = 0;
  std::int64_t sram_written_bytes = 0;
  std::int64_t fabric_bytes = 0;
  std::int64_t post_processor_rows = 0;
  std::int64_t dram_bytes = 0;
  std::int64_t cycles = 0;
};

/// What DRAM takes is read from banks, what it gives is written there. Free copies of relayout cost nothing.
Actions actions_of(const RunResult& result) {
  const std::int64_t to_dram = result.dram.written_bytes + result.dram.spilled_bytes;
  Actions out;
  out.macs = result.macs;
  out.sram_read_bytes = to_dram;
  for (const BankStatistics& bank : result.banks) {
    out.sram_read_bytes += bank.read_bytes;
    out.sram_written_bytes += bank.written_bytes + bank.filled_bytes;
  }
  for (const FabricStatistics& fabric : result.fabrics) out.fabric_bytes += fabric.bytes;
  out.post_processor_rows = result.post_processor_busy_cycles;
  out.dram_bytes = result.dram.read_bytes + to_dram;
  out.cycles = result.cycles;
  return out;
}

Actions actions_of(const OperationResult& result) {
  const std::int64_t to_dram = result.dram_written_bytes + result.dram_spilled_bytes;
  Actions out;
  out.macs = result.macs;
  out.sram_read_bytes = result.bank_read_bytes + to_dram;
  out.sram_written_bytes = result.bank_written_bytes + result.dram_bytes - result.dram_written_bytes;
  out.fabric_bytes = result.fabric_bytes;
  out.post_processor_rows = result.post_processor_rows;
  out.dram_bytes = result.dram_bytes + result.dram_spilled_bytes;
  out.cycles = result.cycles;
  return out;
}

/// What each action costs on one machine.
class Costs {
 public:
  Costs(const Machine& machine, const Technology& technology, const Power& peak)
      : cycle_seconds_(1 / (machine.config.clock_mhz * 1e6)),
        mac_(mac_pj(machine.config, technology) * kPico),
        switch_(switch_pj_per_byte(machine, technology) * kPico),
        wire_(wire_pj_per_byte(machine, technology) * kPico),
        row_(widest_row(machine.config) * technology.post_processor_pj * kPico),
        dram_(technology.dram_pj_per_byte * kPico),
        pod_leakage_(peak.pod_leakage),
        sram_leakage_(peak.sram_leakage) {
    const double kib = charged_bank_kib(machine.config, technology);
    read_ = technology.sram_read_pj_per_byte.of_access(kib) * kPico;
    write_ = technology.sram_write_pj_per_byte.of_access(kib) * kPico;
  }

  double seconds(std::int64_t cycles) const { return static_cast<double>(cycles) * cycle_seconds_; }

  void charge(const Actions& actions, Energy& out) const {
    out.macs = static_cast<double>(actions.macs) * mac_;
    out.sram =
        static_cast<double>(actions.sram_read_bytes) * read_ + static_cast<double>(actions.sram_written_bytes) * write_;
    out.interconnect = static_cast<double>(actions.fabric_bytes) * switch_;
    out.wires = static_cast<double>(actions.fabric_bytes) * wire_;
    out.post_processors = static_cast<double>(actions.post_processor_rows) * row_;
    out.dram = static_cast<double>(actions.dram_bytes) * dram_;
    out.pod_leakage = pod_leakage_ * seconds(actions.cycles);
    out.sram_leakage = sram_leakage_ * seconds(actions.cycles);
  }

 private:
  static constexpr double kPico = 1e-12;
  double cycle_seconds_;
  double mac_, read_ = 0, write_ = 0, switch_, wire_, row_, dram_;  ///< joules: per MAC, byte, row
  double pod_leakage_, sram_leakage_;                               ///< watts
};

}  // namespace

std::vector<Energy::Part> Energy::parts() const {
  return {{"macs", "multiply-accumulates done", macs},
          {"sram", "bytes read from and written to banks", sram},
          {"interconnect", "bytes through the switches of the fabrics", interconnect},
          {"wires", "bytes through the wires of the fabrics", wires},
          {"post_processors", "rows through the post-processors", post_processors},
          {"dram", "bytes to and from DRAM", dram},
          {"pod_leakage", "leakage of the pods over the makespan", pod_leakage},
          {"sram_leakage", "leakage of the banks over the makespan", sram_leakage}};
}

double Energy::total() const {
  double sum = 0;
  for (const Part& part : parts()) sum += part.joules;
  return sum;
}

RunEnergy run_energy(const Machine& machine, const Technology& technology, const RunResult& result) {
  const Power peak = peak_power(machine, technology);
  const Costs costs(machine, technology, peak);
  RunEnergy out;
  out.technology = technology.name;
  out.seconds = costs.seconds(result.cycles);
  out.peak_watts = peak.total();
  if (const auto mm2 = area(machine, technology)) out.area_mm2 = mm2->total();
  costs.charge(actions_of(result), out);
  out.operations.resize(result.operations.size());
  for (std::size_t o = 0; o < result.operations.size(); ++o) {
    costs.charge(actions_of(result.operations[o]), out.operations[o]);
  }
  return out;
}

}  // namespace podsim
