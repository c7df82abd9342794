#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A run with a probe on its fabrics: every circuit, as the fabric was told to carry it.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "podsim/sim/accelerator.hpp"
#include "podsim/sim/core/error.hpp"
#include "support/kernel.hpp"

namespace podsim::test {

struct SeenCircuit {
  FabricId fabric = FabricId::x;
  Transfer transfer;
};

struct ObservedRun {
  RunResult result;  ///< with its rounds
  std::vector<SeenCircuit> circuits;
};

/// \param stall_seed makes banks and DRAM late at random; 0: does not
/// \throws Error that the run ended with
inline ObservedRun observe(const Program& program, std::uint64_t stall_seed = 0, ValuePlane* values = nullptr) {
  struct Probe final : CircuitMonitor {
    std::vector<SeenCircuit> circuits;
    void circuit(FabricId fabric, const Transfer& transfer) override { circuits.push_back({fabric, transfer}); }
  };
  const Kernel kernel;
  Probe probe;
  Accelerator accelerator("accelerator", program.machine.config);
  for (int f = 0; f < kFabrics; ++f) {
    const std::string name = "accelerator.fabric_" + std::to_string(f);
    auto* fabric = dynamic_cast<Fabric*>(sc_core::sc_find_object(name.c_str()));
    if (fabric == nullptr) throw Error::internal("observe", "there is no " + name);
    fabric->monitor.bind(probe);
  }
  accelerator.record_rounds(true);
  if (stall_seed != 0) accelerator.stall_randomly(stall_seed);
  accelerator.start(std::shared_ptr<const Program>(std::shared_ptr<const Program>(), &program),
                    std::shared_ptr<ValuePlane>(std::shared_ptr<ValuePlane>(), values));
  do {
    sc_core::sc_start(accelerator.clock_period() * 100000.0, sc_core::SC_RUN_TO_TIME);
  } while (accelerator.is_running() && sc_core::sc_pending_activity());
  return {accelerator.result(), std::move(probe.circuits)};
}

}  // namespace podsim::test
