#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A network as the hardware sees it: matrices, GEMMs, and the passes between them.
///
/// Everything is a matrix of int8 elements. An image [channels, height, width] of a batch is a matrix with
/// batch*height*width rows (image-major, then row-major pixels) and `channels` columns; a token matrix
/// [tokens, features] has batch*tokens rows; per-head matrices [heads, r, c] have batch*heads*r rows and c columns;
/// a flat vector [f] has one row per image. Layers that only rename or rearrange (flatten, concat, to_tokens, select)
/// cost nothing: they become views.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "podsim/sim/core/memory_budget.hpp"
#include "podsim/workloads/element_map.hpp"
#include "podsim/workloads/gemm.hpp"
#include "podsim/workloads/network.hpp"

namespace podsim {

/// A closed interval of rows; empty if last < first.
struct RowInterval {
  std::int64_t first = 0;
  std::int64_t last = -1;
  bool empty() const { return last < first; }
};

/// A sliding window over images, of a convolution or a pooling: output pixel -> input pixels.
struct Window {
  std::int64_t batch = 1;
  std::int64_t in_height = 1, in_width = 1;
  std::int64_t out_height = 1, out_width = 1;
  std::int64_t kernel_height = 1, kernel_width = 1;
  std::int64_t stride_height = 1, stride_width = 1;
  std::int64_t padding_height = 0, padding_width = 0;
  std::int64_t dilation_height = 1, dilation_width = 1;

  std::int64_t output_rows() const { return batch * out_height * out_width; }
  std::int64_t input_rows() const { return batch * in_height * in_width; }
  /// The hull of the input rows that one output row reads (padding clipped; may be empty if all is padding).
  RowInterval input_rows_of(std::int64_t output_row) const;
  /// How many distinct input pixels one image's output reads (at most in_height*in_width).
  std::int64_t distinct_input_pixels() const;
  /// True if every output row reads exactly the input row of the same number.
  bool is_identity() const;
};

/// One step from a row of a view to the rows it stands for. Affine steps are monotone; a window is not where padding
/// clips it: the first pixel of an image line may read lower rows than the last pixel of the line before. `apply` gives
/// the exact hull of an interval.
struct RowMap {
  enum class Kind {
    affine,  ///< row r -> rows [offset + r*scale, offset + r*scale + span - 1]
    window,  ///< row r -> window.input_rows_of(r)
    all,     ///< any row -> rows [0, span - 1]
  };
  Kind kind = Kind::affine;
  std::int64_t offset = 0;
  std::int64_t scale = 1;
  std::int64_t span = 1;
  Window window;

  RowInterval apply(RowInterval rows) const;
};

/// Where some rows and columns of a view come from.
struct ViewPart {
  int tensor = -1;           ///< index into LoweredNetwork::tensors
  RowInterval rows;          ///< rows of the view that this part supplies
  std::int64_t column = 0;   ///< first column of the view that this part supplies
  std::int64_t columns = 0;  ///< how many
  /// Applied in order to a view row; gives rows of the tensor. Empty: the same row.
  std::vector<RowMap> maps;

  /// Rows of the tensor that the given view rows need from this part (empty if outside `rows`).
  RowInterval tensor_rows(RowInterval view_rows) const;
};

/// A logical matrix made of parts of stored tensors. Together the parts cover it; they overlap behind an unmodelled
/// layer, and where a flatten follows a concat of rows.
struct View {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<ViewPart> parts;
  ElementMapPointer elements;  ///< where each element is; none behind an unmodelled layer
};

/// Where a stored matrix comes from.
enum class TensorOrigin {
  input,      ///< network input in DRAM
  parameter,  ///< learned constant in DRAM (class token, position embedding)
  embedding,  ///< rows gathered from a table in DRAM
  kv_cache,   ///< keys or values of earlier tokens, in DRAM
  operation,  ///< written by an operation of this network
};

/// A stored matrix.
struct Tensor {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  TensorOrigin origin = TensorOrigin::operation;
  int operation = -1;              ///< index into LoweredNetwork::operations, -1 if from DRAM
  bool is_network_output = false;  ///< written back to DRAM
  bool is_cache_update = false;    ///< new keys or values, written back to DRAM for later tokens
};

/// What is applied to one row on its way through a post-processor, in the order listed: up to `requantize` to the
/// accumulator, then to int8. The batchnorm of a convolution itself is part of its bias and multipliers.
struct PostStep {
  enum class Kind { bias, batchnorm, requantize, relu, relu6, gelu, tanh, sigmoid, residual_add, residual_mul };
  Kind kind = Kind::requantize;
  int layer = -1;  ///< index of the network layer it stems from
};

/// What a GEMM's rows are multiplied with.
enum class StationaryOperand {
  weights,     ///< learned, in DRAM
  activation,  ///< another activation, sent to W banks by the pass that produces it
};

/// A matrix layer: groups x (m x k) @ (k x n), then one finalise pass per output tile.
struct GemmOperation {
  Gemm gemm;
  View activation;  ///< X before im2col: rows are pixels or tokens
  Window window;    ///< im2col; `is_identity()` for linear and matmul
  bool is_convolution = false;
  StationaryOperand stationary = StationaryOperand::weights;
  View stationary_view;               ///< the second operand, if it is an activation
  bool transpose_stationary = false;  ///< the second operand is stored as n x k
  std::int64_t weight_set = -1;       ///< equal for layers that share weights; -1 without weights

  /// Group g reads the rows [activation_row(g), +m) of the im2col'ed activation and writes the output rows
  /// [output_row(g), +m) and columns [output_column(g), +n). Groups run batch-major, then head or channel group.
  std::int64_t groups_per_image = 1;
  bool rows_per_group =
      false;  ///< activation rows advance by m with every group (rank-3 operand), else with every image
  bool output_rows_per_group = false;  ///< likewise for the output; otherwise groups write side by side

  /// The residual operand of a fused add or mul; no parts if there is none.
  View residual;
  std::vector<PostStep> post_steps;
  /// Fused pooling: the output tensor keeps the rows before pooling and its consumers see the pooled rows through
  /// their views; the pass combines rows as they leave the post-processor.
  bool has_fused_pool = false;
  Window pool;
};

/// A pass through the post-processors that no GEMM can carry.
struct VectorOperation {
  enum class Kind {
    elementwise,  ///< one row in, one row out: activation functions, batchnorm, or the sum or product of all inputs
    pool,         ///< `window`: input rows are combined into fewer output rows
    row_wise,     ///< softmax, layernorm: a statistics pass, a reduction over the row, a normalising pass
  };
  Kind kind = Kind::elementwise;
  std::vector<View> inputs;
  Window window;                     ///< pool only
  std::vector<PostStep> post_steps;  ///< further elementwise steps fused behind it
};

/// One unit of work. Its output is one stored tensor.
struct Operation {
  std::string name;               ///< of the layer that gives it its name
  int layer = -1;                 ///< index of that layer in Network::layers
  std::vector<int> fused_layers;  ///< indices of the other layers it carries out
  int output = -1;                ///< index into LoweredNetwork::tensors
  int network = 0;                ///< to which one it belongs, if several share the machine
  std::variant<GemmOperation, VectorOperation> work;

  const GemmOperation* gemm() const { return std::get_if<GemmOperation>(&work); }
  const VectorOperation* vector() const { return std::get_if<VectorOperation>(&work); }
};

/// A layer that podsim does not model, kept because the user asked to go on without it.
struct UnmodelledLayer {
  int layer = -1;
  std::string name;
  std::string op;
};

/// A network lowered to operations in execution order. Operation i reads only tensors of operations before i.
struct LoweredNetwork {
  std::string name;
  std::int64_t batch = 1;
  std::vector<std::string> layer_names;
  std::vector<Tensor> tensors;
  std::vector<Operation> operations;
  std::vector<UnmodelledLayer> unmodelled;
  std::vector<View> outputs;  ///< as Network::outputs

  std::int64_t macs() const;
};

/// Lowers a validated network: convolutions become GEMMs by im2col, groups and heads become GEMM groups, and every
/// other operation becomes part of a finalise pass, a pass of its own, or a view.
/// \param max_memory_bytes what its views may need; a batch behind a concatenation has a part per image
/// \throws Error (run_failed) if they need more
LoweredNetwork lower(const Network& network, std::int64_t max_memory_bytes = kDefaultMemoryBytes);

}  // namespace podsim
