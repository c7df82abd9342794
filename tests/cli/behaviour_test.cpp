// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include <nlohmann/json.hpp>

#include "process.hpp"
#include "support/catch.hpp"

using podsim::test::contains;
using podsim::test::Folder;
using podsim::test::Outcome;
using podsim::test::tiny_network;
using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::vector<std::string> run_tiny(std::vector<std::string> more) {
  more.insert(more.begin(), {"run", "-w", tiny_network()});
  return more;
}

/// Cycle classes and layers both add up to the cycles, and ratios are ratios.
void check_report(const Json& report) {
  const auto cycles = report["totals"]["cycles"].get<std::int64_t>();
  CHECK(cycles > 0);
  std::int64_t classes = 0;
  for (const auto& [name, value] : report["cycle_classes"].items()) classes += value.get<std::int64_t>();
  CHECK(classes == cycles);
  std::int64_t layers = 0;
  for (const Json& layer : report["layers"]) layers += layer["cycles"].get<std::int64_t>();
  CHECK(layers == cycles);
  for (const char* key : {"utilization", "busy_pods"}) {
    REQUIRE(report["totals"][key].is_number());
    CHECK(report["totals"][key] >= 0.0);
    CHECK(report["totals"][key] <= 1.0);
  }
}

}  // namespace

TEST_CASE("run: the summary is on standard output and nothing on standard error", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim(run_tiny({"--layers"}));
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  for (const char* word : {"Cycles", "Utilization", "Throughput", "Busy pods", "Bound by", "lower bounds",
                           "Assumptions in force", "peak memory", "longest stall"}) {
    INFO(word);
    CHECK(contains(outcome.out, word));
  }
  CHECK(lines(folder.podsim(run_tiny({})).out).size() <= 40);
  CHECK(folder.files().empty());
}

TEST_CASE("run: same input, same bytes", "[cli]") {
  const Folder folder;
  REQUIRE(folder.podsim(run_tiny({"-q", "-o", "a.json", "-o", "a.csv"})).code == 0);
  const std::string json = folder.read("a.json");
  const std::string csv = folder.read("a.csv");
  REQUIRE(folder.podsim(run_tiny({"-q", "-o", "a.json", "-o", "a.csv"})).code == 0);
  CHECK(folder.read("a.json") == json);
  CHECK(folder.read("a.csv") == csv);
  CHECK(folder.files() == std::vector<std::string>{"a.csv", "a.json"});
}

TEST_CASE("run: the JSON report is complete and adds up", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim(run_tiny({"-o", "-"}));
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  const Json report = Json::parse(outcome.out);  // nothing else on standard output
  check_report(report);
  CHECK(report["complete"] == true);
  // 64 rows through 64x96 and 96x64.
  CHECK(report["totals"]["macs"] == 2 * 64 * 64 * 96);
  CHECK(report["network"]["macs"] == 2 * 64 * 64 * 96);
  CHECK(report["experiment"]["hardware"]["pods"]["rows"] == 32);
  for (const char* key : {"config_hash", "version", "commit", "seed", "statistics", "assumptions", "lower_bounds"}) {
    CHECK(report.contains(key));
  }
  CHECK(report["totals"]["cycles"] >= report["lower_bounds"]["limit_cycles"]);
}

TEST_CASE("run: the echoed experiment gives the same report", "[cli]") {
  const Folder folder;
  REQUIRE(folder
              .podsim(run_tiny(
                  {"-q", "-c", "preset:sosa-256x32x32-mesh", "--set", "/hardware/pods/count=16", "-o", "a.json"}))
              .code == 0);
  const Json first = Json::parse(folder.read("a.json"));
  folder.write("again.json", first["experiment"].dump());
  const Outcome outcome = folder.podsim({"run", "again.json", "-o", "-"});
  REQUIRE(outcome.code == 0);
  Json second = Json::parse(outcome.out);
  CHECK(second["config_hash"] == first["config_hash"]);
  CHECK(second == first);
}

TEST_CASE("run: the CSV has one row per layer and as many cells as its header", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim(run_tiny({"-o", "-", "--format", "csv"}));
  REQUIRE(outcome.code == 0);
  const Json report = Json::parse(folder.podsim(run_tiny({"-o", "-"})).out);
  const std::vector<std::string> rows = lines(outcome.out);
  REQUIRE(rows.size() == report["layers"].size() + 1);
  auto cells = [](const std::string& row) {
    std::size_t count = 1;
    bool quoted = false;
    for (const char c : row) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) ++count;
    }
    return count;
  };
  CHECK(rows[0].substr(0, 9) == "layer,op,");
  CHECK_FALSE(contains(rows[0], " "));
  CHECK(rows[0].back() != ',');
  for (std::size_t n = 1; n < rows.size(); ++n) {
    CHECK(cells(rows[n]) == cells(rows[0]));
    CHECK(rows[n].substr(0, rows[n].find(',')) == report["layers"][n - 1]["name"]);
    CHECK(contains(rows[n], report["config_hash"].get<std::string>()));
  }
}

TEST_CASE("run: a workload may come from standard input", "[cli]") {
  const Folder folder;
  const std::string network =
      R"({"format": "dnn-workload", "version": 1, "name": "one", "inputs": [{"name": "x", "shape": [8, 16]}], "layers": )"
      R"([{"name": "a", "op": "linear", "inputs": ["x"], "in_features": 16, "out_features": 4}], "outputs": ["a"]})";
  const Outcome outcome = folder.podsim({"run", "-w", "-", "-o", "-"}, network);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(Json::parse(outcome.out)["totals"]["macs"] == 8 * 16 * 4);
  const Outcome experiment =
      folder.podsim({"run", "-", "-o", "-"}, R"({"workload": ")" + tiny_network() + R"(", "seed": 7})");
  INFO(experiment.err);
  REQUIRE(experiment.code == 0);
  CHECK(Json::parse(experiment.out)["seed"] == 7);
}

TEST_CASE("run: --max-cycles ends with a marked partial result and exit code 1", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim(run_tiny({"--max-cycles", "60", "-o", "part.json"}));
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.out, "PARTIAL RESULT"));
  CHECK(contains(outcome.err, "partial"));
  const Json report = Json::parse(folder.read("part.json"));
  CHECK(report["complete"] == false);
  CHECK(contains(report["stopped_because"].get<std::string>(), "60 cycles"));
  // A round that has begun is accounted for in full.
  const Json whole = Json::parse(folder.podsim(run_tiny({"-o", "-"})).out);
  CHECK(report["totals"]["cycles"].get<std::int64_t>() < whole["totals"]["cycles"].get<std::int64_t>());
  CHECK(report["totals"]["tile_operations"] < whole["totals"]["tile_operations"]);
  check_report(report);
}

TEST_CASE("run: an interrupt ends a long run with a marked partial result and exit code 1", "[cli]") {
  const Folder folder;
  // The schedule is there; seconds of simulation follow.
  const Outcome outcome = folder.interrupted({"run", "-w", "zoo:vgg16:batch=2", "--set", "/hardware/pods/count=1", "-q",
                                              "-o", "part.json", "--schedule-out", "schedule.json"},
                                             "schedule.json");
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, "interrupted"));
  REQUIRE(folder.has("part.json"));
  const Json report = Json::parse(folder.read("part.json"));
  CHECK(report["complete"] == false);
  CHECK(report["stopped_because"] == "interrupted");
  CHECK(folder.files() == std::vector<std::string>{"part.json", "schedule.json"});
}

TEST_CASE("run: when an output cannot be written the old file stays and no other is left", "[cli]") {
  const Folder folder;
  const Outcome full = folder.podsim(run_tiny({"-q", "-o", "/dev/full", "--format", "json"}));
  CHECK(full.code == 1);
  CHECK(contains(full.err, "/dev/full: cannot be written: No space left on device"));
  folder.write("old.json", "precious");
  const Outcome bad = folder.podsim(run_tiny({"-o", "old.json", "-o", "none/x.json"}));
  CHECK(bad.code == 2);
  CHECK(folder.read("old.json") == "precious");
  CHECK(folder.files() == std::vector<std::string>{"old.json"});
}

TEST_CASE("run: a schedule that was written can be taken again", "[cli]") {
  const Folder folder;
  REQUIRE(folder.podsim(run_tiny({"-q", "-o", "a.json", "--schedule-out", "s.json"})).code == 0);
  const Outcome again = folder.podsim(run_tiny({"-q", "-o", "b.json", "--schedule-in", "s.json"}));
  INFO(again.err);
  REQUIRE(again.code == 0);
  const Json a = Json::parse(folder.read("a.json"));
  const Json b = Json::parse(folder.read("b.json"));
  CHECK(a["totals"] == b["totals"]);
  CHECK(a["layers"] == b["layers"]);
}

TEST_CASE("run: too little memory is refused before the work starts", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim({"run", "-w", "zoo:resnet50", "--max-memory", "1M", "-o", "a.json"});
  CHECK(outcome.code == 1);
  CHECK(contains(outcome.err, "memory"));
  CHECK(folder.files().empty());
}

TEST_CASE("run: unmodelled layers are listed", "[cli]") {
  const Folder folder;
  folder.write("net.json",
               R"({"format": "dnn-workload", "version": 1, "name": "n", "inputs": [{"name": "x", "shape": [8, 16]}], )"
               R"("layers": [{"name": "odd", "op": "fft", "inputs": ["x"], "output_shape": [8, 16]}, )"
               R"({"name": "a", "op": "linear", "inputs": ["odd"], "in_features": 16, "out_features": 4}], )"
               R"("outputs": ["a"]})");
  CHECK(folder.podsim({"run", "-w", "net.json"}).code == 2);
  const Outcome outcome = folder.podsim({"run", "-w", "net.json", "--allow-unmodelled", "-o", "a.json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(contains(outcome.out, "NOT MODELLED, cost nothing here: odd (fft)"));
  CHECK(Json::parse(folder.read("a.json"))["network"]["unmodelled"] == Json{"odd (fft)"});
}

TEST_CASE("run: inferences back to back with warm weights report a steady state", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim(run_tiny({"--repeat", "3", "--warm-weights", "-o", "a.json"}));
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "3 inferences back to back"));
  CHECK(contains(outcome.out, "warm start"));
  CHECK(contains(outcome.out, "Peak in banks"));
  const Json report = Json::parse(folder.read("a.json"));
  check_report(report);
  CHECK(report["repetition"]["done_cycles"].size() == 3);
  CHECK(report["totals"]["resident_weight_bytes"] > 0);
  CHECK(report["statistics"]["dram"]["weight_bytes"]["value"] == 0);
}

TEST_CASE("presets: each of them runs", "[cli]") {
  const Folder folder;
  const std::vector<std::string> presets = lines(folder.podsim({"list", "presets", "--names"}).out);
  REQUIRE(presets.size() >= 8);
  for (const std::string& preset : presets) {
    const Outcome outcome = folder.podsim(run_tiny({"-c", preset, "-o", "-"}));
    INFO(preset << " " << outcome.err);
    REQUIRE(outcome.code == 0);
    const Json report = Json::parse(outcome.out);
    check_report(report);
    // A preset's name tells its shape.
    if (!contains(preset, "sosa")) continue;
    const Json& pods = report["experiment"]["hardware"]["pods"];
    const std::string shape = std::to_string(pods["count"].get<int>()) + "x" + std::to_string(pods["rows"].get<int>());
    CHECK(contains(preset, shape));
  }
}

TEST_CASE("networks: each of the zoo validates", "[cli]") {
  const Folder folder;
  const std::vector<std::string> networks = lines(folder.podsim({"list", "networks", "--names"}).out);
  REQUIRE(networks.size() >= 12);
  for (const std::string& network : networks) {
    const Outcome outcome = folder.podsim({"validate", "-w", network});
    INFO(network << " " << outcome.err);
    CHECK(outcome.code == 0);
    CHECK(outcome.out.substr(0, 3) == "OK\n");
  }
}

TEST_CASE("validate: says what run would do and simulates nothing", "[cli]") {
  const Folder folder;
  const Outcome outcome = folder.podsim({"validate", "-w", tiny_network()});
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "786,432"));  // 2 * 64 * 64 * 96 MACs
  // ceil(64/32) * ceil(96/32) weight tiles, and as many the other way round, for each of two rows of tiles.
  CHECK(contains(outcome.out, "tile operations  24"));
  CHECK(folder.podsim({"validate", "-w", tiny_network(), "-q"}).out.empty());
}

TEST_CASE("describe: every parameter of an echoed experiment is explained", "[cli]") {
  const Folder folder;
  const std::string text = folder.podsim({"describe"}).out;
  const std::string table = folder.podsim({"describe", "--markdown"}).out;
  const Json experiment = Json::parse(folder.podsim(run_tiny({"-o", "-"})).out)["experiment"].flatten();
  REQUIRE(experiment.size() > 20);
  for (const auto& [pointer, value] : experiment.items()) {
    // Parameters of a plug-in stand behind its name.
    std::string name = pointer;
    const std::string butterfly = "/hardware/interconnect/expansion";
    if (name == butterfly) name = "/hardware/interconnect<butterfly>/expansion";
    const std::string scheduler = "/mapping/scheduler/";
    if (name.compare(0, scheduler.size(), scheduler) == 0 && name != scheduler + "type") {
      name = "/mapping/scheduler<sosa_greedy>/" + name.substr(scheduler.size());
    }
    if (name.compare(0, 9, "/outputs/") == 0) name = "/outputs";
    INFO(name);
    CHECK(contains("\n" + text, "\n" + name + "\n"));
    CHECK(contains(table, "`" + name + "`"));
  }
}

TEST_CASE("describe: every listed plug-in can be asked for", "[cli]") {
  const Folder folder;
  for (const std::string& name : lines(folder.podsim({"list", "--names"}).out)) {
    const Outcome outcome = folder.podsim({"describe", name});
    INFO(name << " " << outcome.err);
    CHECK(outcome.code == 0);
    CHECK(contains(outcome.out, name));
  }
}

TEST_CASE("compare: shows ratios, and says when the networks differ", "[cli]") {
  const Folder folder;
  REQUIRE(folder.podsim(run_tiny({"-q", "-o", "a.json"})).code == 0);
  REQUIRE(folder.podsim(run_tiny({"-q", "-o", "b.json", "--set", "/hardware/clock_mhz=500"})).code == 0);
  const Outcome outcome = folder.podsim({"compare", "a.json", "b.json", "--layers"});
  INFO(outcome.out << outcome.err);
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "/hardware/clock_mhz"));
  CHECK(contains(outcome.out, "0.500"));  // peak TOPS halve with the clock
  CHECK(contains(outcome.out, "Cycles by layer"));
  CHECK_FALSE(contains(outcome.out, "networks differ"));
  CHECK(contains(folder.podsim({"compare", "a.json", "a.json"}).out, "Same configuration"));

  folder.write("net.csv", "Layer, M, N, K,\nx, 8, 8, 8,\n");
  REQUIRE(folder.podsim({"run", "-w", "net.csv", "-q", "-o", "c.json"}).code == 0);
  const Outcome other = folder.podsim({"compare", "a.json", "c.json", "--layers"});
  CHECK(other.code == 0);
  CHECK(contains(other.out, "The networks differ"));
}

TEST_CASE("serve: answers in order, and bad lines do not end the session", "[cli]") {
  const Folder folder;
  const std::string good = R"({"workload": ")" + tiny_network() + R"("})";
  const Outcome outcome = folder.podsim(
      {"serve"}, R"({"id": 1, "experiment": )" + good + "}\n" + "nonsense\n\n" +
                     R"({"id": "two", "experiment": {"workload": "zoo:nope", "hardware": {"pods": {"rows": 0}}}})"
                     "\n"
                     R"({"id": 3, "experiment": {}, "colour": 1})"
                     "\n"
                     R"({"id": 4, "experiment": )" +
                     good +
                     R"(, "max_cycles": 50})"
                     "\n"
                     R"([])"
                     "\n"
                     R"({"id": [5], "experiment": )" +
                     good + "}");
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  const std::vector<std::string> answers = lines(outcome.out);
  REQUIRE(answers.size() == 7);
  std::vector<Json> parsed;
  for (const std::string& answer : answers) parsed.push_back(Json::parse(answer));
  CHECK(parsed[0]["id"] == 1);
  CHECK(parsed[0]["status"] == "ok");
  check_report(parsed[0]["report"]);
  CHECK(parsed[1]["id"].is_null());
  CHECK(parsed[1]["kind"] == "bad_input");
  CHECK(parsed[2]["id"] == "two");
  CHECK(parsed[2]["issues"][0]["pointer"] == "/experiment/hardware/pods/rows");
  CHECK(parsed[3]["id"] == 3);
  CHECK(contains(answers[3], "/colour"));
  CHECK(contains(answers[3], "/experiment/workload"));
  CHECK(parsed[4]["status"] == "ok");
  CHECK(parsed[4]["report"]["complete"] == false);
  CHECK(parsed[5]["id"].is_null());
  CHECK(parsed[6]["id"] == Json{5});
  CHECK(parsed[6]["report"] == parsed[0]["report"]);

  // What serve answers is what run writes.
  Json report = Json::parse(folder.podsim(run_tiny({"-o", "-"})).out);
  CHECK(report == parsed[0]["report"]);
}

TEST_CASE("help and version are on standard output", "[cli]") {
  const Folder folder;
  CHECK(contains(folder.podsim({"--version"}).out, "podsim 0."));
  const Outcome help = folder.podsim({"--help"});
  CHECK(help.code == 0);
  for (const char* command : {"run", "validate", "list", "describe", "compare", "serve"}) {
    INFO(command);
    CHECK(contains(help.out, std::string("  ") + command));
    const Outcome one = folder.podsim({command, "--help"});
    CHECK(one.code == 0);
    CHECK(contains(one.out, std::string("Usage: podsim ") + command));
    CHECK(contains(one.out, "Example"));
    CHECK(folder.podsim({"help", command}).out == one.out);
  }
  const Outcome nothing = folder.podsim({});
  CHECK(nothing.code == 2);
  CHECK(nothing.out.empty());
}
