// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_hdf5.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "podsim/sim/comparison.hpp"
#include "podsim/sim/report_json.hpp"
#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

Report run(bool record_rounds) {
  JsonDocument document{"test", Json::parse(R"({
    "workload": "zoo:bert_medium:sequence=16",
    "hardware": {"pods": {"count": 8, "rows": 32, "cols": 32}, "banks": {"capacity_kib": 512}}})")};
  RunOptions options;
  options.record_rounds = record_rounds;
  return run_experiment(read_experiment(document), options);
}

Json as_json(const Hdf5Scalar& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

const std::vector<std::int64_t>& integers(const Hdf5Table& table, const std::string& column) {
  const Hdf5Column* found = table.find(column);
  if (found == nullptr) throw std::runtime_error("no column " + column);
  return std::get<std::vector<std::int64_t>>(found->values);
}

std::int64_t total(const Hdf5Table& table, const std::string& column) {
  const auto& values = integers(table, column);
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

}  // namespace

TEST_CASE("HDF5 report: holds what the JSON report holds", "[sim]") {
  const Report report = run(true);
  const std::string bytes = to_hdf5(report);
  CHECK((to_hdf5(report) == bytes));
  const Hdf5Reader reader(bytes, "r.h5");
  const Json json = to_json(report);

  std::map<std::string, Json> root;
  for (const auto& [name, value] : reader.attributes("/")) root[name] = as_json(value);
  for (const auto& [key, value] : json.items()) {
    INFO(key);
    if (key == "layers" || key == "statistics") continue;
    if (key == "experiment" || value.is_array()) {
      CHECK(Json::parse(root.at(key).get<std::string>()) == value);
    } else if (!value.is_object()) {
      CHECK(root.at(key) == value);
    } else {
      std::map<std::string, Json> group;
      for (const auto& [name, member] : reader.attributes("/" + key)) group[name] = as_json(member);
      CHECK(group.size() == value.size());
      for (const auto& [name, member] : value.items()) {
        INFO(name);
        CHECK(group.at(name) == (member.is_array() ? Json(member.dump()) : member));
      }
    }
  }

  const Hdf5Table layers = reader.table("/layers");
  REQUIRE(layers.rows() == static_cast<std::int64_t>(report.layers.size()));
  for (std::size_t n = 0; n < report.layers.size(); ++n) {
    const LayerReport& layer = report.layers[n];
    CHECK(std::get<std::vector<std::string>>(layers.find("name")->values)[n] == layer.name);
    CHECK(std::get<std::vector<double>>(layers.find("utilization")->values)[n] == layer.utilization);
    CHECK(integers(layers, "cycles")[n] == layer.result.cycles);
    CHECK(integers(layers, "dram_bytes")[n] == layer.result.dram_bytes);
    for (std::size_t c = 0; c < kStallCauses; ++c) {
      const std::string cause = stall_cause_name(static_cast<StallCause>(c));
      CHECK(integers(layers, "stall_" + cause + "_cycles")[n] == layer.result.stalls[c]);
    }
  }

  const Hdf5Table rounds = reader.table("/rounds");
  CHECK(rounds.rows() == report.result.rounds);
  CHECK(total(rounds, "macs") == report.result.macs);
  CHECK(total(rounds, "tile_operations") == report.result.tile_operations);
  CHECK(total(rounds, "passes") == report.result.passes);
  CHECK(total(rounds, "stream_end_cycle") - total(rounds, "stream_start_cycle") == report.result.stream_cycles);
  for (std::size_t c = 0; c < kStallCauses; ++c) {
    const std::string cause = stall_cause_name(static_cast<StallCause>(c));
    CHECK(total(rounds, "stall_" + cause + "_cycles") == report.result.stalls[c]);
  }

  const Hdf5Table pods = reader.table("/pods");
  CHECK(pods.rows() == 8);
  CHECK(integers(pods, "pod").back() == 7);
  CHECK(integers(pods, "tile_operations") == report.result.pod_operations);
  CHECK(integers(pods, "busy_cycles") == report.result.pod_busy_cycles);

  const StatGroup statistics = report.statistics();
  const Hdf5Table table = reader.table("/statistics");
  const auto& names = std::get<std::vector<std::string>>(table.find("name")->values);
  REQUIRE(names.size() > 30);
  for (std::size_t n = 0; n < names.size(); ++n) {
    const Statistic* found = statistics.find(names[n]);
    INFO(names[n]);
    REQUIRE(found != nullptr);
    const bool is_counter = found->kind == Statistic::Kind::counter;
    CHECK(integers(table, "count")[n] == (is_counter ? found->count : 0));
    CHECK(std::get<std::vector<double>>(table.find("value")->values)[n] ==
          (is_counter ? static_cast<double>(found->count) : found->value));
    CHECK(std::get<std::vector<std::string>>(table.find("unit")->values)[n] == found->unit);
  }
  CHECK(std::get<std::vector<std::int64_t>>(reader.array("/histograms/pods/busy_cycles").elements) ==
        statistics.find("pods/busy_cycles")->histogram.counts);
}

TEST_CASE("HDF5 report: rounds are recorded only if asked for, and change nothing else", "[sim]") {
  const Report with = run(true);
  const Report without = run(false);
  CHECK(without.result.round_results.empty());
  CHECK(static_cast<std::int64_t>(with.result.round_results.size()) == with.result.rounds);
  CHECK((to_json(with) == to_json(without)));
  CHECK(Hdf5Reader(to_hdf5(without), "r.h5").table("/rounds").rows() == 0);
}

TEST_CASE("HDF5 report: compares as the JSON report does", "[sim]") {
  const Report report = run(false);
  const JsonDocument json{"r", to_json(report)};
  const JsonDocument hdf5 = report_document(Hdf5Reader(to_hdf5(report), "r"));
  CHECK(compare_reports(hdf5, hdf5, true) == compare_reports(json, json, true));
  CHECK(compare_reports(json, hdf5, true) == compare_reports(json, json, true));
}

TEST_CASE("HDF5 report: other HDF5 files are no reports", "[sim]") {
  Hdf5Builder builder;
  builder.array("/x", {{1}, std::vector<std::int32_t>{1}});
  const JsonDocument other = report_document(Hdf5Reader(builder.finish(), "other.h5"));
  Report empty;
  empty.experiment = Json::object();
  const JsonDocument good = report_document(Hdf5Reader(to_hdf5(empty), "good.h5"));
  try {
    (void)compare_reports(good, other, false);
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bad_input);
    CHECK(std::string(error.what()).find("other.h5:/: is not a podsim report") == 0);
  }
}
