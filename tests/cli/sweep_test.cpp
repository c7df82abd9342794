// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <random>
#include <sstream>

#include <nlohmann/json.hpp>

#include "bad_input_case.hpp"
#include "process.hpp"
#include "support/catch.hpp"
#include "sweep_cases.hpp"

using podsim::test::Case;
using podsim::test::contains;
using podsim::test::Csv;
using podsim::test::Folder;
using podsim::test::interrupted_with;
using podsim::test::journal_lines;
using podsim::test::microseconds_of;
using podsim::test::Outcome;
using podsim::test::spec_text;
using podsim::test::spec_with_endless_point;
using podsim::test::tiny_network;
using Json = nlohmann::ordered_json;

TEST_CASE("sweep: every point is what run gives for its configuration, in the order of the spec", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_text());
  const Outcome outcome = folder.podsim({"sweep", "s.json", "-o", "s.csv", "--workers", "2"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(contains(outcome.out, "24 of 24 points ok"));
  CHECK(folder.files() == std::vector<std::string>{"s.csv", "s.json"});
  const Csv csv(folder.read("s.csv"));
  REQUIRE(csv.size() == 24);
  for (std::size_t n = 0; n < csv.size(); ++n) {
    // Workloads slowest, then rows, interconnect, and the zipped counts fastest.
    CHECK(csv.at(n, "point") == std::to_string(n));
    CHECK(csv.at(n, "workload") == (n < 12 ? tiny_network() : "zoo:resnet20:image=8"));
    CHECK(csv.at(n, "/hardware/pods/rows") == (n / 6 % 2 == 0 ? "8" : "16"));
    CHECK(csv.at(n, "/hardware/pods/cols") == csv.at(n, "/hardware/pods/rows"));
    CHECK(csv.at(n, "/hardware/interconnect") == (n / 3 % 2 == 0 ? "crossbar" : "butterfly"));
    CHECK(csv.at(n, "/hardware/pods/count") == std::to_string(4 << n % 3));
    CHECK(csv.at(n, "/hardware/banks/count") == csv.at(n, "/hardware/pods/count"));
    CHECK(csv.at(n, "status") == "ok");
  }
  for (const std::size_t n : {4, 17}) {
    folder.write("point.json", csv.at(n, "configuration"));
    REQUIRE(folder.podsim({"run", "point.json", "-q", "-o", "run.json"}).code == 0);
    const Json report = Json::parse(folder.read("run.json"));
    CHECK(csv.at(n, "cycles") == report["totals"]["cycles"].dump());
    CHECK(csv.at(n, "cycles_fill") == report["cycle_classes"]["fill"].dump());
    CHECK(csv.at(n, "bound_limit_cycles") == report["lower_bounds"]["limit_cycles"].dump());
    CHECK(csv.at(n, "config_hash") == report["config_hash"]);
    CHECK(csv.at(n, "workload_hash") == report["workload_hash"]);
  }
}

TEST_CASE("sweep: files are the same for any number of workers", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_text());
  for (const std::string workers : {"1", "2", "4"}) {
    REQUIRE(
        folder.podsim({"sweep", "s.json", "-q", "--workers", workers, "-o", workers + ".h5", "-o", workers + ".csv"})
            .code == 0);
  }
  for (const std::string extension : {".h5", ".csv"}) {
    CHECK(folder.read("1" + extension) == folder.read("2" + extension));
    CHECK(folder.read("1" + extension) == folder.read("4" + extension));
  }
}

TEST_CASE("sweep: killed at any moment and resumed, it ends with the same file and repeats nothing", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_text());
  const unsigned whole = microseconds_of([&] {
    REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5"}).code == 0);
  });
  std::mt19937 random(7);
  // However slow machine and program are, some of the kills come while points are computed.
  std::uniform_int_distribution<unsigned> delay(whole / 8, whole);
  int resumed = 0;
  for (int turn = 0; turn < 6; ++turn) {
    const std::vector<std::string> words{"sweep", "s.json", "-q", "--workers", "2", "-o", "killed.h5"};
    std::vector<std::string> again = words;
    again.emplace_back("--resume");
    std::size_t before = 0;
    for (int kills = 0; kills < 4; ++kills) {
      (void)folder.killed_after(again, delay(random));
      if (!folder.has("killed.h5.journal")) continue;
      // Only ever appended to.
      const std::size_t lines = journal_lines(folder, "killed.h5.journal");
      CHECK(lines >= before);
      CHECK(lines <= 1 + 24 + static_cast<std::size_t>(kills) + 1);  // header, points, what kills cut short
      before = lines;
      if (lines > 1) ++resumed;
      if (lines > 1) CHECK(folder.podsim(words).code == 2);  // without --resume it is not thrown away
    }
    const Outcome outcome = folder.podsim(again);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(folder.read("killed.h5") == folder.read("whole.h5"));
    CHECK_FALSE(folder.has("killed.h5.journal"));
    CHECK(contains(folder.podsim({"sweep", "s.json", "-o", "killed.h5", "--resume"}).out, "holds all points already"));
    ::unlink((folder.path() + "/killed.h5").c_str());
  }
  CHECK(resumed > 0);
}

TEST_CASE("sweep: workers that are killed are replaced, and their points tried again", "[cli]") {
  const Folder folder;
  folder.write("s.json", R"({"workloads": ["zoo:resnet152:image=299"], "axes": {"/hardware/pods/count": [32, 64]}})");
  REQUIRE(folder.podsim({"sweep", "s.json", "-q", "-o", "whole.h5"}).code == 0);
  int killed = 0;
  for (unsigned milliseconds = 400; killed == 0 && milliseconds > 10; milliseconds /= 2) {
    const Outcome outcome =
        folder.children_killed_after({"sweep", "s.json", "--workers", "2", "-o", "a.h5"}, milliseconds * 1000, killed);
    INFO(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(folder.read("a.h5") == folder.read("whole.h5"));
  }
  CHECK(killed > 0);
}

TEST_CASE("sweep: Ctrl-C leaves a valid file; a damaged line of the journal costs its point only", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_with_endless_point(3));
  const std::vector<std::string> words{"sweep", "s.json", "--workers", "1", "-o", "a.csv", "-o", "a.h5"};
  // Interrupted while it works on the point that does not end: three points are done.
  Outcome outcome = interrupted_with(folder, words, "a.csv.journal", 4);
  INFO(outcome.err);
  CHECK(contains(outcome.err, "interrupted; 2 points of 5 not run; --resume goes on"));
  const std::string partial = folder.read("a.csv");
  const Csv csv(partial);
  REQUIRE(csv.size() == 5);
  for (std::size_t n = 0; n < 5; ++n) CHECK(csv.at(n, "status") == (n < 3 ? "ok" : "not_run"));
  CHECK(folder.podsim({"compare", "a.h5", "a.h5"}).code == 2);  // a valid file, but of no single run

  std::string journal = folder.read("a.csv.journal");
  REQUIRE(std::count(journal.begin(), journal.end(), '\n') == 4);
  // Point 1 gets other cycles: the checksum of its line is wrong then. The last line is cut short.
  const std::size_t at = journal.find("\"cycles\":", journal.find("\"point\":1,"));
  REQUIRE(at != std::string::npos);
  journal[at + 9] = journal[at + 9] == '9' ? '8' : '9';
  folder.write("a.csv.journal", journal.substr(0, journal.size() - 30));
  // Points 1 and 2 are run again; header, 0, damaged, cut short, 1, 2.
  outcome = interrupted_with(folder, words, "a.csv.journal", 6);
  CHECK(journal_lines(folder, "a.csv.journal") == 6);
  CHECK(folder.read("a.csv") == partial);

  // Another spec has other points.
  folder.write("s.json", spec_with_endless_point(4));
  outcome = folder.podsim({"sweep", "s.json", "-o", "a.csv", "--resume"});
  CHECK(outcome.code == 2);
  CHECK(contains(outcome.err, "a.csv.journal: belongs to another sweep: its sweep_hash"));
  CHECK(folder.read("a.csv") == partial);
}

TEST_CASE("sweep: interrupted before a point is finished, it leaves everything as it was", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_with_endless_point(0));
  folder.write("a.h5", "precious");
  const Outcome outcome = folder.interrupted_after({"sweep", "s.json", "--workers", "1", "-o", "a.h5"}, 700000);
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, "nothing is written"));
  CHECK(folder.files() == std::vector<std::string>{"a.h5", "s.json"});
  CHECK(folder.read("a.h5") == "precious");
}

TEST_CASE("sweep: failing points are recorded with their reason, and the others go on", "[cli]") {
  const Folder folder;
  // A bank of 1 KiB holds no partial sums of a tile.
  folder.write("s.json", R"({"base": {"hardware": {"pods": {"count": 4}, "banks": {"count": 4, "capacity_kib": 1}}},
                             "workloads": ["zoo:resnet20:image=8"],
                             "axes": {"/hardware/banks/capacity_kib": [1, 256]}})");
  Outcome outcome = folder.podsim({"sweep", "s.json", "-o", "a.csv"});
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.out, "1 of 2 points ok"));
  CHECK(contains(outcome.err,
                 "point 0 (/workload=\"zoo:resnet20:image=8\", /hardware/banks/capacity_kib=1): run_failed: "));
  const Csv failing(folder.read("a.csv"));
  CHECK(failing.at(0, "status") == "run_failed");
  CHECK_FALSE(failing.at(0, "message").empty());
  CHECK(failing.at(0, "cycles").empty());
  CHECK(failing.at(1, "status") == "ok");

  // Each value is good, but several inferences and decoding exclude each other.
  folder.write("s.json", R"({"workloads": ["zoo:gpt2_small_decode:context=2"],
                             "axes": {"/repeat": [1, 2], "/decode_steps": [0, 1]}})");
  outcome = folder.podsim({"sweep", "s.json", "-o", "a.csv"});
  CHECK(outcome.code == 1);
  const Csv invalid(folder.read("a.csv"));
  for (std::size_t n = 0; n < 4; ++n) CHECK(invalid.at(n, "status") == (n == 3 ? "bad_input" : "ok"));
  CHECK(contains(invalid.at(3, "message"), "/repeat: must be 1 with \"decode_steps\""));

  // No run is over after five cycles.
  folder.write("s.json", R"({"workloads": ["zoo:resnet20:image=8"], "max_cycles": 5})");
  CHECK(folder.podsim({"sweep", "s.json", "-o", "a.csv"}).code == 1);
  CHECK(Csv(folder.read("a.csv")).at(0, "status") == "partial");
}

TEST_CASE("sweep: a point that never ends is given up, and the others go on", "[cli]") {
  const Folder folder;
  folder.write("s.json", spec_with_endless_point(1));
  const Outcome outcome = folder.podsim({"sweep", "s.json", "--timeout", "3", "--workers", "1", "-o", "a.csv"});
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  const Csv csv(folder.read("a.csv"));
  CHECK(csv.at(0, "status") == "ok");
  CHECK(csv.at(1, "status") == "timeout");
  CHECK(csv.at(1, "message") == "took longer than 3 s");
  CHECK(csv.at(2, "status") == "ok");
  CHECK(csv.at(2, "cycles") == csv.at(0, "cycles"));
}

TEST_CASE("sweep: bad specs and options are one clear error, and nothing is written", "[cli]") {
  const std::string file = "s.json";
  auto bad = [&](const std::string& what, const std::string& spec, std::vector<std::string> fragments) {
    podsim::test::check({what, {"sweep", file, "-o", "out.h5"}, std::move(fragments), spec, file});
  };
  const std::string net = R"("workloads": ["zoo:resnet20:image=8"])";
  bad("no JSON", "{", {"s.json"});
  bad("unknown key", "{" + net + R"(, "axis": {}})", {"/axis", "did you mean \"axes\"?"});
  bad("no network", R"({"axes": {"/hardware/pods/count": [4, 8]}})", {"names no network"});
  bad("unknown network", R"({"workloads": ["zoo:resnet20", "zoo:resnet5"]})", {"/workloads/1", "resnet50"});
  bad("no pointer", "{" + net + R"(, "axes": {"hardware.pods.rows": [8]}})", {"did you mean \"/hardware/pods/rows\"?"});
  bad("unknown parameter", "{" + net + R"(, "axes": {"/hardware/pods/rwos": [8]}})", {"did you mean \"rows\"?"});
  bad("no list", "{" + net + R"(, "axes": {"/hardware/pods/rows": 8}})", {"/axes/~1hardware~1pods~1rows", "array"});
  bad("empty list", "{" + net + R"(, "axes": {"/hardware/pods/rows": []}})", {"one value at least"});
  bad("wrong value", "{" + net + R"(, "axes": {"/hardware/pods/rows": [8, -1]}})",
      {"/axes/~1hardware~1pods~1rows/1", "no point with this value is valid"});
  bad("twice", "{" + net + R"(, "axes": {"/workload": ["zoo:vgg16"]}})", {"set twice"});
  bad("outputs", "{" + net + R"(, "base": {"outputs": ["a.json"]}})", {"/base/outputs"});
  bad("zip", "{" + net + R"(, "zip": [{"/hardware/pods/rows": [8], "/hardware/pods/cols": [8, 16]}]})",
      {"/zip/0/~1hardware~1pods~1cols", "has 2 values", "has 1"});
  bad("no expression", "{" + net + R"(, "filters": ["{/hardware/pods/rows} <"]})", {"/filters/0", "got the end"});
  bad("no condition", "{" + net + R"(, "filters": ["{/hardware/pods/rows} + 1"]})", {"/filters/0", "condition"});
  bad("unknown in filter", "{" + net + R"(, "filters": ["{/hardware/pods/rwos} > 1"]})",
      {"/filters/0", "did you mean \"/hardware/pods/rows\"?"});
  bad("division", "{" + net + R"(, "derived": {"/hardware/pods/rows": "8 / 0"}})", {"/derived/", "finite"});
  bad("nothing left", "{" + net + R"(, "filters": ["false"]})", {"no point is left"});

  const std::string good = "{" + net + "}";
  auto refused = [&](std::vector<std::string> words, std::vector<std::string> fragments) {
    words.insert(words.begin(), {"sweep", file});
    podsim::test::check({"option", words, std::move(fragments), good, file});
  };
  refused({"-o", "no/folder/out.h5"}, {"no/folder/out.h5"});
  refused({"-o", "/proc/out.h5"}, {"/proc/out.h5"});
  refused({"-o", "out.txt"}, {".csv, .h5, .hdf5"});
  refused({"-o", "-"}, {"must be the name of a file"});
  refused({"-o", "a.h5", "-o", "./a.h5"}, {"written twice"});
  refused({"--workers", "0"}, {"--workers"});
  refused({"--timeout", "soon"}, {"--timeout"});
  podsim::test::check({"no spec", {"sweep"}, {"needs a spec"}});
}

TEST_CASE("sweep: a journal of something else is left alone", "[cli]") {
  const Folder folder;
  folder.write("s.json", R"({"workloads": ["zoo:resnet20:image=8"]})");
  folder.write("s.h5.journal", "dear diary, this is a text that has nothing to do with sweeps\n");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"sweep", "s.json"}, {"sweep", "s.json", "--resume"}}) {
    const Outcome outcome = folder.podsim(words);
    CHECK(outcome.code == 2);
    CHECK(contains(outcome.err, "s.h5.journal: is no journal of a sweep"));
  }
  CHECK(contains(folder.read("s.h5.journal"), "dear diary"));
}

TEST_CASE("serve: a brief report is the full one without layers and statistics", "[cli]") {
  const Folder folder;
  const std::string experiment = R"("experiment": {"workload": "zoo:resnet20:image=8"}})";
  const Outcome outcome =
      folder.podsim({"serve"}, R"({"id": 1, )" + experiment + "\n" + R"({"id": 1, "report": "brief", )" + experiment +
                                   "\n" + R"({"id": 1, "report": "breif", )" + experiment + "\n");
  std::istringstream lines(outcome.out);
  std::string full, brief, wrong;
  REQUIRE((std::getline(lines, full) && std::getline(lines, brief) && std::getline(lines, wrong)));
  Json expected = Json::parse(full);
  CHECK(expected["report"].erase("layers") == 1);
  CHECK(expected["report"].erase("statistics") == 1);
  CHECK(Json::parse(brief) == expected);
  CHECK(contains(wrong, "did you mean \\\"brief\\\"?"));
}
