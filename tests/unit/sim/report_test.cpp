// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report.hpp"

#include <cmath>

#include "podsim/sim/report_json.hpp"
#include "podsim/sim/summary.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

/// A machine of 4 pods of 8x16 at 500 MHz that took 1000 cycles, with a different number in every class.
Report sample() {
  Report report;
  report.network = "sample";
  report.pods = 4;
  report.rows = 8;
  report.cols = 16;
  report.clock_mhz = 500;
  report.last_main_round = 9;
  report.last_post_round = 11;
  report.bound.work = 400;
  report.bound.load = 100;
  report.bound.dram = 50;
  RunResult& result = report.result;
  result.complete = true;
  result.cycles = 1000;
  result.stream_cycles = 500;
  result.fill_cycles = 40;
  result.stalls = {60, 50, 30, 120, 20, 100};
  result.drain_cycles = 45;
  result.write_back_cycles = 35;
  result.rounds = result.rounds_done = 12;
  result.tile_operations = 30;
  result.macs = 128000;
  result.pod_busy_cycles = {0, 100, 500, 1000};
  LayerReport layer;
  layer.name = "only";
  layer.op = "linear";
  layer.m = 100;
  layer.k = 32;
  layer.n = 40;
  layer.groups = 1;
  layer.result.cycles = 1000;
  layer.result.macs = 128000;
  layer.utilization = 0.25;
  report.layers = {layer};
  return report;
}

}  // namespace

TEST_CASE("report: derived figures follow their formulas", "[sim]") {
  const Report report = sample();
  CHECK(report.milliseconds() == Approx(1000 / 500e3));
  CHECK(report.utilization() == Approx(128000.0 / (4 * 8 * 16 * 1000)));
  CHECK(report.peak_tops() == Approx(2 * 4 * 8 * 16 * 500e6 / 1e12));
  CHECK(report.effective_tops() == Approx(2 * 128000 / (1000 / 500e6) / 1e12));
  // The same fraction of the peak.
  CHECK(report.effective_tops() / report.peak_tops() == Approx(report.utilization()));
  CHECK(report.busy_pods() == Approx(30.0 / (10 * 4)));
  REQUIRE(report.distance_to_limit());
  CHECK(*report.distance_to_limit() == Approx(2.5));
}

TEST_CASE("report: a partial run has no distance to a limit, anywhere", "[sim]") {
  Report report = sample();
  CHECK(to_json(report)["totals"]["distance_to_limit"] == 2.5);
  CHECK(report.statistics().to_json().dump().find("distance_to_limit") != std::string::npos);
  report.result.complete = false;
  report.result.cycles = 10;  // fewer than the bound
  CHECK_FALSE(report.distance_to_limit());
  CHECK(to_json(report)["totals"]["distance_to_limit"].is_null());
  CHECK(report.statistics().to_json().dump().find("distance_to_limit") == std::string::npos);
}

TEST_CASE("report: at its limit, a run is bound by what the largest lower bound is made of", "[sim]") {
  Report report = sample();  // 1000 cycles, most of them streaming
  report.bound.dram = 952;   // 1000 / 952 is just above 1.05
  CHECK(report.bounded_by() == "array");
  CHECK(summary_text(report).find("Bound by the array.") != std::string::npos);
  report.bound.dram = 953;
  CHECK(report.bounded_by() == "DRAM");
  CHECK(summary_text(report).find("At the limit of the DRAM.") != std::string::npos);
  report.result.complete = false;
  CHECK(report.bounded_by() == "array");
}

TEST_CASE("report: a summary counts the rounds that were done, and one of a thing has no s", "[sim]") {
  Report report = sample();
  CHECK(summary_text(report).find("30 tile operations in 12 rounds") != std::string::npos);
  report.last_main_round = report.last_post_round = 0;
  report.result.tile_operations = 1;
  CHECK(summary_text(report).find("1 tile operation in 1 round\n") != std::string::npos);
  report.result.complete = false;
  report.result.rounds_done = 3;
  CHECK(summary_text(report).find("in 3 of 12 rounds\n") != std::string::npos);
}

TEST_CASE("report: a network of the zoo is called what its user asked for", "[sim]") {
  CHECK(workload_label(Json{{"workload", "zoo:gpt2_small_decode:context=8"}}, "gpt2-small") ==
        "zoo:gpt2_small_decode:context=8");
  CHECK(workload_label(Json{{"workload", "net.json"}}, "mine") == "mine");
  CHECK(workload_label(Json(), "mine") == "mine");
}

TEST_CASE("report: cycle classes add up to the cycles", "[sim]") {
  const Report report = sample();
  std::int64_t sum = 0;
  for (const auto& [name, cycles] : report.cycle_classes()) sum += cycles;
  CHECK(sum == report.result.cycles);
  CHECK(report.cycle_classes().size() == 4 + kStallCauses);
}

TEST_CASE("report: the largest class bounds the run", "[sim]") {
  Report report = sample();
  CHECK(report.bounded_by() == "array");
  auto with = [&report](StallCause cause) {
    Report changed = report;
    changed.result.stalls[static_cast<std::size_t>(cause)] = 501;
    return changed.bounded_by();
  };
  CHECK(with(StallCause::weights) == "weight loading");
  CHECK(with(StallCause::network) == "network");
  CHECK(with(StallCause::bank) == "SRAM");
  CHECK(with(StallCause::dependency) == "dependencies");
  CHECK(with(StallCause::post_processor) == "post-processors");
  CHECK(with(StallCause::memory) == "DRAM");
  // Waiting for DRAM while it writes back counts as DRAM, too: 100 + 401.
  report.result.write_back_cycles = 401;
  CHECK(report.bounded_by() == "DRAM");
}

TEST_CASE("report: a run of nothing has no NaN anywhere", "[sim]") {
  Report report;
  for (const double value : {report.milliseconds(), report.utilization(), report.effective_tops(), report.peak_tops(),
                             report.busy_pods(), report.distance_to_limit().value_or(0)}) {
    CHECK(value == 0.0);
  }
  report.pods = report.rows = report.cols = 1;
  report.result.stopped_because = "interrupted";
  // nlohmann writes NaN and infinity as null. A partial run has no distance to the limit.
  Json totals = to_json(report)["totals"];
  CHECK(totals.at("distance_to_limit").is_null());
  totals.erase("distance_to_limit");
  CHECK(totals.dump().find("null") == std::string::npos);
  CHECK(to_json(report)["statistics"].dump().find("null") == std::string::npos);
  CHECK_FALSE(summary_text(report).empty());
}

TEST_CASE("report: busy pods of a partial run count the rounds that were begun", "[sim]") {
  Report report = sample();
  report.result.complete = false;
  report.result.rounds_done = 8;
  report.result.tile_operations = 16;
  CHECK(report.busy_pods() == Approx(16.0 / (8 * 4)));
  report.result.rounds_done = 0;
  report.result.tile_operations = 0;
  CHECK(report.busy_pods() == 0.0);
}

TEST_CASE("report: the statistics tree has units and descriptions", "[sim]") {
  const StatGroup statistics = sample().statistics();
  REQUIRE(statistics.find("cycles") != nullptr);
  CHECK(statistics.find("cycles")->count == 1000);
  REQUIRE(statistics.find("cycle_classes/stall_dependency") != nullptr);
  CHECK(statistics.find("cycle_classes/stall_dependency")->count == 120);
  REQUIRE(statistics.find("fabrics/PP-out/bytes") != nullptr);
  REQUIRE(statistics.find("banks/X/peak_bytes") != nullptr);
  // Ten bins of 100 cycles; what is beyond the last falls into it.
  const Statistic* load = statistics.find("pods/busy_cycles");
  REQUIRE(load != nullptr);
  CHECK(load->histogram.counts == std::vector<std::int64_t>{1, 1, 0, 0, 0, 1, 0, 0, 0, 1});
  const std::function<void(const StatGroup&)> check = [&check](const StatGroup& group) {
    for (const Statistic& statistic : group.statistics()) {
      INFO(group.name() << "/" << statistic.name);
      CHECK_FALSE(statistic.unit.empty());
      CHECK_FALSE(statistic.description.empty());
    }
    for (const StatGroup& inner : group.groups()) check(inner);
  };
  check(statistics);
}

TEST_CASE("report: assumptions follow the configuration", "[sim]") {
  auto text = [](const Experiment& experiment) {
    std::string out;
    for (const std::string& assumption : assumptions(experiment)) out += assumption + "\n";
    return out;
  };
  auto has = [](const std::string& all, const char* part) { return all.find(part) != std::string::npos; };
  Experiment experiment;
  const std::string plain = text(experiment);
  for (const char* part : {"im2col", "cold", "relayout is free", "double weight buffers", "one row per cycle",
                           "2 bytes", "no latency", "spills"}) {
    INFO(part);
    CHECK(has(plain, part));
  }
  experiment.hardware.pods.weight_buffers = "single";
  experiment.hardware.partial_sum_bytes = 4;
  experiment.hardware.spill = "off";
  experiment.allow_unmodelled = true;
  experiment.mapping.scheduler.parameters["published"] = true;
  const std::string other = text(experiment);
  for (const char* part : {"single weight buffer", "4 bytes", "nothing is spilled", "not model", "published machine"}) {
    INFO(part);
    CHECK(has(other, part));
  }
  CHECK_FALSE(has(other, "double weight buffers"));
}

TEST_CASE("summary: tells what a person wants to know in about 35 lines", "[sim]") {
  Report report = sample();
  report.assumptions = assumptions(Experiment{});
  report.host.total_seconds = 2;
  report.host.simulation_seconds = 1;
  report.host.peak_memory_bytes = 64 << 20;
  const std::string text = summary_text(report);
  INFO(text);
  auto has = [&text](const char* part) { return text.find(part) != std::string::npos; };
  for (const char* part : {"1,000", "2.000 us", "25.0 %", "75.0 %", "stall: dependency", "12.0 %", "Bound by the array",
                           "2.50 times", "peak memory 64 MiB", "30 tile operations/s", "1.00 k cycles/s"}) {
    INFO(part);
    CHECK(has(part));
  }
  CHECK(std::count(text.begin(), text.end(), '\n') <= 40);
  CHECK_FALSE(has("PARTIAL"));
  CHECK_FALSE(has("\033"));
  CHECK(layer_table(report).find("only") != std::string::npos);
}

TEST_CASE("summary: partial results and unmodelled layers stand out", "[sim]") {
  Report report = sample();
  report.result.complete = false;
  report.result.stopped_because = "interrupted";
  report.unmodelled = {"odd (fft)"};
  const std::string text = summary_text(report);
  CHECK(text.find("PARTIAL RESULT: stopped before the end (interrupted)") != std::string::npos);
  CHECK(text.find("NOT MODELLED, cost nothing here: odd (fft)") != std::string::npos);
  // A partial run has no distance to a bound on all of it.
  CHECK(text.find("No schedule can take") == std::string::npos);
}
