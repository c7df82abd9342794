// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "support/catch.hpp"
#include "unit/workloads/workload_support.hpp"

using namespace podsim;
using podsim::test::has_issue;
using podsim::test::issues_of;
using podsim::test::read_workload;
using podsim::test::text_of;

namespace {

const std::string kConvHeader =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n";

Network read_csv(const std::string& text) {
  return read_workload(text, "scalesim_csv", "dir/net.csv");
}
std::vector<Issue> issues_in(const std::string& text) {
  return issues_of([&] { read_csv(text); });
}

}  // namespace

TEST_CASE("scalesim_csv: every convolution row becomes a layer without padding", "[workloads]") {
  const Network n = read_csv(kConvHeader + "Conv1, 224, 230, 7, 7, 3, 64, 2,\r\n\r\nConv2,56,56,1,3,64,32,1\n");
  CHECK(n.name == "net");
  REQUIRE(n.layers.size() == 2);
  CHECK(n.layers[0].name == "Conv1");
  CHECK(n.layers[0].inputs == std::vector<std::string>{"Conv1_input"});
  CHECK(n.inputs[0].shape == Shape{3, 224, 230});
  // floor((H - kh) / s) + 1
  CHECK(n.layers[0].shape == Shape{64, (224 - 7) / 2 + 1, (230 - 7) / 2 + 1});
  CHECK(n.layers[1].shape == Shape{32, 56, 54});
  CHECK(n.layers[1].macs == 56 * 54 * 32 * (1 * 3 * 64));
  CHECK(n.outputs == std::vector<std::string>{"Conv1", "Conv2"});
}

TEST_CASE("scalesim_csv: GEMM columns are M, N, K in this order", "[workloads]") {
  for (const char* text :
       {"Layer, M, N, K,\nG,10,20,30,\n", "Layer,M,N,K\nG,10,20,30\n", "G,10,20,30,\n", "G, 10, 20, 30"}) {
    const Network n = read_csv(text);
    CAPTURE(text);
    REQUIRE(n.layers.size() == 1);
    CHECK(n.inputs[0].shape == Shape{10, 30});
    CHECK(n.layers[0].as<Linear>().in_features == 30);
    CHECK(n.layers[0].as<Linear>().out_features == 20);
    CHECK(n.layers[0].macs == 10 * 20 * 30);
  }
}

TEST_CASE("scalesim_csv: repeated names are numbered", "[workloads]") {
  const Network n = read_csv("Layer,M,N,K\nG,1,2,3\nG,4,5,6\nG_2,7,8,9\n");
  REQUIRE(n.layers.size() == 3);
  CHECK(n.layers[1].name == "G_2");
  CHECK(n.layers[2].name == "G_2_2");
  CHECK(n.totals().macs == 1 * 2 * 3 + 4 * 5 * 6 + 7 * 8 * 9);
}

TEST_CASE("scalesim_csv: bad rows are named by line, all of them", "[workloads]") {
  const auto issues = issues_in(
      kConvHeader + "A, 8, 8, 3, 3, 4, 4, 1,\nB, 8, 8, 3, 3, 4, 4,\n\nC, 8, x, 3, 0, 4, 4, 1\n,8,8,1,1,1,1,1\n");
  INFO(text_of(issues));
  CHECK(has_issue(issues, "line 3", "a row has 8 cells"));
  CHECK(has_issue(issues, "line 3", "got 7"));
  CHECK(has_issue(issues, "line 5", "IFMAP Width must be an integer in [1, 1048576], got \"x\""));
  CHECK(has_issue(issues, "line 5", "Filter Width must be an integer in [1, 1048576], got \"0\""));
  CHECK(has_issue(issues, "line 6", "Layer name is empty"));
  CHECK(issues.size() == 4);
  CHECK(issues[0].file == "dir/net.csv");
  CHECK(has_issue(issues_in(kConvHeader + "A, 8, 8, 9, 3, 4, 4, 1,\n"), "line 2", "larger than the padded input 8x8"));
  CHECK(has_issue(issues_in("Layer,M,K,N\nG,1,2,3\n"), "line 1", "unknown columns \"Layer, M, K, N\""));
  CHECK(has_issue(issues_in(""), "", "the file has no layers"));
  CHECK(has_issue(issues_in(kConvHeader), "", "the file has no layers"));
}
