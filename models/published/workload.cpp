// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/published/workload.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace podsim::published {
namespace {

/// How many layers a layer is in Keras, where batch normalisation and activation functions are layers.
int keras_layers(const Layer& layer) {
  const bool has_batchnorm = layer.op == Op::conv2d && layer.as<Conv2d>().batchnorm;
  // The activation function of a dense layer is one of its arguments.
  const bool has_activation = layer.activation != Activation::none && layer.op != Op::linear;
  return 1 + (has_batchnorm ? 1 : 0) + (has_activation ? 1 : 0);
}

/// By layer index: Keras layers on the longest way from the layer itself to an output of the network.
std::vector<int> distances_to_output(const Network& network) {
  std::vector<int> distance(network.layers.size(), 0);
  for (auto l = network.layers.size(); l-- > 0;) {
    distance[l] += keras_layers(network.layers[l]);
    for (const std::string& input : network.layers[l].inputs) {
      const int from = network.layer_index(input);
      if (from < 0) continue;
      int& far = distance[static_cast<std::size_t>(from)];
      far = std::max(far, distance[l]);
    }
  }
  return distance;
}

/// The layer's GEMM and kernel area; nothing if it is no matrix layer.
std::optional<GemmLayer> matrix_layer(const Network& network, const Layer& layer, std::vector<Issue>& issues) {
  GemmLayer out;
  out.name = layer.name;
  if (layer.op == Op::conv2d) {
    const auto& conv = layer.as<Conv2d>();
    if (conv.groups != 1) {
      issues.push_back(network.issue_at(layer, "groups", "the published tool knows no grouped convolutions"));
    }
    out.kernel_area = conv.kernel.height * conv.kernel.width;
    out.gemm = {network.batch * layer.shape[1] * layer.shape[2], out.kernel_area * conv.in_channels, conv.out_channels,
                1};
    return out;
  }
  if (layer.op == Op::linear) {
    const auto& linear = layer.as<Linear>();
    std::int64_t rows = network.batch;
    for (std::size_t axis = 0; axis + 1 < layer.shape.size(); ++axis) rows *= layer.shape[axis];
    out.gemm = {rows, linear.in_features, linear.out_features, 1};
    return out;
  }
  if (layer.op == Op::matmul) {
    issues.push_back(network.issue_at(layer, "", "the published rules are for layers with weights only"));
  }
  return {};
}

}  // namespace

std::vector<GemmLayer> workload_of(const Network& network) {
  const std::size_t count = network.layers.size();
  std::vector<Issue> issues;
  std::vector<std::optional<GemmLayer>> matrix(count);
  for (std::size_t l = 0; l < count; ++l) matrix[l] = matrix_layer(network, network.layers[l], issues);
  if (!issues.empty()) throw Error(ErrorKind::run_failed, issues);

  // The matrix layers that a layer waits for, through all that take no time.
  std::vector<std::set<std::size_t>> sources(count);
  std::vector<int> newest_input(count, -1);
  for (std::size_t l = 0; l < count; ++l) {
    for (const std::string& input : network.layers[l].inputs) {
      const int from = network.layer_index(input);
      newest_input[l] = std::max(newest_input[l], from);
      if (from < 0) continue;
      const auto f = static_cast<std::size_t>(from);
      if (matrix[f]) {
        sources[l].insert(f);
      } else {
        sources[l].insert(sources[f].begin(), sources[f].end());
      }
    }
  }

  std::vector<std::size_t> order;
  for (std::size_t l = 0; l < count; ++l) {
    if (matrix[l]) order.push_back(l);
  }
  if (order.empty()) throw Error::run_failed("\"" + network.name + "\" has no convolution and no linear layer");
  const std::vector<int> distance = distances_to_output(network);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::make_pair(-distance[a], newest_input[a]) < std::make_pair(-distance[b], newest_input[b]);
  });

  std::map<std::size_t, int> place;
  std::vector<GemmLayer> out;
  for (const std::size_t l : order) {
    for (const std::size_t source : sources[l]) matrix[l]->dependencies.push_back(place.at(source));
    place.emplace(l, static_cast<int>(out.size()));
    out.push_back(std::move(*matrix[l]));
  }
  out.front().reads_network_input = true;
  return out;
}

Network in_published_order(const Network& network) {
  Network out = network;
  out.layers.clear();
  std::set<std::string> known;
  for (const NetworkInput& input : network.inputs) known.insert(input.name);
  std::set<std::string> matrix_layers;
  const std::vector<GemmLayer> order = workload_of(network);
  for (const GemmLayer& layer : order) matrix_layers.insert(layer.name);
  auto take = [&](const Layer& layer) {
    out.layers.push_back(layer);
    known.insert(layer.name);
  };
  auto take_others = [&] {
    for (const Layer& layer : network.layers) {
      if (known.count(layer.name) + matrix_layers.count(layer.name) > 0) continue;
      const bool ready = std::all_of(layer.inputs.begin(), layer.inputs.end(),
                                     [&](const std::string& input) { return known.count(input) > 0; });
      if (ready) take(layer);
    }
  };
  for (const GemmLayer& layer : order) {
    take_others();
    take(network.layers[static_cast<std::size_t>(network.layer_index(layer.name))]);
  }
  take_others();
  out.infer();
  return out;
}

}  // namespace podsim::published
