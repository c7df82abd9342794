// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/repeat.hpp"

#include <utility>

#include "podsim/workloads/shifted_view.hpp"

namespace podsim {

LoweredNetwork repeated(const LoweredNetwork& network, int copies) {
  LoweredNetwork out = network;
  const auto tensors = static_cast<int>(network.tensors.size());
  const auto operations = static_cast<int>(network.operations.size());
  for (int copy = 1; copy < copies; ++copy) {
    const std::string suffix = "#" + std::to_string(copy + 1);
    for (Tensor tensor : network.tensors) {
      tensor.name += suffix;
      if (tensor.operation >= 0) tensor.operation += copy * operations;
      out.tensors.push_back(std::move(tensor));
    }
    for (Operation operation : network.operations) {
      operation.name += suffix;
      shift_tensors(operation, copy * tensors);
      out.operations.push_back(std::move(operation));
    }
    for (View view : network.outputs) {
      shift_tensors(view, copy * tensors);
      out.outputs.push_back(std::move(view));
    }
  }
  return out;
}

}  // namespace podsim
