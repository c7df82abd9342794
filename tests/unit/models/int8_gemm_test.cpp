// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/values/int8_gemm.hpp"

#include "podsim/sim/core/random.hpp"
#include "support/catch.hpp"

namespace podsim::test {
namespace {

TEST_CASE("int8 gemm: every kernel gives the sums of products", "[models]") {
  RandomStream random(7, "int8 gemm");
  REQUIRE(std::string(int8_gemm_kernels().front().name) == "portable");
  for (const Int8GemmKernel& kernel : int8_gemm_kernels()) {
    INFO(kernel.name);
    for (int n = 0; n < 60; ++n) {
      const int rows = static_cast<int>(random.between(1, 37));
      const int depth = static_cast<int>(random.between(1, 40));
      const int columns = static_cast<int>(random.between(1, 50));
      const int pairs = depth_pairs(depth);
      const int padded = padded_columns(columns);
      std::vector<std::int16_t> x(static_cast<std::size_t>(rows * pairs * 2)),
          w(static_cast<std::size_t>(pairs * padded * 2));
      std::vector<std::int32_t> sums(static_cast<std::size_t>(rows * padded)), expected;
      // Corners are as likely as all the rest: -128 * -128 must not saturate anywhere.
      auto draw = [&] { return static_cast<std::int16_t>(random.below(4) == 0 ? -128 : random.between(-128, 127)); };
      for (int r = 0; r < rows; ++r) {
        for (int d = 0; d < depth; ++d) x[static_cast<std::size_t>(r * pairs * 2 + d)] = draw();
      }
      for (int d = 0; d < depth; ++d) {
        for (int c = 0; c < columns; ++c) w[packed_index(d, c, padded)] = draw();
      }
      for (auto& sum : sums) sum = static_cast<std::int32_t>(random.next());
      expected = sums;
      for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < columns; ++c) {
          auto sum = static_cast<std::uint32_t>(expected[static_cast<std::size_t>(r * padded + c)]);
          for (int d = 0; d < depth; ++d) {
            sum += static_cast<std::uint32_t>(x[static_cast<std::size_t>(r * pairs * 2 + d)] *
                                              w[packed_index(d, c, padded)]);
          }
          expected[static_cast<std::size_t>(r * padded + c)] = static_cast<std::int32_t>(sum);
        }
      }
      kernel.run(x.data(), rows, pairs, w.data(), padded, sums.data());
      REQUIRE(sums == expected);
    }
  }
}

}  // namespace
}  // namespace podsim::test
