// SPDX-License-Identifier: Apache-2.0
// An experiment's JSON. What is accepted reads back as the same experiment from its own echo.
#include "podsim/sim/experiment.hpp"
#include "podsim/models/lower_bound.hpp"
#include "target.hpp"

namespace podsim::fuzz {
namespace {

void run(const std::string& input) {
  accepted([&] {
    const Experiment experiment = read_experiment(parse_json(input, "fuzz.json"));
    const Json echo = to_json(experiment);
    const Experiment again = read_experiment({"echo", echo});
    if (to_json(again) != echo) finding("the echo of an experiment reads back as another experiment");
  });
}

const Registered entry{"experiment", run};

}  // namespace
}  // namespace podsim::fuzz
