// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/published_comparison.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "podsim/sim/published_causes.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

const published::RawResult& raw_of(const std::string& network, const std::string& interconnect, int pods) {
  const auto& all = published::raw_results();
  return *std::find_if(all.begin(), all.end(), [&](const published::RawResult& raw) {
    return raw.network == network && raw.interconnect == interconnect && raw.pods == pods;
  });
}

TEST_CASE("published comparison: a figure that differs is named", "[sim]") {
  PublishedComparison row = compare_with_published(raw_of("densenet121", "crossbar", 256), false, {});
  CHECK(row.differences().empty());
  CHECK_FALSE(row.machine_ratio());
  row.raw.cycles += 1;
  row.ours.w_bytes -= 1;
  CHECK(row.differences() == std::vector<std::string>{"cycles", "w_bytes"});
  CHECK(published_table({row}).find("NO: cycles, w_bytes") != std::string::npos);
  CHECK(published_csv({row}).find("\ndensenet121,crossbar,256,0,") != std::string::npos);
  const Json json = Json::parse(published_json({row}, {1, {}}));
  CHECK(json["runs"][0]["equal"] == false);
  CHECK(json["runs"][0]["published"]["cycles"] == json["runs"][0]["ours"]["cycles"].get<std::int64_t>() + 1);
}

TEST_CASE("published comparison: podsim's machine is the default one with those pods and that interconnect", "[sim]") {
  const published::RawResult& raw = raw_of("densenet121", "butterfly-1", 256);
  const PublishedComparison row = compare_with_published(raw, true, {});
  Experiment experiment = read_experiment({"test", Json{{"workload", "zoo:densenet121:image=299"}}});
  experiment.hardware.interconnect = {"butterfly", Json{{"expansion", 1}}};
  REQUIRE(experiment.hardware.pod_count() == 256);
  REQUIRE(row.machine_cycles);
  CHECK(*row.machine_cycles == run_experiment(experiment, {}).result.cycles);
  CHECK(*row.machine_ratio() == static_cast<double>(*row.machine_cycles) / static_cast<double>(raw.cycles));
}

TEST_CASE("published comparison: JSON says whether all runs that were wanted are there", "[sim]") {
  PublishedComparison row;
  row.raw = raw_of("densenet121", "crossbar", 256);
  const Json whole = Json::parse(published_json({row, row}, {2, {}}));
  CHECK(whole["complete"] == true);
  CHECK(whole["runs_wanted"] == 2);
  CHECK_FALSE(whole.contains("stopped_because"));
  const Json partial = Json::parse(published_json({row}, {2, "interrupted"}));
  CHECK(partial["complete"] == false);
  CHECK(partial["stopped_because"] == "interrupted");
  CHECK(partial["runs_wanted"] == 2);
  PublishedCauses causes;
  causes.raw = row.raw;
  CHECK(Json::parse(causes_json({causes}, {1, {}}))["complete"] == true);
  CHECK(Json::parse(causes_json({causes}, {84, "interrupted"}))["complete"] == false);
}

TEST_CASE("published causes: they are given for a run that is met in every figure", "[sim]") {
  PublishedCauses run;
  run.raw = raw_of("densenet121", "crossbar", 256);
  run.ours.cycles = run.raw.cycles;
  run.ours.last_main_round = run.raw.last_main_round;
  run.ours.last_post_round = run.raw.last_post_round;
  run.ours.ops = run.raw.ops;
  run.ours.post_ops = run.raw.post_ops;
  run.ours.memory_stall_cycles = run.raw.memory_stall_cycles;
  run.ours.tile_operations = run.raw.tile_operations;
  run.ours.x_bytes = run.raw.x_bytes;
  run.ours.w_bytes = run.raw.w_bytes + 1;  // cycles are equal, this is not
  CHECK(run.differences() == std::vector<std::string>{"w_bytes"});
  CHECK(Json::parse(causes_json({run}, {1, {}}))["runs"][0]["equal"] == false);
  --run.ours.w_bytes;
  CHECK(run.differences().empty());
}

TEST_CASE("published causes: they lead from the published cycles to those of podsim's machine", "[sim]") {
  const published::RawResult& raw = raw_of("densenet121", "butterfly-2", 256);
  const PublishedCauses run = explain_published(raw, {});
  CHECK(run.ours.cycles == raw.cycles);
  CHECK(run.machine_cycles == run_experiment(machine_experiment(raw), {}).result.cycles);
  CHECK(run.differences().empty());
  std::int64_t sum = run.ours.cycles;
  std::int64_t extra_cycles = 0;
  for (const PublishedCause& cause : run.causes) {
    sum += cause.cycles;
    if (cause.name == "a round takes no extra cycle") extra_cycles = cause.cycles;
  }
  CHECK(sum == run.machine_cycles);
  // One cycle in each of the rounds 0 ... 1973, the last one included by then.
  CHECK(extra_cycles == -(raw.last_post_round + 1));
}

TEST_CASE("published comparison: it can be stopped", "[sim]") {
  RunOptions options;
  int asked = 0;
  options.stop = [&asked] { return ++asked > 100; };
  const auto error =
      test::error_of([&] { compare_with_published(raw_of("densenet121", "crossbar", 256), true, options); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::run_failed);
}

}  // namespace
}  // namespace podsim
