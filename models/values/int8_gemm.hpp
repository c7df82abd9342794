#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The arithmetic of an array: products of int8 tiles, summed in int32 with two's-complement wrap.

#include <cstdint>
#include <vector>

namespace podsim {

/// Columns of a weight tile are padded to a multiple of this.
inline constexpr int kColumnBlock = 16;

/// `columns`, padded.
constexpr int padded_columns(int columns) {
  return (columns + kColumnBlock - 1) / kColumnBlock * kColumnBlock;
}
/// `depth` in pairs.
constexpr int depth_pairs(int depth) {
  return (depth + 1) / 2;
}

/// Where element (depth d, column c) of a packed weight tile lies: pairs of depths side by side.
constexpr std::size_t packed_index(int d, int c, int padded) {
  return (static_cast<std::size_t>(d / 2) * static_cast<std::size_t>(padded) + static_cast<std::size_t>(c)) * 2 +
         static_cast<std::size_t>(d % 2);
}

/// sums[r][c] += sum over d of activations[r][d] * weights[d][c].
/// \param activations `rows` rows of 2 * `pairs` elements; int8 values
/// \param weights packed (packed_index), 2 * `pairs` depths; int8 values
/// \param sums `rows` rows of `padded` elements
using Int8Gemm = void (*)(const std::int16_t* activations, int rows, int pairs, const std::int16_t* weights, int padded,
                          std::int32_t* sums);

/// A kernel and what it needs.
struct Int8GemmKernel {
  const char* name;
  Int8Gemm run;
};
/// All kernels that this processor can run, the fastest last; "portable" is always there.
const std::vector<Int8GemmKernel>& int8_gemm_kernels();

}  // namespace podsim
