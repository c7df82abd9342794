#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A network: a directed acyclic graph of layers, with shapes, multiply-accumulates and parameters.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// Sizes without the batch: [features], [tokens, features], [channels, height, width] or [heads, rows, columns].
using Shape = std::vector<std::int64_t>;

/// "[3, 224, 224]"
std::string shape_text(const Shape& shape);

/// No tensor of a network may have more elements than this, batch included.
constexpr std::int64_t kMaximumElements = std::int64_t{1} << 40;
/// No kernel, stride, padding or dilation may be larger than this.
constexpr std::int64_t kMaximumWindow = std::int64_t{1} << 20;
constexpr std::int64_t kMaximumBatch = std::int64_t{1} << 20;

/// What the axes of a shape mean; images and per-head matrices both have three.
enum class Layout { vector, tokens, image, heads };

/// A size along height and width.
struct Size2 {
  std::int64_t height = 1;
  std::int64_t width = 1;
};
inline bool operator==(Size2 a, Size2 b) {
  return a.height == b.height && a.width == b.width;
}
inline bool operator!=(Size2 a, Size2 b) {
  return !(a == b);
}

/// What a layer does. `unmodelled` stands for any operation that podsim does not know.
enum class Op {
  conv2d,
  linear,
  matmul,
  pool,
  add,
  mul,
  concat,
  batchnorm,
  layernorm,
  softmax,
  relu,
  relu6,
  gelu,
  tanh,
  sigmoid,
  flatten,
  to_tokens,
  select,
  embedding,
  parameter,
  unmodelled,
};

/// The name of an operation in workload files.
const char* op_name(Op op);
/// The names of all operations podsim knows.
const std::vector<std::string>& op_names();

/// An activation function fused into a layer.
enum class Activation { none, relu, relu6, gelu, tanh, sigmoid };

/// The name of an activation function in workload files; "none" for none.
const char* activation_name(Activation activation);
/// \throws Error (internal) if `name` is no activation function
Activation activation_of(std::string_view name);

/// conv2d: [in_channels, h, w] -> [out_channels, h', w'], h' = floor((h + 2 padding - dilation (kernel - 1) - 1) /
/// stride) + 1.
struct Conv2d {
  std::int64_t in_channels = 1;
  std::int64_t out_channels = 1;
  Size2 kernel;
  Size2 stride;
  Size2 padding{0, 0};
  Size2 dilation;
  std::int64_t groups = 1;
  bool bias = false;
  bool batchnorm = false;  ///< folded at inference; two parameters per output channel
};

/// linear: [..., in_features] -> [..., out_features].
struct Linear {
  std::int64_t in_features = 1;
  std::int64_t out_features = 1;
  bool bias = false;
  std::string weights_from;  ///< a layer whose weights this one uses (tied head); empty for weights of its own
};

/// matmul of two activations; an operand [rows, heads*d] is read as `heads` matrices [rows, d] side by side.
struct Matmul {
  std::int64_t heads = 1;
  bool transpose_b = false;  ///< the second operand is stored as n x k
  bool merge_heads = false;  ///< the output is [m, heads*n], not [heads, m, n]
};

/// Pooling of an image. `global_avg` has no kernel: it covers the image.
struct Pool {
  enum class Kind { max, avg, global_avg };
  Kind kind = Kind::max;
  Size2 kernel;
  Size2 stride;
  Size2 padding{0, 0};
};

struct Concat {
  std::int64_t axis = 0;
};

/// One row out of a token matrix: [tokens, features] -> [1, features].
struct Select {
  std::int64_t axis = 0;
  std::int64_t index = 0;
};

/// [n] indices -> [n, features], out of a table with `entries` rows.
struct Embedding {
  std::int64_t entries = 1;
  std::int64_t features = 1;
};

/// A learned constant, the same for every image of a batch.
struct Parameter {
  Shape shape;
};

/// An operation that podsim does not know, kept on request.
struct Unmodelled {
  std::string op;
  Shape output_shape;
};

/// monostate: operations without attributes.
using LayerAttributes =
    std::variant<std::monostate, Conv2d, Linear, Matmul, Pool, Concat, Select, Embedding, Parameter, Unmodelled>;

bool operator==(const Conv2d& a, const Conv2d& b);
bool operator==(const Linear& a, const Linear& b);
bool operator==(const Matmul& a, const Matmul& b);
bool operator==(const Pool& a, const Pool& b);
bool operator==(const Concat& a, const Concat& b);
bool operator==(const Select& a, const Select& b);
bool operator==(const Embedding& a, const Embedding& b);
bool operator==(const Parameter& a, const Parameter& b);
bool operator==(const Unmodelled& a, const Unmodelled& b);

/// One node of a network. It reads the outputs of earlier layers and network inputs, by name.
struct Layer {
  std::string name;
  Op op = Op::relu;
  std::vector<std::string> inputs;
  LayerAttributes attributes;
  /// Of conv2d, linear, matmul, add, mul, batchnorm and layernorm.
  Activation activation = Activation::none;

  /// Where the layer was written, for errors: a JSON pointer or "line 7"; may be empty.
  std::string place;

  // Derived by Network::infer().
  Shape shape;  ///< of the output, without the batch; empty before
  Layout layout = Layout::vector;
  std::int64_t macs = 0;          ///< of the whole batch
  std::int64_t parameters = 0;    ///< batchnorm counts two per channel, shared weights count once
  std::int64_t weight_bytes = 0;  ///< int8 matrix weights that the layer reads, shared or not; no biases

  template <class Attributes>
  const Attributes& as() const {
    return std::get<Attributes>(attributes);
  }
};
/// Equality of what was written; derived members and the place do not count.
bool operator==(const Layer& a, const Layer& b);

struct NetworkInput {
  enum class Kind {
    activation,
    indices,   ///< numbers of rows of an embedding
    kv_cache,  ///< keys or values of earlier tokens, in DRAM
  };
  std::string name;
  Shape shape;
  Kind kind = Kind::activation;

  /// Images have three axes, and so have per-head caches.
  Layout layout() const;
};
bool operator==(const NetworkInput& a, const NetworkInput& b);

/// What the layers of a network add up to.
struct NetworkTotals {
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t matrix_layers = 0;  ///< layers with multiply-accumulates
};

/// A directed acyclic graph of layers in execution order.
struct Network {
  std::string name;
  std::string description;
  std::string reference;
  std::int64_t batch = 1;
  std::vector<NetworkInput> inputs;
  std::vector<Layer> layers;
  std::vector<std::string> outputs;

  /// What errors call the network's source: a file, "zoo:resnet50", …; may be empty.
  std::string file;

  /// Checks the network and fills in the derived members of its layers; call it again after any change.
  /// \throws Error (bad_input) with all mistakes
  void infer();
  /// The same, but adds the mistakes to `issues`. Layers whose index is in `unreadable` are not looked into.
  void infer(IssueList& issues, const std::set<std::size_t>& unreadable = {});

  NetworkTotals totals() const;
  /// Index of the layer of that name, or -1.
  int layer_index(std::string_view layer_name) const;

  /// An issue at one layer; `key` names the attribute, or is empty.
  Issue issue_at(const Layer& layer, const std::string& key, std::string message, std::string hint = {}) const;
};
/// Equality of what was written; derived members and places do not count.
bool operator==(const Network& a, const Network& b);

/// The workload JSON of a network ("dnn-workload", version 1), totals included.
Json to_json(const Network& network);
/// The same as text with one layer a line, easy to read, compare and edit.
std::string to_text(const Network& network);

}  // namespace podsim
