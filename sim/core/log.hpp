#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Log text goes to a callback that the embedder sets; without one it goes nowhere.

#include <functional>
#include <string>

namespace podsim {

enum class LogLevel { info, warning };

using LogSink = std::function<void(LogLevel, const std::string&)>;

/// Replaces the sink; an empty one switches logging off.
void set_log_sink(LogSink sink);

void log(LogLevel level, const std::string& text);

}  // namespace podsim
