#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Runs experiments, as many as one likes in one process, one after the other.

#include <memory>

#include "podsim/models/program.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/sim/elaborated_machine.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/network_cache.hpp"
#include "podsim/sim/report.hpp"
#include "podsim/sim/run_options.hpp"

namespace podsim {

/// Lowers, cuts, schedules and plans, but does not simulate.
/// \throws Error
std::unique_ptr<Program> prepare(const Experiment& experiment, const RunOptions& options);

/// Simulates a program on a machine that is built for it. Not thread-safe: SystemC allows one simulation per process
/// at a time.
/// \throws Error (internal if a hardware rule was broken; run_failed if the run cannot progress)
/// \param values computes the network's values on the way; null if only time is simulated
RunResult simulate(const Program& program, const RunOptions& options, ValuePlane* values = nullptr);

/// Everything from an experiment to its report.
/// \param machines  machines to use again; null: one is built for this run
/// \param networks  networks to use again; null: the workload is loaded for this run
/// \throws Error
Report run_experiment(const Experiment& experiment, const RunOptions& options, MachinePool* machines = nullptr,
                      NetworkCache* networks = nullptr);

}  // namespace podsim
