// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/chrome_trace.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "podsim/sim/core/json_reader.hpp"
#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"

using namespace podsim;

namespace {

Experiment experiment(const std::string& text) {
  return read_experiment({"test", Json::parse(text)});
}

struct Traced {
  Report report;
  Json trace;
};

Traced traced(const std::string& text, const TraceOptions& options = {}) {
  ChromeTrace trace(options);
  RunOptions run;
  run.probe = &trace;
  Traced out;
  out.report = run_experiment(experiment(text), run);
  out.trace = parse_json(trace.text(), "trace").root;
  return out;
}

/// The rules of the format for complete events and metadata; events of a track do not overlap.
void check_format(const Json& trace) {
  using Track = std::pair<std::int64_t, std::int64_t>;
  std::map<Track, std::int64_t> free_from;
  std::set<Track> named;
  std::set<std::int64_t> named_processes;
  std::size_t complete = 0;
  for (const Json& event : trace["traceEvents"]) {
    REQUIRE(event["name"].is_string());
    REQUIRE(event["pid"].is_number_integer());
    REQUIRE(event["tid"].is_number_integer());
    REQUIRE(event["ts"].is_number_integer());
    const Track track{event["pid"].get<std::int64_t>(), event["tid"].get<std::int64_t>()};
    const auto kind = event["ph"].get<std::string>();
    if (kind == "M") {
      if (event["name"] == "thread_name") CHECK(named.insert(track).second);
      if (event["name"] == "process_name") CHECK(named_processes.insert(track.first).second);
      continue;
    }
    if (kind == "i") {
      CHECK(event["s"] == "g");
      continue;
    }
    REQUIRE(kind == "X");
    ++complete;
    const auto start = event["ts"].get<std::int64_t>();
    const auto length = event["dur"].get<std::int64_t>();
    INFO(event.dump());
    CHECK(start >= 0);
    CHECK(length > 0);
    CHECK(start >= free_from[track]);
    free_from[track] = start + length;
    CHECK(named.count(track) == 1);
    CHECK(named_processes.count(track.first) == 1);
  }
  CHECK(trace["otherData"]["events"] == complete);
}

/// Complete events of a process, by the words its name begins with.
std::vector<Json> events_of(const Json& trace, const std::string& process) {
  std::int64_t pid = -1;
  std::vector<Json> out;
  for (const Json& event : trace["traceEvents"]) {
    if (event["name"] == "process_name" && event["args"]["name"].get<std::string>().rfind(process, 0) == 0) {
      pid = event["pid"].get<std::int64_t>();
    }
  }
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == "X" && event["pid"] == pid) out.push_back(event);
  }
  return out;
}

std::int64_t sum_of(const std::vector<Json>& events, const std::string& pointer, std::int64_t absent = 0) {
  std::int64_t out = 0;
  for (const Json& event : events) out += event.value(Json::json_pointer(pointer), absent);
  return out;
}

const char* kMachines[] = {
    R"({"workload": "zoo:resnet20", "hardware": {"pods": {"count": 8, "rows": 16, "cols": 16}}})",
    // Spills and write-backs; circuits of different length; copies.
    R"({"workload": "zoo:resnet20", "hardware": {"pods": {"count": 8, "rows": 16, "cols": 16},
        "banks": {"capacity_kib": 6}, "interconnect": "mesh", "relayout": "circuits",
        "dram": {"type": "bandwidth", "bandwidth_gb_per_s": 30}}})",
    // Sums stay; several DRAM channels.
    R"({"workload": "zoo:bert_medium:sequence=16", "hardware": {"pods": {"count": 8, "rows": 32, "cols": 32,
        "dataflow": "output_stationary"}, "interconnect": "crossbar", "dram": {"type": "latency"}}})",
};

}  // namespace

TEST_CASE("trace: keeps the rules of the format, and agrees with what the run counted", "[sim]") {
  std::int64_t spilled = 0;
  for (const char* machine : kMachines) {
    INFO(machine);
    const auto [report, trace] = traced(machine, {0, 1'000'000'000, 10'000'000});
    const RunResult& result = report.result;
    REQUIRE(result.complete);
    check_format(trace);
    CHECK(trace["otherData"]["events_left_out"] == 0);

    const std::vector<Json> operations = events_of(trace, "pods");
    CHECK(static_cast<std::int64_t>(operations.size()) == result.tile_operations);
    CHECK(sum_of(operations, "/dur") == result.busy_pod_cycles);
    std::map<std::string, std::int64_t> by_layer;
    for (const Json& event : operations) ++by_layer[event["name"].get<std::string>()];
    for (const LayerReport& layer : report.layers) {
      INFO(layer.name);
      CHECK(by_layer[layer.name] == layer.result.tile_operations);
    }
    std::map<std::int64_t, std::int64_t> by_pod;
    for (const Json& event : operations) by_pod[event["tid"].get<std::int64_t>()] += event["dur"].get<std::int64_t>();
    for (std::size_t pod = 0; pod < result.pod_busy_cycles.size(); ++pod) {
      CHECK(by_pod[static_cast<std::int64_t>(pod)] == result.pod_busy_cycles[pod]);
    }

    const std::vector<Json> passes = events_of(trace, "post-processors");
    CHECK(static_cast<std::int64_t>(passes.size()) == result.passes);
    CHECK(sum_of(passes, "/dur") == result.post_processor_busy_cycles);

    // Of the rows of each layer, the first one enters where the run says.
    std::map<std::string, std::int64_t> first;
    for (const auto* events : {&operations, &passes}) {
      for (const Json& event : *events) {
        const auto start = event["ts"].get<std::int64_t>();
        const auto at = first.emplace(event["name"].get<std::string>(), start).first;
        at->second = std::min(at->second, start);
      }
    }
    for (const LayerReport& layer : report.layers) {
      INFO(layer.name);
      CHECK(first.at(layer.name) == layer.result.first_cycle);
    }

    std::int64_t last = 0;
    for (int f = 0; f < kFabrics; ++f) {
      const auto id = static_cast<FabricId>(f);
      INFO(fabric_name(id));
      const std::vector<Json> circuits = events_of(trace, std::string("fabric ") + fabric_name(id) + ":");
      CHECK(sum_of(circuits, "/args/receivers", 1) == result.fabrics[static_cast<std::size_t>(f)].circuits);
      CHECK(sum_of(circuits, "/args/bytes") == result.fabrics[static_cast<std::size_t>(f)].bytes);
    }
    std::map<std::string, std::int64_t> moved;
    for (const Json& event : events_of(trace, "DRAM")) {
      moved[event["name"].get<std::string>()] += event["args"]["bytes"].get<std::int64_t>();
      last = std::max(last, event["ts"].get<std::int64_t>() + event["dur"].get<std::int64_t>());
    }
    CHECK(moved["fill"] == result.dram.read_bytes);
    CHECK(moved["write back"] == result.dram.written_bytes);
    CHECK(moved["spill"] == result.dram.spilled_bytes);
    CHECK(last <= result.cycles + 1);
    spilled += result.dram.spilled_bytes;
  }
  CHECK(spilled > 0);
}

TEST_CASE("trace: the run is the same as without, and a machine of a pool is not watched by mistake", "[sim]") {
  for (const char* machine : kMachines) {
    INFO(machine);
    const RunResult alone = run_experiment(experiment(machine), {}).result;
    CHECK(test::difference(traced(machine).report.result, alone).empty());
    ChromeTrace trace;
    RunOptions run;
    run.probe = &trace;
    MachinePool pool;
    (void)run_experiment(experiment(machine), {}, &pool);
    CHECK(test::difference(run_experiment(experiment(machine), run, &pool).result, alone).empty());
    const std::string text = trace.text();
    CHECK(parse_json(text, "trace").root["otherData"]["events"] > 0);
    CHECK(test::difference(run_experiment(experiment(machine), {}, &pool).result, alone).empty());
    CHECK((trace.text() == text));
  }
}

TEST_CASE("trace: a window holds the events that reach into it", "[sim]") {
  const std::string machine = kMachines[0];
  using Key = std::tuple<std::string, std::int64_t, std::int64_t>;
  const auto keys = [](const Json& trace, std::int64_t first, std::int64_t last) {
    std::multiset<Key> out;
    // Lanes of DRAM depend on what else is shown.
    for (const Json& event : trace["traceEvents"]) {
      if (event["ph"] != "X") continue;
      const auto start = event["ts"].get<std::int64_t>();
      if (start > last || start + event["dur"].get<std::int64_t>() - 1 < first) continue;
      out.insert({event["name"].get<std::string>() + event["args"].dump(), event["pid"].get<std::int64_t>(), start});
    }
    return out;
  };
  const Traced all = traced(machine, {0, 1'000'000'000, 10'000'000});
  for (std::int64_t first = 2000; first < 2050; first += 7) {  // some of them right where events begin or end
    const Json part = traced(machine, {first, first + 10, 10'000'000}).trace;
    check_format(part);
    const auto wanted = keys(all.trace, first, first + 10);
    REQUIRE(wanted.size() > 10);
    CHECK((keys(part, 0, 1'000'000'000) == wanted));
    CHECK(part["otherData"]["window"] == std::to_string(first) + " to " + std::to_string(first + 10));
  }
}

TEST_CASE("trace: with too many events the first ones are there without a gap, and the trace says so", "[sim]") {
  const std::string machine = kMachines[0];
  const Json all = traced(machine, {0, 1'000'000'000, 10'000'000}).trace;
  for (const std::size_t most : {1000, 3001, 12345}) {
    INFO(most);
    const Json cut = traced(machine, {0, 1'000'000'000, most}).trace;
    check_format(cut);
    const auto from = cut["otherData"]["complete_before_cycle"].get<std::int64_t>();
    const auto kept = cut["otherData"]["events"].get<std::size_t>();
    CHECK(kept <= most);
    CHECK(kept > most / 2);
    CHECK(cut["otherData"]["note"].get<std::string>().find("--trace-window") != std::string::npos);
    std::size_t before = 0;
    for (const Json& event : all["traceEvents"]) before += event["ph"] == "X" && event["ts"] < from ? 1 : 0;
    CHECK(kept == before);
    CHECK(cut["otherData"]["events_left_out"].get<std::size_t>() + kept >=
          all["otherData"]["events"].get<std::size_t>());
  }
}

TEST_CASE("trace: not of several runs", "[sim]") {
  ChromeTrace trace;
  RunOptions run;
  run.probe = &trace;
  for (const char* several : {R"({"workload": "zoo:gpt2_small_decode", "decode_steps": 2})",
                              R"({"tenants": [{"workload": "zoo:resnet20"}, {"workload": "zoo:resnet20"}]})"}) {
    CHECK_THROWS_WITH(run_experiment(experiment(several), run), Catch::Contains("a trace shows a single run"));
  }
}
