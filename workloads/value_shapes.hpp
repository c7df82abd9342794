#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Which values a layer has, and of what shape (docs/values.md).

#include <cstdint>

#include "podsim/workloads/network.hpp"
#include "podsim/workloads/values.hpp"

namespace podsim {

/// Which members of LayerValues a layer uses.
struct ValueShapes {
  Shape weight;                 ///< empty: none of its own
  std::int64_t bias = 0;        ///< numbers; 0: none
  bool is_requantised = false;  ///< has multiplier and shift
  std::int64_t channels = 1;    ///< as many multipliers are allowed; one always is
  bool has_table = false;
  bool has_exponentials = false;
  bool has_six = false;

  std::int64_t weight_count() const;
};

/// \param layer of a network whose shapes are inferred
ValueShapes value_shapes(const Network& network, const Layer& layer);

/// Index of the layer that holds the weights of this one: itself, or the end of its chain of `weights_from`.
int weight_owner(const Network& network, int layer);

/// The channel axis of a batchnorm: the first of an image, otherwise the last.
std::size_t channel_axis(const Layer& layer);

/// Checks that values fit the network: every size, shifts, indices of embeddings, exponentials.
/// \throws Error (bad_input) with all mistakes
void check_values(const Network& network, const NetworkValues& values);

}  // namespace podsim
