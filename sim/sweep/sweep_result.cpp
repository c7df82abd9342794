// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/sweep_result.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/sim/sweep/sweep_merge.hpp"

namespace podsim {
namespace {

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A column: null where a point has nothing.
struct Column {
  std::string name;
  std::vector<Json> values;
};

template <class Get>
Column column(std::string name, const SweepResult& sweep, Get get) {
  Column out{std::move(name), {}};
  for (const std::size_t n : sweep.points()) out.values.push_back(get(sweep.plan.points[n], sweep.results[n], n));
  return out;
}

std::vector<Column> columns(const SweepResult& sweep) {
  std::vector<Column> out;
  auto add = [&](std::string name, auto get) { out.push_back(column(std::move(name), sweep, get)); };
  using P = const SweepPoint&;
  using R = const PointResult&;
  add("point", [](P, R, std::size_t n) { return Json(n); });
  add("status", [](P, R result, std::size_t) { return Json(result.status); });
  add("message", [](P, R result, std::size_t) { return Json(result.message); });
  add("workload", [](P point, R, std::size_t) { return Json(point.workload); });
  for (std::size_t p = 0; p < sweep.plan.parameters.size(); ++p) {
    if (sweep.plan.parameters[p] == "/workload") continue;  // in the column before
    add(sweep.plan.parameters[p], [p](P point, R, std::size_t) {
      if (p >= point.values.size()) return Json();  // of a shard that is missing
      const Json& value = point.values[p];
      return value.is_number() || value.is_string() || value.is_null() ? value : Json(json_text(value));
    });
  }
  // Every figure that any point has, in the order of the first that has it.
  std::vector<std::string> names;
  std::set<std::string> known;
  for (const std::size_t n : sweep.points()) {
    for (const auto& [name, value] : sweep.results[n].figures.items()) {
      if (known.insert(name).second) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    add(name, [&name](P, R result, std::size_t) { return result.figures.value(name, Json()); });
  }
  auto text_or_nothing = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  add("config_hash", [&](P point, R, std::size_t) { return text_or_nothing(point.config_hash); });
  add("workload_hash", [&](P point, R, std::size_t) { return text_or_nothing(point.workload_hash); });
  add("configuration", [](P point, R, std::size_t) { return Json(point.configuration); });
  return out;
}

template <class Value>
std::vector<Value> gather(const Column& column, Value absent) {
  std::vector<Value> out;
  for (const Json& value : column.values) out.push_back(value.is_null() ? absent : value.get<Value>());
  return out;
}

std::string cell_text(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? number_text(value.get<double>()) : json_text(value);
}

Hdf5Column hdf5_column(const Column& column) {
  const auto all = [&column](auto holds) {
    return std::all_of(column.values.begin(), column.values.end(),
                       [&holds](const Json& value) { return value.is_null() || holds(value); });
  };
  if (all([](const Json& value) { return value.is_number_integer(); })) {
    return {column.name, gather<std::int64_t>(column, -1)};
  }
  if (all([](const Json& value) { return value.is_number(); })) {
    return {column.name, gather<double>(column, std::numeric_limits<double>::quiet_NaN())};
  }
  std::vector<std::string> texts;
  for (const Json& value : column.values) texts.push_back(cell_text(value));
  return {column.name, std::move(texts)};
}

std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string prefix_of(const std::string& group) {
  if (group == "totals") return {};
  if (group == "lower_bounds") return "bound_";
  if (group == "cycle_classes") return "cycles_";
  return group + "_";
}

}  // namespace

Json sweep_figures(const Json& report) {
  Json out = Json::object();
  for (const auto& [group, members] : report.items()) {
    if (!members.is_object() || group == "experiment" || group == "statistics" || group == "functional") continue;
    for (const auto& [key, value] : members.items()) {
      if (value.is_number() || value.is_string() || value.is_null()) out[prefix_of(group) + key] = value;
    }
  }
  return out;
}

PointResult result_of_answer(const Json& answer) {
  PointResult out;
  if (answer.value("status", "") == "ok") {
    const Json& report = answer.at("report");
    out.status = report.value("complete", false) ? "ok" : "partial";
    out.message = report.value("stopped_because", "");
    out.figures = sweep_figures(report);
    return out;
  }
  out.status = answer.value("kind", "internal");
  std::vector<std::string> texts;
  for (const Json& entry : answer.value("issues", Json::array())) {
    const Issue issue{entry.value("file", ""), entry.value("pointer", ""), entry.value("message", ""),
                      entry.value("hint", "")};
    texts.push_back(printable(issue.text()));
  }
  out.message = join(texts, " | ");
  return out;
}

Json to_json(std::size_t point, const PointResult& result) {
  return {{"point", point}, {"status", result.status}, {"message", result.message}, {"figures", result.figures}};
}

PointResult point_result(const Json& entry) {
  return {entry.value("status", "not_run"), entry.value("message", ""), entry.value("figures", Json::object())};
}

std::vector<std::size_t> SweepResult::points() const {
  std::vector<std::size_t> out;
  for (std::size_t n = 0; n < results.size(); ++n) {
    if (!shard || shard->has(n)) out.push_back(n);
  }
  return out;
}

std::size_t SweepResult::count(const std::string& status) const {
  std::size_t out = 0;
  for (std::size_t n = 0; n < results.size(); ++n) {
    if ((!shard || shard->has(n)) && results[n].status == status) ++out;
  }
  return out;
}

std::string sweep_csv(const SweepResult& sweep) {
  std::vector<Column> all = columns(sweep);
  const std::size_t rows = all.front().values.size();
  for (const auto& [name, text] : {std::pair<const char*, std::string>{"version", version()},
                                   {"commit", commit()},
                                   {"sweep_hash", sweep.plan.hash}}) {
    all.push_back({name, std::vector<Json>(rows, text)});
  }
  std::string out;
  for (const Column& one : all) out += (&one == &all.front() ? "" : ",") + cell(one.name);
  out += '\n';
  for (std::size_t n = 0; n < rows; ++n) {
    for (const Column& one : all) out += (&one == &all.front() ? "" : ",") + cell(cell_text(one.values[n]));
    out += '\n';
  }
  return out;
}

std::string sweep_hdf5(const SweepResult& sweep) {
  Hdf5Builder builder;
  builder.attribute("/", "format", std::string("podsim-sweep"));
  builder.attribute("/", "schema", std::int64_t{1});
  builder.attribute("/", "version", version());
  builder.attribute("/", "commit", commit());
  builder.attribute("/", "sweep_hash", sweep.plan.hash);
  builder.attribute("/", "complete", sweep.is_complete());
  builder.attribute("/", "points", static_cast<std::int64_t>(sweep.points().size()));
  builder.attribute("/", "points_ok", static_cast<std::int64_t>(sweep.count("ok")));
  builder.attribute("/", "spec", json_text(sweep.plan.spec));
  if (sweep.shard) add_shard(builder, sweep);
  Hdf5Table table;
  for (const Column& one : columns(sweep)) table.columns.push_back(hdf5_column(one));
  builder.table("/points", table);
  return builder.finish();
}

}  // namespace podsim
