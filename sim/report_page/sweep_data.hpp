#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The table of a sweep, ready for the page.

#include "podsim/sim/report_page/page_input.hpp"

namespace podsim {

/// More numbers than this are not put on a page.
inline constexpr std::int64_t kPageCells = 1000000;

/// {"file", "about", "points" (of the file), "columns": [{"name", "kind": "parameter", "figure" or "text", "values"}],
/// "constants": {name: value}, "front": {"x", "y", "points"}, "note"}. Columns in which all points agree are constants.
/// What a point does not have is null. Points without a result ("status" is not "ok" or "partial") have no figures. If
/// there are more than `cells` values, points are left out evenly, those of the front never; the note says so.
Json sweep_data(const SweepFile& sweep, std::int64_t cells = kPageCells);

}  // namespace podsim
