// SPDX-License-Identifier: Apache-2.0
// Assignments as behind --set, one a line.
#include <sstream>

#include "podsim/sim/experiment.hpp"
#include "target.hpp"

namespace podsim::fuzz {
namespace {

void run(const std::string& input) {
  accepted([&] {
    Json experiment = Json::object();
    std::istringstream lines(input);
    for (std::string line; std::getline(lines, line);) apply_assignment(experiment, line);
    (void)read_experiment({"--set", experiment});
  });
}

const Registered entry{"set_option", run};

}  // namespace
}  // namespace podsim::fuzz
