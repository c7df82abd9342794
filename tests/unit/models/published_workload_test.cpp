// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/published/workload.hpp"

#include <string>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

/// A residual block with a projection, a pool beside it, and a classifier; batch 2.
Network block() {
  NetworkBuilder b("block", 2);
  Conv2d one;
  one.in_channels = one.out_channels = 8;
  Conv2d three = one;
  three.kernel = {3, 5};
  three.padding = {1, 2};
  const std::string x = b.input("x", {8, 6, 4});
  const std::string stem = b.conv2d("stem", x, one);
  const std::string y = b.conv2d("y2", b.conv2d("y1", stem, three, Activation::relu), one);
  const std::string p = b.conv2d("projection", stem, one);
  const std::string joined = b.concat("joined", {b.add("sum", {y, p}), b.pool("pool", stem, Pool::Kind::max)});
  const std::string flat = b.unary("flat", Op::flatten, b.pool("gap", joined, Pool::Kind::global_avg));
  return b.build({b.linear("classifier", flat, {16, 10, true, {}})});
}

TEST_CASE("published workload: shapes, kernel areas and dependencies follow from the network", "[models]") {
  const std::vector<published::GemmLayer> layers = published::workload_of(block());
  std::vector<std::string> names;
  for (const published::GemmLayer& layer : layers) names.push_back(layer.name);
  // y1 is farthest from the output; y2 and the projection are equally far, and what the projection reads exists first.
  REQUIRE(names == std::vector<std::string>{"stem", "y1", "projection", "y2", "classifier"});
  CHECK(layers[1].gemm.m == 2 * 6 * 4);
  CHECK(layers[1].gemm.k == 3 * 5 * 8);
  CHECK(layers[1].kernel_area == 15);
  CHECK(layers[4].gemm.m == 2);
  CHECK(layers[4].gemm.k == 16);
  CHECK(layers[4].kernel_area == 1);
  CHECK(layers[0].dependencies.empty());
  CHECK(layers[2].dependencies == std::vector<int>{0});
  CHECK(layers[3].dependencies == std::vector<int>{1});
  CHECK(layers[4].dependencies == std::vector<int>{0, 3, 2});
  for (std::size_t l = 0; l < layers.size(); ++l) CHECK(layers[l].reads_network_input == (l == 0));
}

TEST_CASE("published workload: what the published tool cannot express is refused by name", "[models]") {
  const auto grouped = test::error_of([] { published::workload_of(load_network("zoo:mobilenet_v2")); });
  REQUIRE(grouped);
  CHECK(grouped->kind() == ErrorKind::run_failed);
  CHECK(grouped->issues().size() == 17);  // one depthwise convolution per bottleneck (Sandler et al., 2018, table 2)
  const auto products = test::error_of([] { published::workload_of(load_network("zoo:bert_medium")); });
  REQUIRE(products);
  CHECK(products->issues().size() == 2 * 8);  // two products of activations in each of 8 encoder layers
}

}  // namespace
}  // namespace podsim
