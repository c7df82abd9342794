// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/functional.hpp"

#include <algorithm>
#include <utility>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/tensor_file.hpp"

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

GivenValues read_given_values(const FunctionalOptions& options) {
  GivenValues given;
  if (!options.weights_file.empty()) given.weights = read_tensor_file(options.weights_file);
  if (!options.inputs_file.empty()) {
    given.inputs = read_tensor_file(options.inputs_file);
    // A file that was written by write_values has outputs, too.
    std::vector<NamedTensor> inputs;
    const std::string folder = "inputs/";
    for (NamedTensor& tensor : given.inputs.tensors) {
      if (tensor.name.rfind(folder, 0) != 0) continue;
      tensor.name.erase(0, folder.size());
      inputs.push_back(std::move(tensor));
    }
    if (!inputs.empty()) given.inputs.tensors = std::move(inputs);
  }
  return given;
}

void write_values(const FunctionalOptions& options, const Network& network, const LoweredNetwork& lowered,
                  const NetworkValues& values, const TensorStore& tensors) {
  if (!options.weights_to.empty()) write_tensor_file(options.weights_to, named_weights(network, values));
  if (options.outputs_to.empty()) return;
  NetworkOutputs outputs;
  for (std::size_t o = 0; o < network.outputs.size(); ++o) {
    outputs.tensors.push_back(output_tensor(network, lowered, tensors, o));
  }
  std::vector<NamedTensor> all;
  for (NamedTensor& tensor : named_inputs(network, values)) {
    tensor.name.insert(0, "inputs/");
    all.push_back(std::move(tensor));
  }
  for (NamedTensor& tensor : named_outputs(network, outputs)) {
    tensor.name.insert(0, "outputs/");
    all.push_back(std::move(tensor));
  }
  write_tensor_file(options.outputs_to, all);
}

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
    one.hash = hash_text({reinterpret_cast<const char*>(found.data()), found.size()});
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
