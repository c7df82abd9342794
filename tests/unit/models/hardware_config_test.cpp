// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/hardware_config.hpp"
#include "podsim/models/array_timing.hpp"

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
          CHECK(hardware.pods.array_latency().count() == row_stages + col_stages - 1);
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

TEST_CASE("hardware: pods of several kinds are numbered group after group, and add up", "[models]") {
  IssueList issues;
  const HardwareConfig hardware = read(R"({"pods": {"groups": [
      {"name": "a", "count": 3, "rows": 8, "cols": 16},
      {"count": 1, "rows": 32, "cols": 4, "fan_in": 1},
      {"name": "c", "count": 2, "rows": 5, "cols": 7, "broadcast": 1, "weight_buffers": "single"}]}})",
                                       issues);
  CHECK(issues.empty());
  hardware.validate("machine.json", "/hardware", issues);
  CHECK(issues.empty());
  CHECK(hardware.pod_group_count() == 3);
  CHECK(hardware.pod_count() == 6);
  CHECK(hardware.bank_count() == 6);
  CHECK(hardware.post_processor_count() == 6);
  CHECK(hardware.terminals() == 6);
  CHECK(hardware.bank_capacity().count() == std::int64_t{256} * 1024 * (128 / 6));
  CHECK(hardware.peak_macs_per_cycle() == 3 * 8 * 16 + 32 * 4 + 2 * 5 * 7);
  const std::vector<int> groups{0, 0, 0, 1, 2, 2};
  for (int pod = 0; pod < 6; ++pod) CHECK(hardware.group_of_pod(pod) == groups[static_cast<std::size_t>(pod)]);
  CHECK(hardware.first_pod(0) == 0);
  CHECK(hardware.first_pod(1) == 3);
  CHECK(hardware.first_pod(2) == 4);
  CHECK(hardware.pod_group_name(0) == "a");
  CHECK(hardware.pod_group_name(1) == "1");
  CHECK(hardware.pod_group(0).array_latency().count() == 1 + 1 - 1);
  CHECK(hardware.pod_group(1).array_latency().count() == 32 + 1 - 1);
  CHECK(hardware.pod_group(2).array_latency().count() == 1 + 7 - 1);
  CHECK(longest_drain(hardware) == 32);
  CHECK_FALSE(launches_sums_together(hardware));
  CHECK(hardware.describe_pods() == "6 pods: 3 of 8x16, 1 of 32x4, 2 of 5x7");
  CHECK(HardwareConfig().describe_pods() == "256 pods of 32x32");
  CHECK(launches_sums_together(HardwareConfig()));

  const Json echo = to_json(hardware);
  CHECK(echo["pods"].size() == 1);  // the keys of a single kind are not in force
  CHECK(to_json(read(echo.dump(), issues)) == echo);
  CHECK_FALSE(to_json(HardwareConfig())["pods"].contains("groups"));
}

TEST_CASE("hardware: groups of pods must have names of their own and be few enough", "[models]") {
  HardwareConfig hardware;
  PodConfig group;
  group.rows = group.cols = 1;
  group.count = 40000;
  hardware.pods.groups = {group, group};
  IssueList many;
  hardware.validate("machine.json", "/hardware", many);
  CHECK(has_issue(many, "/hardware/pods/groups", "have 80000 pods together; at most 65536"));
  hardware.pods.groups[0].count = hardware.pods.groups[1].count = 2;
  hardware.pods.groups[0].name = "1";  // what the other is called by its number
  IssueList same;
  hardware.validate("machine.json", "/hardware", same);
  CHECK(has_issue(same, "/hardware/pods/groups/1/name", "another group is called \"1\""));
  hardware.pods.groups.assign(65, group);
  IssueList long_list;
  hardware.validate("machine.json", "/hardware", long_list);
  CHECK(has_issue(long_list, "/hardware/pods/groups", "has 65 groups; at most 64"));
}

TEST_CASE("hardware: if sums stay in arrays, bank 65535 has to mean that they do", "[models]") {
  for (const int banks : {65535, 65536}) {
    for (const bool given : {false, true}) {
      for (const char* dataflow : {"output_stationary", "weight_stationary"}) {
        CAPTURE(banks, given, dataflow);
        HardwareConfig hardware;
        hardware.pods.rows = hardware.pods.cols = 4;
        hardware.pods.dataflow.type = dataflow;
        hardware.interconnect = {"crossbar", Json::object()};
        hardware.pods.count = given ? 2 : banks;
        if (given) hardware.banks.count = banks;
        IssueList issues;
        hardware.validate("machine.json", "/hardware", issues);
        const bool is_refused = has_issue(issues, given ? "/hardware/banks/count" : "/hardware/pods/count",
                                          "gives 65536 banks of each class; at most 65535 are allowed");
        CHECK(is_refused == (banks == 65536 && std::string(dataflow) == "output_stationary"));
        CHECK(issues.empty() == !is_refused);
      }
    }
  }
}

TEST_CASE("hardware: arrays whose rows leave at different times need routes that do not depend on the others",
          "[models]") {
  // Latency of 32x32: 2 + 2 - 1 with b = f = 16, 2 + 4 - 1 with b = 8.
  auto issues_of = [](const char* topology, int broadcast, const char* dataflow) {
    HardwareConfig hardware;
    hardware.interconnect = {topology, Json::object()};
    PodConfig group;
    group.count = 2;
    hardware.pods.groups = {group, group};
    hardware.pods.groups[1].broadcast = broadcast;
    hardware.pods.groups[1].dataflow.type = dataflow;
    IssueList issues;
    hardware.validate("machine.json", "/hardware", issues);
    return issues;
  };
  CHECK(issues_of("benes", 16, "weight_stationary").empty());
  CHECK(issues_of("crossbar", 8, "weight_stationary").empty());
  CHECK(issues_of("crossbar", 16, "output_stationary").empty());
  CHECK(has_issue(issues_of("benes", 8, "weight_stationary"), "/hardware/pods/groups",
                  "arrays that differ in latency need fixed routes"));
  CHECK(has_issue(issues_of("benes", 16, "output_stationary"), "/hardware/pods/groups",
                  "arrays that keep their sums beside others that do not need fixed routes"));
}

}  // namespace
}  // namespace podsim
