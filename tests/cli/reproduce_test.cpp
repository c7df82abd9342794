// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "process.hpp"
#include "support/catch.hpp"

using podsim::test::contains;
using podsim::test::Folder;
using podsim::test::Outcome;
using Json = nlohmann::ordered_json;

TEST_CASE("reproduce: published runs are shown and written, and equal runs end with exit code 0", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim(
      {"reproduce", "--published", "--quick", "--network", "densenet121", "--pods", "256", "-o", "runs.csv"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "4 of 4 runs equal the published ones"));
  const std::string csv = folder.read("runs.csv");
  CHECK(contains(csv, "network,interconnect,pods,equal,"));
  CHECK(contains(csv, "densenet121,benes-copy,256,1,"));

  const Outcome json = folder.podsim(
      {"reproduce", "published", "--network", "densenet121", "--pods", "256", "--interconnect", "crossbar", "-o", "-"});
  CHECK(json.code == 0);
  const Json report = Json::parse(json.out);
  REQUIRE(report["runs"].size() == 1);
  CHECK(report["runs"][0]["published"]["cycles"] == 63274);  // raw result of the authors' tool
  CHECK(report["runs"][0]["ours"]["cycles"] == 63274);
  CHECK(report["runs"][0]["machine"]["cycles"] > 0);
}

TEST_CASE("reproduce: bad input names what is known", "[cli]") {
  const Folder folder;
  struct Bad {
    std::vector<std::string> arguments;
    std::string text;
  };
  for (const Bad& bad : {Bad{{"reproduce"}, "published"}, Bad{{"reproduce", "publishd"}, "did you mean \"published\"?"},
                         Bad{{"reproduce", "published", "--network", "resnet5"}, "did you mean \"resnet50\"?"},
                         Bad{{"reproduce", "published", "--pods", "3"}, "32, 128, 256"},
                         Bad{{"reproduce", "published", "--causes", "--quick"}, "--quick"},
                         Bad{{"reproduce", "published", "-o", "runs.txt"}, "csv, json"},
                         Bad{{"reproduce", "published", "-o", "no/folder/runs.csv"}, "no/folder"}}) {
    const Outcome outcome = folder.podsim(bad.arguments);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(contains(outcome.err, bad.text));
  }
  CHECK(folder.files().empty());
  CHECK(contains(folder.podsim({"reproduce", "--help"}).out, "published"));
  CHECK(contains(folder.podsim({"reproduce", "published", "--help"}).out, "--causes"));
}
