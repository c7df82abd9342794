// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/technology.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "podsim/sim/core/random.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

/// A unit as files spell it, and how many of podsim's own it is.
struct Unit {
  const char* name;
  double factor;
};
using Units = std::vector<Unit>;

const Units kPicojoules{{"pJ", 1}, {"fJ", 1e-3}};
const Units kPicojoulesPerByte{{"pJ/B", 1}, {"fJ/B", 1e-3}, {"pJ/bit", 8}, {"fJ/bit", 8e-3}};
const Units kPicojoulesPerByteMm{{"pJ/B/mm", 1}, {"fJ/B/mm", 1e-3}, {"pJ/bit/mm", 8}, {"fJ/bit/mm", 8e-3}};
const Units kMicrowatts{{"uW", 1}, {"nW", 1e-3}, {"mW", 1e3}};
const Units kMilliwatts{{"mW", 1}, {"uW", 1e-3}};
const Units kSquareMicrometres{{"um2", 1}, {"mm2", 1e6}};
const Units kSquareMicrometresPerByte{{"um2/B", 1}, {"um2/bit", 8}};
const Units kSquareMillimetres{{"mm2", 1}, {"um2", 1e-6}};
const Units kKibibytes{{"KiB", 1}, {"MiB", 1024}};
const Units kShare{{"1", 1}};

constexpr Range<double> kCost{0, 1e9};
constexpr Range<double> kPositive{1e-9, 1e9};

/// Reads the entries of a file one by one.
class Entries {
 public:
  Entries(JsonReader& root, std::vector<TechnologyEntry>& out) : root_(&root), out_(&out) {}

  /// \return the value in the first of the units, or nothing if the entry is absent or wrong
  std::optional<double> number(const char* key, const Units& units, Range<double> range) {
    auto entry = root_->optional_member(key);
    if (!entry || !entry->expect_object()) return std::nullopt;
    const double factor = unit(*entry, units);
    std::optional<double> value;
    if (auto member = entry->required_member("value")) value = member->number(range);
    finish(key, *entry, value ? number_text(*value) : "");
    if (!value) return std::nullopt;
    return *value * factor;
  }

  void number(const char* key, const Units& units, Range<double> range, double& value) {
    if (const auto read = number(key, units, range)) value = *read;
  }

  void required(const char* key, const Units& units, Range<double> range, double& value) {
    (void)root_->required_member(key);
    number(key, units, range, value);
  }

  void table(const char* key, const Units& units, SramTable& table) {
    auto entry = root_->optional_member(key);
    if (!entry || !entry->expect_object()) return;
    const double factor = unit(*entry, units);
    std::vector<SramTable::Point> points;
    std::vector<std::string> texts;
    if (auto member = entry->required_member("by_capacity_kib")) {
      if (member->expect_object()) {
        if (member->value().empty()) member->fail("must have at least one capacity");
        for (const auto& item : member->value().items()) {
          const auto kib = capacity(*member, item.key());
          const auto value = member->optional_member(item.key())->number(kPositive);
          if (!kib || !value) continue;
          points.push_back({*kib, *value * factor});
          texts.push_back(item.key() + ": " + number_text(*value));
        }
      }
    }
    std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.kib < b.kib; });
    finish(key, *entry, join(texts));
    table = SramTable(std::move(points));
  }

 private:
  static std::optional<double> capacity(const JsonReader& table, const std::string& key) {
    const bool is_number = !key.empty() && key.size() < 10 && key.front() != '0' &&
                           std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_number) return std::stod(key);
    table.fail_at(key, "must be a capacity in KiB, a whole number such as \"256\"");
    return std::nullopt;
  }

  static double unit(JsonReader& entry, const Units& units) {
    if (!entry.has("unit")) {
      (void)entry.required_string("unit");
      return 1;
    }
    const std::string found = entry.required_string("unit");
    std::vector<std::string> names;
    for (const Unit& one : units) {
      if (found == one.name) return one.factor;
      names.emplace_back(one.name);
    }
    if (entry.value()["unit"].is_string()) {
      entry.fail_at("unit", "unknown unit \"" + printable(found) + "\" (allowed: " + join(names) + ")",
                    did_you_mean(found, names));
    }
    return 1;
  }

  void finish(const char* key, JsonReader& entry, std::string value) {
    const std::string source = entry.required_string("source");
    if (entry.has("source") && entry.value()["source"].is_string() && source.empty()) {
      entry.fail_at("source", "must say where the value is from");
    }
    entry.finish();
    const Json& unit = entry.has("unit") ? entry.value()["unit"] : Json();
    out_->push_back({key, std::move(value), unit.is_string() ? unit.get<std::string>() : "", source});
  }

  JsonReader* root_;
  std::vector<TechnologyEntry>* out_;
};

}  // namespace

double SramTable::between(double kib) const {
  const auto above =
      std::lower_bound(points_.begin(), points_.end(), kib, [](const Point& p, double at) { return p.kib < at; });
  if (above->kib == kib || above == points_.begin()) return above->value;
  const Point& low = *(above - 1);
  const double share = std::log(kib / low.kib) / std::log(above->kib / low.kib);
  return low.value * std::pow(above->value / low.value, share);
}

double SramTable::of_access(double kib) const {
  if (points_.empty()) return 0;
  return between(std::clamp(kib, points_.front().kib, points_.back().kib));
}

double SramTable::of_bank(double kib) const {
  if (points_.empty()) return 0;
  const double nearest = std::clamp(kib, points_.front().kib, points_.back().kib);
  return between(nearest) * (kib / nearest);
}

TechnologyRegistry& technology_registry() {
  static TechnologyRegistry registry("technology");
  return registry;
}

Technology read_technology(const JsonDocument& document, const std::string& name) {
  IssueList issues;
  JsonReader root(document, issues);
  Technology out;
  out.name = name;
  if (root.expect_object()) {
    if (root.required_string("format") != "podsim-technology" && root.has("format")) {
      root.fail_at("format", "must be \"podsim-technology\"");
    }
    (void)root.required_integer("schema", {1, 1});
    out.summary = root.optional_string("summary", "");
    Entries entries(root, out.entries);
    entries.required("mac_energy", kPicojoules, kCost, out.mac_pj);
    entries.number("pe_leakage", kMicrowatts, kCost, out.pe_leakage_uw);
    entries.number("pe_area", kSquareMicrometres, kCost, out.pe_area_um2);
    entries.number("placement_density", kShare, {0.01, 1}, out.placement_density);
    (void)root.required_member("sram_read_energy");
    entries.table("sram_read_energy", kPicojoulesPerByte, out.sram_read_pj_per_byte);
    (void)root.required_member("sram_write_energy");
    entries.table("sram_write_energy", kPicojoulesPerByte, out.sram_write_pj_per_byte);
    entries.table("sram_leakage", kMilliwatts, out.sram_leakage_mw);
    entries.table("sram_area", kSquareMillimetres, out.sram_area_mm2);
    out.automatic_bank_kib = entries.number("automatic_bank_capacity", kKibibytes, kPositive);
    entries.required("switch_port_energy", kPicojoulesPerByte, kCost, out.switch_port_pj_per_byte);
    entries.number("switch_port_area", kSquareMicrometresPerByte, kCost, out.switch_port_um2_per_byte);
    entries.number("wire_energy", kPicojoulesPerByteMm, kCost, out.wire_pj_per_byte_mm);
    entries.number("wire_activity", kShare, {0, 1}, out.wire_activity);
    entries.number("wire_route", kShare, {0, 2}, out.wire_route);
    entries.number("post_processor_energy", kPicojoules, kCost, out.post_processor_pj);
    entries.number("dram_energy", kPicojoulesPerByte, kCost, out.dram_pj_per_byte);
    if (out.wire_pj_per_byte_mm > 0 && !out.has_area() && issues.empty()) {
      root.fail_at("wire_energy",
                   "needs pe_area, sram_area and switch_port_area: a route is as long as the die is wide");
    }
    root.finish();
  }
  issues.throw_if_any();
  out.hash = hash_text(document.root.dump(-1, ' ', false, Json::error_handler_t::replace));
  return out;
}

bool is_technology_file(const std::string& name_or_path) {
  constexpr std::string_view kEnding = ".json";
  const std::size_t size = name_or_path.size();
  return name_or_path.find('/') != std::string::npos ||
         (size > kEnding.size() && name_or_path.compare(size - kEnding.size(), kEnding.size(), kEnding) == 0);
}

Technology load_technology(const std::string& name_or_path) {
  if (is_technology_file(name_or_path)) return read_technology(read_json_file(name_or_path), name_or_path);
  return *technology_registry().make({name_or_path, Json::object()});
}

}  // namespace podsim
