#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How far a long run is, on a terminal.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "podsim/sim/simulator.hpp"

namespace podsim {

/// One line on standard error that is redrawn in place. Shows up after a second; gone when the run is over. Nothing is
/// written if standard error is no terminal.
class ProgressBar {
 public:
  explicit ProgressBar(bool enabled);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  bool enabled() const { return enabled_; }
  void update(const RunProgress& progress);
  /// How many of several runs are done; rate and estimated time rest on those done since the first call.
  void update_count(std::int64_t done, std::int64_t total, const std::string& unit);
  /// Begins one of several runs, whose line starts with `label`.
  void begin_part(const std::string& label);
  /// Removes the line.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  /// True if it is time to draw again.
  bool is_due(Clock::time_point now);
  void draw(const std::string& what, std::int64_t done, std::int64_t total, double rate, const std::string& unit,
            const std::string& tail);
  bool enabled_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
  Clock::time_point phase_start_ = start_;
  std::string label_;
  std::optional<std::int64_t> first_done_;
  RunProgress::Phase phase_ = RunProgress::Phase::scheduling;
};

}  // namespace podsim
