// SPDX-License-Identifier: Apache-2.0
// Windows and row maps of lowering.hpp, against enumeration of every kernel position.
#include <algorithm>
#include <set>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/lowering.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

/// All input rows that an output row reads.
std::set<std::int64_t> rows_read(const Window& w, std::int64_t row) {
  const std::int64_t image = row / (w.out_height * w.out_width);
  const std::int64_t oy = row / w.out_width % w.out_height;
  const std::int64_t ox = row % w.out_width;
  std::set<std::int64_t> rows;
  for (std::int64_t ky = 0; ky < w.kernel_height; ++ky) {
    for (std::int64_t kx = 0; kx < w.kernel_width; ++kx) {
      const std::int64_t y = oy * w.stride_height - w.padding_height + ky * w.dilation_height;
      const std::int64_t x = ox * w.stride_width - w.padding_width + kx * w.dilation_width;
      if (y < 0 || x < 0 || y >= w.in_height || x >= w.in_width) continue;
      rows.insert((image * w.in_height + y) * w.in_width + x);
    }
  }
  return rows;
}

Window random_window(RandomStream& random) {
  Window w;
  w.batch = random.between(1, 3);
  const auto axis = [&](std::int64_t& in, std::int64_t& out, std::int64_t& k, std::int64_t& s, std::int64_t& p,
                        std::int64_t& d) {
    for (;;) {
      in = random.between(1, 9);
      k = random.between(1, 4);
      s = random.between(1, 4);
      p = random.between(0, 3);
      d = random.between(1, 3);
      const std::int64_t room = in + 2 * p - d * (k - 1) - 1;
      if (room < 0) continue;
      out = room / s + 1;
      return;
    }
  };
  axis(w.in_height, w.out_height, w.kernel_height, w.stride_height, w.padding_height, w.dilation_height);
  axis(w.in_width, w.out_width, w.kernel_width, w.stride_width, w.padding_width, w.dilation_width);
  return w;
}

}  // namespace

TEST_CASE("view: window hulls agree with enumerating kernel positions", "[workloads]") {
  RandomStream random(7, "windows");
  for (int trial = 0; trial < 400; ++trial) {
    const Window w = random_window(random);
    CAPTURE(trial, w.in_height, w.in_width, w.kernel_height, w.kernel_width, w.stride_height, w.stride_width,
            w.padding_height, w.padding_width, w.dilation_height, w.dilation_width);
    std::set<std::int64_t> first_image;
    bool identity = w.in_height == w.out_height && w.in_width == w.out_width && w.kernel_height * w.kernel_width == 1;
    for (std::int64_t row = 0; row < w.output_rows(); ++row) {
      const std::set<std::int64_t> rows = rows_read(w, row);
      const RowInterval hull = w.input_rows_of(row);
      REQUIRE(hull.empty() == rows.empty());
      identity = identity && rows == std::set<std::int64_t>{row};
      if (row < w.out_height * w.out_width) first_image.insert(rows.begin(), rows.end());
      if (rows.empty()) continue;
      REQUIRE(hull.first == *rows.begin());
      REQUIRE(hull.last == *rows.rbegin());
      REQUIRE(hull.last < w.input_rows());
    }
    REQUIRE(w.distinct_input_pixels() == static_cast<std::int64_t>(first_image.size()));
    REQUIRE(w.is_identity() == identity);
  }
}

TEST_CASE("view: the window map of an interval is the hull of all its rows", "[workloads]") {
  RandomStream random(11, "intervals");
  for (int trial = 0; trial < 200; ++trial) {
    RowMap map;
    map.kind = RowMap::Kind::window;
    map.window = random_window(random);
    for (int pick = 0; pick < 10; ++pick) {
      const std::int64_t a = random.between(0, map.window.output_rows() - 1);
      const std::int64_t b = random.between(a, map.window.output_rows() - 1);
      std::set<std::int64_t> rows;
      for (std::int64_t row = a; row <= b; ++row) {
        const auto more = rows_read(map.window, row);
        rows.insert(more.begin(), more.end());
      }
      const RowInterval hull = map.apply({a, b});
      REQUIRE(hull.empty() == rows.empty());
      if (rows.empty()) continue;
      REQUIRE(hull.first == *rows.begin());
      REQUIRE(hull.last == *rows.rbegin());
    }
  }
}

TEST_CASE("view: affine maps, whole-tensor maps and part limits", "[workloads]") {
  RowMap three;
  three.offset = 1;
  three.scale = 4;
  three.span = 3;
  CHECK(three.apply({2, 3}).first == 1 + 2 * 4);
  CHECK(three.apply({2, 3}).last == 1 + 3 * 4 + 2);
  CHECK(three.apply({}).empty());

  RowMap all;
  all.kind = RowMap::Kind::all;
  all.span = 17;
  CHECK(all.apply({5, 5}).first == 0);
  CHECK(all.apply({5, 5}).last == 16);

  ViewPart part;
  part.rows = {10, 19};
  part.maps = {three};
  CHECK(part.tensor_rows({0, 9}).empty());
  CHECK(part.tensor_rows({20, 30}).empty());
  CHECK(part.tensor_rows({0, 10}).first == 41);
  CHECK(part.tensor_rows({0, 10}).last == 43);
  CHECK(part.tensor_rows({19, 40}).last == 1 + 19 * 4 + 2);
}

TEST_CASE("view: padding makes a window step back at the end of an image line", "[workloads]") {
  // 3x3 with padding on a 4x4 image: the last pixel of line 0 reads from column 2, the first of line 1 from column 0.
  RowMap map;
  map.kind = RowMap::Kind::window;
  Window& w = map.window;
  w.in_height = w.in_width = w.out_height = w.out_width = 4;
  w.kernel_height = w.kernel_width = 3;
  w.padding_height = w.padding_width = 1;
  CHECK(w.input_rows_of(3).first == 2);
  CHECK(w.input_rows_of(4).first == 0);
  CHECK(map.apply({3, 4}).first == 0);
  CHECK(map.apply({3, 4}).last == 9);
  // Rows outside the output are none.
  CHECK(map.apply({15, 99}).last == 15);
  CHECK(map.apply({16, 99}).empty());
}
