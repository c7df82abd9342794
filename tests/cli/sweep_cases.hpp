#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Sweeps that several tests run, and how their files are read.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "process.hpp"
#include "support/catch.hpp"

namespace podsim::test {

using Json = nlohmann::ordered_json;

/// Wall time that an action takes.
template <class Action>
unsigned microseconds_of(const Action& action) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  action();
  return static_cast<unsigned>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count());
}

/// 24 points of a network of four layers.
inline std::string spec_text() {
  const Json spec{{"workloads", {tiny_network(), "zoo:resnet20:image=8"}},
                  {"axes", {{"/hardware/pods/rows", {8, 16}}, {"/hardware/interconnect", {"crossbar", "butterfly"}}}},
                  {"zip", {{{"/hardware/pods/count", {4, 8, 16}}, {"/hardware/banks/count", {4, 8, 16}}}}},
                  {"derived", {{"/hardware/pods/cols", "{/hardware/pods/rows}"}}}};
  return spec.dump();
}

/// Rows of a CSV, quotes resolved, by the names in the header.
class Csv {
 public:
  explicit Csv(const std::string& text) {
    std::vector<std::string> row(1);
    bool quoted = false;
    for (std::size_t n = 0; n < text.size(); ++n) {
      const char c = text[n];
      if (c == '"') {
        if (quoted && n + 1 < text.size() && text[n + 1] == '"')
          row.back() += text[n++];
        else
          quoted = !quoted;
      } else if (!quoted && c == ',') {
        row.emplace_back();
      } else if (!quoted && c == '\n') {
        rows_.push_back(row);
        row = std::vector<std::string>(1);
      } else {
        row.back() += c;
      }
    }
  }
  std::size_t size() const { return rows_.size() - 1; }
  std::string at(std::size_t row, const std::string& name) const {
    const auto found = std::find(rows_[0].begin(), rows_[0].end(), name);
    REQUIRE(found != rows_[0].end());
    return rows_[row + 1].at(static_cast<std::size_t>(found - rows_[0].begin()));
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

inline std::size_t journal_lines(const Folder& folder, const std::string& name) {
  if (!folder.has(name)) return 0;
  const std::string text = folder.read(name);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

inline constexpr const char* kQuick = "zoo:resnet20:image=8";

/// Quick points, one that takes minutes (a thousand runs of a decoder) and a quick one.
inline std::string spec_with_endless_point(int quick_ones) {
  Json workloads = Json::array();
  Json steps = Json::array();
  for (int n = 0; n <= quick_ones + 1; ++n) {
    workloads.push_back(n == quick_ones ? "zoo:gpt2_small_decode:context=2" : kQuick);
    steps.push_back(n == quick_ones ? 1000 : 0);
  }
  return Json{{"zip", {{{"/workload", workloads}, {"/decode_steps", steps}}}}}.dump();
}

/// Runs until the sweep has heard SIGINT with so many lines in its journal, later and later.
inline Outcome interrupted_with(const Folder& folder, const std::vector<std::string>& words, const std::string& journal,
                                std::size_t lines) {
  for (unsigned milliseconds = 1000; milliseconds < 64000; milliseconds *= 2) {
    std::vector<std::string> again = words;
    if (folder.has(journal)) again.emplace_back("--resume");
    Outcome outcome = folder.interrupted_after(again, milliseconds * 1000);
    if (outcome.code == 1 && journal_lines(folder, journal) >= lines) return outcome;
  }
  FAIL("never interrupted in time");
  return {};
}

}  // namespace podsim::test
