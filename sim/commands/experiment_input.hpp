#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How `run` and `validate` are told what to run.

#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/experiment.hpp"

namespace podsim {

/// Declares -w, -c, --set, --seed and --allow-unmodelled.
void add_experiment_options(OptionParser& parser);

/// Puts an experiment together from a file and options; later ones win: file, -c, -w, the other options, --set.
/// Mistakes are reported where they were written: in the file, in the -c file, or in --set.
/// \throws Error (bad_input)
Experiment experiment_input(const Arguments& arguments);

/// An Experiment without a workload cannot be run.
/// \throws Error (bad_input)
void require_workload(const Experiment& experiment);

}  // namespace podsim
