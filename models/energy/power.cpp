// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/power.hpp"

#include <algorithm>
#include <cmath>

#include "podsim/models/dataflow.hpp"

namespace podsim {
namespace {

constexpr int kMostPods = 65536;
constexpr int kBankClasses = 3;
/// From so many pods on the automatic capacity of a bank is constant, and more pods never draw less.
constexpr int kConstantBanks = 128;

/// Bytes that the ports of all pods move in a cycle.
double all_ports(const HardwareConfig& hardware) {
  double bytes = 0;
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    const PodConfig& pod = hardware.pod_group(g);
    bytes += pod.count * port_bytes(hardware, pod).total();
  }
  return bytes;
}

double bank_kib(const HardwareConfig& hardware) {
  return static_cast<double>(hardware.bank_capacity().count()) / 1024;
}

/// All but the fabrics.
Power power_without_fabrics(const HardwareConfig& hardware, const Technology& technology) {
  const double hertz = hardware.clock_mhz * 1e6;
  const double watts_per_pj = 1e-12 * hertz;  // of something that happens once a cycle
  Power out;
  const auto pes = static_cast<double>(hardware.peak_macs_per_cycle());
  out.macs = pes * mac_pj(hardware, technology) * watts_per_pj;
  out.pod_leakage = pes * technology.pe_leakage_uw * 1e-6;
  const double kib = charged_bank_kib(hardware, technology);
  const double read_pj = technology.sram_read_pj_per_byte.of_access(kib);
  const double write_pj = technology.sram_write_pj_per_byte.of_access(kib);
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    const PodConfig& pod = hardware.pod_group(g);
    const PortBytes bytes = port_bytes(hardware, pod);
    out.sram += pod.count * (bytes.read() * read_pj + bytes.sums_out * write_pj) * watts_per_pj;
  }
  out.sram_leakage =
      kBankClasses * hardware.bank_count() * technology.sram_leakage_mw.of_bank(bank_kib(hardware)) * 1e-3;
  out.post_processors =
      hardware.post_processor_count() * widest_row(hardware) * technology.post_processor_pj * watts_per_pj;
  out.dram = hardware.dram.bandwidth_gb_per_s * 1e9 * technology.dram_pj_per_byte * 1e-12;
  return out;
}

HardwareConfig with_pods(HardwareConfig hardware, int count) {
  hardware.pods.count = count;
  return hardware;
}

/// Watts of the machine with so many pods; nothing if its topology cannot be built.
std::optional<double> watts_of(const HardwareConfig& hardware, int count, const Technology& technology) {
  try {
    return peak_power(Machine(with_pods(hardware, count)), technology).total();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::bad_input) throw;
    return std::nullopt;
  }
}

}  // namespace

std::vector<Power::Part> Power::parts() const {
  return {{"macs", "PEs", macs},
          {"sram", "accesses to banks by the pods", sram},
          {"interconnect", "switches of the fabrics", interconnect},
          {"wires", "wires of the fabrics", wires},
          {"post_processors", "arithmetic of the post-processors", post_processors},
          {"dram", "external memory and its interface", dram},
          {"pod_leakage", "leakage of the pods", pod_leakage},
          {"sram_leakage", "leakage of the banks", sram_leakage}};
}

double Power::total() const {
  double sum = 0;
  for (const Part& part : parts()) sum += part.watts;
  return sum;
}

int widest_row(const HardwareConfig& hardware) {
  int widest = 0;
  for (int g = 0; g < hardware.pod_group_count(); ++g) widest = std::max(widest, hardware.pod_group(g).cols);
  return widest;
}

PortBytes port_bytes(const HardwareConfig& hardware, const PodConfig& pod) {
  const OperandFlow flow = dataflow_registry().make(pod.dataflow)->flow();
  const double activation = hardware.activation_bits / 8.0;
  const double weight = hardware.weight_bits / 8.0;
  PortBytes out;
  out.x = pod.rows * (flow.is_transposed ? weight : activation);
  out.w = pod.cols * (flow.is_transposed ? activation : weight);
  out.sums_out = static_cast<double>(pod.cols) * hardware.partial_sum_bytes;
  if (pod.partial_sum_input && !flow.keeps_sums) out.sums_in = out.sums_out;
  return out;
}

double charged_bank_kib(const HardwareConfig& hardware, const Technology& technology) {
  if (!hardware.banks.capacity_kib && technology.automatic_bank_kib) return *technology.automatic_bank_kib;
  return bank_kib(hardware);
}

double switch_pj_per_byte(const Machine& machine, const Technology& technology) {
  return technology.switch_port_pj_per_byte * machine.topology->switch_ports() / machine.topology->terminals();
}

double wire_pj_per_byte(const Machine& machine, const Technology& technology) {
  const auto die = area(machine, technology);
  if (!die) return 0;
  const double route_mm = technology.wire_route * std::sqrt(die->total());
  return technology.wire_pj_per_byte_mm * technology.wire_activity * route_mm;
}

// A multiplier's cost grows with the product of its operands' widths: Horowitz, ISSCC 2014, gives 0.2 pJ for 8 x 8 and
// 3.1 pJ for 32 x 32 bits.
double mac_pj(const HardwareConfig& hardware, const Technology& technology) {
  return technology.mac_pj * hardware.weight_bits * hardware.activation_bits / 64;
}

double peak_tops(const HardwareConfig& hardware) {
  return 2e-6 * static_cast<double>(hardware.peak_macs_per_cycle()) * hardware.clock_mhz;
}

Power peak_power(const Machine& machine, const Technology& technology) {
  Power out = power_without_fabrics(machine.config, technology);
  const double watts_per_pj = all_ports(machine.config) * machine.config.clock_mhz * 1e-6;
  out.interconnect = switch_pj_per_byte(machine, technology) * watts_per_pj;
  out.wires = wire_pj_per_byte(machine, technology) * watts_per_pj;
  return out;
}

std::optional<Area> area(const Machine& machine, const Technology& technology) {
  if (!technology.has_area()) return std::nullopt;
  const HardwareConfig& hardware = machine.config;
  Area out;
  out.pods = static_cast<double>(hardware.peak_macs_per_cycle()) * technology.pe_area_um2 * 1e-6 /
             technology.placement_density;
  out.sram = kBankClasses * hardware.bank_count() * technology.sram_area_mm2.of_bank(bank_kib(hardware));
  const double bytes = all_ports(hardware) / machine.topology->terminals();
  out.interconnect = machine.topology->switch_ports() * bytes * technology.switch_port_um2_per_byte * 1e-6;
  return out;
}

// Fabrics only add power, so no count above the largest that fits without them can fit. That one is found by halving,
// since power without fabrics never falls from kConstantBanks on; from there every count is tried.
IsoPower iso_power(const HardwareConfig& hardware, const Technology& technology, double tdp_watts) {
  if (!hardware.pods.groups.empty()) {
    throw Error::bad_input("the number of pods that fit a power budget needs pods of one kind",
                           "give /hardware/pods without groups");
  }
  auto fits_without_fabrics = [&](int count) {
    return power_without_fabrics(with_pods(hardware, count), technology).total() <= tdp_watts;
  };
  int most = kConstantBanks - 1;
  if (fits_without_fabrics(kConstantBanks)) {
    most = kConstantBanks;
    for (int step = kMostPods / 2; step > 0; step /= 2) {
      if (most + step <= kMostPods && fits_without_fabrics(most + step)) most += step;
    }
  }
  IsoPower out;
  for (int count = most; count > 0; --count) {
    const bool is_power_of_two = (count & (count - 1)) == 0;
    if (out.pods > 0 && !is_power_of_two) continue;
    const auto watts = watts_of(hardware, count, technology);
    if (!watts || *watts > tdp_watts) continue;
    if (out.pods == 0) {
      out.pods = count;
      out.watts = *watts;
    }
    if (!is_power_of_two) continue;
    out.power_of_two = count;
    out.power_of_two_watts = *watts;
    break;
  }
  return out;
}

}  // namespace podsim
