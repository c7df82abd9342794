// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/given_values.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "podsim/sim/core/text.hpp"
#include "podsim/workloads/value_shapes.hpp"

namespace podsim {
namespace {

/// Finding the nearest of many names takes time; a file of another network has hundreds of wrong ones.
constexpr int kMostUnknownNames = 10;

/// A tensor that may be given: its shapes, the smallest and largest element, and where it goes.
struct Place {
  std::vector<Shape> shapes;
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::function<void(const NamedTensor&)> take;
};

template <class To>
std::vector<To> converted(const TensorData& data) {
  return std::visit([](const auto& from) { return std::vector<To>(from.begin(), from.end()); }, data);
}
template <class To>
void take_into(std::vector<To>& to, const NamedTensor& tensor) {
  const auto* same = std::get_if<std::vector<To>>(&tensor.data);
  to = same != nullptr ? *same : converted<To>(tensor.data);
}

class Placing {
 public:
  Placing(const Network& network, NetworkValues& values) : network_(network), values_(values) {
    for (std::size_t i = 0; i < network.layers.size(); ++i) add_layer(i);
    for (std::size_t i = 0; i < network.inputs.size(); ++i) add_input(i);
  }

  void place(const GivenValues& given) {
    place_file(given.weights, weights_);
    place_file(given.inputs, inputs_);
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      const LayerValues& v = values_.layers[i];
      if (v.multiplier.empty() == (v.shift == kNotGiven)) continue;
      const std::string name = network_.layers[i].name;
      const char* missing = v.multiplier.empty() ? "/multiplier" : "/shift";
      issues_.add({given.weights.file, "",
                   "tensor \"" + name + missing + "\" is missing; \"" + name +
                       (v.multiplier.empty() ? "/shift" : "/multiplier") + "\" needs it",
                   ""});
    }
    issues_.throw_if_any();
  }

 private:
  template <class To>
  void add(std::map<std::string, Place>& places, const std::string& name, std::vector<Shape> shapes,
           std::vector<To>& to, std::int64_t low = std::numeric_limits<To>::min()) {
    places[name] = {std::move(shapes), low, std::numeric_limits<To>::max(),
                    [&to](const NamedTensor& tensor) { take_into(to, tensor); }};
  }
  void add_number(const std::string& name, std::int32_t& to, std::int64_t high) {
    weights_[name] = {
        {{}, {1}}, 0, high, [&to](const NamedTensor& tensor) { to = converted<std::int32_t>(tensor.data).front(); }};
  }

  void add_layer(std::size_t i) {
    const Layer& layer = network_.layers[i];
    const ValueShapes shapes = value_shapes(network_, layer);
    LayerValues& v = values_.layers[i];
    v.shift = v.six = kNotGiven;
    const std::string prefix = layer.name + "/";
    if (!shapes.weight.empty()) add(weights_, prefix + "weight", {shapes.weight}, v.weight);
    if (shapes.bias > 0) add(weights_, prefix + "bias", {{shapes.bias}}, v.bias);
    if (shapes.is_requantised) {
      std::vector<Shape> allowed{{}, {1}};
      if (shapes.channels > 1) allowed.push_back({shapes.channels});
      add(weights_, prefix + "multiplier", std::move(allowed), v.multiplier);
      add_number(prefix + "shift", v.shift, 62);
    }
    if (shapes.has_table) add(weights_, prefix + "table", {{256}}, v.table);
    if (shapes.has_exponentials) add(weights_, prefix + "exponentials", {{256}}, v.exponentials, 1);
    if (shapes.has_six) add_number(prefix + "six", v.six, 127);
  }

  void add_input(std::size_t i) {
    const NetworkInput& input = network_.inputs[i];
    Shape shape = input.shape;
    shape.insert(shape.begin(), network_.batch);
    if (input.kind != NetworkInput::Kind::indices) {
      add(inputs_, input.name, {shape}, values_.inputs[i]);
      return;
    }
    add(inputs_, input.name, {shape}, values_.indices[i], 0);
    for (const Layer& layer : network_.layers) {
      if (layer.op != Op::embedding || layer.inputs[0] != input.name) continue;
      std::int64_t& high = inputs_[input.name].high;
      high = std::min(high, layer.as<Embedding>().entries - 1);
    }
  }

  void place_file(const TensorFile& file, const std::map<std::string, Place>& places) {
    std::map<std::string, int> seen;
    int unknown = 0;
    for (const NamedTensor& tensor : file.tensors) {
      const auto fail = [&](std::string message, std::string hint = {}) {
        issues_.add({file.file, "", "tensor \"" + tensor.name + "\" " + std::move(message), std::move(hint)});
      };
      const auto at = places.find(tensor.name);
      if (at == places.end()) {
        if (++unknown <= kMostUnknownNames) fail("belongs to nothing in the network", hint_for(tensor.name, places));
      } else if (++seen[tensor.name] == 2) {
        fail("is there twice");
      } else if (std::count(at->second.shapes.begin(), at->second.shapes.end(), tensor.shape) == 0) {
        std::vector<std::string> allowed;
        for (const Shape& shape : at->second.shapes) allowed.push_back(shape_text(shape));
        fail("has shape " + shape_text(tensor.shape) + " (allowed: " + join(allowed, " or ") + ")");
      } else if (const std::string fault = range_fault(tensor, at->second); !fault.empty()) {
        fail(fault);
      } else {
        at->second.take(tensor);
      }
    }
    if (unknown > kMostUnknownNames) {
      issues_.add(
          {file.file, "",
           "and " + std::to_string(unknown - kMostUnknownNames) + " more tensors that belong to nothing in the network",
           ""});
    }
  }

  std::string hint_for(const std::string& name, const std::map<std::string, Place>& places) const {
    for (const Layer& layer : network_.layers) {
      const auto* linear = std::get_if<Linear>(&layer.attributes);
      if (linear != nullptr && !linear->weights_from.empty() && name == layer.name + "/weight") {
        return "the layer uses the weights of \"" + linear->weights_from + "\"";
      }
    }
    std::vector<std::string> names;
    for (const auto& [known, place] : places) names.push_back(known);
    return did_you_mean(name, names);
  }

  /// Why the elements cannot be taken; empty if they can.
  static std::string range_fault(const NamedTensor& tensor, const Place& place) {
    return std::visit(
        [&](const auto& data) -> std::string {
          std::int64_t count = 1;
          for (const std::int64_t size : tensor.shape) count *= size;
          if (static_cast<std::int64_t>(data.size()) != count) {
            return "has " + std::to_string(data.size()) + " elements, which is not what its shape " +
                   shape_text(tensor.shape) + " says";
          }
          for (std::size_t i = 0; i < data.size(); ++i) {
            const auto element = static_cast<std::int64_t>(data[i]);
            if (element >= place.low && element <= place.high) continue;
            return "has " + std::to_string(element) + " at element " + std::to_string(i) +
                   " (allowed: " + std::to_string(place.low) + " to " + std::to_string(place.high) + ")";
          }
          return {};
        },
        tensor.data);
  }

  const Network& network_;
  NetworkValues& values_;
  std::map<std::string, Place> weights_, inputs_;
  IssueList issues_;
};

}  // namespace

NetworkValues place_given_values(const Network& network, const GivenValues& given) {
  NetworkValues values;
  values.layers.resize(network.layers.size());
  values.inputs.resize(network.inputs.size());
  values.indices.resize(network.inputs.size());
  Placing(network, values).place(given);
  return values;
}

}  // namespace podsim
