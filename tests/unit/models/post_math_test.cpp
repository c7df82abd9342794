// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/values/post_math.hpp"

#include <cmath>

#include "podsim/sim/core/random.hpp"
#include "support/catch.hpp"

namespace podsim::test {
namespace {

TEST_CASE("post math: division rounds halves to even", "[models]") {
  CHECK(divide_half_even(5, 2) == 2);
  CHECK(divide_half_even(7, 2) == 4);
  CHECK(divide_half_even(-5, 2) == -2);
  CHECK(divide_half_even(-7, 2) == -4);
  CHECK(divide_half_even(-1, 2) == 0);
  CHECK(divide_half_even(8, 3) == 3);
  CHECK(divide_half_even(-8, 3) == -3);
  CHECK(divide_half_even(7, 3) == 2);
}

TEST_CASE("post math: requantisation rounds halves to even and saturates", "[models]") {
  CHECK(requantize(5, 1, 1) == 2);
  CHECK(requantize(7, 1, 1) == 4);
  CHECK(requantize(-5, 1, 1) == -2);
  CHECK(requantize(-3, 1, 1) == -2);
  CHECK(requantize(-1, 1, 1) == 0);
  CHECK(requantize(1000, 1, 1) == 127);
  CHECK(requantize(-1000, 1, 1) == -128);
  CHECK(requantize(100, 1, 0) == 100);
  CHECK(requantize(-2147483647 - 1, 2147483647, 62) == -1);
  // Against long double, which holds the product exactly; nearbyint rounds halves to even by default.
  RandomStream random(3, "requantize");
  for (int n = 0; n < 20000; ++n) {
    const auto acc = static_cast<std::int32_t>(random.next() >> (random.below(3) * 12));
    const auto multiplier = static_cast<std::int32_t>(random.next() & 0x7fffffff);
    const auto shift = static_cast<std::int32_t>(random.between(0, 62));
    const long double exact = std::ldexp(static_cast<long double>(acc) * multiplier, -shift);
    const long double expected = std::min(127.0L, std::max(-128.0L, std::nearbyintl(exact)));
    REQUIRE(requantize(acc, multiplier, shift) == static_cast<std::int32_t>(expected));
  }
}

TEST_CASE("post math: rows are requantised like single values, with a bias and with multipliers per column",
          "[models]") {
  RandomStream random(4, "rows");
  LayerValues layer;
  layer.shift = 33;
  const std::int64_t first = 3;
  for (int c = 0; c < 40; ++c) {
    layer.bias.push_back(static_cast<std::int32_t>(random.between(-5000, 5000)));
    layer.multiplier.push_back(static_cast<std::int32_t>(random.between(1 << 28, (std::int64_t{1} << 31) - 1)));
  }
  std::vector<std::int32_t> values(30), expected;
  for (std::size_t c = 0; c < values.size(); ++c) {
    values[c] = static_cast<std::int32_t>(random.between(-2000, 2000));
    expected.push_back(requantize(values[c] + layer.bias[c + 3], layer.multiplier[c + 3], 33));
  }
  PostRow row;
  row.values = values.data();
  row.count = 30;
  row.column = first;
  requantize_row(layer, row);
  CHECK(values == expected);
}

TEST_CASE("post math: the integer square root is the floor", "[models]") {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{4},
                               std::int64_t{99}, std::int64_t{100}, (std::int64_t{1} << 62) - 1}) {
    const std::int64_t root = integer_sqrt(n);
    CHECK(root * root <= n);
    CHECK((root + 1) * (root + 1) > n);
  }
}

TEST_CASE("post math: softmax and layernorm follow their rules", "[models]") {
  LayerValues layer;
  layer.exponentials.assign(256, 0);
  layer.exponentials[128 + 1] = 100;
  layer.exponentials[128 + 2] = 300;
  const std::int16_t in[] = {1, 2, 2, 1};
  RowStatistics statistics;
  gather_softmax(layer, in, 2, statistics);
  gather_softmax(layer, in + 2, 2, statistics);
  CHECK(statistics.sum == 800);
  std::int32_t values[] = {1, 2, 2, 1};
  PostRow row;
  row.values = values;
  row.count = 4;
  normalize_softmax(layer, statistics, row);
  // 127 * 100 / 800 = 15.875, 127 * 300 / 800 = 47.625
  CHECK(values[0] == 16);
  CHECK(values[1] == 48);

  RowStatistics moments;
  const std::int16_t x[] = {-10, 10, 30, 50};
  gather_layernorm(x, 4, moments);
  CHECK(moments.sum == 80);
  CHECK(moments.squares == 100 + 100 + 900 + 2500);
  // n * S2 - S1^2 = 14400 - 6400 = 8000; d = floor(sqrt(256 * 8000)) = floor(1431.08) = 1431
  LayerValues norm;
  norm.weight = {64, 64, 64, 32};
  norm.bias = {0, 5, 0, 0};
  std::int32_t y[] = {-10, 10, 30, 50};
  row.values = y;
  normalize_layernorm(norm, moments, 4, row);
  CHECK(y[0] == -43);  // (-40 - 80) * 64 * 8 / 1431 = -42.93
  CHECK(y[1] == -9);   // (40 - 80) * 512 / 1431 = -14.31, + 5
  CHECK(y[2] == 14);   // 14.31
  CHECK(y[3] == 21);   // (200 - 80) * 32 * 8 / 1431 = 21.47
}

}  // namespace
}  // namespace podsim::test
