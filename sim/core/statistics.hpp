#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The statistics tree: modules count in plain members and publish them here, with unit and description.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// How often values fell into equally wide bins, the last bin taking all that is larger.
struct Histogram {
  std::int64_t bin_width = 1;
  std::vector<std::int64_t> counts;

  Histogram() = default;
  Histogram(std::int64_t width, std::size_t bins) : bin_width(width), counts(bins, 0) {}
  void add(std::int64_t value, std::int64_t times = 1);
};

/// One published figure.
struct Statistic {
  enum class Kind { counter, gauge, histogram };
  std::string name;
  std::string unit;  ///< "cycles", "bytes", "rows", "1" for a ratio, …
  std::string description;
  Kind kind = Kind::counter;
  std::int64_t count = 0;  ///< of a counter
  double value = 0;        ///< of a gauge
  Histogram histogram;
};

/// A named group of statistics and subgroups, in the order in which they were added.
class StatGroup {
 public:
  explicit StatGroup(std::string name, std::string description = {});

  const std::string& name() const { return name_; }
  const std::string& description() const { return description_; }
  const std::vector<Statistic>& statistics() const { return statistics_; }
  const std::deque<StatGroup>& groups() const { return groups_; }

  /// The subgroup of that name, made if there is none. The reference stays valid.
  StatGroup& group(const std::string& name, const std::string& description = {});
  /// \throws Error (internal) if the name is taken
  void counter(std::string name, std::string unit, std::string description, std::int64_t count);
  void gauge(std::string name, std::string unit, std::string description, double value);
  void histogram(std::string name, std::string unit, std::string description, Histogram histogram);

  /// The statistic at "group/subgroup/name", or nullptr.
  const Statistic* find(const std::string& path) const;
  /// {"name": {"value": …, "unit": …, "description": …}, "group": {…}}
  Json to_json() const;

 private:
  void insert(Statistic statistic);

  std::string name_;
  std::string description_;
  std::vector<Statistic> statistics_;
  std::deque<StatGroup> groups_;
};

}  // namespace podsim
