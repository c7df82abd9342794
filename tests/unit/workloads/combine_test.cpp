// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/combine.hpp"

#include <set>

#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("combine: networks in any order of operations share nothing", "[workloads]") {
  const LoweredNetwork a = lower(load_network("zoo:resnet20")), b = lower(load_network("zoo:bert_medium:sequence=4"));
  // Two of the first, three of the second, and so on.
  std::vector<OperationOf> order;
  for (std::size_t x = 0, y = 0; x < a.operations.size() || y < b.operations.size();) {
    for (int n = 0; n < 2 && x < a.operations.size(); ++n) order.push_back({0, static_cast<int>(x++)});
    for (int n = 0; n < 3 && y < b.operations.size(); ++n) order.push_back({1, static_cast<int>(y++)});
  }
  const LoweredNetwork both = combined({{"a", &a}, {"b", &b}}, order);
  REQUIRE(both.operations.size() == a.operations.size() + b.operations.size());
  REQUIRE(both.tensors.size() == a.tensors.size() + b.tensors.size());
  CHECK(both.macs() == a.macs() + b.macs());
  CHECK(both.outputs.size() == a.outputs.size() + b.outputs.size());
  CHECK(both.name == "a + b");
  std::set<std::int64_t> weights[2];
  for (std::size_t n = 0; n < order.size(); ++n) {
    const bool is_b = order[n].network == 1;
    const int tensors = is_b ? static_cast<int>(a.tensors.size()) : 0;
    const Operation& operation = both.operations[n];
    const Operation& original = (is_b ? b : a).operations[static_cast<std::size_t>(order[n].operation)];
    CHECK(operation.network == order[n].network);
    CHECK(operation.name == (is_b ? "b/" : "a/") + original.name);
    CHECK(operation.layer == original.layer);
    CHECK(operation.output == original.output + tensors);
    CHECK(both.tensors[static_cast<std::size_t>(operation.output)].operation == static_cast<int>(n));
    if (const GemmOperation* gemm = operation.gemm()) {
      REQUIRE(gemm->activation.parts.size() == original.gemm()->activation.parts.size());
      for (std::size_t p = 0; p < gemm->activation.parts.size(); ++p) {
        CHECK(gemm->activation.parts[p].tensor == original.gemm()->activation.parts[p].tensor + tensors);
      }
      if (gemm->weight_set >= 0) weights[order[n].network].insert(gemm->weight_set);
      CHECK((gemm->weight_set < 0) == (original.gemm()->weight_set < 0));
      // Elements, too, are those of tensors of its own network.
      std::vector<Segment> here, there;
      if (gemm->activation.elements) {
        gemm->activation.elements->locate(0, 0, gemm->activation.columns, here);
        original.gemm()->activation.elements->locate(0, 0, gemm->activation.columns, there);
        REQUIRE(here.size() == there.size());
        for (std::size_t s = 0; s < here.size(); ++s) CHECK(here[s].tensor == there[s].tensor + tensors);
      }
    }
  }
  for (const std::int64_t set : weights[0]) CHECK(weights[1].count(set) == 0);
}

}  // namespace
}  // namespace podsim
