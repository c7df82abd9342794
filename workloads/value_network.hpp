#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The values of a network: those given, the others drawn from a seed, and what the network makes of them.

#include <cstdint>
#include <vector>

#include "podsim/workloads/network.hpp"
#include "podsim/workloads/reference.hpp"
#include "podsim/workloads/tensor.hpp"
#include "podsim/workloads/values.hpp"

namespace podsim {

/// Values that somebody brings along. Names and shapes: docs/values.md.
struct GivenValues {
  TensorFile weights;  ///< "LAYER/weight", "LAYER/bias", "LAYER/multiplier", …
  TensorFile inputs;   ///< names of inputs, batch in front of the shape
};

struct ValuedRun {
  NetworkValues values;
  NetworkOutputs outputs;  ///< of the reference
};

/// Takes over the given values, draws the absent ones from streams of the seed, and evaluates the network once: absent
/// multipliers and shifts are chosen on the way so that results use the range of int8.
/// \param network with inferred shapes
/// \throws Error (bad_input) with all mistakes: names, shapes, numbers out of range, unmodelled layers
ValuedRun value_network(const Network& network, const GivenValues& given, std::uint64_t seed,
                        const ReferenceOptions& options = {});

/// The values alone, all of them drawn.
NetworkValues seeded_values(const Network& network, std::uint64_t seed);

/// The values as tensors with the names and shapes in which they can be given.
std::vector<NamedTensor> named_weights(const Network& network, const NetworkValues& values);
std::vector<NamedTensor> named_inputs(const Network& network, const NetworkValues& values);
std::vector<NamedTensor> named_outputs(const Network& network, const NetworkOutputs& outputs);

}  // namespace podsim
