#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Random small networks and random machines, reproducible from a seed.

#include "podsim/sim/core/random.hpp"
#include "support/programs.hpp"

namespace podsim::test {

/// A valid network of a few layers out of everything podsim models: convolutions (groups, depthwise, dilation,
/// stride, padding), linear layers, attention with heads and caches, sums, concatenations, pooling, row-wise and
/// elementwise layers, batch 1 to 3.
/// \param largest no side of a tensor is (much) longer
Network random_network(RandomStream& random, std::int64_t largest);

/// Any machine of up to 17 pods that the configuration allows, small and odd sizes preferred.
Setup random_setup(RandomStream& random);

/// Lets the setup differ from the default in some of the conventions in which tools differ: short folds, drain, the
/// shortest operation, where partial sums are added, how convolutions and groups are cut.
void draw_conventions(Setup& setup, RandomStream& random);

}  // namespace podsim::test
