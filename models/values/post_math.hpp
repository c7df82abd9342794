#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The integer arithmetic of a post-processor (docs/values.md).

#include <cstdint>

#include "podsim/workloads/lowering.hpp"
#include "podsim/workloads/values.hpp"

namespace podsim {

/// n / d to the nearest integer, halves to even; d > 0.
std::int64_t divide_half_even(std::int64_t n, std::int64_t d);
/// clamp(rhe(accumulator * multiplier / 2^shift), -128, 127).
std::int32_t requantize(std::int32_t accumulator, std::int32_t multiplier, std::int32_t shift);
/// floor(sqrt(n)), n >= 0.
std::int64_t integer_sqrt(std::int64_t n);

/// Sums, products and accumulators wrap.
inline std::int32_t wrap_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}
inline std::int32_t wrap_multiply(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b));
}

/// What a row-wise operation gathers of one row: sum of exponentials, or sum and sum of squares.
struct RowStatistics {
  std::int64_t sum = 0;
  std::int64_t squares = 0;
};

/// A row on its way through a post-processor: `count` elements, the first of which is column `column` of the
/// operation's output. Accumulators before requantisation, int8 values after it.
struct PostRow {
  std::int32_t* values = nullptr;
  std::int64_t count = 0;
  std::int64_t column = 0;
  const std::int16_t* residual = nullptr;  ///< of a fused add or mul
};

/// Requantises a row by the bias and the multipliers of a layer.
void requantize_row(const LayerValues& layer, PostRow& row);
/// relu, relu6, gelu, tanh or sigmoid of a row of int8 values.
void activate_row(PostStep::Kind kind, const LayerValues& layer, PostRow& row);
/// One step after the other. `own_layer` gives the operation its name: its batchnorm is part of its requantisation.
void apply_steps(const std::vector<PostStep>& steps, int own_layer, const NetworkValues& values, PostRow& row);

/// Adds a row's part to its statistics.
void gather_softmax(const LayerValues& layer, const std::int16_t* row, std::int64_t count, RowStatistics& statistics);
void gather_layernorm(const std::int16_t* row, std::int64_t count, RowStatistics& statistics);
/// Normalises int8 values in place. \param columns of the whole row
void normalize_softmax(const LayerValues& layer, const RowStatistics& statistics, PostRow& row);
void normalize_layernorm(const LayerValues& layer, const RowStatistics& statistics, std::int64_t columns, PostRow& row);

}  // namespace podsim
