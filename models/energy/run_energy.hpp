#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Energy of a run and of its operations: what the modules counted, times what each action costs
/// (docs/energy.md).

#include <optional>
#include <string>
#include <vector>

#include "podsim/models/energy/technology.hpp"
#include "podsim/models/hardware_config.hpp"
#include "podsim/models/run_result.hpp"

namespace podsim {

/// Joules of the parts of a machine.
struct Energy {
  double macs = 0;             ///< MACs done; PEs without an operand cost nothing
  double sram = 0;             ///< bytes read from and written to banks, by fabrics and by DRAM
  double interconnect = 0;     ///< bytes that banks give to and take from fabrics, in switches
  double wires = 0;            ///< likewise, in wires
  double post_processors = 0;  ///< rows, taken as wide as the widest pod
  double dram = 0;             ///< bytes read, written and spilled
  double pod_leakage = 0;      ///< over the makespan; of an operation: over its share of it
  double sram_leakage = 0;     ///< likewise

  struct Part {
    const char* name;
    const char* description;
    double joules;
  };
  /// All of them, in this order.
  std::vector<Part> parts() const;
  /// Their sum.
  double total() const;
};

/// Of one run.
struct RunEnergy : Energy {
  std::string technology;
  double seconds = 0;              ///< makespan
  double peak_watts = 0;           ///< of the machine
  std::optional<double> area_mm2;  ///< of the machine; nothing if the technology gives none
  std::vector<Energy> operations;  ///< in the order of RunResult::operations; they add up to that of the run

  /// total() over the makespan, in watts; 0 for a run of no cycles.
  double average_watts() const { return seconds > 0 ? total() / seconds : 0; }
};

/// Also of a run that was stopped: of what it has done. There, operations may count actions that the modules have been
/// told of but not begun.
RunEnergy run_energy(const Machine& machine, const Technology& technology, const RunResult& result);

}  // namespace podsim
