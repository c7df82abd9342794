// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/statistics.hpp"

#include <string>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("statistics: a histogram counts into bins, the last one open, the first one from minus infinity", "[core]") {
  Histogram histogram(10, 3);
  for (const int value : {-5, 0, 9, 10, 19, 20, 29, 30, 1000}) histogram.add(value);
  histogram.add(15, 4);
  CHECK(histogram.counts == std::vector<std::int64_t>{3, 6, 4});
  Histogram none(1, 0);
  none.add(3);
  CHECK(none.counts.empty());
}

TEST_CASE("statistics: the tree keeps order, finds by path and makes a group once", "[core]") {
  StatGroup root("run", "a run");
  StatGroup& pods = root.group("pods", "all pods");
  StatGroup* const address = &pods;
  for (int i = 0; i < 100; ++i) root.group("g" + std::to_string(i));
  CHECK(&root.group("pods") == address);  // references stay valid while groups are added
  pods.counter("macs", "MACs", "multiply-accumulates", 12);
  pods.group("pod0").gauge("utilization", "1", "share of the peak", 0.25);
  root.counter("cycles", "cycles", "makespan", 99);
  pods.histogram("rows", "rows", "rows per tile", Histogram(4, 2));

  REQUIRE(root.find("pods/macs") != nullptr);
  CHECK(root.find("pods/macs")->count == 12);
  CHECK(root.find("pods/pod0/utilization")->value == 0.25);
  CHECK(root.find("cycles")->unit == "cycles");
  CHECK(root.find("pods/none") == nullptr);
  CHECK(root.find("none/macs") == nullptr);
  CHECK(root.find("pods") == nullptr);
  CHECK(root.groups()[0].name() == "pods");

  CHECK(pods.to_json().dump() ==
        R"({"macs":{"value":12,"unit":"MACs","description":"multiply-accumulates"},)"
        R"("rows":{"bin_width":4,"counts":[0,0],"unit":"rows","description":"rows per tile"},)"
        R"("pod0":{"utilization":{"value":0.25,"unit":"1","description":"share of the peak"}}})");
}

TEST_CASE("statistics: a name taken twice is an internal error", "[core]") {
  StatGroup root("run");
  root.counter("cycles", "cycles", "", 1);
  try {
    root.gauge("cycles", "cycles", "", 2);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
  }
  CHECK(root.statistics().size() == 1);
}

}  // namespace
}  // namespace podsim
