// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {

ProgressBar::ProgressBar(bool enabled) : enabled_(enabled && ::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::clear() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
  shown_ = false;
}

void ProgressBar::begin_part(const std::string& label) {
  label_ = label;
  phase_start_ = Clock::now();
}

void ProgressBar::update(const RunProgress& progress) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  if (progress.phase != phase_) {
    phase_ = progress.phase;
    phase_start_ = now;
  }
  if (!is_due(now)) return;
  const bool scheduling = progress.phase == RunProgress::Phase::scheduling;
  const double seconds = std::chrono::duration<double>(now - phase_start_).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.done) / seconds : 0;
  draw(scheduling ? "scheduling " : "simulating ", progress.done, progress.total, rate,
       scheduling ? "tile operations/s" : "rounds/s",
       scheduling ? std::string() : "  cycle " + with_thousands(progress.cycle));
}

void ProgressBar::update_count(std::int64_t done, std::int64_t total, const std::string& unit) {
  if (!enabled_) return;
  if (!first_done_) first_done_ = done;
  const Clock::time_point now = Clock::now();
  if (!is_due(now)) return;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done - *first_done_) / seconds : 0;
  draw(std::to_string(done) + "/" + std::to_string(total) + " " + unit + " ", done, total, rate, unit + "/s", {});
}

bool ProgressBar::is_due(Clock::time_point now) {
  using namespace std::chrono_literals;
  if (now - start_ < 1s || now - last_ < 100ms) return false;
  last_ = now;
  shown_ = true;
  return true;
}

void ProgressBar::draw(const std::string& what, std::int64_t done, std::int64_t total, double rate,
                       const std::string& unit, const std::string& tail) {
  const double part = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
  constexpr std::size_t kWidth = 30;
  const auto filled = static_cast<std::size_t>(part * kWidth);
  std::string line = label_ + what;
  line += "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " + percent(part) + "  " +
          count_text(rate, unit);
  if (rate > 0) line += "  ETA " + fixed(static_cast<double>(total - done) / rate, 0) + " s";
  std::cerr << '\r' << line << tail << "\033[K" << std::flush;
}

}  // namespace podsim
