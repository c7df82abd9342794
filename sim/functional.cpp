// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/functional.hpp"

#include <algorithm>

namespace podsim {
namespace {

Shape output_shape(const Network& network, const std::string& name) {
  Shape shape{network.batch};
  const int layer = network.layer_index(name);
  const Shape* inner = nullptr;
  if (layer >= 0) {
    inner = &network.layers[static_cast<std::size_t>(layer)].shape;
  } else {
    for (const NetworkInput& input : network.inputs) {
      if (input.name == name) inner = &input.shape;
    }
  }
  if (inner != nullptr) shape.insert(shape.end(), inner->begin(), inner->end());
  return shape;
}

/// "[0, 3, 7]" of the element with that number.
std::string position(const Shape& shape, std::int64_t element) {
  Shape at(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    at[axis] = element % shape[axis];
    element /= shape[axis];
  }
  return shape_text(at);
}

}  // namespace

bool FunctionalResult::is_equal() const {
  return std::all_of(outputs.begin(), outputs.end(), [](const OutputComparison& o) { return o.different == 0; });
}

FunctionalResult compare_outputs(const Network& network, const LoweredNetwork& lowered, const TensorStore& tensors,
                                 const std::vector<std::vector<std::int8_t>>& expected) {
  FunctionalResult result;
  result.was_run = true;
  for (std::size_t o = 0; o < network.outputs.size(); ++o) {
    const std::vector<std::int8_t> found = output_tensor(network, lowered, tensors, o);
    OutputComparison one;
    one.name = network.outputs[o];
    one.shape = output_shape(network, one.name);
    one.elements = static_cast<std::int64_t>(expected[o].size());
    if (found.size() != expected[o].size()) {
      throw Error::internal("values", "output \"" + one.name + "\" has " + std::to_string(found.size()) +
                                          " elements, the reference " + std::to_string(expected[o].size()));
    }
    for (std::size_t e = 0; e < found.size(); ++e) {
      if (found[e] == expected[o][e]) continue;
      if (one.different++ == 0) {
        one.first = position(one.shape, static_cast<std::int64_t>(e)) + " is " + std::to_string(found[e]) +
                    " instead of " + std::to_string(expected[o][e]);
      }
    }
    result.outputs.push_back(std::move(one));
  }
  return result;
}

}  // namespace podsim
