// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <nlohmann/json.hpp>

#include "process.hpp"
#include "support/catch.hpp"

using podsim::test::contains;
using podsim::test::Folder;
using podsim::test::Outcome;
using Json = nlohmann::ordered_json;

// SOSA (arXiv 2203.11540): 260.18 W, 390 pods at 400 W, 206.46 TOPS become 317.4.
TEST_CASE("power: the published machine, as text and as JSON", "[cli]") {
  const Folder folder;
  const Outcome text = folder.podsim({"power", "--tops", "206.46", "-o", "power.json"});
  INFO(text.err);
  CHECK(text.code == 0);
  CHECK(contains(text.out, "260.18 W"));
  CHECK(contains(text.out, "317.4 TOPS"));
  CHECK(contains(text.out, "390"));
  const Json report = Json::parse(folder.read("power.json"));
  CHECK(report["technology"] == "sosa28");
  CHECK(std::abs(report["peak_power_watts"]["total"].get<double>() - 260.18) < 0.005);
  CHECK(report["at_tdp"]["pods"] == 390);
  CHECK(report["at_tdp"]["pods_power_of_two"] == 256);
  CHECK(std::abs(report["at_tdp"]["effective_tops"].get<double>() - 317.4) < 0.05);
  CHECK(report["constants"][0]["unit"] == "pJ");
  CHECK_FALSE(report.contains("area_mm2"));

  const Outcome only_json = folder.podsim({"power", "-t", "physical28", "-o", "-"});
  CHECK(only_json.code == 0);
  CHECK(Json::parse(only_json.out)["area_mm2"]["total"] > 500);
  // Groups of pods have no single N(TDP).
  const Outcome groups = folder.podsim({"power", "-c", "preset:mixed-128x32x32-8x128x128"});
  CHECK(groups.code == 0);
  CHECK_FALSE(contains(groups.out, "pods within"));
  CHECK(folder.files() == std::vector<std::string>{"power.json"});
}

TEST_CASE("power: a technology of one's own, and mistakes in it", "[cli]") {
  const Folder folder;
  const std::string table = R"({"by_capacity_kib": {"256": 2.7}, "unit": "pJ/B", "source": "test"})";
  const std::string good = R"({"format": "podsim-technology", "schema": 1,
    "mac_energy": {"value": 0.8, "unit": "pJ", "source": "test"}, "sram_read_energy": )" +
                           table + R"(, "sram_write_energy": )" + table + R"(,
    "switch_port_energy": {"value": 28.75, "unit": "fJ/B", "source": "test"}})";
  folder.write("mine.json", good);
  const Outcome outcome = folder.podsim({"power", "--technology", "mine.json"});
  CHECK(outcome.code == 0);
  CHECK(contains(outcome.out, "365.04 W"));  // 260.18 and another 104.86 W for MACs
  std::string bad = good;
  bad.replace(bad.find("\"pJ\""), 4, "\"pF\"");
  folder.write("bad.json", bad);
  struct Bad {
    std::vector<std::string> arguments;
    std::string text;
  };
  for (const Bad& wrong :
       {Bad{{"power", "-t", "bad.json"}, "bad.json:/mac_energy/unit: unknown unit \"pF\" (allowed: pJ, fJ)"},
        Bad{{"power", "-t", "sosa82"}, "did you mean \"sosa28\"?"}, Bad{{"power", "-t", "none.json"}, "none.json"},
        Bad{{"power", "--tdp", "0"}, "--tdp:/power/tdp_watts: must be in [0.001, 1e+09], got 0"},
        Bad{{"power", "--tdp", "many"}, "--tdp:/power/tdp_watts: must be a number, got the string \"many\""},
        Bad{{"power", "--tops", "-3"}, "--tops"}, Bad{{"power", "-o", "no/such/folder.json"}, "no/such"},
        Bad{{"power", "--set", "/hardware/pods/rows=0"}, "/hardware/pods/rows"}}) {
    const Outcome refused = folder.podsim(wrong.arguments);
    INFO(wrong.text << " | " << refused.err);
    CHECK(refused.code == 2);
    CHECK(contains(refused.err, wrong.text));
    CHECK(refused.out.empty());
  }
}

TEST_CASE("power: technologies are listed and described with their sources", "[cli]") {
  const Folder folder;
  CHECK(folder.podsim({"list", "technologies", "--names"}).out == "physical28\nsosa28\n");
  CHECK(contains(folder.podsim({"describe", "sosa28"}).out, "28.75 fJ/B"));
}

TEST_CASE("power: a run tells its energy, and components add up to the total", "[cli]") {
  const Folder folder;
  for (const std::string technology : {"sosa28", "physical28"}) {
    const Outcome outcome = folder.podsim({"run", "-w", podsim::test::tiny_network(), "--technology", technology,
                                           "--tdp", "300", "-o", technology + ".json"});
    INFO(outcome.err);
    CHECK(outcome.code == 0);
    CHECK(contains(outcome.out, "TOPS/W; technology " + technology));
    const Json report = Json::parse(folder.read(technology + ".json"));
    const Json& energy = report["statistics"]["energy"];
    double sum = 0;
    for (const auto& [name, gauge] : energy.items()) {
      if (gauge.contains("unit") && gauge["unit"] == "mJ" && name != "total") sum += gauge["value"].get<double>();
    }
    CHECK(sum > 0);
    CHECK(sum == energy["total"]["value"].get<double>());
    const double seconds = report["totals"]["time_ms"].get<double>() / 1e3;
    const double average = sum / 1e3 / seconds;
    CHECK(std::abs(energy["average_power"]["value"].get<double>() / average - 1) < 1e-9);
    CHECK((energy["sram_leakage"]["value"].get<double>() > 0) == (technology == "physical28"));
    // The same figures by name, and what follows from them.
    const Json& figures = report["energy"];
    CHECK(figures["technology"] == technology);
    CHECK(figures["total_mj"] == sum);
    CHECK(figures["sram_mj"] == energy["sram"]["value"]);
    CHECK(figures.contains("area_mm2") == (technology == "physical28"));
    const double tops = report["totals"]["effective_tops"], peak = figures["peak_power_watts"];
    auto is = [&figures](const char* name, double expected) {
      return std::abs(figures[name].get<double>() / expected - 1) < 1e-9;
    };
    CHECK(is("tops_per_watt_at_average_power", tops / average));
    CHECK(is("tops_per_watt_at_peak_power", tops / peak));
    CHECK(is("effective_tops_at_tdp", tops * 300 / peak));
    // Layers add up to the run, part by part.
    for (const auto& [name, mj] : report["layers"][0]["energy_mj"].items()) {
      double layers = 0;
      for (const Json& layer : report["layers"]) layers += layer["energy_mj"][name].get<double>();
      INFO(name);
      CHECK(std::abs(layers - figures[name + "_mj"].get<double>()) <= 1e-9 * layers);
    }
  }
  // Energy changes nothing else.
  Json a = Json::parse(folder.read("sosa28.json")), b = Json::parse(folder.read("physical28.json"));
  for (Json* report : {&a, &b}) {
    (*report)["statistics"].erase("energy");
    (*report)["experiment"].erase("power");
    for (Json& layer : (*report)["layers"]) layer.erase("energy_mj");
    for (const char* key : {"energy", "assumptions", "config_hash"}) report->erase(key);
  }
  CHECK(a == b);
  const Outcome refused = folder.podsim({"run", "-w", podsim::test::tiny_network(), "--technology", "sosa82"});
  CHECK(refused.code == 2);
  CHECK(contains(refused.err, "did you mean \"sosa28\"?"));
}
