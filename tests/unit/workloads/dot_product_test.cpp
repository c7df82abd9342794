// SPDX-License-Identifier: Apache-2.0
// Every implementation of the inner loops against plain loops.
#include <limits>
#include <vector>

#include "podsim/sim/core/random.hpp"
#include "podsim/sim/core/wide.hpp"
#include "podsim/workloads/dot_product.hpp"
#include "support/catch.hpp"

using namespace podsim;

namespace {

std::vector<std::int8_t> random_bytes(RandomStream& random, std::int64_t count) {
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(count));
  // Many extremes: they are what saturating instructions would get wrong.
  for (auto& byte : bytes) byte = static_cast<std::int8_t>(random.below(3) == 0 ? -128 : random.between(-128, 127));
  return bytes;
}

/// clamp(rhe(sum * multiplier / 2^shift)) in 128 bits, from the quotient and its rest.
std::int8_t requantised(std::int32_t sum, std::int32_t multiplier, int shift) {
  const Wide product = Wide{sum} * multiplier, unit = Wide{1} << shift;
  Wide quotient = product / unit, rest = product % unit;
  if (rest < 0) {
    rest += unit;
    quotient -= 1;
  }
  if (2 * rest > unit || (2 * rest == unit && quotient % 2 != 0)) quotient += 1;
  return static_cast<std::int8_t>(quotient < -128 ? -128 : quotient > 127 ? 127 : static_cast<int>(quotient));
}

}  // namespace

TEST_CASE("dot_product: panels of all sizes are sums of products", "[workloads]") {
  for (const DotKernels& kernels : dot_kernels()) {
    RandomStream random(3, "panels");
    for (int row_count = 1; row_count <= kDotRows; ++row_count) {
      for (int blocks = 1; blocks <= kDotBlocks; ++blocks) {
        const std::int64_t segment_count = random.between(1, 3), quads = random.between(1, 5);
        CAPTURE(kernels.name, row_count, blocks, segment_count, quads);
        const std::int64_t elements = 4 * quads;
        const auto x = random_bytes(random, row_count * segment_count * elements);
        const auto w = random_bytes(random, blocks * segment_count * elements * kDotLanes);
        std::vector<std::uint8_t> unsigned_x;
        for (const std::int8_t value : x) unsigned_x.push_back(static_cast<std::uint8_t>(value + 128));
        std::vector<const std::uint8_t*> rows;
        for (int r = 0; r < row_count; ++r) rows.push_back(unsigned_x.data() + r * segment_count * elements);
        std::vector<std::ptrdiff_t> segments;
        for (std::int64_t s = 0; s < segment_count; ++s) segments.push_back((segment_count - 1 - s) * elements);
        DotPanel panel;
        panel.rows = rows.data();
        panel.row_count = row_count;
        panel.segments = segments.data();
        panel.segment_count = segment_count;
        panel.quads = quads;
        panel.weights = w.data();
        panel.blocks = blocks;
        std::vector<std::int32_t> tile(static_cast<std::size_t>(row_count * blocks * kDotLanes), 77);
        kernels.panel(panel, tile.data());
        bool equal = true;
        for (int r = 0; r < row_count; ++r) {
          for (int lane = 0; lane < blocks * kDotLanes; ++lane) {
            std::int64_t sum = 0;
            for (std::int64_t s = 0; s < segment_count; ++s) {
              for (std::int64_t e = 0; e < elements; ++e) {
                const std::int64_t block = lane / kDotLanes;
                const std::int64_t at =
                    (((block * segment_count + s) * quads + e / 4) * kDotLanes + lane % kDotLanes) * 4 + e % 4;
                sum += (x[static_cast<std::size_t>(r * segment_count * elements +
                                                   segments[static_cast<std::size_t>(s)] + e)] +
                        128) *
                       w[static_cast<std::size_t>(at)];
              }
            }
            equal = equal && tile[static_cast<std::size_t>(r * blocks * kDotLanes + lane)] == sum;
          }
        }
        CHECK(equal);
      }
    }
  }
}

TEST_CASE("dot_product: rows of any length and number", "[workloads]") {
  for (const DotKernels& kernels : dot_kernels()) {
    RandomStream random(4, "rows");
    for (const std::int64_t length : {1, 15, 16, 17, 63, 64, 65, 200}) {
      for (const std::int64_t rows : {1, 3, 4, 5, 9}) {
        CAPTURE(kernels.name, length, rows);
        const auto x = random_bytes(random, length);
        const auto w = random_bytes(random, length * rows);
        std::vector<std::int32_t> sums(static_cast<std::size_t>(rows)), expected;
        kernels.rows(x.data(), w.data(), length, rows, sums.data());
        for (std::int64_t r = 0; r < rows; ++r) {
          std::int32_t sum = 0;
          for (std::int64_t i = 0; i < length; ++i) {
            sum += x[static_cast<std::size_t>(i)] * w[static_cast<std::size_t>(r * length + i)];
          }
          expected.push_back(sum);
        }
        CHECK(sums == expected);
      }
    }
  }
}

TEST_CASE("dot_product: sums wrap at 32 bits", "[workloads]") {
  // 2^31 = 131072 products of 16384.
  const std::vector<std::int8_t> x(131072 + 1, -128), w(131072 + 1, -128);
  for (const DotKernels& kernels : dot_kernels()) {
    CAPTURE(kernels.name);
    std::int32_t sum = 0;
    kernels.rows(x.data(), w.data(), 131072, 1, &sum);
    CHECK(sum == std::numeric_limits<std::int32_t>::min());
    kernels.rows(x.data(), w.data(), 131073, 1, &sum);
    CHECK(sum == std::numeric_limits<std::int32_t>::min() + 16384);
  }
}

TEST_CASE("dot_product: requantisation rounds halves to even and saturates", "[workloads]") {
  constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t kHighest = std::numeric_limits<std::int32_t>::max();
  for (const DotKernels& kernels : dot_kernels()) {
    CAPTURE(kernels.name);
    // With multiplier 1 and shift 1: 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 63.5, 127.0, 127.5, -128.0, -128.5, -129.5
    const std::vector<std::int32_t> halves{1, 3, 5, -1, -3, -5, 127, 254, 255, -256, -257, -259};
    std::vector<std::int8_t> out(halves.size());
    const std::int32_t one = 1;
    kernels.requantise(halves.data(), &one, 0, 1, static_cast<std::int64_t>(halves.size()), out.data());
    CHECK(out == std::vector<std::int8_t>{0, 2, 2, 0, -2, -2, 64, 127, 127, -128, -128, -128});

    RandomStream random(5, "requantise");
    for (int trial = 0; trial < 200; ++trial) {
      const int shift = trial < 63 ? trial : static_cast<int>(random.between(0, 62));
      const std::int64_t count = random.between(1, 20);
      std::vector<std::int32_t> sums, multipliers;
      for (std::int64_t i = 0; i < count; ++i) {
        // Numbers whose product lies near the range of int8 after the shift, and extremes.
        const auto bits = static_cast<int>(random.between(0, 31));
        sums.push_back(static_cast<std::int32_t>(random.between(kLowest, kHighest) >> bits));
        multipliers.push_back(static_cast<std::int32_t>(random.between(kLowest, kHighest) >> random.between(0, 31)));
        if (random.below(10) == 0) sums.back() = kLowest;
        if (random.below(10) == 0) multipliers.back() = kLowest;
      }
      for (const int step : {0, 1}) {
        CAPTURE(trial, shift, step);
        std::vector<std::int8_t> found(sums.size()), expected;
        kernels.requantise(sums.data(), multipliers.data(), step, shift, count, found.data());
        for (std::size_t i = 0; i < sums.size(); ++i) {
          expected.push_back(requantised(sums[i], multipliers[step == 0 ? 0 : i], shift));
        }
        CHECK(found == expected);
      }
    }
  }
}
