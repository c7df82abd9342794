#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Integer tensors with names: what files of values hold, between reading and checking.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "podsim/workloads/network.hpp"

namespace podsim {

/// The elements of a tensor, row-major, in the integer type they were stored in.
using TensorData = std::variant<std::vector<std::int8_t>, std::vector<std::uint8_t>, std::vector<std::int16_t>,
                                std::vector<std::uint16_t>, std::vector<std::int32_t>, std::vector<std::uint32_t>,
                                std::vector<std::int64_t>>;

/// A tensor and its name, e.g. "conv1/weight".
struct NamedTensor {
  std::string name;
  Shape shape;      ///< empty for a single number
  TensorData data;  ///< as many elements as the shape has
};

/// What one file holds.
struct TensorFile {
  std::string file;  ///< what errors call it; may be empty
  std::vector<NamedTensor> tensors;
};

}  // namespace podsim
