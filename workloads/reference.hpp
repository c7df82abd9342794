#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Evaluates a network layer by layer on integers, without any machine (docs/values.md).

#include <cstdint>
#include <functional>
#include <vector>

#include "podsim/workloads/network.hpp"
#include "podsim/workloads/values.hpp"

namespace podsim {

/// What a network gives.
struct NetworkOutputs {
  /// As Network::outputs, each [batch, shape of the layer…], row-major.
  std::vector<std::vector<std::int8_t>> tensors;
};

/// The sums of a layer, before requantisation.
struct LayerSums {
  const std::vector<std::int32_t>& values;
  std::int64_t channels = 1;  ///< those that may have a multiplier each; 1 if there is one for all
  std::int64_t inner = 1;     ///< values[i] belongs to channel i / inner % channels
};

struct ReferenceOptions {
  /// Results do not depend on it. 0: as many as there are cores, at most 2.
  int threads = 0;
  /// Is called after each layer with its tensor, [batch, shape…].
  std::function<void(int layer, const std::vector<std::int8_t>& tensor)> observe;
  /// Is called before a layer is requantised, and may set the layer's multiplier and shift in the values given.
  std::function<void(int layer, const LayerSums& sums)> before_requantisation;
};

/// Evaluates the network by loops over its own tensors; knows nothing of lowering, tiles or machines. Tensors are
/// freed after their last use.
/// \param network with inferred shapes
/// \throws Error (bad_input) if the values do not fit the network, or a layer is unmodelled
NetworkOutputs evaluate_reference(const Network& network, const NetworkValues& values,
                                  const ReferenceOptions& options = {});

/// numerator / denominator, rounded to the nearest integer, halves to even; denominator > 0.
std::int64_t round_half_even(std::int64_t numerator, std::int64_t denominator);

}  // namespace podsim
