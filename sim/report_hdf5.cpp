// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_hdf5.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/report_json.hpp"

namespace podsim {
namespace {

// The file must stay valid UTF-8 whatever names a network has.
std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string stall_column(StallCause cause) {
  return std::string("stall_") + stall_cause_name(cause) + "_cycles";
}

Hdf5Scalar scalar(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  return json_text(value);
}

/// Members become attributes, lists as JSON text; objects become groups.
void add_object(Hdf5Builder& builder, const std::string& path, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object()) {
      add_object(builder, path == "/" ? path + key : path + "/" + key, value);
    } else {
      if (!value.is_null()) builder.attribute(path, key, scalar(value));
    }
  }
}

/// An entry of "layers" without nesting: lists of names are joined, "stall_cycles": {"bank": …} becomes
/// "stall_bank_cycles".
Json flat_layer(const Json& layer) {
  Json out = Json::object();
  for (const auto& [key, value] : layer.items()) {
    if (value.is_object()) {
      const std::size_t unit = key.rfind('_');
      const std::string first = key.substr(0, unit);
      const std::string last = unit == std::string::npos ? "" : key.substr(unit);
      for (const auto& [inner, counted] : value.items()) out[first + "_" + inner + last] = counted;
    } else if (value.is_array()) {
      std::vector<std::string> words;
      for (const Json& word : value) words.push_back(word.is_string() ? word.get<std::string>() : json_text(word));
      out[key] = join(words, " ");
    } else {
      out[key] = value;
    }
  }
  return out;
}

Hdf5Table layer_table(const Json& layers) {
  Hdf5Table table;
  std::vector<Json> rows;
  for (const Json& layer : layers) rows.push_back(flat_layer(layer));
  if (rows.empty()) return {{{"name", std::vector<std::string>{}}, {"cycles", std::vector<std::int64_t>{}}}};
  // Not every layer has every member: a column for each member of any.
  Json members = Json::object();
  for (const Json& row : rows) {
    for (const auto& [key, value] : row.items()) {
      if (!members.contains(key)) members[key] = value;
    }
  }
  for (const auto& [key, first] : members.items()) {
    Hdf5Column column;
    column.name = key;
    auto gather = [&rows, name = key](auto absent) {
      std::vector<decltype(absent)> values;
      for (const Json& row : rows) {
        const auto found = row.find(name);
        values.push_back(found == row.end() ? absent : found->template get<decltype(absent)>());
      }
      return values;
    };
    if (first.is_string()) {
      column.values = gather(std::string());
    } else if (first.is_number_float()) {
      column.values = gather(double{0});
    } else {
      column.values = gather(std::int64_t{0});
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

/// A column out of a member of every element, or of whatever a function makes of it.
template <class Element, class Get>
Hdf5Column column(std::string name, const std::vector<Element>& elements, Get get) {
  std::vector<std::int64_t> values;
  values.reserve(elements.size());
  for (const Element& element : elements) values.push_back(get(element));
  return {std::move(name), std::move(values)};
}

Hdf5Column numbers(std::string name, std::size_t count) {
  std::vector<std::int64_t> values(count);
  for (std::size_t n = 0; n < count; ++n) values[n] = static_cast<std::int64_t>(n);
  return {std::move(name), std::move(values)};
}

Hdf5Table round_table(const std::vector<RoundResult>& rounds) {
  using R = RoundResult;
  Hdf5Table table;
  auto add = [&](const char* name, std::int64_t R::*member) {
    table.columns.push_back(column(name, rounds, [member](const R& round) { return round.*member; }));
  };
  table.columns.push_back(numbers("round", rounds.size()));
  add("load_start_cycle", &R::load_start);
  add("stream_start_cycle", &R::stream_start);
  add("stream_end_cycle", &R::stream_end);
  add("fill_cycles", &R::fill_cycles);
  for (std::size_t c = 0; c < kStallCauses; ++c) {
    table.columns.push_back(
        column(stall_column(static_cast<StallCause>(c)), rounds, [c](const R& round) { return round.stalls[c]; }));
  }
  add("tile_operations", &R::tile_operations);
  add("macs", &R::macs);
  add("busy_pod_cycles", &R::busy_pod_cycles);
  add("passes", &R::passes);
  add("post_start_cycle", &R::post_start);
  add("post_end_cycle", &R::post_end);
  return table;
}

Hdf5Table pod_table(const RunResult& result) {
  Hdf5Table table;
  table.columns.push_back(numbers("pod", result.pod_operations.size()));
  table.columns.push_back({"tile_operations", result.pod_operations});
  table.columns.push_back({"busy_cycles", result.pod_busy_cycles});
  return table;
}

struct StatisticColumns {
  std::vector<std::string> names, units, descriptions;
  std::vector<std::int64_t> counts;
  std::vector<double> values;
};

/// Counters have their count in both columns of numbers, gauges in "value" only; histograms become arrays.
void add_statistics(Hdf5Builder& builder, const StatGroup& group, const std::string& prefix, StatisticColumns& out) {
  for (const Statistic& statistic : group.statistics()) {
    const std::string name = prefix + statistic.name;
    if (statistic.kind == Statistic::Kind::histogram) {
      const Histogram& histogram = statistic.histogram;
      const std::string path = "/histograms/" + name;
      builder.array(path, {{static_cast<std::int64_t>(histogram.counts.size())}, histogram.counts});
      builder.attribute(path, "bin_width", histogram.bin_width);
      builder.attribute(path, "unit", statistic.unit);
      builder.attribute(path, "description", statistic.description);
      continue;
    }
    const bool is_counter = statistic.kind == Statistic::Kind::counter;
    out.names.push_back(name);
    out.units.push_back(statistic.unit);
    out.descriptions.push_back(statistic.description);
    out.counts.push_back(is_counter ? statistic.count : 0);
    out.values.push_back(is_counter ? static_cast<double>(statistic.count) : statistic.value);
  }
  for (const StatGroup& inner : group.groups()) {
    add_statistics(builder, inner, prefix + inner.name() + "/", out);
  }
}

Json member_value(const Hdf5Scalar& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

Json object_of(const Hdf5Reader& reader, const std::string& path) {
  Json out = Json::object();
  for (const auto& [name, value] : reader.attributes(path)) out[name] = member_value(value);
  return out;
}

}  // namespace

std::string to_hdf5(const Report& report) {
  Json document = to_json(report);
  const Json experiment = document["experiment"];
  const Json layers = document["layers"];
  for (const char* key : {"experiment", "layers", "statistics"}) document.erase(key);

  Hdf5Builder builder;
  add_object(builder, "/", document);
  builder.attribute("/", "experiment", json_text(experiment));
  builder.table("/layers", layer_table(layers));
  builder.table("/rounds", round_table(report.result.round_results));
  builder.table("/pods", pod_table(report.result));
  StatisticColumns statistics;
  add_statistics(builder, report.statistics(), "", statistics);
  builder.table("/statistics", {{{"name", statistics.names},
                                 {"count", statistics.counts},
                                 {"value", statistics.values},
                                 {"unit", statistics.units},
                                 {"description", statistics.descriptions}}});
  return builder.finish();
}

JsonDocument report_document(const Hdf5Reader& reader) {
  JsonDocument out;
  out.file = reader.file();
  out.root = object_of(reader, "/");
  for (const std::string& group : reader.groups("/")) {
    if (group != "histograms") out.root[group] = object_of(reader, "/" + group);
  }
  // Whether it is a report at all is for whoever uses the document to say.
  const auto experiment = out.root.find("experiment");
  if (experiment != out.root.end() && experiment->is_string()) {
    *experiment = parse_json(experiment->get<std::string>(), reader.file() + ":/experiment").root;
  }
  if (!reader.has("/layers")) return out;
  const Hdf5Table layers = reader.table("/layers");
  Json& list = out.root["layers"] = Json::array();
  for (std::int64_t row = 0; row < layers.rows(); ++row) {
    Json layer = Json::object();
    for (const Hdf5Column& column : layers.columns) {
      layer[column.name] =
          std::visit([row](const auto& values) { return Json(values[static_cast<std::size_t>(row)]); }, column.values);
    }
    list.push_back(std::move(layer));
  }
  return out;
}

}  // namespace podsim
