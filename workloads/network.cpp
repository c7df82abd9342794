// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/network.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

constexpr std::array<const char*, 21> kOpNames{"conv2d",    "linear",    "matmul",    "pool",    "add",       "mul",
                                               "concat",    "batchnorm", "layernorm", "softmax", "relu",      "relu6",
                                               "gelu",      "tanh",      "sigmoid",   "flatten", "to_tokens", "select",
                                               "embedding", "parameter", "unmodelled"};
constexpr std::array<const char*, 6> kActivationNames{"none", "relu", "relu6", "gelu", "tanh", "sigmoid"};

const char* layout_name(Layout layout) {
  switch (layout) {
    case Layout::vector:
      return "a vector";
    case Layout::tokens:
      return "a token matrix";
    case Layout::image:
      return "an image";
    case Layout::heads:
      break;
  }
  return "a set of per-head matrices";
}

Layout layout_of_rank(std::size_t rank, Layout of_three) {
  if (rank == 1) return Layout::vector;
  return rank == 2 ? Layout::tokens : of_three;
}

/// a * b of non-negative numbers, or the largest number if that overflows.
std::int64_t saturating_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max() : product;
}

std::int64_t saturating_product(const Shape& shape, std::int64_t start = 1) {
  for (const std::int64_t size : shape) start = saturating_product(start, size);
  return start;
}

/// A value that layers can read.
struct Value {
  Shape shape;  ///< empty if it is not known because of an earlier mistake
  Layout layout = Layout::vector;
  NetworkInput::Kind kind = NetworkInput::Kind::activation;
};

/// Infers one network. Mistakes become issues; what depends on them is left alone, so that each is reported once.
class Inference {
 public:
  Inference(Network& network, IssueList& issues, const std::set<std::size_t>& unreadable)
      : network_(network), issues_(issues), unreadable_(unreadable), first_pass_(issues.empty()) {}

  void run() {
    check_network();
    for (std::size_t i = 0; i < network_.inputs.size(); ++i) add_input(i);
    std::map<std::string, std::size_t> later;
    for (std::size_t i = 0; i < network_.layers.size(); ++i) later.emplace(network_.layers[i].name, i);
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      Layer& layer = network_.layers[i];
      layer.shape.clear();
      layer.macs = layer.parameters = layer.weight_bytes = 0;
      layer_ = &layer;
      std::vector<Value> in;
      const bool known = resolve(later, i, in);
      if (unreadable_.count(i) == 0 && known && check_operand_kinds(in)) infer_layer(in);
      if (layer.name.empty()) {
        if (unreadable_.count(i) == 0) fail("name", "the name is empty");
      } else if (!values_.emplace(layer.name, Value{layer.shape, layer.layout, NetworkInput::Kind::activation})
                      .second) {
        fail("name", "the name \"" + layer.name + "\" is used twice; names must be unique");
      }
    }
    check_outputs();
    check_macs();
  }

 private:
  void fail(const std::string& key, std::string message, std::string hint = {}) {
    issues_.add(network_.issue_at(*layer_, key, std::move(message), std::move(hint)));
  }
  void fail_network(const std::string& pointer, std::string message, std::string hint = {}) {
    issues_.add({network_.file, pointer, std::move(message), std::move(hint)});
  }

  void check_network() {
    if (network_.batch < 1 || network_.batch > kMaximumBatch) {
      fail_network("/batch",
                   "must be in [1, " + std::to_string(kMaximumBatch) + "], got " + std::to_string(network_.batch));
      batch_ = 1;
    } else {
      batch_ = network_.batch;
    }
    if (network_.layers.empty()) fail_network("/layers", "a network needs at least one layer");
    if (network_.outputs.empty()) fail_network("/outputs", "a network needs at least one output");
  }

  /// Why the shape cannot be that of a tensor; empty if it can.
  std::string shape_fault(const Shape& shape) const {
    if (shape.empty() || shape.size() > 3) {
      return "a shape has one to three sizes (without the batch), got " + shape_text(shape);
    }
    for (const std::int64_t size : shape) {
      if (size < 1) return "every size must be at least 1, got " + shape_text(shape);
    }
    if (saturating_product(shape, batch_) > kMaximumElements) {
      return "a tensor of shape " + shape_text(shape) + " and batch " + std::to_string(batch_) + " has more than " +
             with_thousands(kMaximumElements) + " elements";
    }
    return {};
  }

  void add_input(std::size_t index) {
    const NetworkInput& input = network_.inputs[index];
    const std::string pointer = "/inputs/" + std::to_string(index);
    Value value{input.shape, input.layout(), input.kind};
    std::string fault = shape_fault(input.shape);
    if (fault.empty() && input.kind == NetworkInput::Kind::indices && input.shape.size() != 1) {
      fault = "indices have the shape [tokens], got " + shape_text(input.shape);
    }
    if (!fault.empty()) {
      // A reader that found mistakes has reported the shapes that it could not read.
      if (!input.shape.empty() || first_pass_) fail_network(pointer + "/shape", fault);
      value.shape.clear();
    }
    if (input.name.empty()) {
      if (first_pass_) fail_network(pointer + "/name", "the name is empty");
    } else if (!values_.emplace(input.name, value).second) {
      fail_network(pointer + "/name", "the name \"" + input.name + "\" is used twice; names must be unique");
    }
  }

  std::vector<std::string> known_names() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : values_) names.push_back(name);
    return names;
  }

  /// Finds the values the layer reads; false if one is undefined or unknown.
  bool resolve(const std::map<std::string, std::size_t>& later, std::size_t index, std::vector<Value>& in) {
    bool known = true;
    for (std::size_t j = 0; j < layer_->inputs.size(); ++j) {
      const std::string& name = layer_->inputs[j];
      const auto found = values_.find(name);
      if (found == values_.end()) {
        known = false;
        if (name.empty() && unreadable_.count(index) != 0) continue;
        const std::string key = "inputs/" + std::to_string(j);
        const auto at = later.find(name);
        if (at != later.end() && at->second == index) {
          fail(key, "the layer reads itself");
        } else if (at != later.end()) {
          fail(key, "\"" + name + "\" is defined later; layers are listed in execution order");
        } else {
          fail(key, "there is no layer or input \"" + name + "\"", did_you_mean(name, known_names()));
        }
        continue;
      }
      known = known && !found->second.shape.empty();
      in.push_back(found->second);
    }
    return known;
  }

  /// Indices may only be read by an embedding.
  bool check_operand_kinds(const std::vector<Value>& in) {
    if (layer_->op == Op::unmodelled) return true;
    bool good = true;
    for (std::size_t j = 0; j < in.size(); ++j) {
      const bool indices = in[j].kind == NetworkInput::Kind::indices;
      if (indices == (layer_->op == Op::embedding)) continue;
      fail("inputs/" + std::to_string(j),
           indices ? "\"" + layer_->inputs[j] + "\" holds indices; only an embedding can read them"
                   : "an embedding reads an input of kind \"indices\"; \"" + layer_->inputs[j] + "\" is none");
      good = false;
    }
    return good;
  }

  bool expect_inputs(const std::vector<Value>& in, std::size_t lowest, std::size_t highest) {
    if (in.size() >= lowest && in.size() <= highest) return true;
    const std::string allowed = highest == lowest ? "exactly " + std::to_string(lowest)
                                : highest > 1000  ? "at least " + std::to_string(lowest)
                                                  : "";
    fail("inputs", std::string(op_name(layer_->op)) + " reads " + allowed + " input" + (lowest == 1 ? "" : "s") +
                       ", got " + std::to_string(in.size()));
    return false;
  }

  bool expect_layout(const std::vector<Value>& in, Layout layout) {
    if (in[0].layout == layout) return true;
    fail("inputs/0", std::string(op_name(layer_->op)) + " reads " + layout_name(layout) + "; \"" + layer_->inputs[0] +
                         "\" is " + layout_name(in[0].layout) + " " + shape_text(in[0].shape));
    return false;
  }

  bool reject_image(const std::vector<Value>& in) {
    if (in[0].layout != Layout::image) return true;
    fail("inputs/0", std::string(op_name(layer_->op)) + " cannot read the image \"" + layer_->inputs[0] + "\" " +
                         shape_text(in[0].shape) + " directly; put a flatten or to_tokens layer before it");
    return false;
  }

  bool expect_positive(const char* key, std::int64_t value, std::int64_t highest = kMaximumElements) {
    if (value >= 1 && value <= highest) return true;
    fail(key, "must be in [1, " + std::to_string(highest) + "], got " + std::to_string(value));
    return false;
  }

  bool expect_positive(const char* key, Size2 size) {
    return expect_positive(key, size.height, kMaximumWindow) && expect_positive(key, size.width, kMaximumWindow);
  }

  bool expect_padding(Size2 size) {
    for (const std::int64_t value : {size.height, size.width}) {
      if (value >= 0 && value <= kMaximumWindow) continue;
      fail("padding", "must be in [0, " + std::to_string(kMaximumWindow) + "], got " + std::to_string(value));
      return false;
    }
    return true;
  }

  /// Output sizes of a sliding window, or nothing if it does not fit.
  std::optional<Size2> window_output(const Shape& in, Size2 kernel, Size2 stride, Size2 padding, Size2 dilation) {
    const auto along = [](std::int64_t size, std::int64_t k, std::int64_t s, std::int64_t p, std::int64_t d) {
      const std::int64_t room = size + 2 * p - d * (k - 1) - 1;
      return room < 0 ? 0 : room / s + 1;
    };
    const Size2 out{along(in[1], kernel.height, stride.height, padding.height, dilation.height),
                    along(in[2], kernel.width, stride.width, padding.width, dilation.width)};
    if (out.height > 0 && out.width > 0) return out;
    fail("kernel",
         "the kernel " + pair_text(kernel) + (dilation == Size2{} ? "" : " with dilation " + pair_text(dilation)) +
             " is larger than the padded input " + pair_text({in[1] + 2 * padding.height, in[2] + 2 * padding.width}));
    return std::nullopt;
  }

  static std::string pair_text(Size2 size) { return std::to_string(size.height) + "x" + std::to_string(size.width); }

  /// Sets the output, unless it is too large.
  bool produce(Shape shape, Layout layout, const char* key = "") {
    const std::string fault = shape_fault(shape);
    if (!fault.empty()) {
      fail(key, "the output is not possible: " + fault);
      return false;
    }
    layer_->shape = std::move(shape);
    layer_->layout = layout;
    return true;
  }

  /// Sets the work of a matrix layer with k*n weights a group.
  void count_matrix(std::int64_t groups, std::int64_t m, std::int64_t k, std::int64_t n) {
    layer_->macs = saturating_product(saturating_product(groups, m), saturating_product(k, n));
  }

  bool set_weights(std::int64_t k, std::int64_t columns) {
    layer_->weight_bytes = saturating_product(k, columns);
    if (layer_->weight_bytes <= kMaximumElements) return true;
    fail("", "the layer has more than " + with_thousands(kMaximumElements) + " weights");
    layer_->shape.clear();
    layer_->weight_bytes = 0;
    return false;
  }

  void infer_layer(const std::vector<Value>& in) {
    switch (layer_->op) {
      case Op::conv2d:
        if (expect_inputs(in, 1, 1)) infer_conv2d(in, layer_->as<Conv2d>());
        break;
      case Op::linear:
        if (expect_inputs(in, 1, 1)) infer_linear(in, layer_->as<Linear>());
        break;
      case Op::matmul:
        if (expect_inputs(in, 2, 2)) infer_matmul(in, layer_->as<Matmul>());
        break;
      case Op::pool:
        if (expect_inputs(in, 1, 1)) infer_pool(in, layer_->as<Pool>());
        break;
      case Op::add:
      case Op::mul:
        if (expect_inputs(in, 2, in.max_size())) infer_combine(in);
        break;
      case Op::concat:
        if (expect_inputs(in, 1, in.max_size())) infer_concat(in, layer_->as<Concat>());
        break;
      case Op::batchnorm:
        if (!expect_inputs(in, 1, 1)) break;
        if (!produce(in[0].shape, in[0].layout)) break;
        layer_->parameters = 2 * (in[0].layout == Layout::image ? in[0].shape.front() : in[0].shape.back());
        break;
      case Op::layernorm:
        if (!expect_inputs(in, 1, 1) || !reject_image(in)) break;
        if (produce(in[0].shape, in[0].layout)) layer_->parameters = 2 * in[0].shape.back();
        break;
      case Op::softmax:
        if (expect_inputs(in, 1, 1) && reject_image(in)) produce(in[0].shape, in[0].layout);
        break;
      case Op::relu:
      case Op::relu6:
      case Op::gelu:
      case Op::tanh:
      case Op::sigmoid:
        if (expect_inputs(in, 1, 1)) produce(in[0].shape, in[0].layout);
        break;
      case Op::flatten:
        if (expect_inputs(in, 1, 1)) produce({saturating_product(in[0].shape)}, Layout::vector);
        break;
      case Op::to_tokens:
        if (expect_inputs(in, 1, 1) && expect_layout(in, Layout::image)) {
          produce({in[0].shape[1] * in[0].shape[2], in[0].shape[0]}, Layout::tokens);
        }
        break;
      case Op::select:
        if (expect_inputs(in, 1, 1)) infer_select(in, layer_->as<Select>());
        break;
      case Op::embedding:
        if (expect_inputs(in, 1, 1)) infer_embedding(in, layer_->as<Embedding>());
        break;
      case Op::parameter: {
        const Shape& shape = layer_->as<Parameter>().shape;
        if (expect_inputs(in, 0, 0) && produce(shape, layout_of_rank(shape.size(), Layout::image), "shape")) {
          layer_->parameters = saturating_product(shape);
        }
        break;
      }
      case Op::unmodelled: {
        const Shape& shape = layer_->as<Unmodelled>().output_shape;
        produce(shape, layout_of_rank(shape.size(), Layout::image), "output_shape");
        break;
      }
    }
  }

  void infer_conv2d(const std::vector<Value>& in, const Conv2d& a) {
    if (!expect_layout(in, Layout::image)) return;
    bool good = expect_positive("in_channels", a.in_channels);
    good = expect_positive("out_channels", a.out_channels) && good;
    good = expect_positive("groups", a.groups) && good;
    good = expect_positive("kernel", a.kernel) && good;
    good = expect_positive("stride", a.stride) && good;
    good = expect_positive("dilation", a.dilation) && good;
    good = expect_padding(a.padding) && good;
    if (!good) return;
    if (in[0].shape[0] != a.in_channels) {
      fail("in_channels", "is " + std::to_string(a.in_channels) + ", but \"" + layer_->inputs[0] + "\" has " +
                              std::to_string(in[0].shape[0]) + " channels");
      good = false;
    }
    if (a.in_channels % a.groups != 0 || a.out_channels % a.groups != 0) {
      fail("groups", std::to_string(a.groups) + " groups do not divide " + std::to_string(a.in_channels) +
                         " input and " + std::to_string(a.out_channels) + " output channels");
      good = false;
    }
    const auto out = window_output(in[0].shape, a.kernel, a.stride, a.padding, a.dilation);
    if (!good || !out || !produce({a.out_channels, out->height, out->width}, Layout::image)) return;
    const std::int64_t k = saturating_product(a.kernel.height * a.kernel.width, a.in_channels / a.groups);
    if (!set_weights(k, a.out_channels)) return;
    count_matrix(a.groups, batch_ * out->height * out->width, k, a.out_channels / a.groups);
    layer_->parameters = layer_->weight_bytes + (a.bias ? a.out_channels : 0) + (a.batchnorm ? 2 * a.out_channels : 0);
  }

  void infer_linear(const std::vector<Value>& in, const Linear& a) {
    if (!reject_image(in)) return;
    bool good = expect_positive("in_features", a.in_features);
    good = expect_positive("out_features", a.out_features) && good;
    if (!good) return;
    if (in[0].shape.back() != a.in_features) {
      fail("in_features", "is " + std::to_string(a.in_features) + ", but \"" + layer_->inputs[0] + "\" " +
                              shape_text(in[0].shape) + " has " + std::to_string(in[0].shape.back()) + " features");
      good = false;
    }
    if (!a.weights_from.empty()) good = check_shared_weights(a) && good;
    if (!good) return;
    Shape shape = in[0].shape;
    shape.back() = 1;
    const std::int64_t rows = saturating_product(shape);
    shape.back() = a.out_features;
    if (!produce(std::move(shape), in[0].layout) || !set_weights(a.in_features, a.out_features)) return;
    count_matrix(1, batch_ * rows, a.in_features, a.out_features);
    layer_->parameters = (a.weights_from.empty() ? layer_->weight_bytes : 0) + (a.bias ? a.out_features : 0);
  }

  bool check_shared_weights(const Linear& a) {
    const Layer* owner = nullptr;
    std::vector<std::string> candidates;
    for (const Layer& layer : network_.layers) {
      if (&layer == layer_) break;
      if (layer.op != Op::linear && layer.op != Op::embedding) continue;
      candidates.push_back(layer.name);
      if (layer.name == a.weights_from) owner = &layer;
    }
    if (owner == nullptr) {
      fail("weights_from", "there is no earlier linear or embedding layer \"" + a.weights_from + "\"",
           did_you_mean(a.weights_from, candidates));
      return false;
    }
    const auto* linear = std::get_if<Linear>(&owner->attributes);
    const auto* embedding = std::get_if<Embedding>(&owner->attributes);
    const bool fits =
        (linear != nullptr && linear->in_features == a.in_features && linear->out_features == a.out_features) ||
        (embedding != nullptr && embedding->features == a.in_features && embedding->entries == a.out_features);
    // A layer that could not be read has been reported.
    if (fits || (linear == nullptr && embedding == nullptr)) return fits;
    fail("weights_from", "the weights of \"" + a.weights_from + "\" do not have " + std::to_string(a.in_features) +
                             " input and " + std::to_string(a.out_features) + " output features");
    return false;
  }

  void infer_matmul(const std::vector<Value>& in, const Matmul& a) {
    if (!expect_positive("heads", a.heads)) return;
    std::array<Shape, 2> operands;  // [rows, columns] of one head
    for (std::size_t j = 0; j < 2; ++j) {
      const Shape& shape = in[j].shape;
      const std::string key = "inputs/" + std::to_string(j);
      const std::string what = "\"" + layer_->inputs[j] + "\" " + shape_text(shape);
      if (in[j].layout == Layout::tokens) {
        if (shape[1] % a.heads != 0) {
          fail("heads", std::to_string(a.heads) + " heads do not divide the columns of " + what);
          return;
        }
        operands[j] = {shape[0], shape[1] / a.heads};
      } else if (in[j].layout == Layout::heads) {
        if (shape[0] != a.heads) {
          fail("heads",
               "is " + std::to_string(a.heads) + ", but " + what + " has " + std::to_string(shape[0]) + " heads");
          return;
        }
        operands[j] = {shape[1], shape[2]};
      } else {
        fail(key, "matmul reads token matrices [rows, columns] or per-head matrices [heads, rows, columns]; " + what +
                      " is " + layout_name(in[j].layout));
        return;
      }
    }
    const std::int64_t k_of_b = operands[1][a.transpose_b ? 1 : 0];
    const std::int64_t n = operands[1][a.transpose_b ? 0 : 1];
    const std::int64_t m = operands[0][0];
    const std::int64_t k = operands[0][1];
    if (k != k_of_b) {
      fail("inputs", "the inner sizes differ: " + std::to_string(k) + " of \"" + layer_->inputs[0] + "\" and " +
                         std::to_string(k_of_b) + " of \"" + layer_->inputs[1] + "\"");
      return;
    }
    const Shape shape = a.merge_heads ? Shape{m, saturating_product(a.heads, n)} : Shape{a.heads, m, n};
    if (!produce(shape, a.merge_heads ? Layout::tokens : Layout::heads)) return;
    count_matrix(batch_ * a.heads, m, k, n);
  }

  void infer_pool(const std::vector<Value>& in, const Pool& a) {
    if (!expect_layout(in, Layout::image)) return;
    if (a.kind == Pool::Kind::global_avg) {
      produce({in[0].shape[0], 1, 1}, Layout::image);
      return;
    }
    bool good = expect_positive("kernel", a.kernel);
    good = expect_positive("stride", a.stride) && good;
    good = expect_padding(a.padding) && good;
    if (!good) return;
    if (a.padding.height >= a.kernel.height || a.padding.width >= a.kernel.width) {
      fail("padding", "the padding " + pair_text(a.padding) + " must be less than the kernel " + pair_text(a.kernel));
      return;
    }
    const auto out = window_output(in[0].shape, a.kernel, a.stride, a.padding, {1, 1});
    if (out) produce({in[0].shape[0], out->height, out->width}, Layout::image);
  }

  void infer_combine(const std::vector<Value>& in) {
    for (std::size_t j = 1; j < in.size(); ++j) {
      if (in[j].shape == in[0].shape && in[j].layout == in[0].layout) continue;
      fail("inputs/" + std::to_string(j), "\"" + layer_->inputs[j] + "\" is " + layout_name(in[j].layout) + " " +
                                              shape_text(in[j].shape) + ", but \"" + layer_->inputs[0] + "\" is " +
                                              layout_name(in[0].layout) + " " + shape_text(in[0].shape) +
                                              "; the inputs must have equal shapes");
      return;
    }
    produce(in[0].shape, in[0].layout);
  }

  void infer_concat(const std::vector<Value>& in, const Concat& a) {
    const auto rank = static_cast<std::int64_t>(in[0].shape.size());
    if (a.axis < 0 || a.axis >= rank) {
      fail("axis", "must be in [0, " + std::to_string(rank - 1) + "], got " + std::to_string(a.axis));
      return;
    }
    const auto axis = static_cast<std::size_t>(a.axis);
    Shape shape = in[0].shape;
    for (std::size_t j = 1; j < in.size(); ++j) {
      Shape other = in[j].shape;
      const bool same_rank = other.size() == shape.size() && in[j].layout == in[0].layout;
      if (same_rank) other[axis] = in[0].shape[axis];
      if (!same_rank || other != in[0].shape) {
        fail("inputs/" + std::to_string(j), "\"" + layer_->inputs[j] + "\" " + shape_text(in[j].shape) + " and \"" +
                                                layer_->inputs[0] + "\" " + shape_text(in[0].shape) +
                                                " differ in more than axis " + std::to_string(a.axis));
        return;
      }
      shape[axis] += in[j].shape[axis];
    }
    produce(shape, in[0].layout);
  }

  void infer_select(const std::vector<Value>& in, const Select& a) {
    if (!expect_layout(in, Layout::tokens)) return;
    if (a.axis != 0) {
      fail("axis", "must be 0 (one token is selected), got " + std::to_string(a.axis));
      return;
    }
    if (a.index < 0 || a.index >= in[0].shape[0]) {
      fail("index", "must be in [0, " + std::to_string(in[0].shape[0] - 1) + "], got " + std::to_string(a.index));
      return;
    }
    produce({1, in[0].shape[1]}, Layout::tokens);
  }

  void infer_embedding(const std::vector<Value>& in, const Embedding& a) {
    bool good = expect_positive("entries", a.entries);
    good = expect_positive("features", a.features) && good;
    if (!good) return;
    if (saturating_product(a.entries, a.features) > kMaximumElements) {
      fail("entries", "the table has more than " + with_thousands(kMaximumElements) + " elements");
      return;
    }
    if (!produce({in[0].shape[0], a.features}, Layout::tokens)) return;
    layer_->parameters = a.entries * a.features;
  }

  void check_outputs() {
    std::set<std::string> seen;
    std::vector<std::string> names;
    for (const Layer& layer : network_.layers) names.push_back(layer.name);
    for (std::size_t i = 0; i < network_.outputs.size(); ++i) {
      const std::string& name = network_.outputs[i];
      const std::string pointer = "/outputs/" + std::to_string(i);
      if (name.empty() && !first_pass_) continue;
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        fail_network(pointer, "there is no layer \"" + name + "\"", did_you_mean(name, names));
      } else if (!seen.insert(name).second) {
        fail_network(pointer, "the output \"" + name + "\" is listed twice");
      }
    }
  }

  /// Sums stay far from the end of 64 bits, so that nobody after us has to check.
  void check_macs() {
    constexpr std::int64_t limit = std::int64_t{1} << 60;
    std::int64_t total = 0;
    for (Layer& layer : network_.layers) {
      layer_ = &layer;
      if (layer.macs > limit - total) {
        fail("", "the network has more than 2^60 multiply-accumulates up to this layer");
        return;
      }
      total += layer.macs;
    }
  }

  Network& network_;
  IssueList& issues_;
  const std::set<std::size_t>& unreadable_;
  const bool first_pass_;
  std::map<std::string, Value> values_;
  Layer* layer_ = nullptr;
  std::int64_t batch_ = 1;
};

}  // namespace

std::string shape_text(const Shape& shape) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : shape) sizes.push_back(std::to_string(size));
  return "[" + join(sizes) + "]";
}

const char* op_name(Op op) {
  return kOpNames.at(static_cast<std::size_t>(op));
}

const std::vector<std::string>& op_names() {
  // Without the last: a file names an unmodelled operation by its own name.
  static const std::vector<std::string> names(kOpNames.begin(), kOpNames.end() - 1);
  return names;
}

const char* activation_name(Activation activation) {
  return kActivationNames.at(static_cast<std::size_t>(activation));
}

Activation activation_of(std::string_view name) {
  for (std::size_t i = 0; i < kActivationNames.size(); ++i) {
    if (name == kActivationNames.at(i)) return static_cast<Activation>(i);
  }
  throw Error::internal("network", "there is no activation function \"" + std::string(name) + "\"");
}

bool operator==(const Conv2d& a, const Conv2d& b) {
  return a.kernel == b.kernel && a.stride == b.stride && a.padding == b.padding && a.dilation == b.dilation &&
         std::tie(a.in_channels, a.out_channels, a.groups, a.bias, a.batchnorm) ==
             std::tie(b.in_channels, b.out_channels, b.groups, b.bias, b.batchnorm);
}
bool operator==(const Linear& a, const Linear& b) {
  return std::tie(a.in_features, a.out_features, a.bias, a.weights_from) ==
         std::tie(b.in_features, b.out_features, b.bias, b.weights_from);
}
bool operator==(const Matmul& a, const Matmul& b) {
  return std::tie(a.heads, a.transpose_b, a.merge_heads) == std::tie(b.heads, b.transpose_b, b.merge_heads);
}
bool operator==(const Pool& a, const Pool& b) {
  return a.kind == b.kind && a.kernel == b.kernel && a.stride == b.stride && a.padding == b.padding;
}
bool operator==(const Concat& a, const Concat& b) {
  return a.axis == b.axis;
}
bool operator==(const Select& a, const Select& b) {
  return a.axis == b.axis && a.index == b.index;
}
bool operator==(const Embedding& a, const Embedding& b) {
  return a.entries == b.entries && a.features == b.features;
}
bool operator==(const Parameter& a, const Parameter& b) {
  return a.shape == b.shape;
}
bool operator==(const Unmodelled& a, const Unmodelled& b) {
  return a.op == b.op && a.output_shape == b.output_shape;
}
bool operator==(const Layer& a, const Layer& b) {
  return std::tie(a.name, a.op, a.inputs, a.attributes, a.activation) ==
         std::tie(b.name, b.op, b.inputs, b.attributes, b.activation);
}
bool operator==(const NetworkInput& a, const NetworkInput& b) {
  return std::tie(a.name, a.shape, a.kind) == std::tie(b.name, b.shape, b.kind);
}
bool operator==(const Network& a, const Network& b) {
  return std::tie(a.name, a.description, a.reference, a.batch, a.inputs, a.layers, a.outputs) ==
         std::tie(b.name, b.description, b.reference, b.batch, b.inputs, b.layers, b.outputs);
}

Layout NetworkInput::layout() const {
  return layout_of_rank(shape.size(), kind == Kind::kv_cache ? Layout::heads : Layout::image);
}

void Network::infer() {
  IssueList issues;
  infer(issues);
  issues.throw_if_any();
}

void Network::infer(IssueList& issues, const std::set<std::size_t>& unreadable) {
  Inference(*this, issues, unreadable).run();
}

NetworkTotals Network::totals() const {
  NetworkTotals totals;
  for (const Layer& layer : layers) {
    totals.macs += layer.macs;
    totals.parameters += layer.parameters;
    totals.weight_bytes += layer.weight_bytes;
    totals.matrix_layers += layer.macs > 0 ? 1 : 0;
  }
  return totals;
}

int Network::layer_index(std::string_view layer_name) const {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].name == layer_name) return static_cast<int>(i);
  }
  return -1;
}

Issue Network::issue_at(const Layer& layer, const std::string& key, std::string message, std::string hint) const {
  std::string pointer = layer.place;
  if (!pointer.empty() && pointer.front() == '/' && !key.empty()) pointer += "/" + key;
  std::string at = "layer \"" + layer.name + "\"";
  // Without a JSON pointer the key would be lost.
  if ((pointer.empty() || pointer.front() != '/') && !key.empty()) at += ", " + key;
  return Issue{file, pointer, at + ": " + std::move(message), std::move(hint)};
}

}  // namespace podsim
