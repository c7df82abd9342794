#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Functional runs: the machine's results beside those of the reference.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/models/values/value_plane.hpp"
#include "podsim/workloads/value_network.hpp"

namespace podsim {

/// What to compute with, and what to keep. Paths may be empty.
struct FunctionalOptions {
  std::string weights_file;  ///< what is not in it is seeded
  std::string inputs_file;
  std::string outputs_to;  ///< outputs of the machine, and the inputs
  std::string weights_to;  ///< everything the network computed with
};

/// One output of the network, as the machine computed it.
struct OutputComparison {
  std::string name;
  Shape shape;  ///< batch in front
  std::int64_t elements = 0;
  std::int64_t different = 0;  ///< elements that are not what the reference says
  std::string first;           ///< the first of them, for people
  std::string hash;            ///< 16 hexadecimal digits over the machine's values: tells runs with other tensors apart
};

struct FunctionalResult {
  bool was_run = false;                   ///< false for timing runs
  std::string weights_file, inputs_file;  ///< where values came from; empty: drawn from the seed
  std::vector<OutputComparison> outputs;

  bool is_equal() const;
};

/// Reads the files of values that are given.
/// \throws Error (bad_input)
GivenValues read_given_values(const FunctionalOptions& options);

/// Writes the files that are asked for.
/// Weights have the names in which they can be given; the other file has "inputs/NAME" and "outputs/NAME".
/// \throws Error (run_failed)
void write_values(const FunctionalOptions& options, const Network& network, const LoweredNetwork& lowered,
                  const NetworkValues& values, const TensorStore& tensors);

/// Compares all outputs of a complete run with the reference.
/// \param expected as Network::outputs
FunctionalResult compare_outputs(const Network& network, const LoweredNetwork& lowered, const TensorStore& tensors,
                                 const std::vector<std::vector<std::int8_t>>& expected);

}  // namespace podsim
