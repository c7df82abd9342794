// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/row_map.hpp"

#include <algorithm>

namespace podsim {
namespace {

bool is_identity(const RowMap& map) {
  return map.kind == RowMap::Kind::affine && map.offset == 0 && map.scale == 1 && map.span == 1;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/// Outer rows that need some row of a part, and those of them that need nothing else.
struct OuterRows {
  RowInterval touch, whole;

  OuterRows(const RowMap& step, std::int64_t outer_rows, const ViewPart& part) {
    const std::int64_t s = step.scale;
    touch = {std::max<std::int64_t>(0, floor_div(part.rows.first - step.offset - step.span, s) + 1),
             std::min(outer_rows - 1, floor_div(part.rows.last - step.offset, s))};
    const std::int64_t in_first = -floor_div(-(part.rows.first - step.offset), s);
    const std::int64_t in_last = floor_div(part.rows.last - step.offset - step.span + 1, s);
    whole = {std::max(touch.first, in_first), std::min(touch.last, in_last)};
  }
};

}  // namespace

RowMap affine(std::int64_t offset, std::int64_t scale, std::int64_t span) {
  RowMap map;
  map.offset = offset;
  map.scale = scale;
  map.span = span;
  return map;
}

RowMap all_rows(std::int64_t rows) {
  RowMap map;
  map.kind = RowMap::Kind::all;
  map.span = rows;
  return map;
}

RowMap window_map(const Window& window) {
  RowMap map;
  map.kind = RowMap::Kind::window;
  map.window = window;
  return map;
}

void append_map(std::vector<RowMap>& maps, const RowMap& map) {
  if (is_identity(map)) return;
  if (!maps.empty() && maps.back().kind == RowMap::Kind::affine && map.kind == RowMap::Kind::affine) {
    RowMap& before = maps.back();
    // r -> [o + r s, +span-1] -> [o' + (o + r s) s', o' + (o + r s + span - 1) s' + span' - 1]
    before = affine(map.offset + before.offset * map.scale, before.scale * map.scale,
                    (before.span - 1) * map.scale + map.span);
    if (is_identity(before)) maps.pop_back();
    return;
  }
  maps.push_back(map);
}

std::int64_t compose_count(const RowMap& step, std::int64_t outer_rows, const ViewPart& part) {
  const OuterRows rows(step, outer_rows, part);
  const std::int64_t touched = std::max<std::int64_t>(0, rows.touch.last - rows.touch.first + 1);
  return rows.whole.empty() ? touched : touched - (rows.whole.last - rows.whole.first);
}

void compose(const RowMap& step, std::int64_t outer_rows, const ViewPart& part, std::vector<ViewPart>& out) {
  const OuterRows outer(step, outer_rows, part);
  const auto single_row = [&](std::int64_t row) {
    ViewPart piece = part;
    piece.rows = {row, row};
    const RowInterval rows = part.tensor_rows(step.apply({row, row}));
    if (rows.empty()) return;
    piece.maps = {affine(rows.first, 0, rows.last - rows.first + 1)};
    out.push_back(piece);
  };
  const RowInterval whole = outer.whole;
  const std::int64_t before = whole.empty() ? outer.touch.last : whole.first - 1;
  for (std::int64_t row = outer.touch.first; row <= before; ++row) single_row(row);
  if (whole.empty()) return;
  ViewPart piece = part;
  piece.rows = whole;
  piece.maps.clear();
  append_map(piece.maps, step);
  for (const RowMap& map : part.maps) append_map(piece.maps, map);
  out.push_back(piece);
  for (std::int64_t row = whole.last + 1; row <= outer.touch.last; ++row) single_row(row);
}

}  // namespace podsim
