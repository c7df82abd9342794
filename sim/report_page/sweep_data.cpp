// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_page/sweep_data.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/report_page/pareto.hpp"

namespace podsim {
namespace {

bool is_parameter(const std::string& name) {
  return name == "workload" || name.empty() || name[0] == '/';
}

/// Not shown: what is of no use to people in a table.
bool is_left_out(const std::string& name) {
  static const std::set<std::string> names{"configuration", "config_hash", "workload_hash", "point",
                                           "energy_technology_hash"};
  return names.count(name) != 0;
}

std::size_t rows_of(const Hdf5Table& table) {
  return static_cast<std::size_t>(table.rows());
}

std::vector<std::string> statuses(const Hdf5Table& table) {
  const Hdf5Column* found = table.find("status");
  if (found != nullptr) {
    if (const auto* texts = std::get_if<std::vector<std::string>>(&found->values)) return *texts;
  }
  return std::vector<std::string>(rows_of(table), "ok");
}

/// A cell; counts that a point does not have are -1 in the file, other numbers NaN.
Json cell(const Hdf5Column& column, std::size_t row, bool is_figure) {
  if (const auto* counts = std::get_if<std::vector<std::int64_t>>(&column.values)) {
    return is_figure && (*counts)[row] == -1 ? Json() : Json((*counts)[row]);
  }
  if (const auto* numbers = std::get_if<std::vector<double>>(&column.values)) {
    return std::isfinite((*numbers)[row]) ? Json((*numbers)[row]) : Json();
  }
  return std::get<std::vector<std::string>>(column.values)[row];
}

std::vector<std::pair<double, double>> pairs(const Hdf5Table& table, const std::string& x, const std::string& y,
                                             const std::vector<std::string>& status) {
  const Hdf5Column* first = table.find(x);
  const Hdf5Column* second = table.find(y);
  std::vector<std::pair<double, double>> out;
  if (first == nullptr || second == nullptr) return out;
  const auto number = [](const Json& value) { return value.is_number() ? value.get<double>() : std::nan(""); };
  for (std::size_t n = 0; n < rows_of(table); ++n) {
    const bool counts = status[n] == "ok";
    out.emplace_back(counts ? number(cell(*first, n, true)) : std::nan(""),
                     counts ? number(cell(*second, n, true)) : std::nan(""));
  }
  return out;
}

}  // namespace

Json sweep_data(const SweepFile& sweep, std::int64_t cells) {
  const Hdf5Table& table = sweep.points;
  const std::size_t rows = rows_of(table);
  const std::vector<std::string> status = statuses(table);

  Json out = {{"file", sweep.file}, {"about", Json::object()}, {"points", rows}};
  for (const char* key : {"version", "commit", "sweep_hash", "complete", "points_ok", "shard", "shards"}) {
    if (sweep.about.contains(key)) out["about"][key] = sweep.about[key];
  }

  struct Shown {
    const Hdf5Column* column;
    std::string kind;
  };
  std::vector<Shown> shown;
  Json constants = Json::object();
  for (const Hdf5Column& column : table.columns) {
    if (is_left_out(column.name)) continue;
    const bool is_text = std::holds_alternative<std::vector<std::string>>(column.values);
    const bool is_figure = !is_parameter(column.name) && !is_text;
    bool varies = false;
    for (std::size_t n = 1; n < rows && !varies; ++n) {
      varies = cell(column, n, is_figure) != cell(column, 0, is_figure);
    }
    if (varies) {
      shown.push_back({&column, is_parameter(column.name) ? "parameter" : is_figure ? "figure" : "text"});
    } else if (rows > 0) {
      const Json value = cell(column, 0, is_figure);
      if (!value.is_null() && value != Json("")) constants[column.name] = value;
    }
  }
  out["constants"] = std::move(constants);

  const std::vector<std::size_t> front = pareto_front(pairs(table, "cycles", "energy_total_mj", status));
  const auto columns = static_cast<std::int64_t>(std::max<std::size_t>(shown.size(), 1));
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(cells / columns, 1));
  const std::size_t step = rows == 0 ? 1 : (rows - 1) / most + 1;
  const std::set<std::size_t> on_front(front.begin(), front.end());
  std::vector<std::size_t> kept;
  for (std::size_t n = 0; n < rows; ++n) {
    if (n % step == 0 || on_front.count(n) != 0) kept.push_back(n);
  }
  if (step > 1) {
    out["note"] = "One in " + std::to_string(step) + " points is shown, and all of the front of cycles and energy; " +
                  with_thousands(static_cast<std::int64_t>(rows)) + " are too many for a page.";
  }

  // Numbers of points as in the file's column "point": a shard has some of them only.
  const Hdf5Column* numbered = table.find("point");
  const auto number = [numbered](std::size_t n) { return numbered == nullptr ? Json(n) : cell(*numbered, n, false); };
  Json& list = out["columns"] = Json::array();
  Json numbers = Json::array();
  for (const std::size_t n : kept) numbers.push_back(number(n));
  list.push_back({{"name", "point"}, {"kind", "number"}, {"values", std::move(numbers)}});
  for (const Shown& each : shown) {
    Json values = Json::array();
    for (const std::size_t n : kept) {
      const bool has_result = status[n] == "ok" || status[n] == "partial";
      values.push_back(each.kind == "figure" && !has_result ? Json() : cell(*each.column, n, each.kind == "figure"));
    }
    list.push_back({{"name", each.column->name}, {"kind", each.kind}, {"values", std::move(values)}});
  }
  Json points = Json::array();
  for (const std::size_t n : front) points.push_back(number(n));
  out["front"] = {{"x", "cycles"}, {"y", "energy_total_mj"}, {"points", std::move(points)}};
  return out;
}

}  // namespace podsim
