#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The integers a network computes with: weights, biases, requantisation, tables, inputs (docs/values.md).

#include <array>
#include <cstdint>
#include <vector>

#include "podsim/workloads/network.hpp"

namespace podsim {

/// The learned values of one layer. Members that its operation does not use are empty. Shapes are row-major.
struct LayerValues {
  /// conv2d [out_channels, in_channels / groups, kernel height, kernel width]; linear [out_features, in_features] (of a
  /// layer with `weights_from`: empty, the owner's count); batchnorm [channels]; layernorm [features], 64 stands for
  /// 1.0; embedding [entries, features]; parameter: its shape.
  std::vector<std::int8_t> weight;
  /// Added to the accumulator. conv2d, linear: per output channel, if the layer has a bias or a batchnorm; batchnorm
  /// and layernorm: per channel.
  std::vector<std::int32_t> bias;
  /// Requantisation of conv2d, linear, matmul, add, mul and batchnorm: one number, or one per output channel.
  std::vector<std::int32_t> multiplier;
  std::int32_t shift = 0;  ///< 0 … 62
  /// What gelu, tanh and sigmoid make of x, at index x + 128.
  std::vector<std::int8_t> table;
  /// softmax: what the exponential of x is, at index x + 128; all at least 1.
  std::vector<std::uint32_t> exponentials;
  std::int32_t six = 127;  ///< relu6: the integer that stands for 6.0
};

/// All values of one inference. Tensors have the batch in front of their Shape.
struct NetworkValues {
  std::vector<LayerValues> layers;                 ///< as Network::layers
  std::vector<std::vector<std::int8_t>> inputs;    ///< as Network::inputs; empty for indices
  std::vector<std::vector<std::int32_t>> indices;  ///< as Network::inputs; empty for all others
};

}  // namespace podsim
