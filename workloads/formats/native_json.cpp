// SPDX-License-Identifier: Apache-2.0
// The workload JSON of podsim: {"format": "dnn-workload", "version": 1, …}; docs/formats.md.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

const Range<std::int64_t> kCount{1, kMaximumElements};
const std::vector<std::string> kActivations{"none", "relu", "relu6", "gelu", "tanh", "sigmoid"};

/// A number or [height, width].
Size2 read_size(JsonReader& layer, const char* key, std::optional<Size2> otherwise, std::int64_t lowest) {
  const Range<std::int64_t> range{lowest, kMaximumWindow};
  const Size2 fallback = otherwise.value_or(Size2{});
  auto member = otherwise ? layer.optional_member(key) : layer.required_member(key);
  if (!member) return fallback;
  if (member->value().is_array()) {
    std::vector<JsonReader> elements = member->elements();
    if (elements.size() != 2) {
      member->fail("must be a number or [height, width], got an array of " + std::to_string(elements.size()));
      return fallback;
    }
    const std::int64_t height = elements[0].integer(range).value_or(fallback.height);
    return {height, elements[1].integer(range).value_or(fallback.width)};
  }
  if (!member->value().is_number()) {
    member->fail("must be a number or [height, width], got " + JsonReader::describe(member->value()));
    return fallback;
  }
  const std::int64_t both = member->integer(range).value_or(fallback.height);
  return {both, both};
}

Shape read_shape(JsonReader& object, const char* key) {
  Shape shape;
  auto member = object.required_member(key);
  if (!member) return shape;
  if (!member->expect_array()) return shape;
  std::vector<JsonReader> sizes = member->elements();
  if (sizes.empty() || sizes.size() > 3) {
    member->fail("a shape has one to three sizes (without the batch), got " + std::to_string(sizes.size()));
    return shape;
  }
  for (JsonReader& size : sizes) {
    const auto value = size.integer(kCount);
    if (!value) return {};
    shape.push_back(*value);
  }
  return shape;
}

std::vector<std::string> read_names(JsonReader& object, const char* key) {
  std::vector<std::string> names;
  auto member = object.required_member(key);
  if (!member) return names;
  for (JsonReader& element : member->elements()) names.push_back(element.string().value_or(""));
  return names;
}

LayerAttributes read_attributes(JsonReader& r, Op op) {
  switch (op) {
    case Op::conv2d: {
      Conv2d a;
      a.in_channels = r.required_integer("in_channels", kCount);
      a.out_channels = r.required_integer("out_channels", kCount);
      a.kernel = read_size(r, "kernel", std::nullopt, 1);
      a.stride = read_size(r, "stride", Size2{1, 1}, 1);
      a.padding = read_size(r, "padding", Size2{0, 0}, 0);
      a.dilation = read_size(r, "dilation", Size2{1, 1}, 1);
      a.groups = r.optional_integer("groups", 1, kCount);
      a.bias = r.optional_boolean("bias", false);
      a.batchnorm = r.optional_boolean("batchnorm", false);
      return a;
    }
    case Op::linear: {
      Linear a;
      a.in_features = r.required_integer("in_features", kCount);
      a.out_features = r.required_integer("out_features", kCount);
      a.bias = r.optional_boolean("bias", false);
      a.weights_from = r.optional_string("weights_from", "");
      return a;
    }
    case Op::matmul: {
      Matmul a;
      a.heads = r.optional_integer("heads", 1, kCount);
      a.transpose_b = r.optional_boolean("transpose_b", false);
      a.merge_heads = r.optional_boolean("merge_heads", false);
      return a;
    }
    case Op::pool: {
      Pool a;
      const std::vector<std::string> kinds{"max", "avg", "global_avg"};
      r.required_member("kind");
      const std::size_t before = r.issues().issues().size();
      const std::string kind = r.optional_choice("kind", "max", kinds);
      if (r.issues().issues().size() > before) {
        // Whether there should be a kernel depends on the kind that was meant.
        for (const char* key : {"kernel", "stride", "padding"}) r.ignore(key);
        return a;
      }
      a.kind = static_cast<Pool::Kind>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin());
      if (a.kind == Pool::Kind::global_avg) return a;
      a.kernel = read_size(r, "kernel", std::nullopt, 1);
      a.stride = read_size(r, "stride", std::nullopt, 1);
      a.padding = read_size(r, "padding", Size2{0, 0}, 0);
      return a;
    }
    case Op::concat:
      return Concat{r.optional_integer("axis", 0, {0, 2})};
    case Op::select: {
      Select a;
      a.axis = r.optional_integer("axis", 0, {0, 2});
      a.index = r.required_integer("index", {0, kMaximumElements});
      return a;
    }
    case Op::embedding: {
      Embedding a;
      a.entries = r.required_integer("entries", kCount);
      a.features = r.required_integer("features", kCount);
      return a;
    }
    case Op::parameter:
      return Parameter{read_shape(r, "shape")};
    default:
      return std::monostate{};
  }
}

bool takes_activation(Op op) {
  switch (op) {
    case Op::conv2d:
    case Op::linear:
    case Op::matmul:
    case Op::add:
    case Op::mul:
    case Op::batchnorm:
    case Op::layernorm:
      return true;
    default:
      return false;
  }
}

Layer read_layer(JsonReader& r, const LoadOptions& options) {
  Layer layer;
  layer.place = r.pointer();
  if (!r.expect_object()) return layer;
  layer.name = r.required_string("name");
  const std::string op = r.required_string("op");
  layer.inputs = op == "parameter" && !r.has("inputs") ? std::vector<std::string>{} : read_names(r, "inputs");
  const auto& names = op_names();
  const auto found = std::find(names.begin(), names.end(), op);
  if (found != names.end()) {
    layer.op = static_cast<Op>(found - names.begin());
    r.ignore("inputs");
    layer.attributes = read_attributes(r, layer.op);
    if (takes_activation(layer.op)) {
      layer.activation = activation_of(r.optional_choice("activation", "none", kActivations));
    }
    r.finish();
    return layer;
  }
  layer.op = Op::unmodelled;
  layer.attributes = Unmodelled{op, {}};
  if (options.allow_unmodelled) {
    layer.attributes = Unmodelled{op, read_shape(r, "output_shape")};
  } else if (r.has("op") && r.value().at("op").is_string()) {
    std::string hint = did_you_mean(op, names);
    if (hint.empty()) hint = "to go on without it, allow unmodelled operations and give the layer an \"output_shape\"";
    r.fail_at("op", "unknown operation \"" + op + "\" (allowed: " + join(names) + ")", hint);
  }
  return layer;
}

NetworkInput read_input(JsonReader& r) {
  NetworkInput input;
  if (!r.expect_object()) return input;
  input.name = r.required_string("name");
  input.shape = read_shape(r, "shape");
  const std::vector<std::string> kinds{"activation", "indices", "kv_cache"};
  const std::string kind = r.optional_choice("kind", "activation", kinds);
  input.kind = static_cast<NetworkInput::Kind>(std::find(kinds.begin(), kinds.end(), kind) - kinds.begin());
  r.finish();
  return input;
}

void check_totals(JsonReader& r, const NetworkTotals& totals) {
  if (!r.expect_object()) return;
  const std::array<std::pair<const char*, std::int64_t>, 4> expected{{{"macs", totals.macs},
                                                                      {"params", totals.parameters},
                                                                      {"weight_bytes_int8", totals.weight_bytes},
                                                                      {"matrix_layers", totals.matrix_layers}}};
  for (const auto& [key, value] : expected) {
    auto member = r.optional_member(key);
    if (!member) continue;
    const auto stated = member->integer({0, std::numeric_limits<std::int64_t>::max()});
    if (stated && *stated != value) {
      member->fail("is " + std::to_string(*stated) + ", but the layers add up to " + std::to_string(value));
    }
  }
  r.finish();
}

class NativeJson final : public WorkloadFormat {
 public:
  bool probe(const std::string& path, std::string_view first_bytes) const override {
    const std::size_t start = first_bytes.find_first_not_of(" \t\r\n");
    if (start != std::string_view::npos && first_bytes[start] == '{') return true;
    const std::string_view extension = ".json";
    return path.size() >= extension.size() &&
           path.compare(path.size() - extension.size(), extension.size(), extension) == 0;
  }

  Network read(const std::string& text, const std::string& file, const LoadOptions& options) const override {
    const JsonDocument document = parse_json(text, file);
    IssueList issues;
    JsonReader root(document, issues);
    Network network;
    network.file = file;
    if (!root.expect_object()) issues.throw_if_any();
    check_header(root);
    issues.throw_if_any();

    network.name = root.required_string("name");
    network.description = root.optional_string("description", "");
    network.reference = root.optional_string("reference", "");
    network.batch = root.optional_integer("batch", 1, {1, kMaximumBatch});
    if (auto inputs = root.required_member("inputs")) {
      for (JsonReader& input : inputs->elements()) network.inputs.push_back(read_input(input));
    }
    std::set<std::size_t> unreadable;
    bool found_layers = false;
    if (auto layers = root.required_member("layers")) {
      found_layers = layers->value().is_array();
      for (JsonReader& layer : layers->elements()) {
        const std::size_t before = issues.issues().size();
        network.layers.push_back(read_layer(layer, options));
        if (issues.issues().size() > before) unreadable.insert(network.layers.size() - 1);
      }
    }
    network.outputs = read_names(root, "outputs");
    auto totals = root.optional_member("totals");
    root.finish();
    // Without layers or outputs there is nothing to infer, and the reason has been reported.
    if (found_layers && root.has("outputs")) network.infer(issues, unreadable);
    if (totals && issues.empty()) check_totals(*totals, network.totals());
    issues.throw_if_any();
    return network;
  }

 private:
  static void check_header(JsonReader& root) {
    const std::string format = root.required_string("format");
    if (root.has("format") && format != "dnn-workload") {
      root.fail_at("format", "must be \"dnn-workload\", got \"" + format + "\"");
    }
    const std::int64_t version = root.required_integer("version");
    if (root.has("version") && root.value().at("version").is_number_integer() && version != 1) {
      root.fail_at("version", "must be 1, got " + std::to_string(version));
    }
  }
};

const Registered<NoParameters> entry{workload_format_registry(), "native_json",
                                     "podsim's workload JSON (dnn-workload, version 1)",
                                     [](const NoParameters&) { return std::make_unique<NativeJson>(); }};

}  // namespace
}  // namespace podsim
