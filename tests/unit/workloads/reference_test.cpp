// SPDX-License-Identifier: Apache-2.0
// The reference evaluator: the rules of docs/values.md by hand, convolutions and products against plain loops.
#include <limits>
#include <vector>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/reference.hpp"
#include "support/catch.hpp"
#include "unit/workloads/workload_support.hpp"

using namespace podsim;
using podsim::test::has_issue;
using podsim::test::issues_of;

namespace {

using Bytes = std::vector<std::int8_t>;

NetworkValues empty_values(const Network& network) {
  NetworkValues values;
  values.layers.resize(network.layers.size());
  values.inputs.resize(network.inputs.size());
  values.indices.resize(network.inputs.size());
  return values;
}

/// A network of one layer that reads `inputs` (whose tensors are `x`), and its result.
Bytes one_layer(Op op, const std::vector<Shape>& shapes, std::vector<Bytes> x, const LayerValues& layer_values,
                const LayerAttributes& attributes = {}, Activation activation = Activation::none,
                std::int64_t batch = 1, NetworkInput::Kind kind = NetworkInput::Kind::activation) {
  NetworkBuilder builder("one", batch);
  std::vector<std::string> names;
  for (const Shape& shape : shapes) names.push_back(builder.input("x" + std::to_string(names.size()), shape, kind));
  builder.layer("y", op, names, attributes, activation);
  const Network network = builder.build({"y"});
  NetworkValues values = empty_values(network);
  values.layers[0] = layer_values;
  values.inputs = std::move(x);
  return evaluate_reference(network, values).tensors.at(0);
}

LayerValues scaled(std::int32_t multiplier, std::int32_t shift) {
  LayerValues v;
  v.multiplier = {multiplier};
  v.shift = shift;
  return v;
}

Bytes random_bytes(RandomStream& random, std::int64_t count) {
  Bytes bytes(static_cast<std::size_t>(count));
  for (auto& byte : bytes) byte = static_cast<std::int8_t>(random.between(-128, 127));
  return bytes;
}

std::int8_t requantised(std::int64_t sum, const LayerValues& v, std::size_t channel) {
  const std::int64_t product = sum * v.multiplier[v.multiplier.size() == 1 ? 0 : channel];
  const std::int64_t rounded = round_half_even(product, std::int64_t{1} << v.shift);
  return static_cast<std::int8_t>(std::min<std::int64_t>(127, std::max<std::int64_t>(-128, rounded)));
}

}  // namespace

TEST_CASE("reference: halves go to even, also below zero", "[workloads]") {
  CHECK(round_half_even(1, 2) == 0);
  CHECK(round_half_even(3, 2) == 2);
  CHECK(round_half_even(5, 2) == 2);
  CHECK(round_half_even(-1, 2) == 0);
  CHECK(round_half_even(-3, 2) == -2);
  CHECK(round_half_even(-5, 2) == -2);
  CHECK(round_half_even(7, 3) == 2);
  CHECK(round_half_even(8, 3) == 3);
  CHECK(round_half_even(-7, 3) == -2);
  CHECK(round_half_even(-8, 3) == -3);
  CHECK(round_half_even(0, 9) == 0);
}

TEST_CASE("reference: linear adds its bias, requantises and saturates", "[workloads]") {
  LayerValues v = scaled(3, 2);
  v.weight = {3, 4, -3, -4, 127, 127, 1, 0};
  v.bias = {5, -5, 0, 1};
  // 1 * 3 + 2 * 4 + 5 = 16, times 3/4 = 12; -16 -> -12; 381 * 3/4 -> 127; 2 * 3/4 = 1.5 -> 2
  CHECK(one_layer(Op::linear, {{2}}, {{1, 2}}, v, Linear{2, 4, true, {}}) == Bytes{12, -12, 127, 2});
  CHECK(one_layer(Op::linear, {{2}}, {{1, 2}}, v, Linear{2, 4, true, {}}, Activation::relu) == Bytes{12, 0, 127, 2});
}

TEST_CASE("reference: multipliers may differ by channel", "[workloads]") {
  LayerValues v;
  v.weight = {10, 10, 10};
  v.multiplier = {1, 2, -4};
  v.shift = 1;
  CHECK(one_layer(Op::linear, {{1}}, {{3}}, v, Linear{1, 3, false, {}}) == Bytes{15, 30, -60});
  // Two rows, so that the multipliers begin anew.
  CHECK(one_layer(Op::linear, {{2, 1}}, {{3, 1}}, v, Linear{1, 3, false, {}}) == Bytes{15, 30, -60, 5, 10, -20});
}

TEST_CASE("reference: accumulators wrap", "[workloads]") {
  LayerValues v = scaled(1, 24);
  v.weight = {1};
  v.bias = {std::numeric_limits<std::int32_t>::max()};
  CHECK(one_layer(Op::linear, {{1}}, {{0}}, v, Linear{1, 1, true, {}}) == Bytes{127});
  CHECK(one_layer(Op::linear, {{1}}, {{1}}, v, Linear{1, 1, true, {}}) == Bytes{-128});
  // 127^5 = 33038369407 = 7 * 2^32 + 2973598335, which reads as -1321368961; / 2^24 = -78.76
  CHECK(one_layer(Op::mul, {{1}, {1}, {1}, {1}, {1}}, {{127}, {127}, {127}, {127}, {127}}, scaled(1, 24)) ==
        Bytes{-79});
}

TEST_CASE("reference: add sums all inputs, mul multiplies them", "[workloads]") {
  CHECK(one_layer(Op::add, {{2}, {2}, {2}}, {{100, -3}, {100, 1}, {50, -3}}, scaled(1, 1)) == Bytes{125, -2});
  CHECK(one_layer(Op::mul, {{3}, {3}}, {{5, -5, -128}, {3, 3, -128}}, scaled(1, 1)) == Bytes{8, -8, 127});
}

TEST_CASE("reference: batchnorm scales channels of images and of tokens", "[workloads]") {
  LayerValues v;
  v.weight = {2, -3};
  v.bias = {1, 0};
  v.multiplier = {1, 2};
  v.shift = 0;
  // Channel 0: 2 x + 1; channel 1: 2 * (-3 x).
  CHECK(one_layer(Op::batchnorm, {{2, 1, 2}}, {{1, 2, 3, 4}}, v) == Bytes{3, 5, -18, -24});
  CHECK(one_layer(Op::batchnorm, {{2, 2}}, {{1, 2, 3, 4}}, v) == Bytes{3, -12, 7, -24});
}

TEST_CASE("reference: pooling leaves padding out", "[workloads]") {
  const Pool max{Pool::Kind::max, {2, 2}, {2, 2}, {1, 1}};
  // Windows at the corners of a 2x2 image hold one pixel each.
  CHECK(one_layer(Op::pool, {{1, 2, 2}}, {{-5, -6, -7, -128}}, {}, max) == Bytes{-5, -6, -7, -128});
  const Pool avg{Pool::Kind::avg, {2, 2}, {1, 1}, {1, 1}};
  // 3x3 windows over [1 2; 4 -8]: corners alone, edges of two, the middle of four.
  CHECK(one_layer(Op::pool, {{1, 2, 2}}, {{1, 2, 4, -8}}, {}, avg) ==
        Bytes{1, 2 /* 1.5 */, 2, 2 /* 2.5 */, 0 /* -0.25 */, -3, 4, -2, -8});
  CHECK(one_layer(Op::pool, {{2, 1, 2}}, {{-1, -2, 127, 126}}, {}, Pool{Pool::Kind::global_avg, {}, {}, {}}) ==
        Bytes{-2 /* -1.5 */, 126 /* 126.5 */});
}

TEST_CASE("reference: softmax divides exponentials by their row's sum", "[workloads]") {
  LayerValues v;
  for (std::uint32_t i = 1; i <= 256; ++i) v.exponentials.push_back(i);
  // 1, 2, 2 of 5 -> 25.4, 50.8, 50.8; the second row has a sum of its own, 258.
  CHECK(one_layer(Op::softmax, {{2, 3}}, {{-128, -127, -127, 127, -128, -128}}, v) ==
        Bytes{25, 51, 51, 126 /* 126.02 */, 0 /* 0.49 */, 0});
  CHECK(one_layer(Op::softmax, {{2}}, {{9, 9}}, v) == Bytes{64, 64});  // 63.5 goes to even
  v.exponentials.assign(256, std::numeric_limits<std::uint32_t>::max());
  CHECK(one_layer(Op::softmax, {{3}}, {{1, 2, 3}}, v) == Bytes{42, 42, 42});
}

TEST_CASE("reference: layernorm", "[workloads]") {
  LayerValues v;
  v.weight = {64, 64};
  v.bias = {0, 1};
  // n = 2, S1 = 4, S2 = 10: d = sqrt(256 * (20 - 16)) = 32; (2 - 4) * 64 * 8 / 32 = -32
  CHECK(one_layer(Op::layernorm, {{2}}, {{1, 3}}, v) == Bytes{-32, 33});
  // No spread: d is 1 and only the bias is left.
  CHECK(one_layer(Op::layernorm, {{2}}, {{7, 7}}, v) == Bytes{0, 1});
  v.weight = {127, 127};
  v.bias = {-100, 100};
  CHECK(one_layer(Op::layernorm, {{2}}, {{1, 3}}, v) == Bytes{-128, 127});  // -+63.5 rounds to 64, then the bias
  v.weight = {64, 64, 64};
  v.bias = {0, 0, 0};
  // S1 = 3, S2 = 9: 256 * 18 = 4608, d = floor(67.88) = 67; -3 * 512 / 67 = -22.9, 6 * 512 / 67 = 45.9
  CHECK(one_layer(Op::layernorm, {{3}}, {{0, 0, 3}}, v) == Bytes{-23, -23, 46});
}

TEST_CASE("reference: activation functions", "[workloads]") {
  LayerValues v;
  CHECK(one_layer(Op::relu, {{3}}, {{-128, 0, 5}}, v) == Bytes{0, 0, 5});
  v.six = 4;
  CHECK(one_layer(Op::relu6, {{4}}, {{-128, 3, 4, 5}}, v) == Bytes{0, 3, 4, 4});
  v.six = 127;
  for (int i = 0; i < 256; ++i) v.table.push_back(static_cast<std::int8_t>(127 - i));
  for (const Op op : {Op::gelu, Op::tanh, Op::sigmoid}) {
    CHECK(one_layer(op, {{3}}, {{-128, 0, 127}}, v) == Bytes{127, -1, -128});
  }
}

TEST_CASE("reference: layers that only move elements", "[workloads]") {
  const Bytes x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  CHECK(one_layer(Op::flatten, {{2, 3, 2}}, {x}, {}) == x);
  CHECK(one_layer(Op::to_tokens, {{2, 3, 2}}, {x}, {}) == Bytes{1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12});
  CHECK(one_layer(Op::select, {{3, 2}}, {x}, {}, Select{0, 1}, Activation::none, 2) == Bytes{3, 4, 9, 10});
  CHECK(one_layer(Op::concat, {{1, 2}, {2, 2}}, {{1, 2, 3, 4}, {5, 6, 7, 8, 9, 10, 11, 12}}, {}, Concat{0},
                  Activation::none, 2) == Bytes{1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12});
  CHECK(one_layer(Op::concat, {{2, 1}, {2, 2}}, {{1, 2}, {3, 4, 5, 6}}, {}, Concat{1}) == Bytes{1, 3, 4, 2, 5, 6});
}

TEST_CASE("reference: to_tokens of any size", "[workloads]") {
  // The sizes pass through blocks of 8 and what is left over.
  RandomStream random(1, "tokens");
  for (const std::int64_t channels : {1, 7, 8, 9, 17}) {
    for (const std::int64_t width : {1, 5, 8, 19}) {
      CAPTURE(channels, width);
      const Bytes x = random_bytes(random, channels * width);
      Bytes expected(x.size());
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t i = 0; i < width; ++i) {
          expected[static_cast<std::size_t>(i * channels + c)] = x[static_cast<std::size_t>(c * width + i)];
        }
      }
      CHECK(one_layer(Op::to_tokens, {{channels, 1, width}}, {x}, {}) == expected);
    }
  }
}

TEST_CASE("reference: embeddings, parameters and tied weights", "[workloads]") {
  NetworkBuilder builder("tied", 2);
  const std::string ids = builder.input("ids", {2}, NetworkInput::Kind::indices);
  const std::string e = builder.layer("e", Op::embedding, {ids}, Embedding{3, 2});
  const std::string p = builder.layer("p", Op::parameter, {}, Parameter{{2, 2}});
  const std::string s = builder.add("s", {e, p});
  const std::string h = builder.linear("h", s, {2, 3, false, "e"});
  builder.linear("g", s, {2, 3, false, "h"});
  const Network network = builder.build({"s", "h", "g"});
  NetworkValues values = empty_values(network);
  values.indices[0] = {2, 0, 1, 2};
  values.layers[0].weight = {1, 2, 3, 4, 5, 6};
  values.layers[1].weight = {10, 20, 30, 40};
  for (const std::size_t i : {2U, 3U, 4U}) values.layers[i] = scaled(1, i == 2 ? 0 : 3);
  const NetworkOutputs outputs = evaluate_reference(network, values);
  CHECK(outputs.tensors[0] == Bytes{15, 26, 31, 42, 13, 24, 35, 46});
  // [15, 26] times [1 2], [3 4], [5 6] = 67, 149, 231, / 8 = 8.375, 18.6, 28.9
  CHECK(Bytes(outputs.tensors[1].begin(), outputs.tensors[1].begin() + 3) == Bytes{8, 19, 29});
  CHECK(outputs.tensors[2] == outputs.tensors[1]);
}

TEST_CASE("reference: convolutions against seven loops", "[workloads]") {
  RandomStream random(8, "convolutions");
  for (int trial = 0; trial < 60; ++trial) {
    Conv2d a;
    a.groups = random.between(1, 3) == 1 ? random.between(1, 9) : 1;
    const std::int64_t in_group = random.between(1, 9), out_group = random.between(1, trial % 10 == 0 ? 80 : 20);
    a.in_channels = a.groups * in_group;
    a.out_channels = a.groups * out_group;
    a.kernel = {random.between(1, 4), random.between(1, 4)};
    a.stride = {random.between(1, 3), random.between(1, 3)};
    a.dilation = {random.between(1, 2), random.between(1, 2)};
    a.padding = {random.between(0, 3), random.between(0, 3)};
    a.bias = random.below(2) == 0;
    const std::int64_t h = random.between(7, 13), w = random.between(7, 13), batch = random.between(1, 2);
    CAPTURE(trial, a.groups, in_group, out_group, a.kernel.height, a.kernel.width, a.stride.height, a.stride.width,
            a.dilation.height, a.dilation.width, a.padding.height, a.padding.width, h, w, batch);
    NetworkBuilder builder("conv", batch);
    builder.conv2d("y", builder.input("x", {a.in_channels, h, w}), a);
    const Network network = builder.build({"y"});
    NetworkValues values = empty_values(network);
    values.inputs[0] = random_bytes(random, batch * a.in_channels * h * w);
    LayerValues& v = values.layers[0];
    v.weight = random_bytes(random, a.out_channels * in_group * a.kernel.height * a.kernel.width);
    v.shift = 21;
    for (std::int64_t o = 0; o < a.out_channels; ++o) {
      if (a.bias) v.bias.push_back(static_cast<std::int32_t>(random.between(-50000, 50000)));
      if (o == 0 || trial % 2 == 0) v.multiplier.push_back(static_cast<std::int32_t>(random.between(1000, 4000)));
    }
    const Shape& out = network.layers[0].shape;
    Bytes expected;
    for (std::int64_t image = 0; image < batch; ++image) {
      for (std::int64_t o = 0; o < a.out_channels; ++o) {
        for (std::int64_t oy = 0; oy < out[1]; ++oy) {
          for (std::int64_t ox = 0; ox < out[2]; ++ox) {
            std::int64_t sum = a.bias ? v.bias[static_cast<std::size_t>(o)] : 0;
            for (std::int64_t c = 0; c < in_group; ++c) {
              for (std::int64_t ky = 0; ky < a.kernel.height; ++ky) {
                for (std::int64_t kx = 0; kx < a.kernel.width; ++kx) {
                  const std::int64_t y = oy * a.stride.height + ky * a.dilation.height - a.padding.height;
                  const std::int64_t x = ox * a.stride.width + kx * a.dilation.width - a.padding.width;
                  if (y < 0 || x < 0 || y >= h || x >= w) continue;
                  const std::int64_t channel = o / out_group * in_group + c;
                  sum +=
                      values.inputs[0][static_cast<std::size_t>(((image * a.in_channels + channel) * h + y) * w + x)] *
                      v.weight[static_cast<std::size_t>(((o * in_group + c) * a.kernel.height + ky) * a.kernel.width +
                                                        kx)];
                }
              }
            }
            expected.push_back(requantised(sum, v, static_cast<std::size_t>(o)));
          }
        }
      }
    }
    for (const int threads : {1, 2, 3}) {
      ReferenceOptions options;
      options.threads = threads;
      CHECK(evaluate_reference(network, values, options).tensors[0] == expected);
    }
  }
}

TEST_CASE("reference: linear layers of few and of many rows against plain loops", "[workloads]") {
  RandomStream random(9, "linear");
  for (const std::int64_t rows : {1, 2, 3, 4, 5, 13}) {
    for (const std::int64_t k : {1, 3, 64, 130}) {
      const std::int64_t n = random.between(1, 150);
      CAPTURE(rows, k, n);
      LayerValues v = scaled(1500, 20);
      v.weight = random_bytes(random, n * k);
      v.bias.assign(static_cast<std::size_t>(n), 77);
      const Bytes x = random_bytes(random, rows * k);
      Bytes expected;
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t j = 0; j < n; ++j) {
          std::int64_t sum = 77;
          for (std::int64_t i = 0; i < k; ++i) {
            sum += x[static_cast<std::size_t>(r * k + i)] * v.weight[static_cast<std::size_t>(j * k + i)];
          }
          expected.push_back(requantised(sum, v, 0));
        }
      }
      CHECK(one_layer(Op::linear, {{rows, k}}, {x}, v, Linear{k, n, true, {}}) == expected);
    }
  }
}

TEST_CASE("reference: matmul of heads side by side and of per-head matrices", "[workloads]") {
  RandomStream random(10, "matmul");
  for (int trial = 0; trial < 48; ++trial) {
    const bool transposed = trial % 2 == 1, merged = trial / 2 % 2 == 1;
    const bool left_heads = trial / 4 % 2 == 1, right_heads = trial / 8 % 2 == 1;
    const std::int64_t heads = random.between(1, 4), batch = random.between(1, 2);
    const std::int64_t m = random.between(1, 9), k = random.between(1, 9), n = random.between(1, 70);
    const std::int64_t b_rows = transposed ? n : k, b_columns = transposed ? k : n;
    CAPTURE(trial, heads, batch, m, k, n);
    const Shape left = left_heads ? Shape{heads, m, k} : Shape{m, heads * k};
    const Shape right = right_heads ? Shape{heads, b_rows, b_columns} : Shape{b_rows, heads * b_columns};
    const Bytes a = random_bytes(random, batch * heads * m * k), b = random_bytes(random, batch * heads * k * n);
    // Of one image: row r and column c of head h.
    const auto at = [](bool by_head, std::int64_t head, std::int64_t r, std::int64_t c, std::int64_t rows,
                       std::int64_t columns, std::int64_t head_count) {
      return by_head ? (head * rows + r) * columns + c : (r * head_count + head) * columns + c;
    };
    const LayerValues v = scaled(999, 19);
    Bytes expected(static_cast<std::size_t>(batch * heads * m * n));
    for (std::int64_t image = 0; image < batch; ++image) {
      for (std::int64_t h = 0; h < heads; ++h) {
        for (std::int64_t i = 0; i < m; ++i) {
          for (std::int64_t j = 0; j < n; ++j) {
            std::int64_t sum = 0;
            for (std::int64_t l = 0; l < k; ++l) {
              const std::int64_t b_at =
                  at(right_heads, h, transposed ? j : l, transposed ? l : j, b_rows, b_columns, heads);
              sum += a[static_cast<std::size_t>(image * heads * m * k + at(left_heads, h, i, l, m, k, heads))] *
                     b[static_cast<std::size_t>(image * heads * k * n + b_at)];
            }
            expected[static_cast<std::size_t>(image * heads * m * n + at(!merged, h, i, j, m, n, heads))] =
                requantised(sum, v, 0);
          }
        }
      }
    }
    NetworkBuilder builder("matmul", batch);
    // Only caches have heads of their own.
    const auto kind = [](bool by_head) {
      return by_head ? NetworkInput::Kind::kv_cache : NetworkInput::Kind::activation;
    };
    const std::string x = builder.input("a", left, kind(left_heads)), y = builder.input("b", right, kind(right_heads));
    builder.layer("y", Op::matmul, {x, y}, Matmul{heads, transposed, merged});
    const Network network = builder.build({"y"});
    NetworkValues values = empty_values(network);
    values.inputs = {a, b};
    values.layers[0] = v;
    CHECK(evaluate_reference(network, values).tensors[0] == expected);
  }
}

TEST_CASE("reference: every layer's tensor can be observed, and outputs may be read by later layers", "[workloads]") {
  NetworkBuilder builder("chain");
  const std::string x = builder.input("x", {2});
  const std::string a = builder.unary("a", Op::relu, x);
  const std::string b = builder.add("b", {a, x});
  builder.unary("c", Op::relu, b);
  const Network network = builder.build({"c", "a"});
  NetworkValues values = empty_values(network);
  values.inputs[0] = {-4, 6};
  values.layers[1] = scaled(1, 0);
  std::vector<Bytes> seen;
  ReferenceOptions options;
  options.observe = [&](int layer, const Bytes& tensor) {
    CHECK(layer == static_cast<int>(seen.size()));
    seen.push_back(tensor);
  };
  const NetworkOutputs outputs = evaluate_reference(network, values, options);
  CHECK(seen == std::vector<Bytes>{{0, 6}, {-4, 12}, {0, 12}});
  CHECK(outputs.tensors == std::vector<Bytes>{{0, 12}, {0, 6}});
}

TEST_CASE("reference: values that do not fit are refused", "[workloads]") {
  NetworkBuilder builder("bad");
  const std::string ids = builder.input("ids", {2}, NetworkInput::Kind::indices);
  const std::string e = builder.layer("e", Op::embedding, {ids}, Embedding{3, 2});
  builder.linear("y", e, {2, 2, true, {}}, Activation::relu6);
  const Network network = builder.build({"y"});
  NetworkValues values = empty_values(network);
  values.indices[0] = {0, 3};
  values.layers[0].weight.assign(5, 1);
  values.layers[1] = scaled(1, 63);
  values.layers[1].multiplier.assign(3, 1);
  values.layers[1].six = 128;
  const auto issues = issues_of([&] { evaluate_reference(network, values); });
  CHECK(issues.size() == 7);
  CHECK(has_issue(issues, "", "\"e\": weight must have 6 elements, got 5"));
  CHECK(has_issue(issues, "", "\"y\": weight must have 4 elements, got 0"));
  CHECK(has_issue(issues, "", "\"y\": bias must have 2 elements, got 0"));
  CHECK(has_issue(issues, "", "\"y\": multiplier must have 2 elements, got 3"));
  CHECK(has_issue(issues, "", "shift must be in [0, 62], got 63"));
  CHECK(has_issue(issues, "", "six must be in [0, 127], got 128"));
  CHECK(has_issue(issues, "/inputs/0", "indices of \"ids\" must be in [0, 2] for layer \"e\", got 3"));
}

TEST_CASE("reference: inputs that do not fit, exponentials of zero and values of another network are refused",
          "[workloads]") {
  NetworkBuilder builder("bad", 2);
  builder.unary("y", Op::softmax, builder.input("x", {3, 4}));
  const Network network = builder.build({"y"});
  NetworkValues values = empty_values(network);
  values.layers[0].exponentials.assign(256, 1);
  values.inputs[0].assign(2 * 3 * 4, 1);
  CHECK(issues_of([&] { evaluate_reference(network, values); }).empty());
  values.layers[0].exponentials[7] = 0;
  values.inputs[0].pop_back();
  const auto issues = issues_of([&] { evaluate_reference(network, values); });
  CHECK(issues.size() == 2);
  CHECK(has_issue(issues, "", "layer \"y\": exponentials must be at least 1"));
  CHECK(has_issue(issues, "/inputs/0", "input \"x\" must have 24 elements, got 23"));
  values.layers.emplace_back();
  const auto other = issues_of([&] { evaluate_reference(network, values); });
  CHECK(other.size() == 1);
  CHECK(has_issue(other, "", "the values are not those of network \"bad\": it has another number of layers or inputs"));
}

TEST_CASE("reference: an unmodelled layer has no values", "[workloads]") {
  NetworkBuilder builder("odd");
  builder.layer("y", Op::unmodelled, {builder.input("x", {2})}, Unmodelled{"fft", {2}});
  const Network network = builder.build({"y"});
  const auto issues = issues_of([&] { evaluate_reference(network, empty_values(network)); });
  CHECK(issues.size() == 1);
  CHECK(issues.at(0).text().find("does not know the operation \"fft\"") != std::string::npos);
}
