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
  CHECK(contains(outcome.out, "4 of 4 runs equal the published ones in all figures"));
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
  for (const Bad& bad :
       {Bad{{"reproduce"}, "published"}, Bad{{"reproduce", "publishd"}, "did you mean \"published\"?"},
        Bad{{"reproduce", "published", "--network", "resnet5"}, "did you mean \"resnet50\"?"},
        Bad{{"reproduce", "published", "--pods", "3"}, "32, 128, 256"},
        Bad{{"reproduce", "published", "--causes", "--quick"}, "--quick"},
        Bad{{"reproduce", "published", "-o", "runs.txt"}, "unknown output format \".txt\" (known: .csv, .json)"},
        Bad{{"reproduce", "published", "-o", "runs"}, "runs: has no extension to tell its format"},
        Bad{{"reproduce", "published", "-o", "my.csv/runs"}, "has no extension to tell its format"},
        Bad{{"reproduce", "--bogus"}, "unknown option \"--bogus\""},
        Bad{{"reproduce", "--bogus", "published"}, "unknown option \"--bogus\""},
        Bad{{"reproduce", "--quick"}, "needs a study"},
        Bad{{"reproduce", "--publishd"}, "did you mean \"--published\"?"},
        Bad{{"reproduce", "--quick", "publishd"}, "did you mean \"published\"?"},
        Bad{{"reproduce", "--network", "resnet50", "publishd"}, "did you mean \"published\"?"},
        // The study is found behind its options: what is complained about is one of these.
        Bad{{"reproduce", "--quick", "published", "--pods", "3"}, "32, 128, 256"},
        Bad{{"reproduce", "--network", "resnet5", "published"}, "did you mean \"resnet50\"?"},
        Bad{{"reproduce", "--published", "--published", "--pods", "3"}, "32, 128, 256"},
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

TEST_CASE("reproduce: an output without name is the error that it is for run", "[cli]") {
  const Folder folder;
  const std::string text = "must be the name of a file or \"-\", got an empty string";
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"run", "-w", "zoo:lenet5", "-o", ""}, {"reproduce", "published", "-o", ""}}) {
    const Outcome outcome = folder.podsim(arguments);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, text));
    CHECK(outcome.out.empty());
  }
}

TEST_CASE("reproduce: with causes, all figures are compared, and the report says that it is whole", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim({"reproduce", "--causes", "--network", "densenet121", "--pods", "256",
                                         "--interconnect", "crossbar", "published", "-o", "causes.json"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "1 of 1 runs equal the published ones in all figures"));
  const Json report = Json::parse(folder.read("causes.json"));
  CHECK(report["complete"] == true);
  CHECK(report["runs_wanted"] == 1);
  CHECK(report["runs"][0]["equal"] == true);
}

/// Interrupts later and later, until the study has heard it and has done at least so many runs.
/// \return standard error
std::string interrupted_after_runs(const Folder& folder, const std::vector<std::string>& arguments, int least) {
  for (unsigned milliseconds = 100; milliseconds < 100000; milliseconds *= 2) {
    const Outcome outcome = folder.interrupted_after(arguments, milliseconds * 1000);
    INFO(outcome.err);
    REQUIRE(outcome.code != 0);
    const std::size_t at = outcome.err.find("partial: ");
    if (outcome.code == 1 && at != std::string::npos && std::stoi(outcome.err.substr(at + 9)) >= least) {
      return outcome.err;
    }
  }
  FAIL("never interrupted in time");
  return {};
}

TEST_CASE("reproduce: interrupted before the first run is over, it leaves the result of before as it is", "[cli]") {
  const Folder folder;
  folder.write("runs.csv", "precious\n");
  // Takes seconds: cycle by cycle.
  const std::string err = interrupted_after_runs(
      folder, {"reproduce", "published", "--network", "resnet152", "--pods", "32", "-q", "-o", "runs.csv"}, 0);
  CHECK(contains(err, "partial: 0 of 4 runs; nothing is written"));
  CHECK(folder.read("runs.csv") == "precious\n");
  CHECK(folder.files() == std::vector<std::string>{"runs.csv"});
}

TEST_CASE("reproduce: interrupted later, the runs that are done are written as partial", "[cli]") {
  const Folder folder;
  const std::string err = interrupted_after_runs(folder, {"reproduce", "--published", "-q", "-o", "runs.json"}, 1);
  const Json report = Json::parse(folder.read("runs.json"));
  CHECK(report["complete"] == false);
  CHECK(report["stopped_because"] == "interrupted");
  CHECK(report["runs_wanted"] == 84);
  CHECK(contains(err, "partial: " + std::to_string(report["runs"].size()) + " of 84 runs"));
}
