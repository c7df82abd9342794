// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/network_builder.hpp"

#include <utility>

namespace podsim {

NetworkBuilder::NetworkBuilder(std::string name, std::int64_t batch) {
  network_.name = std::move(name);
  network_.batch = batch;
}

void NetworkBuilder::describe(std::string description, std::string reference) {
  network_.description = std::move(description);
  network_.reference = std::move(reference);
}

std::string NetworkBuilder::input(const std::string& name, Shape shape, NetworkInput::Kind kind) {
  network_.inputs.push_back({name, std::move(shape), kind});
  return name;
}

std::string NetworkBuilder::layer(const std::string& name, Op op, std::vector<std::string> inputs,
                                  LayerAttributes attributes, Activation activation) {
  Layer layer;
  layer.name = name;
  layer.op = op;
  layer.inputs = std::move(inputs);
  layer.attributes = std::move(attributes);
  layer.activation = activation;
  network_.layers.push_back(std::move(layer));
  return name;
}

std::string NetworkBuilder::conv2d(const std::string& name, const std::string& x, const Conv2d& attributes,
                                   Activation activation) {
  return layer(name, Op::conv2d, {x}, attributes, activation);
}

std::string NetworkBuilder::linear(const std::string& name, const std::string& x, const Linear& attributes,
                                   Activation activation) {
  return layer(name, Op::linear, {x}, attributes, activation);
}

std::string NetworkBuilder::pool(const std::string& name, const std::string& x, Pool::Kind kind, std::int64_t kernel,
                                 std::int64_t stride, std::int64_t padding) {
  return layer(name, Op::pool, {x}, Pool{kind, {kernel, kernel}, {stride, stride}, {padding, padding}});
}

std::string NetworkBuilder::unary(const std::string& name, Op op, const std::string& x, Activation activation) {
  return layer(name, op, {x}, {}, activation);
}

std::string NetworkBuilder::add(const std::string& name, std::vector<std::string> inputs, Activation activation) {
  return layer(name, Op::add, std::move(inputs), {}, activation);
}

std::string NetworkBuilder::concat(const std::string& name, std::vector<std::string> inputs, std::int64_t axis) {
  return layer(name, Op::concat, std::move(inputs), Concat{axis});
}

Network NetworkBuilder::build(std::vector<std::string> outputs) const {
  Network network = network_;
  network.outputs = std::move(outputs);
  network.infer();
  return network;
}

}  // namespace podsim
