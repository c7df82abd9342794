// SPDX-License-Identifier: Apache-2.0
// A SystemC model of somebody else that embeds podsim's accelerator, built against an installed podsim.
#include <cstdlib>
#include <iostream>
#include <memory>
#include <systemc>

#include "podsim/sim/accelerator.hpp"
#include "podsim/sim/simulator.hpp"

namespace {

/// Hands the accelerator one job after the other.
class Host final : public sc_core::sc_module {
 public:
  podsim::Accelerator accelerator;
  std::int64_t cycles = 0;
  int jobs = 0;
  std::optional<podsim::Error> fault;

  SC_HAS_PROCESS(Host);
  Host(const sc_core::sc_module_name& name, std::shared_ptr<const podsim::Program> program)
      : sc_module(name), accelerator("accelerator", program->machine.config), program_(std::move(program)) {
    SC_THREAD(run);
  }

 private:
  void run() {
    for (jobs = 0; jobs < 2; ++jobs) {
      accelerator.start(program_);
      wait(accelerator.done_event());
      if (accelerator.fault()) {
        fault = accelerator.fault();
        return;
      }
      const podsim::RunResult result = accelerator.result();
      if (!result.complete || result.macs != expected_macs) return;
      if (jobs > 0 && result.cycles != cycles) return;
      cycles = result.cycles;
    }
  }

 public:
  std::int64_t expected_macs = 0;

 private:
  std::shared_ptr<const podsim::Program> program_;
};

}  // namespace

int sc_main(int, char**) {
  try {
    podsim::Experiment experiment;
    experiment.workload = "zoo:mobilenet_v2:image=32";
    experiment.hardware.pods.count = 16;
    std::shared_ptr<const podsim::Program> program = podsim::prepare(experiment, {});
    Host host("host", program);
    host.expected_macs = program->work.network.macs();
    sc_core::sc_start();
    if (host.fault) throw podsim::Error(*host.fault);
    if (host.jobs != 2) {
      std::cerr << "only " << host.jobs << " of 2 jobs ended well\n";
      return EXIT_FAILURE;
    }
    // The job takes as long on the embedder's clock as the accelerator says, twice.
    const auto expected = host.accelerator.clock_period() * static_cast<double>(2 * host.cycles);
    if (sc_core::sc_time_stamp() != expected) {
      std::cerr << "two jobs took " << sc_core::sc_time_stamp() << ", expected " << expected << '\n';
      return EXIT_FAILURE;
    }
    std::cout << "two jobs of " << host.cycles << " cycles each\n";
    return EXIT_SUCCESS;
  } catch (const podsim::Error& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
