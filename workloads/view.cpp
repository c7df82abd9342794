// SPDX-License-Identifier: Apache-2.0
// Windows, row maps and view parts of lowering.hpp.
#include <algorithm>

#include "podsim/workloads/lowering.hpp"

namespace podsim {
namespace {

/// The input positions along one axis that an output position reads.
struct Axis {
  std::int64_t in, out, kernel, stride, padding, dilation;

  /// First and last position inside the input; empty if all of them are padding.
  RowInterval taps(std::int64_t position) const {
    const std::int64_t start = position * stride - padding;
    const std::int64_t first_tap = start >= 0 ? 0 : ceil_quotient(-start, dilation);
    const std::int64_t last_tap = start > in - 1 ? -1 : std::min(kernel - 1, (in - 1 - start) / dilation);
    if (first_tap > last_tap) return {};
    return {start + first_tap * dilation, start + last_tap * dilation};
  }

  std::int64_t distinct() const {
    if (dilation == 1 && stride <= kernel) {
      const std::int64_t first = std::max<std::int64_t>(0, -padding);
      const std::int64_t last = std::min(in, (out - 1) * stride - padding + kernel) - 1;
      return std::max<std::int64_t>(0, last - first + 1);
    }
    std::int64_t count = 0;
    if (dilation == 1) {
      // Windows do not overlap.
      for (std::int64_t o = 0; o < out; ++o) {
        const RowInterval read = taps(o);
        if (!read.empty()) count += read.last - read.first + 1;
      }
      return count;
    }
    std::vector<bool> read(static_cast<std::size_t>(in), false);
    for (std::int64_t o = 0; o < out; ++o) {
      const RowInterval hull = taps(o);
      for (std::int64_t i = hull.first; i <= hull.last; i += dilation) {
        if (!read[static_cast<std::size_t>(i)]) ++count;
        read[static_cast<std::size_t>(i)] = true;
      }
    }
    return count;
  }

 private:
  static std::int64_t ceil_quotient(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
};

Axis vertical(const Window& w) {
  return {w.in_height, w.out_height, w.kernel_height, w.stride_height, w.padding_height, w.dilation_height};
}

Axis horizontal(const Window& w) {
  return {w.in_width, w.out_width, w.kernel_width, w.stride_width, w.padding_width, w.dilation_width};
}

void extend(RowInterval& hull, RowInterval more) {
  if (more.empty()) return;
  if (hull.empty()) {
    hull = more;
  } else {
    hull = {std::min(hull.first, more.first), std::max(hull.last, more.last)};
  }
}

/// The hull of what a run of output rows reads. Not simply from the first row to the last: where padding clips the
/// window, the first pixel of an image line may read lower rows than the last pixel of the line before it.
RowInterval window_hull(const Window& w, RowInterval rows) {
  rows = {std::max<std::int64_t>(rows.first, 0), std::min(rows.last, w.output_rows() - 1)};
  RowInterval hull;
  if (rows.empty()) return hull;
  const bool regular = w.dilation_height == 1 && w.dilation_width == 1 && w.padding_height < w.kernel_height &&
                       w.padding_width < w.kernel_width;
  if (!regular) {
    for (std::int64_t r = rows.first; r <= rows.last; ++r) extend(hull, w.input_rows_of(r));
    return hull;
  }
  extend(hull, w.input_rows_of(rows.first));
  extend(hull, w.input_rows_of(rows.last));
  const std::int64_t next_line = (rows.first / w.out_width + 1) * w.out_width;
  if (next_line <= rows.last) extend(hull, w.input_rows_of(next_line));
  const std::int64_t line_before = rows.last / w.out_width * w.out_width - 1;
  if (line_before >= rows.first) extend(hull, w.input_rows_of(line_before));
  return hull;
}

}  // namespace

RowInterval Window::input_rows_of(std::int64_t output_row) const {
  const std::int64_t column = output_row % out_width;
  const std::int64_t line = output_row / out_width % out_height;
  const std::int64_t image = output_row / out_width / out_height;
  const RowInterval y = vertical(*this).taps(line);
  const RowInterval x = horizontal(*this).taps(column);
  if (y.empty() || x.empty()) return {};
  return {(image * in_height + y.first) * in_width + x.first, (image * in_height + y.last) * in_width + x.last};
}

std::int64_t Window::distinct_input_pixels() const {
  return vertical(*this).distinct() * horizontal(*this).distinct();
}

bool Window::is_identity() const {
  return kernel_height == 1 && kernel_width == 1 && padding_height == 0 && padding_width == 0 &&
         in_height == out_height && in_width == out_width;
}

RowInterval RowMap::apply(RowInterval rows) const {
  if (rows.empty()) return {};
  switch (kind) {
    case Kind::affine:
      return {offset + rows.first * scale, offset + rows.last * scale + span - 1};
    case Kind::window:
      return window_hull(window, rows);
    case Kind::all:
      break;
  }
  return {0, span - 1};
}

RowInterval ViewPart::tensor_rows(RowInterval view_rows) const {
  RowInterval at{std::max(view_rows.first, rows.first), std::min(view_rows.last, rows.last)};
  for (const RowMap& map : maps) at = map.apply(at);
  return at.empty() ? RowInterval{} : at;
}

}  // namespace podsim
