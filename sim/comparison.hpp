#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Two reports side by side.

#include <string>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// A table of the totals, cycle classes and lower bounds of two reports (read_report) with the ratio b / a, and what
/// differs in their configuration. \param layers adds a table of the cycles per layer \throws Error (bad_input) if one
/// of them is no report of a schema this version knows
std::string compare_reports(const JsonDocument& a, const JsonDocument& b, bool layers);

}  // namespace podsim
