// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/sweep_merge.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"

namespace podsim {
namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
constexpr std::int64_t kSchema = 1;
/// Of a file whose checksum is right.
constexpr std::int64_t kMostTableBytes = std::int64_t{1} << 34;

using Attributes = std::map<std::string, Hdf5Scalar>;

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Error refused(const std::string& file, const std::string& message, const std::string& hint = {}) {
  return Error(ErrorKind::bad_input, {{file, {}, message, hint}});
}

Error damaged(const std::string& file, const std::string& what) {
  return refused(file, "is damaged: " + what, "--resume of its shard writes it anew once it is removed");
}

/// A point and what became of it.
Json entry_of(std::size_t n, const SweepPoint& point, const PointResult& result) {
  Json out = to_json(n, result);
  out["values"] = point.values;
  out["workload"] = point.workload;
  out["config_hash"] = point.config_hash;
  out["workload_hash"] = point.workload_hash;
  out["configuration"] = point.configuration;
  return out;
}

std::string shown(const Hdf5Scalar& value) {
  constexpr std::size_t kMost = 60;
  std::string text = "another";
  if (const auto* of_text = std::get_if<std::string>(&value)) text = *of_text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) text = std::to_string(*number);
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

template <class Value>
Value attribute(const std::string& file, const Attributes& found, const std::string& name) {
  const auto at = found.find(name);
  const Value* value = at == found.end() ? nullptr : std::get_if<Value>(&at->second);
  if (value == nullptr) throw damaged(file, "its attribute \"" + name + "\" is missing");
  return *value;
}

/// "1, 4, 7, ... (12 points)"
std::string list_of(const std::vector<std::size_t>& points) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> texts;
  for (std::size_t n = 0; n < std::min(kShown, points.size()); ++n) texts.push_back(std::to_string(points[n]));
  if (points.size() > kShown) texts.emplace_back("...");
  return join(texts) + " (" + counted(static_cast<std::int64_t>(points.size()), "point") + ")";
}

}  // namespace

void add_shard(Hdf5Builder& builder, const SweepResult& sweep) {
  builder.attribute("/", "shard", sweep.shard->number);
  builder.attribute("/", "shards", sweep.shard->count);
  builder.attribute("/", "sweep_points", static_cast<std::int64_t>(sweep.plan.points.size()));
  builder.attribute("/", "max_memory_bytes", sweep.max_memory_bytes);
  builder.attribute("/", "parameters", json_text(sweep.plan.parameters));
  std::vector<std::int64_t> numbers;
  std::vector<std::string> entries;
  for (const std::size_t n : sweep.points()) {
    numbers.push_back(static_cast<std::int64_t>(n));
    entries.push_back(json_text(entry_of(n, sweep.plan.points[n], sweep.results[n])));
  }
  builder.table("/entries", {{{"point", std::move(numbers)}, {"entry", std::move(entries)}}});
}

void SweepMerge::add(const std::string& file) {
  std::string bytes = read_text_file(file);
  if (is_hdf5(bytes) && !has_hdf5_checksum(bytes)) {
    throw refused(file, "is damaged, or no file of podsim's own: it does not end in a checksum");
  }
  const Hdf5Reader reader(std::move(bytes), file);
  Attributes found;
  for (const auto& [name, value] : reader.attributes("/")) found[name] = value;
  if (found["format"] != Hdf5Scalar(std::string("podsim-sweep"))) {
    throw refused(file, "is no result of podsim sweep");
  }
  if (found.count("shard") == 0) {
    throw refused(file, "holds no shard, but a whole sweep: there is nothing to merge",
                  "podsim sweep --shard i/n writes shards");
  }
  check_same_sweep(file, found);
  const SweepShard shard{attribute<std::int64_t>(file, found, "shard"), attribute<std::int64_t>(file, found, "shards")};
  if (shard.number < 1 || shard.number > shard.count) throw damaged(file, "there is no shard " + shard.text());

  const Hdf5Table table = reader.table("/entries", kMostTableBytes);
  const Hdf5Column* column = table.find("entry");
  const auto* entries = column == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&column->values);
  if (entries == nullptr) throw damaged(file, "/entries holds no texts");
  std::size_t n = 0;
  files_.emplace_back(file, shard);
  for (const std::string& text : *entries) {
    while (n < source_.size() && !shard.has(n)) ++n;
    const Json entry = Json::parse(text, nullptr, false);
    try {
      if (n >= source_.size() || entry.at("point").get<std::size_t>() != n)
        throw damaged(file, "its points are others");
      SweepPoint point;
      point.values = entry.at("values").get<std::vector<Json>>();
      point.workload = entry.at("workload").get<std::string>();
      point.config_hash = entry.at("config_hash").get<std::string>();
      point.workload_hash = entry.at("workload_hash").get<std::string>();
      point.configuration = entry.at("configuration").get<std::string>();
      if (point.values.size() != merged_.plan.parameters.size() || !entry.at("figures").is_object()) {
        throw damaged(file, "point " + std::to_string(n) + " is incomplete");
      }
      take(file, n, std::move(point), point_result(entry));
    } catch (const Json::exception&) {
      throw damaged(file, "point " + std::to_string(n) + " cannot be read");
    }
    ++n;
  }
  while (n < source_.size() && !shard.has(n)) ++n;
  if (n < source_.size()) throw damaged(file, "point " + std::to_string(n) + " of its shard is missing");
}

void SweepMerge::check_same_sweep(const std::string& file, const Attributes& found) {
  if (attribute<std::int64_t>(file, found, "schema") != kSchema) throw refused(file, "has an unknown schema");
  const auto of_version = attribute<std::string>(file, found, "version");
  const auto of_commit = attribute<std::string>(file, found, "commit");
  if (of_version != version() || of_commit != commit()) {
    throw refused(file,
                  "was written by podsim " + of_version + " (" + of_commit + "), and this is podsim " + version() +
                      " (" + commit() + "), whose results may differ",
                  "merge with the podsim that ran the shards, and run all shards with one");
  }
  constexpr std::array<const char*, 5> kShared{"sweep_hash", "sweep_points", "max_memory_bytes", "spec", "parameters"};
  if (first_file_.empty()) {
    const auto points = attribute<std::int64_t>(file, found, "sweep_points");
    (void)attribute<std::int64_t>(file, found, "max_memory_bytes");
    const Json parameters = Json::parse(attribute<std::string>(file, found, "parameters"), nullptr, false);
    const bool are_texts = parameters.is_array() && std::all_of(parameters.begin(), parameters.end(),
                                                                [](const Json& each) { return each.is_string(); });
    merged_.plan.spec = Json::parse(attribute<std::string>(file, found, "spec"), nullptr, false);
    merged_.plan.hash = attribute<std::string>(file, found, "sweep_hash");
    if (points < 1 || points > kMostSweepPoints || !are_texts || !merged_.plan.spec.is_object()) {
      throw damaged(file, "its attributes make no sweep");
    }
    merged_.plan.parameters = parameters.get<std::vector<std::string>>();
    merged_.plan.points.resize(static_cast<std::size_t>(points));
    merged_.results.resize(static_cast<std::size_t>(points));
    source_.assign(static_cast<std::size_t>(points), kNowhere);
    for (const char* name : kShared) header_[name] = found.at(name);
    first_file_ = file;
    return;
  }
  for (const char* name : kShared) {
    const auto at = found.find(name);
    if (at == found.end()) throw damaged(file, std::string("its attribute \"") + name + "\" is missing");
    if (at->second == header_[name]) continue;
    throw refused(file,
                  "belongs to another sweep than " + first_file_ + ": its " + name + " is " + shown(at->second) +
                      ", not " + shown(header_[name]),
                  "all shards need the same spec, workload files and --max-memory");
  }
}

void SweepMerge::take(const std::string& file, std::size_t n, SweepPoint point, PointResult result) {
  SweepPoint& known = merged_.plan.points[n];
  PointResult& known_result = merged_.results[n];
  const bool is_first = source_[n] == kNowhere;
  if (!is_first && result.status == "not_run") return;
  if (!is_first && known_result.status != "not_run") {
    if (entry_of(n, known, known_result) == entry_of(n, point, result)) return;
    throw refused(file,
                  "has point " + std::to_string(n) + " with another content than " + files_[source_[n]].first +
                      " (status " + result.status + " and " + known_result.status + ")",
                  "leave one of them out");
  }
  known = std::move(point);
  known_result = std::move(result);
  source_[n] = files_.size() - 1;
}

MergedSweep SweepMerge::finish(bool partial) {
  if (!partial) throw_if_missing();
  return std::move(merged_);
}

void SweepMerge::throw_if_missing() const {
  const std::int64_t shards = files_.empty() ? 1 : files_.front().second.count;
  const bool is_one_cut =
      std::all_of(files_.begin(), files_.end(), [shards](const auto& each) { return each.second.count == shards; });
  std::map<std::size_t, std::vector<std::size_t>> open;     // by file
  std::map<std::int64_t, std::vector<std::size_t>> absent;  // by shard, if all files agree how many there are
  for (std::size_t n = 0; n < source_.size(); ++n) {
    if (source_[n] == kNowhere) {
      absent[is_one_cut ? static_cast<std::int64_t>(n) % shards + 1 : 0].push_back(n);
    } else if (merged_.results[n].status == "not_run") {
      open[source_[n]].push_back(n);
    }
  }
  IssueList issues;
  for (const auto& [index, points] : open) {
    const auto& [file, shard] = files_[index];
    issues.add({file,
                {},
                "is not finished: not run are points " + list_of(points),
                "podsim sweep --shard " + shard.text() + " --resume goes on; --partial takes what there is"});
  }
  for (const auto& [number, points] : absent) {
    const std::string what = number == 0 ? "no file has points " + list_of(points)
                                         : "shard " + std::to_string(number) + "/" + std::to_string(shards) +
                                               " is missing, with points " + list_of(points);
    issues.add({"command line", {}, what, "name its file, too, or give --partial"});
  }
  issues.throw_if_any();
}

}  // namespace podsim
