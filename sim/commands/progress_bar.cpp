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
  using namespace std::chrono_literals;
  if (now - start_ < 1s || now - last_ < 100ms) return;
  last_ = now;
  shown_ = true;
  const bool scheduling = progress.phase == RunProgress::Phase::scheduling;
  const double seconds = std::chrono::duration<double>(now - phase_start_).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.done) / seconds : 0;
  const double part =
      progress.total > 0
          ? std::clamp(static_cast<double>(progress.done) / static_cast<double>(progress.total), 0.0, 1.0)
          : 0;
  constexpr std::size_t kWidth = 30;
  const auto filled = static_cast<std::size_t>(part * kWidth);
  std::string line = label_ + (scheduling ? "scheduling " : "simulating ");
  line += "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " + percent(part) + "  " +
          count_text(rate, scheduling ? "tile operations/s" : "rounds/s");
  if (rate > 0) line += "  ETA " + fixed(static_cast<double>(progress.total - progress.done) / rate, 0) + " s";
  if (!scheduling) line += "  cycle " + with_thousands(progress.cycle);
  std::cerr << '\r' << line << "\033[K" << std::flush;
}

}  // namespace podsim
