// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_page/report_page.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/random.hpp"
#include "podsim/sim/report_hdf5.hpp"
#include "podsim/sim/report_json.hpp"
#include "podsim/sim/report_page/pareto.hpp"
#include "podsim/sim/report_page/round_bins.hpp"
#include "podsim/sim/report_page/run_section.hpp"
#include "podsim/sim/report_page/sweep_data.hpp"
#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

using Values = std::vector<std::int64_t>;

Report run_small() {
  JsonDocument document{"test", Json::parse(R"({
    "workload": "zoo:resnet20",
    "hardware": {"pods": {"count": 8, "rows": 16, "cols": 16}, "banks": {"capacity_kib": 512},
                 "interconnect": "mesh"}})")};
  RunOptions options;
  options.record_rounds = true;
  return run_experiment(read_experiment(document), options);
}

std::int64_t total(const Values& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
  return out;
}

/// A file that is gone at the end.
struct Scratch {
  std::string path;
  Scratch(const std::string& name, const std::string& content)
      : path((std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + name)).string()) {
    write_file(path, content);
  }
  ~Scratch() { std::filesystem::remove(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

Json data_of(const PageFiles& files) {
  const std::string page = report_page(files);
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = page.find(begin) + begin.size();
  return Json::parse(page.substr(from, page.find("</script>", from) - from));
}

}  // namespace

TEST_CASE("report page: bins are as few and as wide as they may be", "[sim]") {
  for (const std::int64_t cycles : {0, 1, 599, 600, 601, 1200, 1201, 123457}) {
    INFO(cycles);
    const TimeBins bins = TimeBins::make(cycles, 600);
    CHECK(bins.count() <= 600);
    CHECK(bins.count() * bins.width >= cycles);
    if (cycles > 0) CHECK((bins.count() - 1) * bins.width < cycles);
    // One cycle less per bin would need more than 600.
    if (bins.width > 1) CHECK((bins.width - 1) * 600 < cycles);
  }
}

TEST_CASE("report page: amounts are spread over bins in proportion, and none of them is lost", "[sim]") {
  RandomStream random(7, "spread");
  const auto draw = [&random](std::int64_t below) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(below)));
  };
  for (int n = 0; n < 2000; ++n) {
    TimeBins bins;
    bins.cycles = 1 + draw(500);
    bins.width = 1 + draw(40);
    const std::int64_t begin = draw(bins.cycles);
    const std::int64_t end = begin + 1 + draw(bins.cycles - begin);
    const std::int64_t per_cycle = 1 + draw(5);
    Values whole, odd;
    spread(bins, begin, end, per_cycle * (end - begin), whole);
    // As many per cycle as every cycle gets: counted one by one.
    Values counted(static_cast<std::size_t>(bins.count()));
    for (std::int64_t cycle = begin; cycle < end; ++cycle) {
      counted[static_cast<std::size_t>(cycle / bins.width)] += per_cycle;
    }
    CHECK(whole == counted);
    const std::int64_t amount = 1 + draw(100000);
    spread(bins, begin, end, amount, odd);
    CHECK(total(odd) == amount);
    for (std::size_t bin = 0; bin < odd.size(); ++bin) {
      const double fair = static_cast<double>(counted[bin]) / static_cast<double>(per_cycle * (end - begin));
      CHECK(std::abs(static_cast<double>(odd[bin]) - fair * static_cast<double>(amount)) < 1.0 + 1e-6);
    }
  }
  // What lies outside goes to the nearest bin.
  Values edge;
  spread({10, 5}, 8, 30, 7, edge);
  spread({10, 5}, 12, 12, 3, edge);
  spread({10, 5}, -4, 1, 2, edge);
  CHECK(edge == Values{2, 10});
}

TEST_CASE("report page: series over time add up to what the run counted", "[sim]") {
  const Report report = run_small();
  const RunResult& result = report.result;
  const Hdf5Reader reader(to_hdf5(report), "r.h5");
  const TimeBins bins = TimeBins::make(result.cycles, 100);
  std::map<std::string, Values> series;
  for (const RoundSeries& one : round_series(reader.table("/rounds"), bins)) series[one.name] = one.values;
  CHECK(total(series.at("busy")) == result.busy_pod_cycles);
  CHECK(total(series.at("in_use")) == result.busy_pod_cycles + result.barrier_pod_cycles);
  CHECK(total(series.at("streaming")) == result.stream_cycles);
  CHECK(total(series.at("fill")) == result.fill_cycles);
  REQUIRE(total(Values(result.stalls.begin(), result.stalls.end())) > 0);
  for (int c = 0; c < kStallCauses; ++c) {
    const std::string cause = stall_cause_name(static_cast<StallCause>(c));
    INFO(cause);
    CHECK(total(series.at("stall_" + cause)) == result.stalls[static_cast<std::size_t>(c)]);
  }
  // No cycle is of two classes, so that no bin has more of them than cycles.
  for (std::size_t bin = 0; bin < series.at("busy").size(); ++bin) {
    std::int64_t cycles = series.at("streaming")[bin] + series.at("fill")[bin];
    for (const auto& [name, values] : series) {
      if (name.compare(0, 6, "stall_") == 0) cycles += values[bin];
    }
    CHECK(cycles <= bins.width);
    CHECK(series.at("busy")[bin] <= series.at("in_use")[bin]);
    CHECK(series.at("in_use")[bin] <= 8 * series.at("streaming")[bin]);
  }
  CHECK(round_series({}, bins).empty());
}

TEST_CASE("report page: the Pareto front is that of comparing every pair", "[sim]") {
  RandomStream random(3, "pareto");
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  for (int n = 0; n < 500; ++n) {
    std::vector<std::pair<double, double>> points(random.below(30));
    for (auto& [x, y] : points) {  // few values, so that many are equal
      x = random.below(12) == 0 ? nothing : static_cast<double>(random.below(8));
      y = random.below(12) == 0 ? nothing : static_cast<double>(random.below(8)) - 4;
    }
    std::set<std::size_t> wanted;
    for (std::size_t a = 0; a < points.size(); ++a) {
      bool is_beaten = std::isnan(points[a].first) || std::isnan(points[a].second);
      for (const auto& [x, y] : points) {
        is_beaten |= x <= points[a].first && y <= points[a].second && (x < points[a].first || y < points[a].second);
      }
      if (!is_beaten) wanted.insert(a);
    }
    const std::vector<std::size_t> front = pareto_front(points);
    CHECK(std::set<std::size_t>(front.begin(), front.end()) == wanted);
    CHECK(front.size() == wanted.size());
    CHECK(std::is_sorted(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
      return points[a] != points[b] ? points[a] < points[b] : a < b;
    }));
  }
}

TEST_CASE("report page: names cannot leave their place", "[sim]") {
  const Json hostile = {{"</script><script>alert(1)</script>", "<!-- & ]]> \u2028 \" ' \\"}, {"a", "<!--<script>"}};
  const std::string text = script_json(hostile);
  CHECK(text.find_first_of("<>&") == std::string::npos);
  CHECK(Json::parse(text) == hostile);
  CHECK(script_json(Json("\xff<")) == "\"\uFFFD\\u003c\"");
  CHECK(html_text("</title>&\"'\x01") == "&lt;/title&gt;&amp;&quot;&#39;\\x01");

  Json report = to_json(run_small());
  const auto page_of = [&report](const std::string& name) {
    report["network"]["name"] = name;
    report["experiment"]["workload"] = name;
    report["layers"][0]["name"] = name;
    PageFiles files;
    files.runs.push_back({"r.json", report, {}, {}});
    return report_page(files);
  };
  const std::string plain = page_of("resnet");
  for (const std::string name :
       {"</script><script>console.log(1)</script>", "<!-- data -->", "/* script */", "<!-- title -->"}) {
    INFO(name);
    const std::string page = page_of(name);
    for (const std::string part : {"<", "</script", "<!--", "/* script */", "drawPage();"}) {
      if (part != name) CHECK(count_of(page, part) == count_of(plain, part));
    }
    const Json data = [&] {
      PageFiles files;
      files.runs.push_back({"r.json", report, {}, {}});
      return data_of(files);
    }();
    CHECK(data["runs"][0]["sections"]["layers"]["name"][0] == name);
    CHECK(page == page_of(name));  // same input, same bytes
  }
}

TEST_CASE("report page: JSON and HDF5 of a run show the same, HDF5 the pods over time as well", "[sim]") {
  const Report report = run_small();
  const Scratch json("r.json", to_json(report).dump());
  const Scratch hdf5("r.h5", to_hdf5(report));
  const PageFiles files = read_page_files({json.path, hdf5.path});
  REQUIRE(files.runs.size() == 2);
  Json data = page_data(files);
  Json a = data["runs"][0]["sections"], b = data["runs"][1]["sections"];
  CHECK_FALSE(a.contains("occupancy"));
  REQUIRE(b.contains("occupancy"));
  CHECK(b["occupancy"]["pod"]["busy_cycles"] == Json(report.result.pod_busy_cycles));
  for (const std::string section : {"overview", "cycles", "layers", "roofline", "energy"}) {
    INFO(section);
    REQUIRE(a.contains(section));
    // In HDF5 names of fused layers are joined, and members without value left out.
    a[section].erase("fused");
    b[section].erase("fused");
    Json left = a[section], right = b[section];
    CHECK(Json(nlohmann::json(left)) == Json(nlohmann::json(right)));
  }
  // Two files of one name are told apart.
  CHECK(data["runs"][0]["label"] != data["runs"][1]["label"]);
  // Everything that has a figure has one of the run's.
  CHECK(a["overview"]["totals"]["cycles"] == report.result.cycles);
  CHECK(a["layers"]["count"] == report.layers.size());
  CHECK(a["roofline"]["peak_tops"] == report.peak_tops());
}

TEST_CASE("report page: a report without energy, bounds of other kinds or DRAM parameters is shown all the same",
          "[sim]") {
  Json report = to_json(run_small());
  report.erase("energy");
  report.erase("assumptions");
  report["machine"] = 7;
  report["experiment"]["hardware"]["dram"] = {{"type", "other"}};
  report["layers"] = Json::array({{{"name", "a"}, {"cycles", 5}, {"stall_cycles", "none"}}});
  PageFiles files;
  files.runs.push_back({"r.json", report, {}, {}});
  const Json sections = data_of(files)["runs"][0]["sections"];
  CHECK_FALSE(sections.contains("energy"));
  CHECK_FALSE(sections["roofline"].contains("dram_gb_per_s"));
  CHECK(sections["layers"]["cycles"] == Json::array({5}));
  CHECK_FALSE(sections["layers"].contains("macs"));
}

TEST_CASE("report page: columns of a sweep", "[sim]") {
  SweepFile sweep;
  sweep.file = "s.h5";
  sweep.about = {{"commit", "c"}, {"complete", true}};
  const std::int64_t count = 1000;
  Values point, rows, cycles;
  std::vector<double> energy;
  std::vector<std::string> status, network, same;
  for (std::int64_t n = 0; n < count; ++n) {
    point.push_back(2 * n);  // a shard
    rows.push_back(n % 10 == 0 ? -1 : n % 10);
    status.push_back(n == 3 ? "run_failed" : "ok");
    cycles.push_back(n == 3 ? -1 : 1000 - n);
    energy.push_back(n == 3 || n == 5 ? std::nan("") : static_cast<double>(n % 100 == 77 ? 1000 - n : 5000));
    network.push_back("n" + std::to_string(n % 2));
    same.push_back("x");
  }
  sweep.points.columns = {
      {"point", point},   {"status", status}, {"workload", network},       {"/hardware/pods/rows", rows},
      {"cycles", cycles}, {"kind", same},     {"energy_total_mj", energy}, {"configuration", network}};
  const Json all = sweep_data(sweep);
  const auto column = [](const Json& data, const std::string& name) -> const Json& {
    for (const Json& one : data["columns"]) {
      if (one["name"] == name) return one;
    }
    throw std::runtime_error("no column " + name);
  };
  CHECK(all["points"] == count);
  CHECK_FALSE(all.contains("note"));
  CHECK(all["constants"] == Json{{"kind", "x"}});
  CHECK(all["columns"].size() == 6);  // neither the constant nor the configuration
  CHECK(column(all, "workload")["kind"] == "parameter");
  CHECK(column(all, "/hardware/pods/rows")["values"][0] == -1);  // a parameter may have that value
  CHECK(column(all, "cycles")["values"][3].is_null());
  CHECK(column(all, "cycles")["values"][4] == 996);
  CHECK(column(all, "energy_total_mj")["values"][5].is_null());
  CHECK(column(all, "point")["values"][7] == 14);
  // Of the points with n % 100 == 77, whose energy is their cycles, the last is best in both; the very last has fewer
  // cycles.
  CHECK(all["front"]["points"] == Json::array({2 * 999, 2 * 977}));

  // Five columns beside the number: room for 50 points, one in 20; the front stays.
  const Json few = sweep_data(sweep, 250);
  const Json& kept = column(few, "point")["values"];
  CHECK(few.contains("note"));
  CHECK(kept.size() == 52);
  CHECK(std::count(kept.begin(), kept.end(), Json(2 * 999)) == 1);
  CHECK(std::count(kept.begin(), kept.end(), Json(2 * 977)) == 1);
  CHECK(column(few, "cycles")["values"].size() == 52);
}
