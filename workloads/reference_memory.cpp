// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/reference_memory.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "podsim/workloads/value_shapes.hpp"

namespace podsim {
namespace {

// Sizes are doubles: exact up to 2^53 bytes, and they do not overflow.

double elements(const Shape& shape) {
  double count = 1;
  for (const std::int64_t size : shape) count *= static_cast<double>(size);
  return count;
}

/// What reference_sums.cpp computes a layer with: 32-bit sums, a copy of the input, packed weights.
double scratch_bytes(const Network& network, const Layer& layer, const Shape& input) {
  const auto batch = static_cast<double>(network.batch);
  double bytes = 4 * batch * elements(layer.shape);
  if (layer.op == Op::conv2d) {
    const auto& a = layer.as<Conv2d>();
    bytes += static_cast<double>(a.in_channels) * static_cast<double>(input[1] + 2 * a.padding.height) *
             static_cast<double>(input[2] + 2 * a.padding.width);
    // Groups of few channels are packed as if they had 16 outputs, and 4 elements a segment.
    const double waste = (16 * static_cast<double>(a.groups) / static_cast<double>(a.out_channels) + 1) *
                         (4 * static_cast<double>(a.groups) / static_cast<double>(a.in_channels) + 1);
    bytes += waste * static_cast<double>(layer.weight_bytes);
  } else if (layer.op == Op::linear || layer.op == Op::matmul) {
    bytes += batch * elements(input) + 2 * static_cast<double>(layer.weight_bytes);
  }
  return bytes;
}

}  // namespace

std::int64_t reference_bytes(const Network& network) {
  const auto batch = static_cast<double>(network.batch);
  std::map<std::string, const Shape*> shapes;
  std::map<std::string, std::size_t> last_use;
  double values = 0;
  for (const NetworkInput& input : network.inputs) {
    shapes[input.name] = &input.shape;
    values += batch * elements(input.shape) * (input.kind == NetworkInput::Kind::indices ? 4 : 1);
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    shapes[layer.name] = &layer.shape;
    const ValueShapes v = value_shapes(network, layer);
    values += (v.weight.empty() ? 0 : elements(v.weight)) + 4 * static_cast<double>(v.bias) +
              (v.is_requantised ? 4 * static_cast<double>(v.channels) : 0) + (v.has_table ? 256 : 0) +
              (v.has_exponentials ? 1024 : 0);
    for (const std::string& name : layer.inputs) last_use[name] = i;
  }
  for (const std::string& name : network.outputs) last_use[name] = network.layers.size();

  double live = 0, largest = 0, scratch = 0;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const double bytes = batch * elements(layer.shape);
    live += bytes;
    largest = std::max(largest, live);
    // The scratch of a layer is kept for the next.
    scratch = std::max(scratch,
                       scratch_bytes(network, layer, layer.inputs.empty() ? layer.shape : *shapes.at(layer.inputs[0])));
    if (last_use.count(layer.name) == 0) live -= bytes;
    for (const std::string& name : std::set<std::string>(layer.inputs.begin(), layer.inputs.end())) {
      const bool is_layer = network.layer_index(name) >= 0;
      if (is_layer && last_use.at(name) == i) live -= batch * elements(*shapes.at(name));
    }
  }
  const double total = values + largest + scratch;
  return total < 0x1.0p62 ? static_cast<std::int64_t>(total) : std::numeric_limits<std::int64_t>::max();
}

}  // namespace podsim
