// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "process.hpp"
#include "support/catch.hpp"

using podsim::test::contains;
using podsim::test::Folder;
using podsim::test::Outcome;
using Json = nlohmann::ordered_json;

namespace {

void make_inputs(const Folder& folder) {
  const std::vector<std::string> small{"-q", "-w", "zoo:resnet20:image=8", "--set", "/hardware/pods/count=4"};
  std::vector<std::string> words{"run", "-o", "run.h5", "-o", "run.json"};
  words.insert(words.end(), small.begin(), small.end());
  REQUIRE(folder.podsim(words).code == 0);
  folder.write("spec.json", R"({"workloads": ["zoo:resnet20:image=8"], "axes": {"/hardware/pods/count": [1, 2, 4]}})");
  REQUIRE(folder.podsim({"sweep", "spec.json", "-q", "-o", "sweep.h5", "-o", "sweep.csv"}).code == 0);
}

}  // namespace

TEST_CASE("report: runs and sweeps, mixed, on one page that needs nothing else", "[cli]") {
  const Folder folder;
  make_inputs(folder);
  const Outcome one = folder.podsim({"report", "run.h5"});
  INFO(one.err);
  CHECK(one.code == 0);
  CHECK(one.out == "run.html\n");
  const std::string page = folder.read("run.html");
  CHECK(page.rfind("<!DOCTYPE html>", 0) == 0);
  CHECK(contains(page, "<title>resnet20</title>"));
  // Nothing is fetched: the only address is the name of SVG.
  for (std::size_t at = page.find("://"); at != std::string::npos; at = page.find("://", at + 1)) {
    CHECK(page.substr(at, 17) == "://www.w3.org/200");
  }
  for (const char* part : {" src=", "<link", "@import", "url("}) CHECK_FALSE(contains(page, part));

  const Outcome mixed = folder.podsim({"report", "run.json", "sweep.h5", "run.h5", "--output", "all.html"});
  CHECK(mixed.code == 0);
  CHECK(contains(folder.read("all.html"), "<title>resnet20 and 2 more</title>"));
  const Outcome again = folder.podsim({"report", "run.json", "sweep.h5", "run.h5", "-o", "-"});
  CHECK(again.code == 0);
  CHECK((again.out == folder.read("all.html")));
  const Outcome piped = folder.podsim({"report", "-"}, folder.read("run.h5"));
  CHECK(piped.code == 0);
  CHECK(folder.has("report.html"));
}

TEST_CASE("report: bad input ends with an error that names it, and leaves no file", "[cli]") {
  const Folder folder;
  make_inputs(folder);
  folder.write("broken.json", "{\"format\": ");
  folder.write("other.json", "{\"format\": \"dnn-workload\"}");
  std::string damaged = folder.read("run.h5");
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  folder.write("damaged.h5", damaged);
  folder.write("cut.h5", folder.read("run.h5").substr(0, 900));
  REQUIRE(folder
              .podsim({"run", "-q", "-w", "zoo:resnet20:image=8", "--set", "/hardware/pods/count=4", "--functional",
                       "--dump-outputs", "values.h5"})
              .code == 0);
  folder.write("page.html", folder.read("run.json"));
  const std::vector<std::string> files = folder.files();

  struct Case {
    std::vector<std::string> arguments;
    std::vector<std::string> texts;
  };
  for (const Case& bad :
       std::vector<Case>{{{}, {"at least one report or sweep"}},
                         {{"missing.h5"}, {"missing.h5"}},
                         {{"broken.json"}, {"broken.json", "line 1"}},
                         {{"other.json"}, {"other.json", "is not a podsim report"}},
                         {{"sweep.csv"}, {"sweep.csv"}},
                         {{"damaged.h5"}, {"damaged.h5"}},
                         {{"cut.h5"}, {"cut.h5"}},
                         {{"values.h5"}, {"values.h5", "neither a report nor a sweep"}},
                         {{"run.json", "-o", "run.json"}, {"run.json: is an input of this page"}},
                         {{"sweep.h5", "run.json", "-o", "./run.json"}, {"is an input of this page (run.json)"}},
                         {{"page.html"}, {"page.html: is an input of this page"}},
                         {{"-", "-"}, {"read once only"}},
                         {{"run.json", "-o", "none/page.html"}, {"none/page.html"}},
                         {{"run.json", "--ouput", "x"}, {"did you mean \"--output\"?"}},
                         // All are read before any is complained about.
                         {{"missing.h5", "run.json", "other.json"}, {"missing.h5", "other.json"}}}) {
    std::vector<std::string> arguments{"report"};
    arguments.insert(arguments.end(), bad.arguments.begin(), bad.arguments.end());
    const Outcome outcome = folder.podsim(arguments);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    for (const std::string& text : bad.texts) CHECK(contains(outcome.err, text));
    CHECK(folder.files() == files);
  }
}

TEST_CASE("trace: a file that Perfetto opens, a window, and mistakes", "[cli]") {
  const Folder folder;
  const std::vector<std::string> run{"run", "-q", "-w", "zoo:resnet20:image=8", "--set", "/hardware/pods/count=4"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), run.begin(), run.end());
    return folder.podsim(more);
  };
  REQUIRE(with({"--trace", "t.json", "-o", "traced.json"}).code == 0);
  const Json trace = Json::parse(folder.read("t.json"));
  CHECK(trace["otherData"]["time_unit"] == "1 us of this trace is one clock cycle");
  CHECK(trace["otherData"]["network"] == "resnet20");
  CHECK(trace["traceEvents"].size() > 1000);
  REQUIRE(with({"--trace", "again.json", "-o", "plain.json"}).code == 0);
  CHECK((folder.read("again.json") == folder.read("t.json")));
  REQUIRE(with({"-o", "untraced.json"}).code == 0);
  CHECK((folder.read("untraced.json") == folder.read("traced.json")));

  REQUIRE(with({"--trace", "w.json", "--trace-window", "100:200"}).code == 0);
  const Json window = Json::parse(folder.read("w.json"));
  CHECK(window["otherData"]["window"] == "100 to 200");
  CHECK(window["traceEvents"].size() < trace["traceEvents"].size());
  CHECK(with({"--trace", "open.json", "--trace-window", "100:"}).code == 0);

  const std::vector<std::string> files = folder.files();
  struct Case {
    std::vector<std::string> arguments;
    std::string text;
  };
  for (const Case& bad : std::vector<Case>{{{"--trace-window", "1:2"}, "needs --trace"},
                                           {{"--trace", "x.json", "--trace-window", "5"}, "must be FIRST:LAST"},
                                           {{"--trace", "x.json", "--trace-window", ":"}, "must be FIRST:LAST"},
                                           {{"--trace", "x.json", "--trace-window", "9:8"}, "must be FIRST:LAST"},
                                           {{"--trace", "x.json", "--trace-window", "-1:8"}, "must be FIRST:LAST"},
                                           {{"--trace", "-"}, "cannot be written to standard output"},
                                           {{"--trace", "none/x.json"}, "none/x.json"},
                                           {{"--trace", "x.json", "-o", "x.json"}, "is written by"}}) {
    const Outcome outcome = with(bad.arguments);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, bad.text));
    CHECK(folder.files() == files);
  }
}
