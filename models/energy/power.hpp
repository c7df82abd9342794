#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Peak power and area of a machine in a technology, and how many pods fit a power budget. Formulas with their
/// sources: docs/energy.md.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podsim/models/energy/technology.hpp"
#include "podsim/models/hardware_config.hpp"

namespace podsim {

/// Bytes that the ports of one pod move in a cycle in which all of them are busy.
struct PortBytes {
  double x = 0;         ///< the X port, a row
  double w = 0;         ///< the W port, a row
  double sums_in = 0;   ///< partial sums that enter; 0 if they stay in the PEs or cannot enter
  double sums_out = 0;  ///< partial sums that leave
  double read() const { return x + w + sums_in; }
  double total() const { return read() + sums_out; }
};

/// r + 5c bytes with int8 operands, 2-byte sums and stationary weights (SOSA, arXiv 2203.11540).
PortBytes port_bytes(const HardwareConfig& hardware, const PodConfig& pod);

/// Watts of the parts of a machine.
struct Power {
  double macs = 0;
  double sram = 0;             ///< accesses of the pods' ports
  double interconnect = 0;     ///< switches
  double wires = 0;            ///< between switches
  double post_processors = 0;  ///< their arithmetic
  double dram = 0;             ///< at its full bandwidth
  double pod_leakage = 0;
  double sram_leakage = 0;  ///< of all three bank classes

  struct Part {
    const char* name;
    const char* description;
    double watts;
  };
  /// All of them, in this order.
  std::vector<Part> parts() const;
  /// Their sum.
  double total() const;
};

/// Square millimetres of the parts of a die.
struct Area {
  double pods = 0;  ///< placed
  double sram = 0;
  double interconnect = 0;
  double total() const { return pods + sram + interconnect; }
};

/// Power with every PE, port, switch, post-processor and the DRAM at work in every cycle.
Power peak_power(const Machine& machine, const Technology& technology);
/// Nothing if the technology does not give areas.
std::optional<Area> area(const Machine& machine, const Technology& technology);

/// The widest row of the machine's pods, in elements: post-processors take as many a cycle.
int widest_row(const HardwareConfig& hardware);
/// Capacity at which accesses to a bank are charged, in KiB.
double charged_bank_kib(const HardwareConfig& hardware, const Technology& technology);
/// Energy that a byte takes through the switches of a fabric: all its ports over all its terminals.
double switch_pj_per_byte(const Machine& machine, const Technology& technology);
/// Energy that a byte takes in the wires of a mean route over the die.
double wire_pj_per_byte(const Machine& machine, const Technology& technology);
/// Energy of a MAC with the machine's operand widths.
double mac_pj(const HardwareConfig& hardware, const Technology& technology);

/// Peak throughput in 10^12 operations per second, two per MAC.
double peak_tops(const HardwareConfig& hardware);
/// What `tops` become on a machine of the same kind that draws `tdp_watts` at its peak: the SOSA paper's scaling.
inline double tops_at_tdp(double tops, double peak_watts, double tdp_watts) {
  return tops * tdp_watts / peak_watts;
}

/// The most pods that a power budget allows.
struct IsoPower {
  int pods = 0;  ///< 0: not even one
  double watts = 0;
  int power_of_two = 0;  ///< the largest power of two among the counts that fit, which the SOSA paper simulates
  double power_of_two_watts = 0;
};

/// N(TDP): the largest number of pods whose peak power is at most `tdp_watts`, all else as in `hardware`. Counts for
/// which its topology cannot be built are left out.
/// \throws Error (bad_input) if the machine has groups of pods
IsoPower iso_power(const HardwareConfig& hardware, const Technology& technology, double tdp_watts);

}  // namespace podsim
