#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Runs several networks on one machine.

#include <memory>

#include "podsim/sim/simulator.hpp"

namespace podsim {

/// Each tenant alone, then all of them together under the policy of the experiment. If tenants arrive late, the run is
/// planned up to kMostPlannings times: schedules count rounds, and when rounds begin is known from the run before. The
/// plan with the highest system throughput counts.
/// \pre the experiment has tenants
/// \throws Error
Report run_tenants(const Experiment& experiment, const RunOptions& options, MachinePool* machines,
                   NetworkCache* networks);
inline constexpr int kMostPlannings = 4;

/// Do their pods fit the machine and the policy? Nothing is simulated.
/// \throws Error (bad_input)
void check_tenancy(const Experiment& experiment, NetworkCache& networks);

/// Their first plan.
std::unique_ptr<Program> prepare_tenants(const Experiment& experiment, const RunOptions& options);

}  // namespace podsim
