// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/hardware_config.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace podsim {
namespace {

HardwareConfig read(const std::string& json, IssueList& issues) {
  static std::vector<Json> kept;  // readers refer to it
  kept.push_back(Json::parse(json));
  return read_config<HardwareConfig>(JsonReader(kept.back(), "machine.json", "/hardware", issues));
}

bool has_issue(const IssueList& issues, const std::string& pointer, const std::string& text) {
  for (const Issue& issue : issues.issues()) {
    if (issue.file == "machine.json" && issue.pointer == pointer && issue.text().find(text) != std::string::npos) {
      return true;
    }
  }
  return false;
}

TEST_CASE("hardware: a bank holds 256 KiB x max(1, 128 / pods) unless it is given", "[models]") {
  for (const int pods : {1, 2, 3, 32, 64, 127, 128, 129, 256, 512}) {
    HardwareConfig hardware;
    hardware.pods.count = pods;
    const std::int64_t factor = 128 / pods > 1 ? 128 / pods : 1;
    CHECK(hardware.bank_capacity().count() == 256 * 1024 * factor);
    CHECK(hardware.bank_count() == pods);
    CHECK(hardware.post_processor_count() == pods);
    hardware.banks.capacity_kib = 7;
    CHECK(hardware.bank_capacity().count() == 7168);
  }
}

TEST_CASE("hardware: the wavefront takes ceil(r/f) + ceil(c/b) - 1 cycles", "[models]") {
  for (int rows = 1; rows <= 40; rows += 3) {
    for (int cols = 1; cols <= 40; cols += 4) {
      for (const int fan_in : {1, 2, 16}) {
        for (const int broadcast : {1, 3, 16}) {
          HardwareConfig hardware;
          hardware.pods.rows = rows;
          hardware.pods.cols = cols;
          hardware.pods.fan_in = fan_in;
          hardware.pods.broadcast = broadcast;
          int row_stages = 0, col_stages = 0;
          while (row_stages * fan_in < rows) ++row_stages;
          while (col_stages * broadcast < cols) ++col_stages;
          CHECK(hardware.array_latency().count() == row_stages + col_stages - 1);
        }
      }
    }
  }
}

TEST_CASE("hardware: the defaults are the published machine", "[models]") {
  // "Scale-out Systolic Arrays" (arXiv 2203.11540): 256 pods of 32x32, Butterfly-2, 1 GHz, int8, 16-bit partial sums.
  const HardwareConfig hardware;
  CHECK(hardware.pods.count == 256);
  CHECK(hardware.pods.rows == 32);
  CHECK(hardware.pods.cols == 32);
  CHECK(hardware.clock_mhz == 1000);
  CHECK(hardware.interconnect.type == "butterfly");
  CHECK(hardware.interconnect.parameters["expansion"] == 2);
  CHECK(hardware.partial_sum_bytes == 2);
  CHECK(hardware.dram_bytes_per_cycle() == Approx(1200));
  CHECK(hardware.peak_macs_per_cycle() == 256 * 1024);
}

TEST_CASE("hardware: bytes per cycle follow clock and bandwidth", "[models]") {
  HardwareConfig hardware;
  hardware.clock_mhz = 500;
  hardware.dram.bandwidth_gb_per_s = 100;
  CHECK(hardware.dram_bytes_per_cycle() == Approx(200));
}

TEST_CASE("hardware: a fabric has as many ports as the largest of pods, banks and post-processors", "[models]") {
  HardwareConfig hardware;
  hardware.pods.count = 5;
  CHECK(hardware.terminals() == 5);
  hardware.banks.count = 9;
  CHECK(hardware.terminals() == 9);
  hardware.post_processors.count = 12;
  CHECK(hardware.terminals() == 12);
  CHECK(Machine(hardware).topology->terminals() == 12);
}

TEST_CASE("hardware: mistakes in the configuration are all reported with place and range", "[models]") {
  IssueList issues;
  read(R"({"pods": {"count": 0, "rows": 32.7, "colums": 3, "weight_buffers": "triple"},
           "banks": {"capacity_kib": -1, "p_ports": "both"},
           "dram": {"type": "hbm"}, "interconnect": {"type": "butterflies"}, "spill": true})",
       issues);
  CHECK(has_issue(issues, "/hardware/pods/count", "65536"));
  CHECK(has_issue(issues, "/hardware/pods/rows", "32.7"));
  CHECK(has_issue(issues, "/hardware/pods/colums", "cols"));
  CHECK(has_issue(issues, "/hardware/pods/weight_buffers", "double"));
  CHECK(has_issue(issues, "/hardware/banks/capacity_kib", "1"));
  CHECK(has_issue(issues, "/hardware/banks/p_ports", "independent"));
  CHECK(has_issue(issues, "/hardware/dram/type", "bandwidth"));
  CHECK(has_issue(issues, "/hardware/interconnect/type", "butterfly"));
  CHECK(has_issue(issues, "/hardware/spill", "true"));
}

TEST_CASE("hardware: what no single field can check is checked together", "[models]") {
  HardwareConfig hardware;
  hardware.pods.count = 65536;
  hardware.pods.rows = hardware.pods.cols = 4096;
  IssueList issues;
  hardware.validate("machine.json", "/hardware", issues);
  CHECK(has_issue(issues, "/hardware/pods", "2^32"));

  HardwareConfig mesh;
  mesh.pods.count = 12;
  mesh.interconnect = {"mesh", Json{{"rows", 5}}};
  IssueList mesh_issues;
  mesh.validate("machine.json", "/hardware", mesh_issues);
  CHECK_FALSE(mesh_issues.empty());
  IssueList none;
  HardwareConfig().validate("machine.json", "/hardware", none);
  CHECK(none.empty());
}

TEST_CASE("hardware: the echoed configuration reads back as the same", "[models]") {
  HardwareConfig hardware;
  hardware.pods.rows = 12;
  hardware.banks.count = 7;
  hardware.banks.p_ports = "shared";
  hardware.dram.prefetch_rounds = 3;
  const Json echo = to_json(hardware);
  IssueList issues;
  const HardwareConfig again = read(echo.dump(), issues);
  CHECK(issues.empty());
  CHECK(to_json(again) == echo);
}

}  // namespace
}  // namespace podsim
