// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/functional.hpp"

#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim::test {
namespace {

Network zoo(const std::string& source) {
  return load_network(source, {});
}

FunctionalResult functional(const Network& network, const Program& program, const ValuedRun& reference,
                            RunResult* result = nullptr) {
  ValuePlane values(program, network, reference.values);
  RunResult run = simulate(program, {}, &values);
  REQUIRE(run.complete);
  if (result != nullptr) *result = std::move(run);
  return compare_outputs(network, program.work.network, values.tensors(), reference.outputs.tensors);
}

TEST_CASE("functional: networks of the zoo equal the reference, and take as many cycles as without values", "[sim]") {
  for (const char* source :
       {"zoo:resnet50:image=64", "zoo:mobilenet_v2:image=64", "zoo:inception_v3:image=96", "zoo:densenet121:image=64",
        "zoo:bert_medium:sequence=24", "zoo:vit_b16:image=32", "zoo:gpt2_small_decode:context=33"}) {
    INFO(source);
    const Network network = zoo(source);
    Setup setup = crossbar_setup(16, 32, 32);
    setup.hardware.interconnect = {"butterfly", {{"expansion", 2}}};
    const auto program = make(network, setup);
    RunResult result;
    const FunctionalResult values = functional(network, *program, value_network(network, {}, 1), &result);
    REQUIRE(values.outputs.size() == network.outputs.size());
    CHECK(values.outputs.front().elements > 0);
    CHECK(values.is_equal());
    CHECK(difference(result, simulate(*program, {})).empty());
  }
}

TEST_CASE("functional: with less and less capacity values stay and spilled bytes grow", "[sim]") {
  const Network network = zoo("zoo:resnet50:image=64");
  const ValuedRun reference = value_network(network, {}, 3);
  Setup setup = crossbar_setup(8, 16, 16);
  std::int64_t before = 0, steps = 0;
  for (std::int64_t kib = 512;; kib /= 2) {
    setup.hardware.banks.capacity_kib = kib;
    std::unique_ptr<Program> program;
    const auto error = error_of([&] { program = make(network, setup); });
    if (error) {
      // An impossible capacity says what would fit, and that does.
      REQUIRE(error->issues().front().hint.rfind("at least ", 0) == 0);
      const std::int64_t enough = std::stoll(error->issues().front().hint.substr(9));
      CHECK(enough > kib);
      setup.hardware.banks.capacity_kib = enough;
      program = make(network, setup);
    }
    INFO(*setup.hardware.banks.capacity_kib);
    RunResult result;
    CHECK(functional(network, *program, reference, &result).is_equal());
    CHECK(result.dram.spilled_bytes >= before);
    before = result.dram.spilled_bytes;
    ++steps;
    if (error) break;
  }
  CHECK(steps >= 4);
  CHECK(before > 0);
}

TEST_CASE("functional: a value that is not the reference's is found", "[sim]") {
  const Network network = one_linear(3, 5, 4);
  const auto program = make(network, crossbar_setup(1, 4, 4));
  ValuedRun reference = value_network(network, {}, 3);
  reference.outputs.tensors.front()[6] = static_cast<std::int8_t>(reference.outputs.tensors.front()[6] ^ 1);
  const FunctionalResult values = functional(network, *program, reference);
  CHECK_FALSE(values.is_equal());
  CHECK(values.outputs.front().different == 1);
  CHECK(values.outputs.front().first.rfind("[0, 1, 2] is ", 0) == 0);
}

}  // namespace
}  // namespace podsim::test
