// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/compatible_reports.hpp"

#include <cmath>
#include <map>
#include <sstream>

#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) out.push_back(part);
  return out;
}

/// The rows of a SCALE-Sim report by the names of its columns, blanks included, as scripts find them.
std::vector<std::map<std::string, std::string>> rows(const std::string& text) {
  const std::vector<std::string> lines = split(text, '\n');
  const std::vector<std::string> names = split(lines.at(0), ',');
  std::vector<std::map<std::string, std::string>> out;
  for (std::size_t n = 1; n < lines.size(); ++n) {
    const std::vector<std::string> cells = split(lines[n], ',');
    REQUIRE(cells.size() == names.size());
    CHECK(lines[n].back() == ',');
    std::map<std::string, std::string> row;
    for (std::size_t c = 0; c < cells.size(); ++c) row[names[c]] = cells[c];
    out.push_back(row);
  }
  return out;
}

std::int64_t ceil_of(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

Report run(const std::string& workload, std::int64_t pods, std::int64_t array_rows, std::int64_t array_cols) {
  JsonDocument document{"test", Json::object()};
  document.root["workload"] = workload;
  document.root["hardware"]["pods"] = {{"count", pods}, {"rows", array_rows}, {"cols", array_cols}};
  document.root["hardware"]["interconnect"] = "crossbar";
  document.root["mapping"]["tiling"]["partition_rows"] = 64;
  return run_experiment(read_experiment(document), {});
}

std::vector<std::string> scalesim(const Report& report) {
  return compatible_reports_registry().make({"scalesim", Json::object()})->contents(report);
}

}  // namespace

TEST_CASE("SCALE-Sim reports: names and headers are SCALE-Sim's", "[sim]") {
  const auto reports = compatible_reports_registry().make({"scalesim", Json::object()});
  CHECK(reports->file_names() ==
        std::vector<std::string>{"COMPUTE_REPORT.csv", "BANDWIDTH_REPORT.csv", "DETAILED_ACCESS_REPORT.csv"});
  const std::vector<std::string> empty = reports->contents(Report{});
  CHECK(empty[0] ==
        "LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles, Overall Util %, Mapping Efficiency %, "
        "Compute Util %,\n");
  CHECK(empty[1] ==
        "LayerID, Avg IFMAP SRAM BW, Avg FILTER SRAM BW, Avg OFMAP SRAM BW, Avg IFMAP DRAM BW, Avg FILTER DRAM BW, "
        "Avg OFMAP DRAM BW,\n");
  CHECK(empty[2] ==
        "LayerID, SRAM IFMAP Start Cycle, SRAM IFMAP Stop Cycle, SRAM IFMAP Reads, SRAM Filter Start Cycle, SRAM "
        "Filter Stop Cycle, SRAM Filter Reads, SRAM OFMAP Start Cycle, SRAM OFMAP Stop Cycle, SRAM OFMAP Writes, DRAM "
        "IFMAP Start Cycle, DRAM IFMAP Stop Cycle, DRAM IFMAP Reads, DRAM Filter Start Cycle, DRAM Filter Stop Cycle, "
        "DRAM Filter Reads, DRAM OFMAP Start Cycle, DRAM OFMAP Stop Cycle, DRAM OFMAP Writes,\n");
}

TEST_CASE("SCALE-Sim reports: counts of one GEMM follow from its shape", "[sim]") {
  // 200 x 70 @ 70 x 50 on arrays of 32 x 16, in blocks of 64 rows: 4 row blocks, 3 weight tiles deep, 4 wide.
  constexpr std::int64_t m = 200, k = 70, n = 50, array_rows = 32, array_cols = 16;
  const std::string workload = std::string(PODSIM_TEST_DATA) + "/workloads/one_gemm.csv";
  const Report report = run(workload, 4, array_rows, array_cols);
  REQUIRE(report.layers.size() == 1);
  REQUIRE(report.layers[0].m == m);
  const std::int64_t deep = ceil_of(k, array_rows), wide = ceil_of(n, array_cols);
  const std::vector<std::string> files = scalesim(report);

  auto compute = rows(files[0]).at(0);
  const auto cycles = static_cast<double>(report.result.cycles);
  CHECK(compute["LayerID"] == "0");
  CHECK(std::stoll(compute[" Total Cycles (incl. prefetch)"]) == report.result.cycles);
  // The index of the last cycle in which arrays are busy.
  const auto total = static_cast<double>(report.result.array_cycles - 1);
  CHECK(std::stoll(compute[" Total Cycles"]) == report.result.array_cycles - 1);
  std::int64_t stalls = 0;
  for (const std::int64_t stall : report.result.stalls) stalls += stall;
  stalls -= report.result.stalls[static_cast<std::size_t>(StallCause::weights)];
  CHECK(std::stoll(compute[" Stall Cycles"]) == stalls);
  const double pes = 4.0 * array_rows * array_cols;
  CHECK(std::stod(compute[" Overall Util %"]) == Approx(100.0 * m * k * n / (pes * total)));
  CHECK(std::stod(compute[" Mapping Efficiency %"]) ==
        Approx(100.0 * k * n / static_cast<double>(deep * array_rows * wide * array_cols)));
  CHECK(std::stod(compute[" Compute Util %"]) ==
        Approx(100.0 * m * k * n / (pes * static_cast<double>(report.result.compute_cycles))));

  auto access = rows(files[2]).at(0);
  CHECK(std::stoll(access[" SRAM IFMAP Reads"]) == m * k * wide);
  CHECK(std::stoll(access[" SRAM Filter Reads"]) == k * n * ceil_of(m, 64));
  CHECK(std::stoll(access[" SRAM OFMAP Writes"]) == m * n * deep);
  CHECK(std::stoll(access[" DRAM IFMAP Reads"]) == m * k);
  CHECK(std::stoll(access[" DRAM Filter Reads"]) == k * n);
  CHECK(std::stoll(access[" DRAM OFMAP Writes"]) == m * n);
  CHECK(std::stoll(access[" SRAM IFMAP Start Cycle"]) == report.layers[0].result.first_cycle);
  CHECK(std::stoll(access[" SRAM OFMAP Stop Cycle"]) == report.layers[0].result.last_cycle);
  CHECK(access[" DRAM Filter Start Cycle"] == " ");

  auto bandwidth = rows(files[1]).at(0);
  CHECK(std::stod(bandwidth[" Avg IFMAP SRAM BW"]) == Approx(static_cast<double>(m * k * wide) / cycles));
  CHECK(std::stod(bandwidth[" Avg FILTER DRAM BW"]) == Approx(static_cast<double>(k * n) / cycles));
  CHECK(std::stod(bandwidth[" Avg OFMAP DRAM BW"]) == Approx(static_cast<double>(m * n) / cycles));
}

TEST_CASE("SCALE-Sim reports: the last activation row of one tile", "[sim]") {
  // One tile: its 16 rows enter in a row.
  const Report report = run(std::string(PODSIM_TEST_DATA) + "/workloads/one_tile.csv", 1, 16, 16);
  auto access = rows(scalesim(report)[2]).at(0);
  CHECK(std::stoll(access[" SRAM IFMAP Stop Cycle"]) == std::stoll(access[" SRAM IFMAP Start Cycle"]) + 15);
}

TEST_CASE("SCALE-Sim reports: a row per GEMM, numbered through, vector operations left out", "[sim]") {
  const Report report = run("zoo:bert_medium:sequence=16", 8, 32, 32);
  std::size_t gemms = 0;
  std::int64_t cycles = 0;
  for (const LayerReport& layer : report.layers) {
    if (layer.k > 0) {
      ++gemms;
      cycles += layer.result.cycles;
    }
  }
  REQUIRE(gemms < report.layers.size());
  for (const std::string& file : scalesim(report)) {
    auto table = rows(file);
    REQUIRE(table.size() == gemms);
    for (std::size_t n = 0; n < gemms; ++n) CHECK(table[n]["LayerID"] == std::to_string(n));
  }
  std::int64_t sum = 0;
  for (auto& row : rows(scalesim(report)[0])) sum += std::stoll(row[" Total Cycles (incl. prefetch)"]);
  CHECK(sum == cycles);
}
