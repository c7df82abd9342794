#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file How much memory the values of a network and their reference take.

#include <cstdint>

#include "podsim/workloads/network.hpp"

namespace podsim {

/// Bytes that value_network() or evaluate_reference() need at most: all values, the tensors that live at the same
/// time, and what the largest layer is computed with. Known before anything is drawn; the largest int64 if it is more.
/// \param network with inferred shapes
/// \throws Error (bad_input) if a layer is unmodelled
std::int64_t reference_bytes(const Network& network);

}  // namespace podsim
