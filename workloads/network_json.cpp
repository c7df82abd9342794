// SPDX-License-Identifier: Apache-2.0
// The workload JSON of network.hpp, writing side; workloads/formats/native_json.cpp reads it.
#include <array>
#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/workloads/network.hpp"

namespace podsim {
namespace {

Json size_json(Size2 size) {
  if (size.height == size.width) return size.height;
  return Json::array({size.height, size.width});
}

void put_size(Json& out, const char* key, Size2 size, Size2 absent) {
  if (size != absent) out[key] = size_json(size);
}

void put_flag(Json& out, const char* key, bool value) {
  if (value) out[key] = true;
}

/// Writes the attributes of a layer; those with their default value are left out.
struct AttributeWriter {
  Json& out;

  void operator()(const std::monostate&) const {}
  void operator()(const Conv2d& a) const {
    out["in_channels"] = a.in_channels;
    out["out_channels"] = a.out_channels;
    out["kernel"] = size_json(a.kernel);
    put_size(out, "stride", a.stride, {1, 1});
    put_size(out, "padding", a.padding, {0, 0});
    put_size(out, "dilation", a.dilation, {1, 1});
    if (a.groups != 1) out["groups"] = a.groups;
    put_flag(out, "bias", a.bias);
    put_flag(out, "batchnorm", a.batchnorm);
  }
  void operator()(const Linear& a) const {
    out["in_features"] = a.in_features;
    out["out_features"] = a.out_features;
    put_flag(out, "bias", a.bias);
    if (!a.weights_from.empty()) out["weights_from"] = a.weights_from;
  }
  void operator()(const Matmul& a) const {
    if (a.heads != 1) out["heads"] = a.heads;
    put_flag(out, "transpose_b", a.transpose_b);
    put_flag(out, "merge_heads", a.merge_heads);
  }
  void operator()(const Pool& a) const {
    constexpr std::array<const char*, 3> kinds{"max", "avg", "global_avg"};
    out["kind"] = kinds.at(static_cast<std::size_t>(a.kind));
    if (a.kind == Pool::Kind::global_avg) return;
    out["kernel"] = size_json(a.kernel);
    out["stride"] = size_json(a.stride);
    put_size(out, "padding", a.padding, {0, 0});
  }
  void operator()(const Concat& a) const { out["axis"] = a.axis; }
  void operator()(const Select& a) const {
    out["axis"] = a.axis;
    out["index"] = a.index;
  }
  void operator()(const Embedding& a) const {
    out["entries"] = a.entries;
    out["features"] = a.features;
  }
  void operator()(const Parameter& a) const { out["shape"] = a.shape; }
  void operator()(const Unmodelled& a) const { out["output_shape"] = a.output_shape; }
};

Json layer_json(const Layer& layer) {
  Json out = Json::object();
  out["name"] = layer.name;
  const auto* unmodelled = std::get_if<Unmodelled>(&layer.attributes);
  out["op"] = unmodelled != nullptr ? unmodelled->op : std::string(op_name(layer.op));
  out["inputs"] = layer.inputs;
  std::visit(AttributeWriter{out}, layer.attributes);
  if (layer.activation != Activation::none) out["activation"] = activation_name(layer.activation);
  return out;
}

Json input_json(const NetworkInput& input) {
  Json out = Json::object();
  out["name"] = input.name;
  out["shape"] = input.shape;
  if (input.kind == NetworkInput::Kind::indices) out["kind"] = "indices";
  if (input.kind == NetworkInput::Kind::kv_cache) out["kind"] = "kv_cache";
  return out;
}

/// One line with a blank after every comma and colon.
std::string line_text(const Json& value) {
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> items;
  for (const auto& [key, member] : value.items()) {
    items.push_back((value.is_object() ? Json(key).dump() + ": " : std::string{}) + line_text(member));
  }
  return value.is_object() ? "{" + join(items) + "}" : "[" + join(items) + "]";
}

}  // namespace

Json to_json(const Network& network) {
  Json out = Json::object();
  out["format"] = "dnn-workload";
  out["version"] = 1;
  out["name"] = network.name;
  if (!network.description.empty()) out["description"] = network.description;
  if (!network.reference.empty()) out["reference"] = network.reference;
  out["batch"] = network.batch;
  out["inputs"] = Json::array();
  for (const NetworkInput& input : network.inputs) out["inputs"].push_back(input_json(input));
  out["layers"] = Json::array();
  for (const Layer& layer : network.layers) out["layers"].push_back(layer_json(layer));
  out["outputs"] = network.outputs;
  const NetworkTotals totals = network.totals();
  out["totals"] = Json::object({{"macs", totals.macs},
                                {"params", totals.parameters},
                                {"weight_bytes_int8", totals.weight_bytes},
                                {"matrix_layers", totals.matrix_layers}});
  return out;
}

std::string to_text(const Network& network) {
  const Json json = to_json(network);
  std::string out = "{\n";
  std::size_t left = json.size();
  for (const auto& [key, value] : json.items()) {
    out += "  " + Json(key).dump() + ": ";
    if (key == "inputs" || key == "layers") {
      out += "[\n";
      for (std::size_t i = 0; i < value.size(); ++i) {
        out += "    " + line_text(value[i]) + (i + 1 < value.size() ? ",\n" : "\n");
      }
      out += "  ]";
    } else {
      out += line_text(value);
    }
    out += --left > 0 ? ",\n" : "\n";
  }
  return out + "}\n";
}

}  // namespace podsim
