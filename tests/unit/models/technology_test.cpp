// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/technology.hpp"

#include <cmath>
#include <string>

#include "podsim/models/energy/power.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

const std::string kFolder = PODSIM_SOURCE_DIR "/models/technology/";

Json sosa28() {
  return read_json_file(kFolder + "sosa28.json").root;
}

Technology read(const Json& json) {
  return read_technology({"tech.json", json}, "tech");
}

/// True if reading fails with an issue at the pointer that has the text.
bool fails(const Json& json, const std::string& pointer, const std::string& text) {
  try {
    (void)read(json);
  } catch (const Error& error) {
    for (const Issue& issue : error.issues()) {
      if (issue.file == "tech.json" && issue.pointer == pointer && issue.text().find(text) != std::string::npos) {
        return error.kind() == ErrorKind::bad_input;
      }
    }
    UNSCOPED_INFO(error.what());
  }
  return false;
}

TEST_CASE("technology: every entry of every technology has value, unit and source", "[models][energy]") {
  REQUIRE(technology_registry().names() == std::vector<std::string>{"physical28", "sosa28"});
  for (const std::string& name : technology_registry().names()) {
    const Technology built_in = load_technology(name);
    const Technology from_file = load_technology(kFolder + name + ".json");
    CHECK(built_in.name == name);
    CHECK(built_in.summary == technology_registry().find(name)->summary);
    REQUIRE(built_in.entries.size() == from_file.entries.size());
    CHECK(built_in.mac_pj == from_file.mac_pj);
    for (const TechnologyEntry& entry : built_in.entries) {
      INFO(name << " " << entry.key);
      CHECK_FALSE(entry.value.empty());
      CHECK_FALSE(entry.unit.empty());
      CHECK(entry.source.size() > 10);
    }
  }
}

TEST_CASE("technology: units are converted", "[models][energy]") {
  Json json = sosa28();
  json["mac_energy"] = {{"value", 400}, {"unit", "fJ"}, {"source", "test"}};
  json["switch_port_energy"] = {{"value", 0.5}, {"unit", "pJ/bit"}, {"source", "test"}};
  json["pe_leakage"] = {{"value", 0.25}, {"unit", "mW"}, {"source", "test"}};
  json["dram_energy"] = {{"value", 3.92}, {"unit", "pJ/bit"}, {"source", "test"}};
  json["sram_area"] = {{"by_capacity_kib", {{"256", 450000}}}, {"unit", "um2"}, {"source", "test"}};
  json["automatic_bank_capacity"] = {{"value", 0.5}, {"unit", "MiB"}, {"source", "test"}};
  const Technology out = read(json);
  CHECK(out.mac_pj == Approx(0.4));
  CHECK(out.switch_port_pj_per_byte == Approx(4));
  CHECK(out.pe_leakage_uw == Approx(250));
  CHECK(out.dram_pj_per_byte == Approx(31.36));
  CHECK(out.sram_area_mm2.of_bank(256) == Approx(0.45));
  CHECK(out.automatic_bank_kib == Approx(512));
}

TEST_CASE("technology: mistakes name file, pointer, what was found and what is allowed", "[models][energy]") {
  auto with = [](const char* pointer, Json value) {
    Json json = sosa28();
    json[Json::json_pointer(pointer)] = std::move(value);
    return json;
  };
  auto without = [](const char* key, const char* member = nullptr) {
    Json json = sosa28();
    if (member == nullptr) {
      json.erase(key);
    } else {
      json[key].erase(member);
    }
    return json;
  };
  CHECK(fails(with("/mac_energy/unit", "pj"), "/mac_energy/unit", "unknown unit \"pj\" (allowed: pJ, fJ)"));
  CHECK(fails(with("/mac_energy/unit", "pJ/B"), "/mac_energy/unit", "allowed: pJ, fJ"));
  CHECK(fails(with("/mac_energy/unit", 3), "/mac_energy/unit", "3"));
  CHECK(fails(with("/mac_energy/source", ""), "/mac_energy/source", "must say where"));
  CHECK(fails(with("/mac_energy/value", -1), "/mac_energy/value", "-1"));
  CHECK(fails(with("/mac_energy/value", "0.4"), "/mac_energy/value", "\"0.4\""));
  CHECK(fails(with("/mac_energy", 0.4), "/mac_energy", "0.4"));
  CHECK(fails(with("/mac_energy/vlaue", 1), "/mac_energy/vlaue", "did you mean \"value\"?"));
  CHECK(fails(with("/mac_enrgy", Json::object()), "/mac_enrgy", "did you mean \"mac_energy\"?"));
  CHECK(fails(without("mac_energy"), "/", "\"mac_energy\" is missing"));
  CHECK(fails(without("mac_energy", "unit"), "/mac_energy", "\"unit\" is missing"));
  CHECK(fails(without("mac_energy", "source"), "/mac_energy", "\"source\" is missing"));
  CHECK(fails(without("mac_energy", "value"), "/mac_energy", "\"value\" is missing"));
  CHECK(fails(without("sram_read_energy"), "/", "\"sram_read_energy\" is missing"));
  CHECK(fails(with("/sram_read_energy/by_capacity_kib", Json::object()), "/sram_read_energy/by_capacity_kib",
              "at least one"));
  CHECK(fails(with("/sram_read_energy/by_capacity_kib/big", 1), "/sram_read_energy/by_capacity_kib/big", "in KiB"));
  CHECK(fails(with("/sram_read_energy/by_capacity_kib/256", 0), "/sram_read_energy/by_capacity_kib/256", "0"));
  CHECK(fails(with("/wire_energy", {{"value", 1}, {"unit", "pJ/B/mm"}, {"source", "test"}}), "/wire_energy",
              "needs pe_area"));
  CHECK(fails(with("/format", "dnn-workload"), "/format", "podsim-technology"));
  CHECK(fails(with("/schema", 2), "/schema", "2"));
  CHECK(fails(Json(3), "/", "3"));
}

TEST_CASE("technology: names are found with a suggestion, paths are read", "[models][energy]") {
  auto message = [](const char* name) -> std::string {
    try {
      (void)load_technology(name);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::bad_input ? error.what() : "";
    }
    return "";
  };
  CHECK(message("sosa82").find("did you mean \"sosa28\"?") != std::string::npos);
  CHECK(message("./no_such.json").find("no_such.json") != std::string::npos);
}

TEST_CASE("technology: banks between two sizes lie on a line in logarithms", "[models][energy]") {
  const SramTable table({{64, 1}, {256, 4}, {512, 5}});
  CHECK(table.of_access(64) == 1);
  CHECK(table.of_access(256) == 4);
  CHECK(table.of_access(128) == Approx(2));  // halfway in both logarithms: sqrt(1 x 4)
  CHECK(table.of_access(32) == 1);           // as the smallest
  CHECK(table.of_access(2048) == 5);         // several of the largest, an access meets one
  CHECK(table.of_bank(128) == Approx(2));
  CHECK(table.of_bank(32) == Approx(0.5));
  CHECK(table.of_bank(2048) == Approx(20));
  CHECK(SramTable().of_access(256) == 0);
  CHECK(SramTable().of_bank(256) == 0);
}

TEST_CASE("technology: sosa28 charges banks of automatic size as 256 KiB, others by their size", "[models][energy]") {
  const Technology technology = load_technology("sosa28");
  HardwareConfig hardware;
  hardware.pods.count = 8;
  CHECK(charged_bank_kib(hardware, technology) == 256);
  CHECK(charged_bank_kib(hardware, load_technology("physical28")) == 4096);
  hardware.banks.capacity_kib = 512;
  CHECK(charged_bank_kib(hardware, technology) == 512);
  CHECK(technology.sram_read_pj_per_byte.of_access(512) == 4.1);
  CHECK(technology.sram_write_pj_per_byte.of_access(64) == 1.1);
}

// The published machine with HBM2 at 3.92 pJ/bit, and with CACTI's leakage: 260.18 + 37.63 W, and 55.3 W more.
TEST_CASE("technology: a user's file adds DRAM and leakage to the published machine", "[models][energy]") {
  Json json = sosa28();
  json["dram_energy"] = {{"value", 3.92}, {"unit", "pJ/bit"}, {"source", "test"}};
  const Machine machine{HardwareConfig()};
  CHECK(std::abs(peak_power(machine, read(json)).total() - 297.8) < 0.05);
  json["sram_leakage"] = {{"by_capacity_kib", {{"256", 72}}}, {"unit", "mW"}, {"source", "test"}};
  CHECK(std::abs(peak_power(machine, read(json)).total() - 353.1) < 0.05);
}

}  // namespace
}  // namespace podsim
