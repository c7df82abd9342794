// SPDX-License-Identifier: Apache-2.0
// A schedule for a small network. What passes the check is planned and runs without breaking a hardware rule.
#include "podsim/models/program.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "target.hpp"

namespace podsim::fuzz {
namespace {

const Machine& machine() {
  static const Machine small(read_experiment({"fuzz", Json{{"hardware",
                                                            {{"pods", {{"count", 2}, {"rows", 8}, {"cols", 8}}},
                                                             {"interconnect", {{"type", "crossbar"}}}}}}})
                                 .hardware);
  return small;
}

/// Chains, adds, finalise and vector passes.
const TiledWorkload& work() {
  static const TiledWorkload small = [] {
    NetworkBuilder b("small");
    std::string x = b.input("x", {8, 24});
    x = b.linear("a", x, Linear{24, 8, false, {}}, Activation::relu);
    x = b.unary("norm", Op::layernorm, x);
    x = b.linear("b", x, Linear{8, 8, false, {}});
    return tile(lower(b.build({x})), machine(), TilingConfig{}, kMemoryBytes);
  }();
  return small;
}

void run(const std::string& input) {
  accepted([&] {
    Schedule schedule = schedule_from_json(parse_json(input, "fuzz.json"), work(), machine());
    const Program program = make_program(machine(), work(), std::move(schedule), false);
    RunOptions options;
    options.max_cycles = 1 << 14;
    (void)simulate(program, options);
  });
}

const Registered entry{"schedule", run};

}  // namespace
}  // namespace podsim::fuzz
