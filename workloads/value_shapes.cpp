// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/value_shapes.hpp"

#include <algorithm>

namespace podsim {
namespace {

std::int64_t elements(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

/// Checks the values of one layer.
class LayerCheck {
 public:
  LayerCheck(const Network& network, const Layer& layer, const LayerValues& values, IssueList& issues)
      : network_(network), layer_(layer), values_(values), issues_(issues) {}

  void run() {
    const ValueShapes shapes = value_shapes(network_, layer_);
    expect("weight", values_.weight.size(), shapes.weight.empty() ? 0 : shapes.weight_count());
    expect("bias", values_.bias.size(), shapes.bias);
    if (shapes.is_requantised) {
      if (values_.multiplier.size() != 1) expect("multiplier", values_.multiplier.size(), shapes.channels);
    } else {
      expect("multiplier", values_.multiplier.size(), 0);
    }
    expect("table", values_.table.size(), shapes.has_table ? 256 : 0);
    expect("exponentials", values_.exponentials.size(), shapes.has_exponentials ? 256 : 0);
    if (values_.shift < 0 || values_.shift > 62) {
      fail("shift must be in [0, 62], got " + std::to_string(values_.shift));
    }
    if (shapes.has_six && (values_.six < 0 || values_.six > 127)) {
      fail("six must be in [0, 127], got " + std::to_string(values_.six));
    }
    if (std::count(values_.exponentials.begin(), values_.exponentials.end(), 0U) != 0) {
      fail("exponentials must be at least 1");
    }
  }

 private:
  void fail(std::string message) { issues_.add(network_.issue_at(layer_, "", std::move(message))); }
  void expect(const char* what, std::size_t found, std::int64_t allowed) {
    if (static_cast<std::int64_t>(found) == allowed) return;
    fail(std::string(what) + " must have " + std::to_string(allowed) + " elements, got " + std::to_string(found));
  }

  const Network& network_;
  const Layer& layer_;
  const LayerValues& values_;
  IssueList& issues_;
};

void check_input(const Network& network, std::size_t i, const NetworkValues& values, IssueList& issues) {
  const NetworkInput& input = network.inputs[i];
  const std::string pointer = "/inputs/" + std::to_string(i);
  const bool indices = input.kind == NetworkInput::Kind::indices;
  const std::size_t found = indices ? values.indices[i].size() : values.inputs[i].size();
  const std::int64_t allowed = network.batch * elements(input.shape);
  if (static_cast<std::int64_t>(found) != allowed) {
    issues.add({network.file,
                pointer,
                "input \"" + input.name + "\" must have " + std::to_string(allowed) + " elements, got " +
                    std::to_string(found),
                {}});
    return;
  }
  if (!indices || found == 0) return;
  const auto [low, high] = std::minmax_element(values.indices[i].begin(), values.indices[i].end());
  for (const Layer& layer : network.layers) {
    if (layer.op != Op::embedding || layer.inputs[0] != input.name) continue;
    const std::int64_t entries = layer.as<Embedding>().entries;
    if (*low >= 0 && *high < entries) continue;
    issues.add({network.file,
                pointer,
                "indices of \"" + input.name + "\" must be in [0, " + std::to_string(entries - 1) + "] for layer \"" +
                    layer.name + "\", got " + std::to_string(*low < 0 ? *low : *high),
                {}});
  }
}

}  // namespace

std::int64_t ValueShapes::weight_count() const {
  return weight.empty() ? 0 : elements(weight);
}

std::size_t channel_axis(const Layer& layer) {
  return layer.layout == Layout::image ? 0 : layer.shape.size() - 1;
}

ValueShapes value_shapes(const Network& network, const Layer& layer) {
  ValueShapes v;
  std::string function = activation_name(layer.activation);
  switch (layer.op) {
    case Op::conv2d: {
      const auto& a = layer.as<Conv2d>();
      v.weight = {a.out_channels, a.in_channels / a.groups, a.kernel.height, a.kernel.width};
      v.bias = a.bias || a.batchnorm ? a.out_channels : 0;
      v.is_requantised = true;
      v.channels = a.out_channels;
      break;
    }
    case Op::linear: {
      const auto& a = layer.as<Linear>();
      if (a.weights_from.empty()) v.weight = {a.out_features, a.in_features};
      v.bias = a.bias ? a.out_features : 0;
      v.is_requantised = true;
      v.channels = a.out_features;
      break;
    }
    case Op::matmul:
    case Op::add:
    case Op::mul:
      v.is_requantised = true;
      break;
    case Op::batchnorm:
      v.is_requantised = true;
      v.channels = v.bias = layer.shape[channel_axis(layer)];
      v.weight = {v.channels};
      break;
    case Op::layernorm:
      v.bias = layer.shape.back();
      v.weight = {v.bias};
      break;
    case Op::embedding:
      v.weight = {layer.as<Embedding>().entries, layer.as<Embedding>().features};
      break;
    case Op::parameter:
      v.weight = layer.shape;
      break;
    case Op::softmax:
      v.has_exponentials = true;
      break;
    case Op::relu6:
    case Op::gelu:
    case Op::tanh:
    case Op::sigmoid:
      function = op_name(layer.op);
      break;
    case Op::pool:
    case Op::concat:
    case Op::relu:
    case Op::flatten:
    case Op::to_tokens:
    case Op::select:
      break;
    case Op::unmodelled: {
      IssueList issues;
      issues.add(network.issue_at(layer, "op",
                                  "podsim does not know the operation \"" + layer.as<Unmodelled>().op +
                                      "\", so it has no values for it; a run with values needs a network without"));
      issues.throw_if_any();
    }
  }
  v.has_table = function == "gelu" || function == "tanh" || function == "sigmoid";
  v.has_six = function == "relu6";
  return v;
}

int weight_owner(const Network& network, int layer) {
  for (;;) {
    const auto* linear = std::get_if<Linear>(&network.layers[static_cast<std::size_t>(layer)].attributes);
    if (linear == nullptr || linear->weights_from.empty()) return layer;
    layer = network.layer_index(linear->weights_from);
  }
}

void check_values(const Network& network, const NetworkValues& values) {
  if (values.layers.size() != network.layers.size() || values.inputs.size() != network.inputs.size() ||
      values.indices.size() != network.inputs.size()) {
    throw Error::bad_input("the values are not those of network \"" + network.name +
                           "\": it has another number of layers or inputs");
  }
  IssueList issues;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    LayerCheck(network, network.layers[i], values.layers[i], issues).run();
  }
  for (std::size_t i = 0; i < network.inputs.size(); ++i) check_input(network, i, values, issues);
  issues.throw_if_any();
}

}  // namespace podsim
