#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Several inferences of one network, one behind the other.

#include "podsim/workloads/lowering.hpp"

namespace podsim {

/// `copies` inferences of a network, operation after operation: inference i has the operations [i x n, (i + 1) x n) of
/// a network of n operations. They are independent of each other, with inputs, caches and outputs of their own, but
/// share weights (equal weight_set). Names of all but the first end in "#2", "#3", ….
LoweredNetwork repeated(const LoweredNetwork& network, int copies);

}  // namespace podsim
