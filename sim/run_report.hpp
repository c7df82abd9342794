#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file From what a run counted to its report.

#include <vector>

#include "podsim/models/program.hpp"
#include "podsim/sim/network_cache.hpp"
#include "podsim/sim/report.hpp"

namespace podsim {

/// Fills in all that follows from the program and from report.result.
/// \param networks that ran: one, or as Operation::network numbers them
void describe_run(Report& report, const Experiment& experiment, const std::vector<const LoadedNetwork*>& networks,
                  const Program& program, const Technology& technology);

/// Most memory that this process had at once.
std::int64_t peak_memory_bytes();

}  // namespace podsim
