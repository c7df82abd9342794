#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What a person wants to read after a run.

#include <string>

#include "podsim/sim/report.hpp"

namespace podsim {

/// Result, breakdown of the cycles, limits, assumptions and host cost; about 35 lines.
std::string summary_text(const Report& report);

/// One line per layer.
std::string layer_table(const Report& report);

}  // namespace podsim
