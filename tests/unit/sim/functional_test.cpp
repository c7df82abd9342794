// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/functional.hpp"

#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
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

/// The only GEMM of a layer.
const GemmTiles& gemm_of(const Network& network, const Program& program, const std::string& layer) {
  const int index = network.layer_index(layer);
  for (const GemmTiles& gemm : program.work.gemms) {
    if (program.work.network.operations[static_cast<std::size_t>(gemm.operation)].layer == index) return gemm;
  }
  FAIL("no GEMM of " << layer);
  return program.work.gemms.front();
}

Conv2d convolution(std::int64_t channels_in, std::int64_t channels_out, std::int64_t kernel, std::int64_t groups = 1) {
  Conv2d out;
  out.in_channels = channels_in;
  out.out_channels = channels_out;
  out.groups = groups;
  out.kernel = {kernel, kernel};
  out.padding = {kernel / 2, kernel / 2};
  return out;
}

TEST_CASE("functional: a batchnorm on the way out of another layer's operation scales what that layer gives", "[sim]") {
  NetworkBuilder b("fused", 2);
  const std::string x = b.conv2d("c", b.input("x", {3, 6, 5}), convolution(3, 40, 3), Activation::relu);
  const Network network = b.build({b.unary("bn", Op::batchnorm, x, Activation::sigmoid)});
  const auto program = make(network, crossbar_setup(4, 16, 16));
  REQUIRE(program->work.network.operations.size() == 1);
  CHECK(functional(network, *program, value_network(network, {}, 3)).is_equal());
}

TEST_CASE("functional: groups that share an array take their residuals side by side", "[sim]") {
  // 3x3 kernels of 10 channels on arrays of 32 rows: three groups each.
  NetworkBuilder b("residual", 2);
  const std::string x = b.conv2d("c", b.input("x", {3, 6, 5}), convolution(3, 10, 1));
  const Network network = b.build({b.add("s", {b.conv2d("d", x, convolution(10, 10, 3, 10)), x})});
  const auto program = make(network, crossbar_setup(4, 32, 32));
  const GemmTiles& gemm = gemm_of(network, *program, "d");
  REQUIRE(gemm.packing == 3);
  REQUIRE(gemm.residual >= 0);
  CHECK(functional(network, *program, value_network(network, {}, 3)).is_equal());
}

TEST_CASE("functional: more than 128 groups share an array", "[sim]") {
  NetworkBuilder b("wide");
  const Network network = b.build({b.conv2d("d", b.input("x", {300, 4, 3}), convolution(300, 300, 1, 300))});
  const auto program = make(network, crossbar_setup(2, 256, 256));
  REQUIRE(gemm_of(network, *program, "d").packing == 256);
  CHECK(functional(network, *program, value_network(network, {}, 3)).is_equal());
}

}  // namespace
}  // namespace podsim::test
