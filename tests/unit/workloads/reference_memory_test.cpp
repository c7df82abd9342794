// SPDX-License-Identifier: Apache-2.0
// The memory that the reference evaluator is said to need.
#include <limits>

#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/reference_memory.hpp"
#include "support/catch.hpp"

using namespace podsim;

TEST_CASE("reference_memory: values, living tensors and the sums of the largest layer", "[workloads]") {
  NetworkBuilder b("chain", 2);
  std::string x = b.input("x", {100});
  // Inputs 200; every relu 200 as tensor and 800 as sums. Two tensors live at a time, the outputs stay.
  x = b.unary("a", Op::relu, x);
  CHECK(reference_bytes(b.build({"a"})) == 200 + 200 + 800);
  x = b.unary("b", Op::relu, x);
  CHECK(reference_bytes(b.build({"b"})) == 200 + 400 + 800);
  x = b.unary("c", Op::relu, x);
  CHECK(reference_bytes(b.build({"c"})) == 200 + 400 + 800);
  CHECK(reference_bytes(b.build({"a", "b", "c"})) == 200 + 600 + 800);
}

TEST_CASE("reference_memory: weights, multipliers and what a linear layer is computed with", "[workloads]") {
  NetworkBuilder b("linear");
  b.linear("y", b.input("x", {10, 64}), {64, 32, true, {}});
  // Values: input, weights, bias, multipliers; tensor; sums, copy of the input, packed weights.
  CHECK(reference_bytes(b.build({"y"})) == 640 + 64 * 32 + 4 * 32 + 4 * 32 + 320 + (4 * 320 + 640 + 2 * 64 * 32));
}

TEST_CASE("reference_memory: a wide border of padding counts", "[workloads]") {
  Conv2d a;
  a.kernel = a.stride = {kMaximumWindow, kMaximumWindow};
  a.padding = {kMaximumWindow, kMaximumWindow};
  NetworkBuilder b("border");
  b.conv2d("y", b.input("x", {1, 4, 4}), a);
  // The copy of the image has (4 + 2^21)^2 pixels.
  CHECK(reference_bytes(b.build({"y"})) > (std::int64_t{1} << 42));
}
