// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/dataflow.hpp"

#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("dataflow: what stays is loaded row by row before the rest streams; sums are not loaded", "[models]") {
  // An m x k by k x n product: k rows of weights, or of transposed activations, enter the array beforehand.
  const TileShape tile{5, 7, 11};
  auto flow = [](const char* name) { return dataflow_registry().make({name, Json::object()}); };
  CHECK(flow("weight_stationary")->load_cycles(tile).count() == 7);
  CHECK(flow("input_stationary")->load_cycles(tile).count() == 7);
  CHECK(flow("output_stationary")->load_cycles(tile).count() == 0);
  CHECK(flow("weight_stationary")->stream_cycles(tile).count() == 5);
  CHECK(flow("input_stationary")->stream_cycles(tile).count() == 11);
  CHECK(flow("output_stationary")->stream_cycles(tile).count() == 7);
}

}  // namespace
}  // namespace podsim
