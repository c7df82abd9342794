// SPDX-License-Identifier: Apache-2.0
// What `podsim sweep` reads, up to the points. What is accepted gives the same points when its own spec is read again,
// which is what result files hold.
#include "podsim/models/lower_bound.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/sweep/sweep_plan.hpp"
#include "target.hpp"

namespace podsim::fuzz {
namespace {

/// Every point reads an experiment; many of them only take time.
constexpr std::size_t kMostPoints = 16;

bool is_small(const SweepSpec& spec) {
  std::size_t points = 1;
  for (const SweepAxis& axis : spec.axes) {
    points *= axis.size();
    if (points > kMostPoints) return false;
  }
  return true;
}

void run(const std::string& input) {
  // Workloads may be files; devices never end.
  if (input.find("/dev") != std::string::npos || input.find("/proc") != std::string::npos) return;
  accepted([&] {
    const SweepSpec spec = read_sweep_spec(parse_json(input, "fuzz.json"));
    if (!is_small(spec)) return;
    const SweepPlan plan = make_sweep_plan(spec);
    for (const SweepPoint& point : plan.points) {
      if (point.values.size() != plan.parameters.size()) finding("a point lacks values");
      if (point.problem.empty() && to_json(read_experiment(parse_json(point.configuration, "point"))).empty()) {
        finding("the configuration of a point is none");
      }
    }
    SweepPlan again;
    if (!accepted([&] { again = make_sweep_plan(read_sweep_spec(parse_json(plan.spec.dump(), "again"))); })) {
      finding("a spec is refused when it is read again");
    }
    if (again.hash != plan.hash) finding("a spec gives other points when it is read again");
  });
}

const Registered entry{"sweep_spec", run};

}  // namespace
}  // namespace podsim::fuzz
