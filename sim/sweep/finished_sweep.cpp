// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/finished_sweep.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/core/version.hpp"

namespace podsim {
namespace {

std::optional<FinishedSweep> finished_hdf5(const std::string& path, const SweepPlan& plan,
                                           const std::optional<SweepShard>& shard) {
  const Hdf5Reader reader(read_text_file(path), path);
  std::map<std::string, Hdf5Scalar> found;
  for (const auto& [name, value] : reader.attributes("/")) found[name] = value;
  std::map<std::string, Hdf5Scalar> wanted{
      {"complete", true}, {"sweep_hash", plan.hash}, {"commit", std::string(commit())}};
  if (shard) {
    wanted["shard"] = shard->number;
    wanted["shards"] = shard->count;
  } else if (found.count("shard") != 0) {
    return std::nullopt;
  }
  for (const auto& [name, value] : wanted) {
    const auto at = found.find(name);
    if (at == found.end() || at->second != value) return std::nullopt;
  }
  const auto* points = std::get_if<std::int64_t>(&found["points"]);
  const auto* good = std::get_if<std::int64_t>(&found["points_ok"]);
  if (points == nullptr || good == nullptr) return std::nullopt;
  return FinishedSweep{*points, *good};
}

/// Takes a CSV apart, row by row.
class CsvRows {
 public:
  explicit CsvRows(const std::string& text) : text_(text) {}

  /// \return false at the end, and if the last row is not ended by a line break
  bool next(std::vector<std::string>& row) {
    row.assign(1, {});
    bool quoted = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"' && quoted && at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        row.back() += text_[++at_];
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        row.emplace_back();
      } else if (c == '\n' && !quoted) {
        ++at_;
        return true;
      } else {
        row.back() += c;
      }
    }
    return false;
  }
  bool is_at_end() const { return at_ == text_.size(); }

 private:
  const std::string& text_;
  std::size_t at_ = 0;
};

/// A CSV has no attributes and no checksum: each row is looked at.
std::optional<FinishedSweep> finished_csv(const std::string& path, const SweepPlan& plan,
                                          const std::optional<SweepShard>& shard) {
  const std::string text = read_text_file(path);
  CsvRows rows(text);
  std::vector<std::string> header, row;
  if (!rows.next(header)) return std::nullopt;
  const auto column = [&header](const char* name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const std::size_t point = column("point"), status = column("status"), commit_of = column("commit"),
                    hash = column("sweep_hash");
  if (std::max({point, status, commit_of, hash}) == header.size()) return std::nullopt;
  FinishedSweep out;
  for (std::size_t n = 0; n < plan.points.size(); ++n) {
    if (shard && !shard->has(n)) continue;
    if (!rows.next(row) || row.size() != header.size() || row[point] != std::to_string(n) || row[status].empty() ||
        row[status] == "not_run" || row[commit_of] != commit() || row[hash] != plan.hash) {
      return std::nullopt;
    }
    ++out.points;
    out.points_ok += row[status] == "ok" ? 1 : 0;
  }
  return rows.is_at_end() ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<FinishedSweep> finished_sweep(const std::string& path, bool is_csv, const SweepPlan& plan,
                                            const std::optional<SweepShard>& shard) {
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  try {
    return is_csv ? finished_csv(path, plan, shard) : finished_hdf5(path, plan, shard);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace podsim
