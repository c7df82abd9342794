#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The JSON form of a report.

#include "podsim/sim/report.hpp"

namespace podsim {

/// The complete report in a fixed order, without host cost: equal runs give equal text. Keys carry their unit;
/// everything in "statistics" has unit and description beside it.
Json to_json(const Report& report);

}  // namespace podsim
