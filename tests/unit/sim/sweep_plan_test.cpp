// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/sweep_plan.hpp"

#include <cmath>
#include <filesystem>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/report_json.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/sim/sweep/sweep_result.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

SweepPlan plan_of(const std::string& text) {
  return make_sweep_plan(read_sweep_spec(parse_json(text, "s.json")));
}

std::vector<Json> values_of(const SweepPlan& plan) {
  std::vector<Json> out;
  for (const SweepPoint& point : plan.points) out.emplace_back(point.values);
  return out;
}

}  // namespace

TEST_CASE("sweep plan: workloads vary slowest, then axes as written, then zipped values", "[sweep]") {
  const SweepPlan plan = plan_of(R"({
    "zip": [{"/hardware/pods/count": [4, 8], "/hardware/banks/count": [16, 32]}],
    "axes": {"/seed": [1, 2], "/repeat": [3, 4]},
    "workloads": ["zoo:resnet20", {"source": "zoo:resnet20", "image": 8}]})");
  CHECK(plan.parameters ==
        std::vector<std::string>{"/workload", "/seed", "/repeat", "/hardware/pods/count", "/hardware/banks/count"});
  std::vector<Json> expected;
  for (const Json& net : {Json("zoo:resnet20"), Json{{"source", "zoo:resnet20"}, {"image", 8}}}) {
    for (const int seed : {1, 2}) {
      for (const int repeat : {3, 4}) {
        for (const int pods : {4, 8}) expected.push_back(Json::array({net, seed, repeat, pods, 4 * pods}));
      }
    }
  }
  CHECK(values_of(plan) == expected);
  // A point is the experiment that one would write by hand.
  const Json last = Json::parse(plan.points.back().configuration);
  Json by_hand =
      to_json(read_experiment({{}, Json::parse(R"({"workload": "zoo:resnet20:image=8", "seed": 2, "repeat": 4,
      "hardware": {"pods": {"count": 8}, "banks": {"count": 32}}})")}));
  by_hand.erase("outputs");
  CHECK(last == by_hand);
  CHECK(plan.points.back().config_hash == config_hash(by_hand));
  CHECK(plan.points.back().workload == "zoo:resnet20:image=8");
}

TEST_CASE("sweep plan: derived values follow each other, filters see them and the defaults", "[sweep]") {
  const SweepPlan plan = plan_of(R"({"base": {"hardware": {"preset": "sosa-128x64x64-butterfly2"}},
    "workloads": ["zoo:resnet20"],
    "axes": {"/hardware/pods/rows": [8, 16, 32, 64]},
    "derived": {"/hardware/pods/cols": "{/hardware/pods/rows} * 2",
                "/seed": "{/hardware/pods/cols} + {/hardware/pods/count}"},
    "filters": ["{/hardware/pods/cols} < 128", "{/hardware/interconnect} == 'butterfly'", "{/seed} != 160"]})");
  // The preset has 128 pods; rows 16 has seed 160, rows 64 has 128 columns.
  CHECK(values_of(plan) ==
        std::vector<Json>{Json::array({"zoo:resnet20", 8, 16, 144}), Json::array({"zoo:resnet20", 32, 64, 192})});
}

TEST_CASE("sweep plan: machines as large as a power budget allows", "[sweep]") {
  // Pods within 400 W of the SOSA paper's machines: all that fit, and the power of two that it simulates.
  const std::string axes = R"json("workloads": ["zoo:resnet20"], "axes": {"/hardware/pods/rows": [16, 32, 64, 128]},
    "derived": {"/hardware/pods/cols": "{/hardware/pods/rows}", "/hardware/pods/count": )json";
  auto pods = [&axes](const std::string& rest) {
    std::vector<int> out;
    for (const SweepPoint& point : plan_of("{" + axes + rest + "}").points) out.push_back(point.values.back());
    return out;
  };
  CHECK(pods("\"pods_within(400)\"}") == std::vector<int>{960, 390, 141, 45});
  CHECK(pods("\"power_of_two_pods_within({/power/tdp_watts})\"}") == std::vector<int>{512, 256, 128, 32});
  CHECK(pods(R"json("256"}, "filters": ["peak_power_watts() <= 400"])json") == std::vector<int>{256, 256});
  // Another technology, and its areas.
  const SweepPlan areas =
      plan_of(R"json({"base": {"power": {"technology": "physical28"}}, "workloads": ["zoo:resnet20"],
    "axes": {"/hardware/pods/count": [64, 256]}, "filters": ["area_mm2() < 500"]})json");
  CHECK(values_of(areas) == std::vector<Json>{Json::array({"zoo:resnet20", 64})});
}

TEST_CASE("sweep plan: a point whose machine cannot be asked is recorded with the reason", "[sweep]") {
  const SweepPlan plan = plan_of(R"json({"workloads": ["zoo:resnet20"],
    "axes": {"/hardware/pods/rows": [32, 512], "/hardware/pods/cols": [32, 512]},
    "derived": {"/hardware/pods/count": "pods_within(100)", "/seed": "7"
}
})json");
  REQUIRE(plan.points.size() == 4);
  CHECK(plan.points[0].problem.empty());
  // 512 x 512 PEs take 105 W (SOSA) and more.
  CHECK(plan.points[3].problem.find("not even one pod fits 100 W") != std::string::npos);
  CHECK(plan.points[3].values == std::vector<Json>{"zoo:resnet20", 512, 512, nullptr, nullptr});
  CHECK(plan.points[3].workload == "zoo:resnet20");
  CHECK_THROWS_AS(
      plan_of(R"json({"workloads": ["zoo:resnet20"], "axes": {"/seed": [1]}, "filters": ["area_mm2() > 1"]})json"),
      Error);  // of no point
  // A machine that is none: pods of several kinds have no single size.
  const SweepPlan odd = plan_of(R"json({"workloads": ["zoo:resnet20"],
    "axes": {"/hardware/preset": ["sosa-128x64x64-butterfly2", "mixed-128x32x32-8x128x128"], "/seed": [1, 2]},
    "filters": ["{/seed} == 1 || pods_within(400) > 0"]})json");
  REQUIRE(odd.points.size() == 4);
  CHECK(odd.points[0].problem.empty());
  CHECK(odd.points[2].problem.empty());
  CHECK(odd.points[3].problem.find("needs pods of one kind") != std::string::npos);
}

TEST_CASE("sweep plan: the hash changes with everything that a result follows from", "[sweep]") {
  const std::string text = R"({"workloads": ["zoo:resnet20"], "axes": {"/seed": [1, 2]}})";
  const std::string hash = plan_of(text).hash;
  CHECK(hash == plan_of(R"({"axes": {"/seed": [1, 2]}, "base": {"workload": "zoo:resnet20"}})").hash);
  CHECK(hash != plan_of(R"({"workloads": ["zoo:resnet20"], "axes": {"/seed": [2, 1]}})").hash);
  CHECK(hash != plan_of(R"({"workloads": ["zoo:resnet20:image=8"], "axes": {"/seed": [1, 2]}})").hash);
  CHECK(hash != plan_of(R"({"workloads": ["zoo:resnet20"], "axes": {"/seed": [1, 2]}, "max_cycles": 9})").hash);
}

TEST_CASE("sweep plan: the specs in scripts/examples make valid points", "[sweep]") {
  int specs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PODSIM_SOURCE_DIR "/scripts/examples")) {
    if (entry.path().extension() != ".json") continue;
    ++specs;
    INFO(entry.path().string());
    const SweepPlan plan = make_sweep_plan(read_sweep_spec(read_json_file(entry.path().string())));
    CHECK(plan.points.size() > 1);
    for (const SweepPoint& point : plan.points) CHECK(point.problem.empty());
  }
  CHECK(specs >= 3);
}

TEST_CASE("sweep plan: too many combinations are refused before any is made", "[sweep]") {
  Json axis = Json::array();
  for (int n = 0; n < 1001; ++n) axis.push_back(n);
  const Json spec{{"workloads", {"zoo:resnet20"}}, {"axes", {{"/seed", axis}, {"/repeat", axis}}}};
  CHECK_THROWS_WITH(plan_of(spec.dump()), Catch::Contains("more than 1,000,000 combinations"));
}

TEST_CASE("sweep result: a row holds the figures of the report, and marks what a point does not have", "[sweep]") {
  const SweepPlan plan = plan_of(R"({"workloads": ["zoo:resnet20:image=8"],
    "axes": {"/hardware/interconnect": ["crossbar", {"type": "bus"}], "/hardware/clock_mhz": [500, 1000.5]}})");
  REQUIRE(plan.points.size() == 4);
  const Report report =
      run_experiment(read_experiment(parse_json(plan.points[1].configuration, "point")), RunOptions{});
  SweepResult sweep{plan, std::vector<PointResult>(4)};
  sweep.results[1] = result_of_answer({{"status", "ok"}, {"report", to_json(report)}});
  sweep.results[2] = result_of_answer(Json::parse(R"({"status": "error", "kind": "run_failed",
      "issues": [{"file": "", "pointer": "/a", "message": "too, small", "hint": "more"}]})"));
  // Through the journal and back.
  sweep.results[1] = point_result(Json::parse(to_json(1, sweep.results[1]).dump()));

  const Hdf5Reader reader(sweep_hdf5(sweep), "sweep.h5");
  const Hdf5Table table = reader.table("/points");
  using Texts = std::vector<std::string>;
  using Integers = std::vector<std::int64_t>;
  using Numbers = std::vector<double>;
  const auto texts = [&](const char* name) { return std::get<Texts>(table.find(name)->values); };
  CHECK(texts("status") == Texts{"not_run", "ok", "run_failed", "not_run"});
  CHECK(texts("message")[2] == "/a: too, small; more");
  CHECK(texts("/hardware/interconnect") == Texts{"crossbar", "crossbar", R"({"type":"bus"})", R"({"type":"bus"})"});
  CHECK(std::get<Numbers>(table.find("/hardware/clock_mhz")->values) == Numbers{500, 1000.5, 500, 1000.5});
  CHECK(std::get<Integers>(table.find("cycles")->values) == Integers{-1, report.result.cycles, -1, -1});
  const Numbers utilization = std::get<Numbers>(table.find("utilization")->values);
  CHECK(utilization[1] == report.utilization());
  CHECK(std::isnan(utilization[2]));
  CHECK(texts("workload_hash")[1] == report.workload_hash);
  CHECK(texts("config_hash")[1] == report.config_hash);
  for (std::size_t n = 0; n < 4; ++n) CHECK(texts("configuration")[n] == plan.points[n].configuration);
  CHECK_FALSE(sweep.is_complete());

  const std::string csv = sweep_csv(sweep);
  CHECK(csv.find("2,run_failed,\"/a: too, small; more\",zoo:resnet20:image=8,\"{\"\"type\"\":\"\"bus\"\"}\",500,,") !=
        std::string::npos);
}
