#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file From tensors with names to the values of layers and inputs.

#include "podsim/workloads/value_network.hpp"

namespace podsim {

/// What `shift` and `six` are as long as nobody has given them.
constexpr std::int32_t kNotGiven = -1;

/// The given values at their places; all others are empty or kNotGiven.
/// \throws Error (bad_input) with all mistakes, each with file, tensor, what was found and what is allowed
NetworkValues place_given_values(const Network& network, const GivenValues& given);

}  // namespace podsim
