// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/power.hpp"

#include <cmath>
#include <string>

#include "support/catch.hpp"

namespace podsim {
namespace {

Technology technology(const std::string& name) {
  return *technology_registry().make({name, Json::object()});
}

HardwareConfig pods(int rows, int cols, int count, const std::string& topology = "butterfly", Json parameters = {}) {
  HardwareConfig out;
  out.pods.rows = rows;
  out.pods.cols = cols;
  out.pods.count = count;
  if (parameters.is_null()) parameters = topology == "butterfly" ? Json{{"expansion", 2}} : Json::object();
  out.interconnect = {topology, std::move(parameters)};
  return out;
}

Power peak(const HardwareConfig& hardware, const std::string& name = "sosa28") {
  return peak_power(Machine(hardware), technology(name));
}

/// A figure that is published with one decimal.
bool rounds_to(double value, double published) {
  return std::abs(value - published) <= 0.05 + 1e-9;
}

// Expected watts by the paper's formulas, by hand: 256 x 1024 x 0.4 pJ x 1 GHz; 256 x 192 B x 2.7 pJ/B x 1 GHz;
// 28.75 uW/B x 2 x 256 x 8 x 192 B.
TEST_CASE("power: 256 pods of 32x32 with Butterfly-2 draw 260.18 W in sosa28", "[models][energy]") {
  const Power power = peak(pods(32, 32, 256));
  CHECK(power.macs == Approx(104.8576).epsilon(1e-12));
  CHECK(power.sram == Approx(132.7104).epsilon(1e-12));
  CHECK(power.interconnect == Approx(28.75e-6 * 4096 * 192).epsilon(1e-12));
  CHECK(std::abs(power.total() - 260.18) < 0.005);
  CHECK(power.wires + power.post_processors + power.dram + power.pod_leakage + power.sram_leakage == 0);
  CHECK(peak_tops(pods(32, 32, 256)) == Approx(524.288).epsilon(1e-12));
}

// SOSA (arXiv 2203.11540), table of array sizes; the parts and sums as published.
TEST_CASE("power: the published table of array sizes is met to 0.1 W", "[models][energy]") {
  struct Row {
    int rows, cols, count;
    double macs, sram, net, total, peak_tops, peak_at_400;
  };
  const Row rows[] = {
      {512, 512, 1, 104.9, 8.3, 0.0, 113.2, 524, 1853},    {256, 256, 8, 209.7, 33.2, 2.1, 245.0, 1049, 1712},
      {128, 128, 32, 209.7, 66.4, 7.1, 283.1, 1049, 1481}, {64, 64, 128, 209.7, 132.7, 19.8, 362.2, 1049, 1158},
      {32, 32, 256, 104.9, 132.7, 22.6, 260.2, 524, 806},  {16, 16, 512, 52.4, 132.7, 25.4, 210.6, 262, 498},
      {20, 32, 256, 65.5, 124.4, 21.2, 211.1, 328, 621}};
  for (const Row& row : rows) {
    INFO(row.rows << "x" << row.cols);
    const HardwareConfig hardware = pods(row.rows, row.cols, row.count);
    const Power power = peak(hardware);
    CHECK(rounds_to(power.macs, row.macs));
    CHECK(rounds_to(power.sram, row.sram));
    CHECK(rounds_to(power.interconnect, row.net));
    CHECK(rounds_to(power.total(), row.total));
    CHECK(std::abs(peak_tops(hardware) - row.peak_tops) <= 0.5);
    CHECK(std::abs(tops_at_tdp(peak_tops(hardware), power.total(), 400) - row.peak_at_400) <= 0.5);
  }
  // Harmonic mean of ten networks on 256 pods of 32x32: 206.46 TOPS, published as 317.4 at 400 W.
  CHECK(rounds_to(tops_at_tdp(206.46, peak(pods(32, 32, 256)).total(), 400), 317.4));
}

// The same paper, power axes of its scaling figure.
TEST_CASE("power: the published powers of machines that grow are met", "[models][energy]") {
  struct Row {
    int size, count;
    double total;
  };
  const Row rows[] = {{32, 32, 31.5},   {32, 64, 63.6},    {32, 128, 128.7}, {16, 128, 51.2},
                      {16, 256, 103.9}, {16, 1024, 426.8}, {64, 16, 44.2},   {64, 32, 89.1},
                      {64, 64, 179.7},  {128, 1, 8.6},     {128, 2, 17.3},   {128, 4, 34.9},
                      {128, 8, 70.1},   {128, 16, 140.9},  {256, 1, 30.4},   {256, 2, 60.9}};
  for (const Row& row : rows) {
    INFO(row.count << " of " << row.size);
    CHECK(rounds_to(peak(pods(row.size, row.size, row.count)).total(), row.total));
  }
}

// The same paper, interconnects on 256 and 128 pods of 32x32.
TEST_CASE("power: the published powers of interconnects are met to 0.1 W", "[models][energy]") {
  struct Row {
    const char* topology;
    Json parameters;
    double at_128, at_256;
  };
  const Row rows[] = {
      {"butterfly", {{"expansion", 1}}, 123.7, 248.9},   {"butterfly", {{"expansion", 2}}, 128.7, 260.2},
      {"butterfly", {{"expansion", 4}}, 138.6, 282.8},   {"butterfly", {{"expansion", 8}}, 158.4, 328.0},
      {"crossbar", Json::object(), 209.2, 599.3},        {"benes", {{"copy_network", true}}, 138.6, 282.8},
      {"benes", {{"copy_network", false}}, 128.7, 260.2}};
  for (const Row& row : rows) {
    INFO(row.topology << " " << row.parameters.dump());
    CHECK(rounds_to(peak(pods(32, 32, 128, row.topology, row.parameters)).total(), row.at_128));
    CHECK(rounds_to(peak(pods(32, 32, 256, row.topology, row.parameters)).total(), row.at_256));
  }
  // A bus is one port of 192 bytes.
  CHECK(peak(pods(32, 32, 256, "bus")).interconnect == Approx(28.75e-6 * 192).epsilon(1e-12));
}

// The same paper's rule at 400 W.
TEST_CASE("power: the pods that fit 400 W are as published, and one more does not fit", "[models][energy]") {
  struct Row {
    int rows, cols, count;
    double watts;
    int power_of_two;
    double power_of_two_watts;
  };
  const Row rows[] = {{8, 8, 2153, 399.9, 2048, 380.0}, {16, 16, 960, 399.6, 512, 210.6},
                      {20, 32, 479, 399.6, 256, 211.1}, {32, 32, 390, 399.0, 256, 260.2},
                      {64, 64, 141, 399.4, 128, 362.2}, {128, 128, 45, 399.1, 32, 283.1},
                      {256, 256, 13, 398.9, 8, 245.0},  {512, 512, 3, 340.3, 2, 226.7}};
  for (const Row& row : rows) {
    INFO(row.rows << "x" << row.cols);
    const IsoPower found = iso_power(pods(row.rows, row.cols, 1), technology("sosa28"), 400);
    CHECK(found.pods == row.count);
    CHECK(rounds_to(found.watts, row.watts));
    CHECK(found.power_of_two == row.power_of_two);
    CHECK(rounds_to(found.power_of_two_watts, row.power_of_two_watts));
    CHECK(peak(pods(row.rows, row.cols, found.pods + 1)).total() > 400);
  }
}

TEST_CASE("power: the pods that fit are the most of all counts, whatever the bank rule does", "[models][energy]") {
  for (const char* name : {"sosa28", "physical28"}) {
    for (const char* topology : {"butterfly", "crossbar", "mesh", "h_tree"}) {
      for (const double tdp : {0.5, 20.0, 61.3, 95.0}) {
        INFO(name << " " << topology << " " << tdp);
        int most = 0;
        for (int count = 1; count <= 400; ++count) {
          if (peak(pods(32, 32, count, topology), name).total() <= tdp) most = count;
        }
        REQUIRE(most < 400);
        CHECK(iso_power(pods(32, 32, 7, topology), technology(name), tdp).pods == most);
      }
    }
  }
}

TEST_CASE("power: a budget equal to a machine's power fits it, a hair less does not", "[models][energy]") {
  const double watts = peak(pods(32, 32, 200)).total();
  CHECK(iso_power(pods(32, 32, 1), technology("sosa28"), watts).pods == 200);
  CHECK(iso_power(pods(32, 32, 1), technology("sosa28"), watts * (1 - 1e-9)).pods == 199);
  const IsoPower none = iso_power(pods(512, 512, 1), technology("sosa28"), 100);
  CHECK(none.pods == 0);
  CHECK(none.power_of_two == 0);
  HardwareConfig groups = pods(32, 32, 1);
  groups.pods.groups.resize(2);
  CHECK_THROWS_AS(iso_power(groups, technology("sosa28"), 400), Error);
}

TEST_CASE("power: groups of pods draw what their kinds draw", "[models][energy]") {
  HardwareConfig mixed = pods(32, 32, 1, "crossbar");
  PodConfig small, large;
  small.name = "small";
  small.count = 24;
  small.rows = small.cols = 32;
  large.name = "large";
  large.count = 8;
  large.rows = 64;
  large.cols = 128;
  mixed.pods.groups = {small, large};
  const Power power = peak(mixed);
  CHECK(power.macs == Approx((24 * 1024 + 8 * 8192) * 0.4e-3).epsilon(1e-12));
  const double bytes = 24 * (32 + 5 * 32) + 8 * (64 + 5 * 128);
  CHECK(power.sram == Approx(bytes * 2.7e-3).epsilon(1e-12));
  CHECK(power.interconnect == Approx(bytes * 32 * 28.75e-6).epsilon(1e-12));  // 32 terminals: 32 ports for a byte
}

TEST_CASE("power: fabrics have as many ports as their terminals need", "[models][energy]") {
  HardwareConfig hardware = pods(32, 32, 4, "crossbar");
  hardware.banks.count = 16;
  hardware.post_processors.count = 64;
  // 64 x 64 crosspoints: a byte meets 64 of them.
  CHECK(peak(hardware).interconnect == Approx(4 * 192 * 64 * 28.75e-6).epsilon(1e-12));
  // Banks of 256 x 128 / 4 KiB are made of 8 of 1024 KiB, 276 mW each.
  CHECK(peak(hardware, "physical28").sram_leakage == Approx(3 * 16 * 8 * 0.276).epsilon(1e-12));
}

TEST_CASE("power: ports follow operand widths and dataflow, MACs the product of widths", "[models][energy]") {
  HardwareConfig hardware = pods(20, 32, 4);
  CHECK(port_bytes(hardware, hardware.pods).total() == 20 + 5 * 32);
  hardware.weight_bits = 4;
  hardware.activation_bits = 16;
  hardware.partial_sum_bytes = 4;
  const PortBytes bytes = port_bytes(hardware, hardware.pods);
  CHECK(bytes.x == 40);
  CHECK(bytes.w == 16);
  CHECK(bytes.sums_in == 128);
  CHECK(bytes.sums_out == 128);
  CHECK(mac_pj(hardware, technology("sosa28")) == Approx(0.4));  // 4 x 16 bits are as many as 8 x 8
  hardware.pods.dataflow = {"input_stationary", Json::object()};
  CHECK(port_bytes(hardware, hardware.pods).x == 10);
  CHECK(port_bytes(hardware, hardware.pods).w == 64);
  hardware.pods.dataflow = {"output_stationary", Json::object()};
  CHECK(port_bytes(hardware, hardware.pods).sums_in == 0);
  hardware.pods.dataflow = {"weight_stationary", Json::object()};
  hardware.pods.partial_sum_input = false;
  CHECK(port_bytes(hardware, hardware.pods).sums_in == 0);
  CHECK(port_bytes(hardware, hardware.pods).sums_out == 128);
}

TEST_CASE("power: dynamic power follows the clock, leakage and DRAM do not", "[models][energy]") {
  HardwareConfig hardware = pods(32, 32, 64);
  const Power full = peak(hardware, "physical28");
  hardware.clock_mhz = 500;
  const Power half = peak(hardware, "physical28");
  CHECK(half.macs == Approx(full.macs / 2));
  CHECK(half.sram == Approx(full.sram / 2));
  CHECK(half.interconnect == Approx(full.interconnect / 2));
  CHECK(half.wires == Approx(full.wires / 2));
  CHECK(half.post_processors == Approx(full.post_processors / 2));
  CHECK(half.pod_leakage == full.pod_leakage);
  CHECK(half.sram_leakage == full.sram_leakage);
  CHECK(half.dram == full.dram);
}

// By hand from the constants of models/technology/physical28.json.
TEST_CASE("power: physical28 on 256 pods of 32x32", "[models][energy]") {
  const Power power = peak(pods(32, 32, 256), "physical28");
  // The pod of the synthesis report, 492.4 mW with leakage.
  CHECK(power.macs + power.pod_leakage == Approx(256 * 0.4924).epsilon(1e-3));
  CHECK(power.sram == Approx(256 * (128 * 0.80 + 64 * 0.78) * 1e-3).epsilon(1e-12));
  CHECK(power.sram_leakage == Approx(3 * 256 * 0.072).epsilon(1e-12));
  CHECK(power.dram == Approx(1.2e12 * 8 * 3.92e-12).epsilon(1e-12));
  CHECK(power.post_processors == Approx(256 * 32 * 0.08e-3).epsilon(1e-12));
  const auto die = area(Machine(pods(32, 32, 256)), technology("physical28"));
  REQUIRE(die);
  CHECK(die->pods == Approx(262144 * 481e-6 / 0.7).epsilon(1e-12));
  CHECK(die->sram == Approx(768 * 0.451).epsilon(1e-12));
  CHECK(die->interconnect == Approx(2 * 256 * 8 * 192 * 23e-6).epsilon(1e-12));
  const double route = std::sqrt(180.13 + 346.37 + 18.09) / 2;
  CHECK(power.wires == Approx(256 * 192 * 0.88e-3 * 0.5 * route).epsilon(1e-4));
  CHECK_FALSE(area(Machine(pods(32, 32, 256)), technology("sosa28")));
}

TEST_CASE("power: parts add up to the total", "[models][energy]") {
  for (const std::string& name : technology_registry().names()) {
    for (const std::string& topology : topology_registry().names()) {
      INFO(name << " " << topology);
      const Power power =
          peak(pods(16, 48, 64, topology, topology_registry().default_config(topology).parameters), name);
      CHECK(power.total() == power.macs + power.sram + power.interconnect + power.wires + power.post_processors +
                                 power.dram + power.pod_leakage + power.sram_leakage);
      CHECK(power.macs > 0);
      CHECK(power.interconnect > 0);
    }
  }
}

TEST_CASE("power: counts that a topology cannot have are passed over", "[models][energy]") {
  // Meshes of 3 x n nodes: of the counts that are divisible by 3, the most that fit.
  for (const double tdp : {20.0, 61.3}) {
    int most = 0;
    for (int count = 3; count <= 300; count += 3) {
      if (peak(pods(32, 32, count, "mesh", {{"rows", 3}})).total() <= tdp) most = count;
    }
    REQUIRE(most > 0);
    REQUIRE(most < 300);
    const IsoPower found = iso_power(pods(32, 32, 3, "mesh", {{"rows", 3}}), technology("sosa28"), tdp);
    CHECK(found.pods == most);
    CHECK(found.power_of_two == 0);  // none is divisible by 3
  }
}

}  // namespace
}  // namespace podsim
