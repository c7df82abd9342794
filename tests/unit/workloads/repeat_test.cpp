// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/repeat.hpp"

#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("repeat: every inference has operations and tensors of its own, and the same weights", "[workloads]") {
  const LoweredNetwork one = lower(load_network("zoo:resnet50:image=32"));
  const LoweredNetwork three = repeated(one, 3);
  const std::size_t operations = one.operations.size(), tensors = one.tensors.size();
  REQUIRE(three.operations.size() == 3 * operations);
  REQUIRE(three.tensors.size() == 3 * tensors);
  CHECK(three.macs() == 3 * one.macs());
  CHECK(three.outputs.size() == 3 * one.outputs.size());
  for (std::size_t copy = 0; copy < 3; ++copy) {
    for (std::size_t o = 0; o < operations; ++o) {
      const Operation& operation = three.operations[copy * operations + o];
      const Operation& original = one.operations[o];
      CHECK(operation.output == original.output + static_cast<int>(copy * tensors));
      CHECK(operation.layer == original.layer);
      if (copy > 0) CHECK(operation.name == original.name + "#" + std::to_string(copy + 1));
      if (const GemmOperation* gemm = operation.gemm()) {
        CHECK(gemm->weight_set == original.gemm()->weight_set);
        for (const View* view : {&gemm->activation, &gemm->residual}) {
          for (const ViewPart& part : view->parts) {
            CHECK(static_cast<std::size_t>(part.tensor) / tensors == copy);
          }
        }
      } else {
        for (const View& view : operation.vector()->inputs) {
          for (const ViewPart& part : view.parts) CHECK(static_cast<std::size_t>(part.tensor) / tensors == copy);
        }
      }
    }
    for (std::size_t t = 0; t < tensors; ++t) {
      const int producer = three.tensors[copy * tensors + t].operation;
      if (producer >= 0) CHECK(static_cast<std::size_t>(producer) / operations == copy);
    }
  }
}

TEST_CASE("repeat: elements are where the shifted tensors are", "[workloads]") {
  const LoweredNetwork one = lower(load_network("zoo:bert_medium:sequence=4"));
  const LoweredNetwork two = repeated(one, 2);
  std::vector<Segment> before, after;
  for (std::size_t o = 0; o < one.operations.size(); ++o) {
    const GemmOperation* gemm = one.operations[o].gemm();
    if (gemm == nullptr || !gemm->activation.elements) continue;
    before.clear();
    after.clear();
    gemm->activation.elements->locate(0, 0, 8, before);
    two.operations[one.operations.size() + o].gemm()->activation.elements->locate(0, 0, 8, after);
    REQUIRE(before.size() == after.size());
    for (std::size_t s = 0; s < before.size(); ++s) {
      CHECK(after[s].tensor == before[s].tensor + static_cast<int>(one.tensors.size()));
      CHECK(after[s].row == before[s].row);
      CHECK(after[s].column == before[s].column);
    }
  }
}

}  // namespace
}  // namespace podsim
