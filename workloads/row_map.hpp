#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Steps from the rows of a view to the rows they stand for: made, appended and composed.

#include <cstdint>
#include <vector>

#include "podsim/workloads/lowering.hpp"

namespace podsim {

/// Row r stands for the rows [offset + r*scale, offset + r*scale + span - 1].
RowMap affine(std::int64_t offset, std::int64_t scale, std::int64_t span);
/// Any row stands for all `rows` rows.
RowMap all_rows(std::int64_t rows);
RowMap window_map(const Window& window);

/// Appends a map, merged with the one before it if both are affine and the result is exact.
void append_map(std::vector<RowMap>& maps, const RowMap& map);

/// How many pieces `compose` makes at most.
std::int64_t compose_count(const RowMap& step, std::int64_t outer_rows, const ViewPart& part);

/// Appends to `out` the rows of a view with `outer_rows` rows, each standing for the rows `step` (affine) gives of
/// `part`. Outer rows that need only some of the part's rows get pieces of their own, so that no piece points outside
/// its tensor.
void compose(const RowMap& step, std::int64_t outer_rows, const ViewPart& part, std::vector<ViewPart>& out);

}  // namespace podsim
