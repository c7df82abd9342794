// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/network.hpp"

#include "podsim/workloads/network_builder.hpp"
#include "support/catch.hpp"
#include "unit/workloads/workload_support.hpp"

using namespace podsim;
using podsim::test::has_issue;
using podsim::test::issues_of;
using podsim::test::text_of;

namespace {

Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1, std::int64_t padding = 0) {
  Conv2d a;
  a.in_channels = in;
  a.out_channels = out;
  a.kernel = {kernel, kernel};
  a.stride = {stride, stride};
  a.padding = {padding, padding};
  return a;
}

/// How many positions a window has, counted one by one.
std::int64_t positions(std::int64_t size, std::int64_t k, std::int64_t s, std::int64_t p, std::int64_t d) {
  std::int64_t count = 0;
  for (std::int64_t start = -p; start + d * (k - 1) < size + p; start += s) ++count;
  return count;
}

}  // namespace

TEST_CASE("network: convolution shapes agree with counting window positions", "[workloads]") {
  for (std::int64_t size : {7, 8, 13}) {
    for (std::int64_t k : {1, 2, 3, 5}) {
      for (std::int64_t s : {1, 2, 3}) {
        for (std::int64_t p : {0, 1, 2}) {
          for (std::int64_t d : {1, 2}) {
            if (d * (k - 1) + 1 > size + 2 * p) continue;
            Conv2d a = conv(2, 3, k, s, p);
            a.dilation = {d, d};
            NetworkBuilder b("n", 2);
            const auto x = b.input("x", {2, size, size + 1});
            const Network n = b.build({b.conv2d("c", x, a)});
            const std::int64_t h = positions(size, k, s, p, d);
            const std::int64_t w = positions(size + 1, k, s, p, d);
            CAPTURE(size, k, s, p, d);
            REQUIRE(n.layers[0].shape == Shape{3, h, w});
            REQUIRE(n.layers[0].macs == 2 * h * w * 3 * k * k * 2);
          }
        }
      }
    }
  }
}

TEST_CASE("network: parameters count batchnorm twice a channel and shared weights once", "[workloads]") {
  NetworkBuilder b("n");
  const auto ids = b.input("ids", {5}, NetworkInput::Kind::indices);
  auto x = b.layer("e", Op::embedding, {ids}, Embedding{10, 8});
  x = b.unary("norm", Op::layernorm, x);
  x = b.linear("fc", x, Linear{8, 8, true, {}});
  x = b.linear("head", x, Linear{8, 10, false, "e"});
  const Network n = b.build({x});
  CHECK(n.layers[0].parameters == 10 * 8);
  CHECK(n.layers[1].parameters == 2 * 8);
  CHECK(n.layers[2].parameters == 8 * 8 + 8);
  CHECK(n.layers[3].parameters == 0);
  // The head still reads its weights.
  CHECK(n.totals().weight_bytes == 8 * 8 + 8 * 10);
  CHECK(n.totals().matrix_layers == 2);

  NetworkBuilder c("c");
  Conv2d a = conv(4, 6, 3);
  a.groups = 2;
  a.bias = true;
  a.batchnorm = true;
  const auto y = c.input("x", {4, 5, 5});
  const Network m = c.build({c.conv2d("c", y, a)});
  CHECK(m.totals().parameters == 6 * (3 * 3 * 4 / 2) + 6 + 2 * 6);
  CHECK(m.totals().macs == 3 * 3 * 6 * (3 * 3 * 4 / 2));
}

TEST_CASE("network: shapes of layers that rearrange", "[workloads]") {
  NetworkBuilder b("n");
  const auto image = b.input("image", {4, 2, 3});
  const auto tokens = b.unary("tokens", Op::to_tokens, image);
  const auto both = b.concat("both", {tokens, tokens});
  const auto one = b.layer("one", Op::select, {both}, Select{0, 11});
  const auto wide = b.concat("wide", {image, image, image});
  const auto flat = b.unary("flat", Op::flatten, wide);
  const auto high = b.concat("high", {image, image}, 1);
  const Network n = b.build({one, flat, high});
  const auto shape = [&](const char* name) { return n.layers[static_cast<std::size_t>(n.layer_index(name))].shape; };
  CHECK(shape("tokens") == Shape{6, 4});
  CHECK(shape("both") == Shape{12, 4});
  CHECK(shape("one") == Shape{1, 4});
  CHECK(shape("wide") == Shape{12, 2, 3});
  CHECK(shape("flat") == Shape{72});
  CHECK(shape("high") == Shape{4, 4, 3});
}

TEST_CASE("network: matmul reads heads side by side", "[workloads]") {
  NetworkBuilder b("n", 2);
  const auto q = b.input("q", {5, 12});
  const auto k = b.input("k", {7, 12});
  const auto s = b.layer("s", Op::matmul, {q, k}, Matmul{3, true, false});
  const auto v = b.layer("v", Op::matmul, {s, k}, Matmul{3, false, true});
  const Network n = b.build({v});
  CHECK(n.layers[0].shape == Shape{3, 5, 7});
  CHECK(n.layers[0].macs == 2 * 3 * 5 * 7 * 4);
  CHECK(n.layers[1].shape == Shape{5, 12});
  CHECK(n.layers[1].macs == 2 * 3 * 5 * 7 * 4);
  CHECK(n.layers[1].layout == Layout::tokens);
}

TEST_CASE("network: mistakes of layers are found together", "[workloads]") {
  NetworkBuilder b("n");
  const auto image = b.input("image", {3, 8, 8});
  const auto mixed = b.conv2d("mixed", image, conv(4, 8, 3));
  b.conv2d("large", image, conv(3, 8, 9));
  Conv2d grouped = conv(3, 8, 1);
  grouped.groups = 2;
  b.conv2d("grouped", image, grouped);
  b.unary("follows", Op::relu, mixed);
  b.linear("dense", image, Linear{8, 8, false, {}});
  b.layer("sum", Op::add, {image});
  b.pool("padded", image, Pool::Kind::max, 2, 2, 2);
  const auto issues = issues_of([&] { b.build({"follow"}); });
  INFO(text_of(issues));
  CHECK(has_issue(issues, "", "layer \"mixed\", in_channels: is 4, but \"image\" has 3 channels"));
  CHECK(has_issue(issues, "", "layer \"large\", kernel: the kernel 9x9 is larger than the padded input 8x8"));
  CHECK(has_issue(issues, "", "layer \"grouped\", groups: 2 groups do not divide 3 input and 8 output channels"));
  CHECK(has_issue(issues, "", "put a flatten or to_tokens layer before it"));
  CHECK(has_issue(issues, "", "add reads at least 2 inputs, got 1"));
  CHECK(has_issue(issues, "", "the padding 2x2 must be less than the kernel 2x2"));
  CHECK(has_issue(issues, "/outputs/0", "there is no layer \"follow\"; did you mean \"follows\"?"));
  // "follows" only suffers from the mistake in "mixed".
  CHECK(issues.size() == 7);
}

TEST_CASE("network: tensors above 2^40 elements are an error, those of 2^40 are not", "[workloads]") {
  const auto build = [](std::int64_t width, std::int64_t batch) {
    NetworkBuilder b("n", batch);
    const auto x = b.input("x", {std::int64_t{1} << 20, width});
    return b.build({b.unary("r", Op::relu, x)});
  };
  CHECK_NOTHROW(build(std::int64_t{1} << 20, 1));
  CHECK(has_issue(issues_of([&] { build((std::int64_t{1} << 20) + 1, 1); }), "/inputs/0/shape", "1,099,511,627,776"));
  CHECK(has_issue(issues_of([&] { build(std::int64_t{1} << 20, 2); }), "/inputs/0/shape", "batch 2"));
  // Outputs: what is given, and what follows from the inputs.
  NetworkBuilder outputs("n");
  const auto large = outputs.input("large", {4, std::int64_t{1} << 19, std::int64_t{1} << 19});
  outputs.conv2d("fits", large, conv(4, 4, 1));
  outputs.conv2d("too_large", large, conv(4, 5, 1));
  outputs.layer("empty", Op::parameter, {}, Parameter{{4, 0}});
  const auto faults = issues_of([&] { outputs.build({"fits"}); });
  CHECK(faults.size() == 2);
  CHECK(
      has_issue(faults, "", "layer \"too_large\": the output is not possible: a tensor of shape [5, 524288, 524288]"));
  CHECK(has_issue(faults, "",
                  "layer \"empty\", shape: the output is not possible: every size must be at least 1, got [4, 0]"));
  // Sizes whose product does not fit 64 bits.
  NetworkBuilder b("n");
  const auto x = b.input("x", {std::int64_t{1} << 40});
  const auto issues = issues_of([&] {
    b.build({b.linear("l", x, Linear{std::int64_t{1} << 40, std::int64_t{1} << 40, false, {}})});
  });
  CHECK(has_issue(issues, "", "more than 1,099,511,627,776 weights"));
}

TEST_CASE("network: add of different shapes, concat in more than one axis, matmul of different depth", "[workloads]") {
  NetworkBuilder b("n");
  const auto x = b.input("x", {4, 6});
  const auto y = b.input("y", {5, 6});
  const auto z = b.input("z", {4, 8});
  b.add("sum", {x, y});
  b.concat("cat", {x, y, z});
  b.layer("mm", Op::matmul, {x, z}, Matmul{2, true, false});
  b.layer("odd", Op::matmul, {x, x}, Matmul{4, true, false});
  b.layer("pick", Op::select, {x}, Select{0, 4});
  const auto issues = issues_of([&] { b.build({"sum"}); });
  INFO(text_of(issues));
  CHECK(has_issue(issues, "", "\"y\" is a token matrix [5, 6], but \"x\" is a token matrix [4, 6]"));
  CHECK(has_issue(issues, "", "\"z\" [4, 8] and \"x\" [4, 6] differ in more than axis 0"));
  CHECK(has_issue(issues, "", "the inner sizes differ: 3 of \"x\" and 4 of \"z\""));
  CHECK(has_issue(issues, "", "4 heads do not divide the columns of \"x\" [4, 6]"));
  CHECK(has_issue(issues, "", "index: must be in [0, 3], got 4"));
  CHECK(issues.size() == 5);
}

TEST_CASE("network: every number of a layer has its range, and every operand its layout", "[workloads]") {
  NetworkBuilder b("n");
  const auto image = b.input("image", {4, 8, 8});
  const auto x = b.input("x", {4, 6});
  const auto ids = b.input("ids", {3}, NetworkInput::Kind::indices);
  const auto heads = b.layer("heads", Op::matmul, {x, x}, Matmul{2, true, false});
  b.layer("other_heads", Op::matmul, {heads, x}, Matmul{3, false, false});
  b.layer("of_image", Op::matmul, {image, x}, Matmul{2, true, false});
  b.conv2d("of_heads", heads, conv(2, 8, 1));
  b.concat("cat", {x, x}, 2);
  b.layer("pick", Op::select, {x}, Select{1, 0});
  b.layer("pick_of_image", Op::select, {image}, Select{0, 0});
  b.conv2d("nothing", image, conv(4, 0, 1));
  b.conv2d("still", image, conv(4, 8, 1, 0));
  b.conv2d("pulled", image, conv(4, 8, 3, 1, -1));
  b.layer("table", Op::embedding, {ids}, Embedding{std::int64_t{1} << 30, std::int64_t{1} << 11});
  const auto issues = issues_of([&] { b.build({heads}); });
  INFO(text_of(issues));
  CHECK(has_issue(issues, "", "layer \"other_heads\", heads: is 3, but \"heads\" [2, 4, 4] has 2 heads"));
  CHECK(has_issue(issues, "", "layer \"of_image\", inputs/0: matmul reads token matrices"));
  CHECK(has_issue(issues, "",
                  "layer \"of_heads\", inputs/0: conv2d reads an image; \"heads\" is a set of per-head matrices "
                  "[2, 4, 4]"));
  CHECK(has_issue(issues, "", "layer \"cat\", axis: must be in [0, 1], got 2"));
  CHECK(has_issue(issues, "", "layer \"pick\", axis: must be 0 (one token is selected), got 1"));
  CHECK(has_issue(issues, "", "layer \"pick_of_image\", inputs/0: select reads a token matrix"));
  CHECK(has_issue(issues, "", "layer \"nothing\", out_channels: must be in [1, 1099511627776], got 0"));
  CHECK(has_issue(issues, "", "layer \"still\", stride: must be in [1, 1048576], got 0"));
  CHECK(has_issue(issues, "", "layer \"pulled\", padding: must be in [0, 1048576], got -1"));
  CHECK(has_issue(issues, "", "layer \"table\", entries: the table has more than 1,099,511,627,776 elements"));
  CHECK(issues.size() == 10);
}

TEST_CASE("network: names are unique and not empty, indices are a list, batches have a range", "[workloads]") {
  NetworkBuilder b("n", (std::int64_t{1} << 20) + 1);
  b.input("x", {4});
  b.input("x", {4});
  b.input("", {4});
  b.input("ids", {4, 4}, NetworkInput::Kind::indices);
  const auto issues = issues_of([&] { b.build({b.linear("l", "x", Linear{4, 4, false, {}})}); });
  INFO(text_of(issues));
  CHECK(has_issue(issues, "/batch", "must be in [1, 1048576], got 1048577"));
  CHECK(has_issue(issues, "/inputs/1/name", "the name \"x\" is used twice"));
  CHECK(has_issue(issues, "/inputs/2/name", "the name is empty"));
  CHECK(has_issue(issues, "/inputs/3/shape", "indices have the shape [tokens], got [4, 4]"));
  CHECK(issues.size() == 4);
}

TEST_CASE("network: 2^60 MACs are the most", "[workloads]") {
  constexpr std::int64_t kMany = std::int64_t{1} << 20;
  const auto build = [](int layers) {
    NetworkBuilder b("n");
    std::string x = b.input("x", {kMany, kMany});
    for (int l = 0; l < layers; ++l) x = b.linear("l" + std::to_string(l), x, Linear{kMany, kMany, false, {}});
    return b.build({x});
  };
  CHECK(build(1).layers[0].macs == std::int64_t{1} << 60);
  CHECK(has_issue(issues_of([&] { build(2); }), "", "layer \"l1\": the network has more than 2^60"));
}

TEST_CASE("network: text has one layer a line and reads back as the same network", "[workloads]") {
  NetworkBuilder b("n", 3);
  b.describe("an \"odd\" network", "none");
  const auto x = b.input("x", {4, 9, 8});
  const auto cache = b.input("cache", {3, 6}, NetworkInput::Kind::kv_cache);
  Conv2d a = conv(4, 6, 3, 2, 1);
  a.kernel = {3, 1};
  a.dilation = {2, 1};
  a.bias = true;
  auto y = b.conv2d("c", x, a, Activation::relu6);
  y = b.pool("p", y, Pool::Kind::avg, 2, 1, 1);
  y = b.unary("t", Op::to_tokens, y);
  y = b.concat("cat", {cache, y});
  y = b.layer("s", Op::select, {y}, Select{0, 2});
  y = b.linear("l", y, Linear{6, 5, true, {}}, Activation::tanh);
  const auto w = b.layer("w", Op::parameter, {}, Parameter{{1, 5}});
  y = b.layer("m", Op::mul, {y, w});
  const Network n = b.build({y});
  const std::string text = to_text(n);
  CHECK(text.find("    {\"name\": \"cat\", \"op\": \"concat\", \"inputs\": [\"cache\", \"t\"], \"axis\": 0},\n") !=
        std::string::npos);
  CHECK(podsim::test::read_workload(text) == n);
  Network other = n;
  other.layers[0].activation = Activation::relu;
  CHECK_FALSE(other == n);
}
