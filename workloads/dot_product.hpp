#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The inner loops of the reference evaluator: int8 dot products with int32 sums, and requantisation.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace podsim {

/// Output channels computed side by side; weights are packed in blocks of that many.
constexpr int kDotLanes = 16;
/// Most blocks of one call.
constexpr int kDotBlocks = 4;
/// Most rows of one call.
constexpr int kDotRows = 6;

/// The products of a few rows with a few blocks of output channels.
struct DotPanel {
  /// Where each row begins. Elements are x + 128, since the fastest instructions take one operand without sign; the
  /// caller subtracts 128 times the sum of the weights. Up to 3 bytes behind a segment's end are read.
  const std::uint8_t* const* rows = nullptr;
  int row_count = 1;  ///< 1 … kDotRows
  /// A row's elements lie in segments of equal length: offsets from the row's beginning, in bytes.
  const std::ptrdiff_t* segments = nullptr;
  std::ptrdiff_t segment_count = 1;
  std::ptrdiff_t quads = 1;  ///< elements of a segment / 4, rounded up; the weights of elements beyond it are 0
  /// [blocks, segments, quads, kDotLanes, 4]
  const std::int8_t* weights = nullptr;
  int blocks = 1;  ///< 1 … kDotBlocks
};

/// One implementation of the inner loops. All give the same results; sums wrap.
struct DotKernels {
  const char* name;
  /// tile[row * blocks * kDotLanes + lane] = sum of row elements times weights.
  void (*panel)(const DotPanel& panel, std::int32_t* tile);
  /// sums[r] = sum over `length` of x * weights[r * length + …], for `rows` rows.
  void (*rows)(const std::int8_t* x, const std::int8_t* weights, std::int64_t length, std::int64_t rows,
               std::int32_t* sums);
  /// out = clamp(rhe(sum * multiplier / 2^shift), -128, 127) of `count` elements; halves go to even (docs/values.md).
  /// \param multipliers one per element if `multiplier_step` is 1, one for all if it is 0
  void (*requantise)(const std::int32_t* sums, const std::int32_t* multipliers, int multiplier_step, int shift,
                     std::int64_t count, std::int8_t* out);
};

/// Those this processor can run, slowest (portable C++) first.
const std::vector<DotKernels>& dot_kernels();

}  // namespace podsim
