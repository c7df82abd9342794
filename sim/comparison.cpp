// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/comparison.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/report.hpp"
#include "podsim/sim/report_source.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {
namespace {

using Align = Table::Align;

std::string value_text(const Json* value) {
  if (value == nullptr) return "-";
  if (value->is_number_integer()) return with_thousands(value->get<std::int64_t>());
  if (value->is_number()) {
    // Six decimals, without trailing zeros.
    std::string text = fixed(value->get<double>(), 6);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
  }
  if (value->is_string()) return value->get<std::string>();
  return value->dump();
}

const Json* member(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string ratio_text(const Json* a, const Json* b) {
  if (a == nullptr || b == nullptr || !a->is_number() || !b->is_number()) return "";
  const auto base = a->get<double>();
  const auto other = b->get<double>();
  if (base == 0 && other == 0) return "-";
  if (base == other) return "1";
  return base == 0 ? "" : fixed(other / base, 3);
}

void add_section(Table& table, const std::string& name, const Json& a, const Json& b) {
  table.row({name});
  std::vector<std::string> keys;
  for (const auto& [key, value] : a.items()) keys.push_back(key);
  for (const auto& [key, value] : b.items()) {
    if (!a.contains(key)) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    const Json* left = member(a, key);
    const Json* right = member(b, key);
    table.row({"  " + key, value_text(left), value_text(right), ratio_text(left, right)});
  }
}

/// What differs between two configurations, by JSON pointer.
void differences(const Json& a, const Json& b, const std::string& pointer, Table& table) {
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.items()) {
      const Json* right = member(b, key);
      const std::string at = pointer_append(pointer, key);
      if (right == nullptr) {
        table.row({"  " + at, value.dump(), "-"});
      } else {
        differences(value, *right, at, table);
      }
    }
    for (const auto& [key, value] : b.items()) {
      if (!a.contains(key)) table.row({"  " + pointer_append(pointer, key), "-", value.dump()});
    }
  } else if (a != b) {
    table.row({"  " + pointer, a.dump(), b.dump()});
  }
}

std::string layers_table(const Json& a, const Json& b) {
  std::map<std::string, const Json*> others;
  for (const Json& layer : b) others.emplace(layer["name"].get<std::string>(), &layer);
  Table table({Align::left, Align::right, Align::right, Align::right});
  table.row({"Cycles by layer", "A", "B", "B / A"});
  std::map<std::string, bool> shown;
  for (const Json& layer : a) {
    const auto name = layer["name"].get<std::string>();
    shown[name] = true;
    const auto found = others.find(name);
    const Json* left = member(layer, "cycles");
    const Json* right = found == others.end() ? nullptr : member(*found->second, "cycles");
    table.row({"  " + name, value_text(left), value_text(right), ratio_text(left, right)});
  }
  for (const Json& layer : b) {
    const auto name = layer["name"].get<std::string>();
    if (shown.count(name) == 0) table.row({"  " + name, "-", value_text(member(layer, "cycles")), ""});
  }
  return table.text();
}

}  // namespace

std::string compare_reports(const JsonDocument& a, const JsonDocument& b, bool layers) {
  IssueList issues;
  check_report(a, issues);
  check_report(b, issues);
  issues.throw_if_any();

  std::string out = "A: " + a.file + "\nB: " + b.file + "\n";
  const auto name_a = a.root["network"]["name"].get<std::string>();
  const auto name_b = b.root["network"]["name"].get<std::string>();
  const std::string label_a = workload_label(a.root["experiment"], name_a);
  const std::string label_b = workload_label(b.root["experiment"], name_b);
  if (name_a != name_b || a.root.value("workload_hash", Json()) != b.root.value("workload_hash", Json())) {
    out += "The networks differ: A ran " + printable(label_a) + ", B ran " + printable(label_b) + ".\n";
  }
  for (const JsonDocument* report : {&a, &b}) {
    if (!report->root["complete"].get<bool>()) out += report->file + " is a PARTIAL result.\n";
  }

  Table configuration({Align::left, Align::left, Align::left});
  configuration.row({"Configuration", "A", "B"});
  if (a.root["config_hash"] == b.root["config_hash"]) {
    out += "Same configuration (" + a.root["config_hash"].get<std::string>() + ").\n";
  } else {
    Json experiment_a = a.root["experiment"];
    Json experiment_b = b.root["experiment"];
    for (Json* experiment : {&experiment_a, &experiment_b}) experiment->erase("outputs");
    differences(experiment_a, experiment_b, {}, configuration);
    out += "\n" + configuration.text();
  }

  Table table({Align::left, Align::right, Align::right, Align::right});
  table.row({"", "A", "B", "B / A"});
  for (const auto& [key, title] : {std::pair("totals", "Totals"), std::pair("cycle_classes", "Cycles by class"),
                                   std::pair("lower_bounds", "Lower bounds")}) {
    add_section(table, title, a.root[key], b.root[key]);
  }
  out += "\n" + table.text();
  if (layers) out += "\n" + layers_table(a.root["layers"], b.root["layers"]);
  return out;
}

}  // namespace podsim
