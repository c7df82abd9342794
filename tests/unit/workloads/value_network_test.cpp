// SPDX-License-Identifier: Apache-2.0
// Values drawn from a seed, their calibration, and values that are given.
#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/value_network.hpp"
#include "podsim/workloads/value_shapes.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "unit/workloads/workload_support.hpp"

using namespace podsim;
using podsim::test::has_issue;
using podsim::test::issues_of;

namespace {

Network small_network(bool with_more = false) {
  NetworkBuilder b("small", 2);
  std::string x = b.input("image", {3, 9, 9});
  Conv2d conv;
  conv.in_channels = 3;
  conv.out_channels = 20;
  conv.kernel = {3, 3};
  conv.batchnorm = true;
  x = b.conv2d("c1", x, conv, Activation::relu6);
  x = b.pool("p", x, Pool::Kind::max, 2, 2);
  x = b.unary("t", Op::to_tokens, x);
  x = b.unary("n", Op::layernorm, x);
  if (with_more) x = b.linear("extra", x, {20, 20, true, {}});
  x = b.linear("l1", x, {20, 12, true, {}}, Activation::gelu);
  const std::string scores = b.layer("qk", Op::matmul, {x, x}, Matmul{2, true, false});
  const std::string weights = b.unary("sm", Op::softmax, scores);
  x = b.layer("av", Op::matmul, {weights, x}, Matmul{2, false, true});
  x = b.unary("bn", Op::batchnorm, x, Activation::tanh);
  return b.build({x});
}

/// Equal in everything that can be given.
bool same_values(const Network& network, const NetworkValues& a, const NetworkValues& b) {
  const auto same = [](const std::vector<NamedTensor>& x, const std::vector<NamedTensor>& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const NamedTensor& i, const NamedTensor& j) {
      return i.name == j.name && i.shape == j.shape && i.data == j.data;
    });
  };
  return same(named_weights(network, a), named_weights(network, b)) &&
         same(named_inputs(network, a), named_inputs(network, b));
}

NamedTensor bytes(std::string name, Shape shape, std::vector<std::int8_t> data) {
  return {std::move(name), std::move(shape), std::move(data)};
}
NamedTensor numbers(std::string name, Shape shape, std::vector<std::int64_t> data) {
  return {std::move(name), std::move(shape), std::move(data)};
}

}  // namespace

TEST_CASE("value_network: the same seed gives the same bytes, whatever the threads", "[workloads]") {
  const Network network = small_network();
  ReferenceOptions one, two;
  one.threads = 1;
  two.threads = 2;
  const ValuedRun a = value_network(network, {}, 7, one), b = value_network(network, {}, 7, two);
  CHECK(same_values(network, a.values, b.values));
  CHECK(a.outputs.tensors == b.outputs.tensors);
  CHECK_FALSE(same_values(network, a.values, value_network(network, {}, 8, one).values));
}

TEST_CASE("value_network: another evaluation of the same values gives the same outputs", "[workloads]") {
  const Network network = small_network();
  const ValuedRun run = value_network(network, {}, 1);
  CHECK(evaluate_reference(network, run.values).tensors == run.outputs.tensors);
}

TEST_CASE("value_network: a further layer does not change what others draw", "[workloads]") {
  const Network less = small_network(), more = small_network(true);
  const NetworkValues a = seeded_values(less, 3), b = seeded_values(more, 3);
  CHECK(a.inputs == b.inputs);
  for (std::size_t i = 0; i < less.layers.size(); ++i) {
    const auto other = static_cast<std::size_t>(more.layer_index(less.layers[i].name));
    CHECK(a.layers[i].weight == b.layers[other].weight);
    CHECK(a.layers[i].bias == b.layers[other].bias);
  }
}

TEST_CASE("value_network: tables", "[workloads]") {
  const Network network = small_network();
  const NetworkValues values = seeded_values(network, 1);
  const auto of = [&](const char* name) { return values.layers[static_cast<std::size_t>(network.layer_index(name))]; };
  const auto gelu = of("l1").table;
  REQUIRE(gelu.size() == 256);
  CHECK(static_cast<int>(gelu[128]) == 0);
  CHECK(static_cast<int>(gelu[128 + 32]) == 27);  // 32 * 0.841345 = 26.9
  CHECK(static_cast<int>(gelu[128 - 32]) == -5);  // 32 * -0.158655 = -5.08
  CHECK(static_cast<int>(gelu[255]) == 127);      // 126.996
  CHECK(static_cast<int>(gelu[0]) == 0);          // -0.004
  const auto tanh = of("bn").table;
  REQUIRE(tanh.size() == 256);
  CHECK(static_cast<int>(tanh[128 + 32]) == 97);  // 127 * 0.761594 = 96.7
  CHECK(static_cast<int>(tanh[128 - 32]) == -97);
  const auto exponentials = of("sm").exponentials;
  REQUIRE(exponentials.size() == 256);
  CHECK(exponentials[255] == 1073741824);
  CHECK(exponentials[255 - 16] == 395007542);  // 2^30 / e = 395007542.18
  CHECK(exponentials[0] == 129);               // 2^30 / e^(255/16) = 128.63
  CHECK(of("c1").six == 96);
}

TEST_CASE("value_network: a batchnorm's channels are scaled by factors from 0.5 to 2", "[workloads]") {
  const Network network = small_network();
  const NetworkValues values = seeded_values(network, 1);
  for (const char* name : {"c1", "bn"}) {
    const LayerValues& v = values.layers[static_cast<std::size_t>(network.layer_index(name))];
    const auto [low, high] = std::minmax_element(v.multiplier.begin(), v.multiplier.end());
    CHECK(v.multiplier.size() > 1);
    CHECK(*low < *high);
    CHECK(static_cast<double>(*high) / *low < 4.0);
    CHECK(*high >= (1 << 30));
  }
  CHECK(values.layers[static_cast<std::size_t>(network.layer_index("l1"))].multiplier.size() == 1);
}

TEST_CASE("value_network: results of calibrated layers use the range of int8", "[workloads]") {
  for (const char* source : {"zoo:resnet50:image=64", "zoo:mobilenet_v2:image=64", "zoo:densenet121:image=64",
                             "zoo:bert_medium:sequence=16"}) {
    const Network network = load_network(source);
    ReferenceOptions options;
    // Before activation functions, which have their own range.
    options.observe = [&](int index, const std::vector<std::int8_t>& tensor) {
      const Layer& layer = network.layers[static_cast<std::size_t>(index)];
      if (!value_shapes(network, layer).is_requantised) return;
      std::int64_t saturated = 0;
      double squares = 0;
      std::set<std::int8_t> different;
      for (const std::int8_t x : tensor) {
        saturated += x == -128 || x == 127 ? 1 : 0;
        squares += x * x;
        different.insert(x);
      }
      const auto count = static_cast<double>(tensor.size());
      const double rms = std::sqrt(squares / count);
      CAPTURE(source, layer.name, saturated, tensor.size(), rms);
      CHECK(static_cast<double>(saturated) < 0.1 * count);
      CHECK(different.size() > std::min<std::size_t>(8, tensor.size() / 4));
      if (layer.activation == Activation::none) {
        CHECK(rms > 25);
        CHECK(rms < 60);
      }
    };
    value_network(network, {}, 1, options);
  }
}

TEST_CASE("value_network: what is given is kept, and gives the same outputs under any seed", "[workloads]") {
  const Network network = small_network();
  const ValuedRun run = value_network(network, {}, 1);
  const GivenValues all{{"w.npz", named_weights(network, run.values)}, {"x.npz", named_inputs(network, run.values)}};
  const ValuedRun again = value_network(network, all, 2);
  CHECK(same_values(network, run.values, again.values));
  CHECK(again.outputs.tensors == run.outputs.tensors);

  // Only one tensor: all others are drawn as without it.
  GivenValues one;
  one.weights = {"w.npz", {numbers("l1/bias", {12}, std::vector<std::int64_t>(12, 5))}};
  const ValuedRun partly = value_network(network, one, 1);
  const auto l1 = static_cast<std::size_t>(network.layer_index("l1"));
  CHECK(partly.values.layers[l1].bias == std::vector<std::int32_t>(12, 5));
  CHECK(partly.values.layers[l1].weight == run.values.layers[l1].weight);
  CHECK(partly.values.inputs == run.values.inputs);
}

TEST_CASE("value_network: mistakes in given values are all reported", "[workloads]") {
  const Network network = small_network();
  const auto table = [](std::int64_t lowest) { return std::vector<std::int64_t>(256, lowest); };
  GivenValues given;
  given.weights.file = "w.npz";
  given.weights.tensors = {bytes("c1/wieght", {1}, {0}),
                           bytes("l1/weight", {20, 12}, std::vector<std::int8_t>(240)),
                           numbers("c1/multiplier", {3}, {1, 2, 3}),
                           numbers("qk/multiplier", {}, {1}),
                           numbers("c1/shift", {1}, {63}),
                           numbers("sm/exponentials", {256}, table(0)),
                           numbers("l1/table", {256}, table(128)),
                           numbers("n/bias", {20}, std::vector<std::int64_t>(20, std::int64_t{1} << 31)),
                           bytes("n/weight", {20}, std::vector<std::int8_t>(20)),
                           bytes("n/weight", {20}, std::vector<std::int8_t>(20)),
                           bytes("bn/weight", {12}, std::vector<std::int8_t>(11))};
  given.inputs = {"x.npz", {bytes("image", {3, 9, 9}, std::vector<std::int8_t>(243))}};
  const auto issues = issues_of([&] { value_network(network, given, 1); });
  CHECK(issues.size() == 11);
  CHECK(has_issue(issues, "",
                  "w.npz: tensor \"c1/wieght\" belongs to nothing in the network; did you mean "
                  "\"c1/weight\"?"));
  CHECK(has_issue(issues, "", "tensor \"l1/weight\" has shape [20, 12] (allowed: [12, 20])"));
  CHECK(has_issue(issues, "", "tensor \"c1/multiplier\" has shape [3] (allowed: [] or [1] or [20])"));
  CHECK(has_issue(issues, "", "tensor \"qk/shift\" is missing; \"qk/multiplier\" needs it"));
  CHECK(has_issue(issues, "", "tensor \"c1/shift\" has 63 at element 0 (allowed: 0 to 62)"));
  CHECK(has_issue(issues, "", "tensor \"sm/exponentials\" has 0 at element 0 (allowed: 1 to 4294967295)"));
  CHECK(has_issue(issues, "", "tensor \"l1/table\" has 128 at element 0 (allowed: -128 to 127)"));
  CHECK(has_issue(issues, "", "tensor \"n/bias\" has 2147483648 at element 0"));
  CHECK(has_issue(issues, "", "tensor \"n/weight\" is there twice"));
  CHECK(has_issue(issues, "", "tensor \"bn/weight\" has 11 elements, which is not what its shape [12] says"));
  CHECK(has_issue(issues, "", "x.npz: tensor \"image\" has shape [3, 9, 9] (allowed: [2, 3, 9, 9])"));
}

TEST_CASE("value_network: a tied layer has no weights of its own, and indices stay in their table", "[workloads]") {
  NetworkBuilder b("tied");
  const std::string x =
      b.layer("e", Op::embedding, {b.input("ids", {40}, NetworkInput::Kind::indices)}, Embedding{5, 4});
  b.linear("head", x, {4, 5, false, "e"});
  const Network network = b.build({"head"});
  const NetworkValues values = seeded_values(network, 1);
  CHECK(*std::min_element(values.indices[0].begin(), values.indices[0].end()) == 0);
  CHECK(*std::max_element(values.indices[0].begin(), values.indices[0].end()) == 4);
  GivenValues given;
  given.weights = {"w.npz", {bytes("head/weight", {5, 4}, std::vector<std::int8_t>(20))}};
  given.inputs = {"x.npz", {numbers("ids", {1, 40}, std::vector<std::int64_t>(40, 5))}};
  const auto issues = issues_of([&] { value_network(network, given, 1); });
  CHECK(issues.size() == 2);
  CHECK(
      has_issue(issues, "", "\"head/weight\" belongs to nothing in the network; the layer uses the weights of \"e\""));
  CHECK(has_issue(issues, "", "tensor \"ids\" has 5 at element 0 (allowed: 0 to 4)"));
}
