#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Views of a network that becomes part of another one.

#include "podsim/workloads/lowering.hpp"

namespace podsim {

/// The view reads the tensors whose numbers are higher by `tensors`.
void shift_tensors(View& view, int tensors);

/// Likewise all that an operation reads and writes.
void shift_tensors(Operation& operation, int tensors);

}  // namespace podsim
