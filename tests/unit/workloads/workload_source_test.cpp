// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/workload_source.hpp"

#include "podsim/workloads/lowering.hpp"
#include "support/catch.hpp"
#include "unit/workloads/workload_support.hpp"

using namespace podsim;
using podsim::test::has_issue;
using podsim::test::issues_of;
using podsim::test::text_of;

namespace {

const std::string kData = std::string(PODSIM_TEST_DATA) + "/workloads/";

std::vector<Issue> issues_of_source(const std::string& source) {
  return issues_of([&] { load_network(source); });
}

}  // namespace

TEST_CASE("workload_source: the format is found by content", "[workloads]") {
  CHECK(load_network(kData + "tiny.json").layers.size() == 6);
  CHECK(load_network(kData + "gemms.csv").layers.size() == 2);
  // JSON without the usual extension.
  CHECK(load_network(kData + "tiny.workload").name == "tiny");
  CHECK(has_issue(issues_of_source(kData + "nothing.txt"), "", "native_json, scalesim_csv"));
  CHECK(has_issue(issues_of_source(kData + "absent.json"), "", "cannot be read"));
  CHECK(has_issue(issues_of_source(""), "", "empty string"));
}

TEST_CASE("workload_source: the batch option replaces the batch of the source", "[workloads]") {
  const Network one = load_network(kData + "tiny.json");
  LoadOptions options;
  options.batch = 3;
  const Network three = load_network(kData + "tiny.json", options);
  CHECK(three.batch == 3);
  CHECK(three.totals().macs == 3 * one.totals().macs);
  CHECK(three.totals().parameters == one.totals().parameters);
  CHECK(load_network("zoo:vgg16:batch=2", options).batch == 3);
  options.batch = 0;
  CHECK(has_issue(issues_of([&] { load_network(kData + "tiny.json", options); }), "", "the batch must be in [1, "));
}

TEST_CASE("workload_source: mistakes in a zoo address", "[workloads]") {
  CHECK(has_issue(issues_of_source("zoo:resnet5"), "", "did you mean \"resnet50\"?"));
  CHECK(has_issue(issues_of_source("zoo:resnet50:imgae=3"), "/imgae", "did you mean \"image\"?"));
  CHECK(has_issue(issues_of_source("zoo:resnet50:image=big"), "/image", "must be an integer"));
  CHECK(has_issue(issues_of_source("zoo:resnet50:variant=v2"), "/variant", "allowed: v1.5, v1"));
  CHECK(has_issue(issues_of_source("zoo:resnet50:image"), "", "expected key=value, got \"image\""));
  CHECK(has_issue(issues_of_source("zoo:resnet50:image=1,image=2"), "", "given twice"));
  CHECK(has_issue(issues_of_source("zoo:resnet50:"), "", "expected key=value"));
  // Inception-v3 shrinks a small image to nothing.
  const auto issues = issues_of_source("zoo:inception_v3:image=32");
  INFO(text_of(issues));
  REQUIRE_FALSE(issues.empty());
  CHECK(issues[0].file == "zoo:inception_v3:image=32");
  CHECK(has_issue(issues, "", "larger than the padded input"));
}

TEST_CASE("workload_source: every registered zoo network builds, writes, reads back and lowers", "[workloads]") {
  CHECK(zoo_registry().names().size() == 16);
  for (const std::string& name : zoo_registry().names()) {
    CAPTURE(name);
    const Network n = load_network("zoo:" + name);
    // Totals are written with it, so that reading checks them.
    const Network again = podsim::test::read_workload(to_text(n));
    REQUIRE(again == n);
    REQUIRE(lower(n).macs() == n.totals().macs);
  }
}
