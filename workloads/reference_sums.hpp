#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Convolutions and matrix products of the reference evaluator, up to their int32 sums.

#include <cstdint>
#include <vector>

#include "podsim/workloads/network.hpp"

namespace podsim {

/// A tensor that a layer reads: [batch, shape…], row-major.
struct TensorView {
  const std::int8_t* data = nullptr;
  const Shape* shape = nullptr;  ///< without the batch
  Layout layout = Layout::vector;
};

/// What the sums of one layer are computed with; kept between layers so that memory is used again.
struct SumsScratch {
  int threads = 1;
  std::vector<std::uint8_t> elements;
  std::vector<std::int8_t> weights;
  std::vector<std::int32_t> start;
};

/// sums [batch, height', width', out_channels]: channels innermost.
/// \param weight [out_channels, in_channels / groups, kernel height, kernel width]
/// \param bias out_channels numbers, or null
void conv2d_sums(const Layer& layer, std::int64_t batch, const TensorView& x, const std::int8_t* weight,
                 const std::int32_t* bias, SumsScratch& scratch, std::vector<std::int32_t>& sums);

/// sums as the layer's output.
/// \param weight [out_features, in_features]
/// \param bias out_features numbers, or null
void linear_sums(const Layer& layer, std::int64_t batch, const TensorView& x, const std::int8_t* weight,
                 const std::int32_t* bias, SumsScratch& scratch, std::vector<std::int32_t>& sums);

/// sums as the layer's output.
void matmul_sums(const Layer& layer, std::int64_t batch, const TensorView& a, const TensorView& b, SumsScratch& scratch,
                 std::vector<std::int32_t>& sums);

/// to[column * to_step + row] = from[row * from_step + column] ^ flip
void transpose_bytes(const std::uint8_t* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns,
                     std::uint8_t* to, std::int64_t to_step, std::uint8_t flip);

}  // namespace podsim
