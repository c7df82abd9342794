// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/statistics.hpp"

#include <algorithm>
#include <utility>

namespace podsim {

void Histogram::add(std::int64_t value, std::int64_t times) {
  if (counts.empty()) return;
  const std::int64_t bin = std::max<std::int64_t>(0, value) / bin_width;
  counts[std::min(static_cast<std::size_t>(bin), counts.size() - 1)] += times;
}

StatGroup::StatGroup(std::string name, std::string description)
    : name_(std::move(name)), description_(std::move(description)) {}

StatGroup& StatGroup::group(const std::string& name, const std::string& description) {
  for (StatGroup& existing : groups_) {
    if (existing.name_ == name) return existing;
  }
  return groups_.emplace_back(name, description);
}

void StatGroup::insert(Statistic statistic) {
  for (const Statistic& existing : statistics_) {
    if (existing.name == statistic.name) {
      throw Error::internal("statistics", "\"" + statistic.name + "\" is published twice in \"" + name_ + "\"");
    }
  }
  statistics_.push_back(std::move(statistic));
}

void StatGroup::counter(std::string name, std::string unit, std::string description, std::int64_t count) {
  insert({std::move(name), std::move(unit), std::move(description), Statistic::Kind::counter, count, 0, {}});
}

void StatGroup::gauge(std::string name, std::string unit, std::string description, double value) {
  insert({std::move(name), std::move(unit), std::move(description), Statistic::Kind::gauge, 0, value, {}});
}

void StatGroup::histogram(std::string name, std::string unit, std::string description, Histogram histogram) {
  insert({std::move(name), std::move(unit), std::move(description), Statistic::Kind::histogram, 0, 0,
          std::move(histogram)});
}

const Statistic* StatGroup::find(const std::string& path) const {
  const auto slash = path.find('/');
  if (slash == std::string::npos) {
    for (const Statistic& statistic : statistics_) {
      if (statistic.name == path) return &statistic;
    }
    return nullptr;
  }
  for (const StatGroup& group : groups_) {
    if (group.name_ == path.substr(0, slash)) return group.find(path.substr(slash + 1));
  }
  return nullptr;
}

Json StatGroup::to_json() const {
  Json out = Json::object();
  // An object that grows copies what is in it.
  out.get_ref<Json::object_t&>().reserve(statistics_.size() + groups_.size());
  for (const Statistic& s : statistics_) {
    Json& entry = out[s.name];
    switch (s.kind) {
      case Statistic::Kind::counter:
        entry["value"] = s.count;
        break;
      case Statistic::Kind::gauge:
        entry["value"] = s.value;
        break;
      case Statistic::Kind::histogram:
        entry["bin_width"] = s.histogram.bin_width;
        entry["counts"] = s.histogram.counts;
        break;
    }
    entry["unit"] = s.unit;
    entry["description"] = s.description;
  }
  for (const StatGroup& group : groups_) out[group.name_] = group.to_json();
  return out;
}

}  // namespace podsim
