// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/log.hpp"

#include <utility>

namespace podsim {
namespace {

LogSink& sink() {
  static LogSink instance;
  return instance;
}

}  // namespace

void set_log_sink(LogSink new_sink) {
  sink() = std::move(new_sink);
}

void log(LogLevel level, const std::string& text) {
  if (sink()) sink()(level, text);
}

}  // namespace podsim
