#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A machine whose SystemC modules stay built from run to run.

#include <list>
#include <memory>
#include <string>

#include "podsim/models/program.hpp"
#include "podsim/models/run_result.hpp"
#include "podsim/sim/run_options.hpp"

namespace podsim {

class Accelerator;
class RunProbe;

/// An accelerator in a SystemC context of its own, elaborated once, that runs any number of programs one after the
/// other. What a program gives does not depend on the programs before it.
///
/// Not thread-safe: SystemC allows one simulation per process at a time. Several machines may exist side by side.
class ElaboratedMachine {
 public:
  /// \throws Error (bad_input) if the configuration cannot be built
  /// \param probe is shown all runs, and outlives the machine; null: nobody watches
  explicit ElaboratedMachine(const HardwareConfig& config, RunProbe* probe = nullptr);
  ~ElaboratedMachine();
  ElaboratedMachine(const ElaboratedMachine&) = delete;
  ElaboratedMachine& operator=(const ElaboratedMachine&) = delete;

  /// Simulates a program that was made for this configuration.
  /// \throws Error (internal if a hardware rule was broken; run_failed if the run cannot progress)
  /// \param values computes the network's values on the way; null if only time is simulated
  RunResult run(const Program& program, const RunOptions& options, ValuePlane* values = nullptr);

 private:
  class Kernel;

  void elaborate();
  RunResult run_elaborated(const Program& program, const RunOptions& options, ValuePlane* values);

  HardwareConfig config_;
  RunProbe* probe_;
  std::unique_ptr<Kernel> kernel_;
  std::unique_ptr<Accelerator> accelerator_;  ///< built again after a run that did not end
};

/// Machines to use again, by their configuration.
class MachinePool {
 public:
  /// \param machines how many are kept; the one that was not used for longest goes first
  explicit MachinePool(std::size_t machines = 4) : most_(machines) {}
  /// \throws Error (bad_input) if the configuration cannot be built
  ElaboratedMachine& machine_for(const HardwareConfig& config);

 private:
  struct Entry {
    std::string config;
    std::unique_ptr<ElaboratedMachine> machine;
  };
  std::size_t most_;
  std::list<Entry> entries_;  ///< the last used first
};

}  // namespace podsim
