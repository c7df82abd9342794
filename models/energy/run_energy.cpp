// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/run_energy.hpp"

#include "podsim/models/energy/power.hpp"

namespace podsim {

std::vector<RunEnergy::Part> RunEnergy::parts() const {
  return {{"macs", "multiply-accumulates done", macs},
          {"sram", "bytes read from and written to banks", sram},
          {"interconnect", "bytes through the switches of the fabrics", interconnect},
          {"wires", "bytes through the wires of the fabrics", wires},
          {"post_processors", "rows through the post-processors", post_processors},
          {"dram", "bytes to and from DRAM", dram},
          {"pod_leakage", "leakage of the pods over the makespan", pod_leakage},
          {"sram_leakage", "leakage of the banks over the makespan", sram_leakage}};
}

double RunEnergy::total() const {
  double sum = 0;
  for (const Part& part : parts()) sum += part.joules;
  return sum;
}

RunEnergy run_energy(const Machine& machine, const Technology& technology, const RunResult& result) {
  constexpr double kPico = 1e-12;
  const HardwareConfig& hardware = machine.config;
  const Power peak = peak_power(machine, technology);
  RunEnergy out;
  out.technology = technology.name;
  out.seconds = static_cast<double>(result.cycles) / (hardware.clock_mhz * 1e6);
  out.peak_watts = peak.total();
  out.macs = static_cast<double>(result.macs) * mac_pj(hardware, technology) * kPico;

  // What DRAM takes is read from banks, what it gives is written there.
  const std::int64_t to_dram = result.dram.written_bytes + result.dram.spilled_bytes;
  std::int64_t read = to_dram, written = 0, carried = 0;
  for (const BankStatistics& bank : result.banks) {
    read += bank.read_bytes;
    written += bank.written_bytes + bank.filled_bytes;  // free copies of relayout cost nothing
  }
  for (const FabricStatistics& fabric : result.fabrics) carried += fabric.bytes;
  const double kib = charged_bank_kib(hardware, technology);
  out.sram = (static_cast<double>(read) * technology.sram_read_pj_per_byte.of_access(kib) +
              static_cast<double>(written) * technology.sram_write_pj_per_byte.of_access(kib)) *
             kPico;
  out.interconnect = static_cast<double>(carried) * switch_pj_per_byte(machine, technology) * kPico;
  out.wires = static_cast<double>(carried) * wire_pj_per_byte(machine, technology) * kPico;
  out.post_processors = static_cast<double>(result.post_processor_busy_cycles) * widest_row(hardware) *
                        technology.post_processor_pj * kPico;
  out.dram = static_cast<double>(result.dram.read_bytes + to_dram) * technology.dram_pj_per_byte * kPico;
  out.pod_leakage = peak.pod_leakage * out.seconds;
  out.sram_leakage = peak.sram_leakage * out.seconds;
  return out;
}

}  // namespace podsim
