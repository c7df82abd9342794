// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/lowering.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "podsim/sim/core/poll.hpp"
#include "podsim/workloads/row_map.hpp"

namespace podsim {
namespace {

/// A value of the network while it is lowered.
struct Value {
  Shape shape;
  Layout layout = Layout::vector;
  View view;
  bool has_view = true;   ///< false for indices
  bool is_cache = false;  ///< comes from a kv_cache input
  int operation = -1;     ///< operation whose whole output this value is, so that a consumer may be fused into it
  int consumers = 0;      ///< how many layer operands read it
  bool is_output = false;
};

PostStep::Kind step_of(Activation activation) {
  switch (activation) {
    case Activation::relu6:
      return PostStep::Kind::relu6;
    case Activation::gelu:
      return PostStep::Kind::gelu;
    case Activation::tanh:
      return PostStep::Kind::tanh;
    case Activation::sigmoid:
      return PostStep::Kind::sigmoid;
    default:
      return PostStep::Kind::relu;
  }
}

/// The step of a layer that changes every element on its own.
PostStep::Kind step_of(Op op) {
  switch (op) {
    case Op::batchnorm:
      return PostStep::Kind::batchnorm;
    case Op::relu6:
      return PostStep::Kind::relu6;
    case Op::gelu:
      return PostStep::Kind::gelu;
    case Op::tanh:
      return PostStep::Kind::tanh;
    case Op::sigmoid:
      return PostStep::Kind::sigmoid;
    default:
      return PostStep::Kind::relu;
  }
}

class Lowering {
 public:
  Lowering(const Network& network, std::int64_t max_memory_bytes)
      : network_(network), batch_(network.batch), budget_(max_memory_bytes) {}

  LoweredNetwork run() {
    out_.name = network_.name;
    out_.batch = batch_;
    for (const Layer& layer : network_.layers) {
      if (layer.shape.empty())
        throw Error::internal("lowering", "the network \"" + network_.name + "\" is not inferred");
      out_.layer_names.push_back(layer.name);
    }
    for (const NetworkInput& input : network_.inputs) add_input(input);
    std::map<std::string, int> consumers;
    for (const Layer& layer : network_.layers) {
      for (const std::string& name : layer.inputs) ++consumers[name];
    }
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
      const Layer& layer = network_.layers[i];
      layer_ = &layer;
      index_ = static_cast<int>(i);
      in_.clear();
      for (const std::string& name : layer.inputs) in_.push_back(&values_.at(name));
      Value value = lower_layer();
      value.shape = layer.shape;
      value.layout = layer.layout;
      value.consumers = consumers[layer.name];
      value.is_output =
          std::find(network_.outputs.begin(), network_.outputs.end(), layer.name) != network_.outputs.end();
      values_.emplace(layer.name, std::move(value));
    }
    mark_outputs();
    finish_order();
    return std::move(out_);
  }

 private:
  // Tensors and views.

  int add_tensor(std::string name, std::int64_t rows, std::int64_t columns, TensorOrigin origin) {
    Tensor tensor;
    tensor.name = std::move(name);
    tensor.rows = rows;
    tensor.columns = columns;
    tensor.origin = origin;
    out_.tensors.push_back(std::move(tensor));
    return static_cast<int>(out_.tensors.size()) - 1;
  }

  const Tensor& tensor(int index) const { return out_.tensors[static_cast<std::size_t>(index)]; }
  Operation& operation(int index) { return out_.operations[static_cast<std::size_t>(index)]; }

  View whole(int index) const {
    const Tensor& t = tensor(index);
    ViewPart part;
    part.tensor = index;
    part.rows = {0, t.rows - 1};
    part.columns = t.columns;
    return View{t.rows, t.columns, {part}, map_tensor(index, t.rows)};
  }

  static std::int64_t rows_of(const Shape& shape, Layout layout) {
    switch (layout) {
      case Layout::vector:
        return 1;
      case Layout::tokens:
        return shape[0];
      case Layout::image:
        return shape[1] * shape[2];
      case Layout::heads:
        break;
    }
    return shape[0] * shape[1];
  }

  static std::int64_t columns_of(const Shape& shape, Layout layout) {
    return layout == Layout::image ? shape[0] : shape.back();
  }

  void add_input(const NetworkInput& input) {
    Value value;
    value.shape = input.shape;
    value.layout = input.layout();
    value.has_view = input.kind != NetworkInput::Kind::indices;
    value.is_cache = input.kind == NetworkInput::Kind::kv_cache;
    if (value.has_view) {
      const TensorOrigin origin = value.is_cache ? TensorOrigin::kv_cache : TensorOrigin::input;
      value.view = whole(add_tensor(input.name, batch_ * rows_of(input.shape, value.layout),
                                    columns_of(input.shape, value.layout), origin));
    }
    values_.emplace(input.name, std::move(value));
  }

  // Operations.

  /// Adds an operation whose output has the shape of the current layer.
  Value add_operation(std::variant<GemmOperation, VectorOperation> work) {
    const Layer& layer = *layer_;
    Operation op;
    op.name = layer.name;
    op.layer = index_;
    op.output = add_tensor(layer.name, batch_ * rows_of(layer.shape, layer.layout),
                           columns_of(layer.shape, layer.layout), TensorOrigin::operation);
    op.work = std::move(work);
    const int index = static_cast<int>(out_.operations.size());
    out_.tensors.back().operation = index;
    out_.operations.push_back(std::move(op));
    order_.push_back(index);
    Value value;
    value.view = whole(out_.operations.back().output);
    value.operation = index;
    return value;
  }

  std::vector<PostStep>& steps_of(Operation& op) {
    if (auto* gemm = std::get_if<GemmOperation>(&op.work)) return gemm->post_steps;
    return std::get<VectorOperation>(op.work).post_steps;
  }

  void add_step(Operation& op, PostStep::Kind kind) { steps_of(op).push_back({kind, index_}); }

  void add_activation(Operation& op) {
    if (layer_->activation != Activation::none) add_step(op, step_of(layer_->activation));
  }

  Value add_gemm(GemmOperation gemm, bool bias, bool batchnorm) {
    Value value = add_operation(std::move(gemm));
    Operation& op = operation(value.operation);
    if (bias) add_step(op, PostStep::Kind::bias);
    if (batchnorm) add_step(op, PostStep::Kind::batchnorm);
    add_step(op, PostStep::Kind::requantize);
    add_activation(op);
    return value;
  }

  Value add_vector(VectorOperation::Kind kind, const Window& window = {}) {
    VectorOperation vector;
    vector.kind = kind;
    vector.window = window;
    for (const Value* operand : in_) vector.inputs.push_back(operand->view);
    Value value = add_operation(std::move(vector));
    add_activation(operation(value.operation));
    return value;
  }

  /// The value may be changed on its way out of its operation: nobody else sees it, and it is stored as it is. A pooled
  /// value is not: it has no operation.
  static bool can_fuse(const Value& value) { return value.operation >= 0 && value.consumers == 1 && !value.is_output; }

  /// The value of the current layer, carried out by the operation of `value`.
  Value fused_into(const Value& value) {
    Operation& op = operation(value.operation);
    op.fused_layers.push_back(index_);
    Value fused;
    fused.view = value.view;
    fused.operation = value.operation;
    return fused;
  }

  Value lower_layer() {
    switch (layer_->op) {
      case Op::conv2d:
        return lower_conv2d(layer_->as<Conv2d>());
      case Op::linear:
        return lower_linear(layer_->as<Linear>());
      case Op::matmul:
        return lower_matmul(layer_->as<Matmul>());
      case Op::pool:
        return lower_pool(layer_->as<Pool>());
      case Op::add:
      case Op::mul:
        return lower_combine();
      case Op::softmax:
      case Op::layernorm:
        return add_vector(VectorOperation::Kind::row_wise);
      case Op::concat:
        return lower_concat(static_cast<std::size_t>(layer_->as<Concat>().axis));
      case Op::flatten:
        return lower_flatten();
      case Op::to_tokens:
        return renamed(in_[0]->view);
      case Op::select: {
        const std::int64_t tokens = in_[0]->shape[0];
        const std::int64_t index = layer_->as<Select>().index;
        View view = rows_by(affine(index, tokens, 1), batch_, in_[0]->view);
        if (in_[0]->view.elements) view.elements = map_rows(in_[0]->view.elements, tokens, index);
        return renamed(std::move(view));
      }
      case Op::embedding: {
        Value value;
        value.view =
            whole(add_tensor(layer_->name, batch_ * layer_->shape[0], layer_->shape[1], TensorOrigin::embedding));
        return value;
      }
      case Op::parameter:
        return constant();
      case Op::unmodelled:
        return lower_unmodelled();
      default:
        return lower_unary();
    }
  }

  Value lower_conv2d(const Conv2d& a) {
    GemmOperation gemm;
    gemm.is_convolution = true;
    gemm.activation = in_[0]->view;
    gemm.window = window_of(a.kernel, a.stride, a.padding, a.dilation);
    gemm.gemm.m = gemm.window.output_rows();
    gemm.gemm.k = a.kernel.height * a.kernel.width * (a.in_channels / a.groups);
    gemm.gemm.n = a.out_channels / a.groups;
    gemm.gemm.groups = a.groups;
    // The batch is in m, so all groups belong to one "image" and read the same rows.
    gemm.groups_per_image = a.groups;
    gemm.weight_set = index_;
    return add_gemm(std::move(gemm), a.bias, a.batchnorm);
  }

  Window window_of(Size2 kernel, Size2 stride, Size2 padding, Size2 dilation) const {
    Window w;
    w.batch = batch_;
    w.in_height = in_[0]->shape[1];
    w.in_width = in_[0]->shape[2];
    w.out_height = layer_->shape[1];
    w.out_width = layer_->shape[2];
    w.kernel_height = kernel.height;
    w.kernel_width = kernel.width;
    w.stride_height = stride.height;
    w.stride_width = stride.width;
    w.padding_height = padding.height;
    w.padding_width = padding.width;
    w.dilation_height = dilation.height;
    w.dilation_width = dilation.width;
    return w;
  }

  static Window identity_window(std::int64_t rows) {
    Window w;
    w.in_height = rows;
    w.out_height = rows;
    return w;
  }

  Value lower_linear(const Linear& a) {
    GemmOperation gemm;
    gemm.activation = in_[0]->view;
    gemm.window = identity_window(gemm.activation.rows);
    gemm.gemm.m = gemm.activation.rows;
    gemm.gemm.k = a.in_features;
    gemm.gemm.n = a.out_features;
    gemm.weight_set = weight_owner();
    return add_gemm(std::move(gemm), a.bias, false);
  }

  /// The layer whose weights the current linear layer uses, through any number of `weights_from`.
  int weight_owner() const {
    int owner = index_;
    for (;;) {
      const auto* linear = std::get_if<Linear>(&network_.layers[static_cast<std::size_t>(owner)].attributes);
      if (linear == nullptr || linear->weights_from.empty()) return owner;
      owner = network_.layer_index(linear->weights_from);
    }
  }

  Value lower_matmul(const Matmul& a) {
    const Value& left = *in_[0];
    const Value& right = *in_[1];
    const std::size_t row_axis = left.layout == Layout::heads ? 1 : 0;
    const bool right_heads = right.layout == Layout::heads;
    const std::int64_t right_rows = right.shape[right_heads ? 1 : 0];
    const std::int64_t right_columns = right_heads ? right.shape[2] : right.shape[1] / a.heads;
    GemmOperation gemm;
    gemm.activation = left.view;
    gemm.window = identity_window(left.view.rows);
    gemm.stationary = StationaryOperand::activation;
    gemm.stationary_view = right.view;
    gemm.transpose_stationary = a.transpose_b;
    gemm.gemm.groups = batch_ * a.heads;
    gemm.gemm.m = left.shape[row_axis];
    gemm.gemm.k = a.transpose_b ? right_columns : right_rows;
    gemm.gemm.n = a.transpose_b ? right_rows : right_columns;
    gemm.groups_per_image = a.heads;
    gemm.rows_per_group = left.layout == Layout::heads;
    gemm.output_rows_per_group = !a.merge_heads;
    return add_gemm(std::move(gemm), false, false);
  }

  Value lower_pool(const Pool& a) {
    const Shape& shape = in_[0]->shape;
    const Window window = a.kind == Pool::Kind::global_avg
                              ? window_of({shape[1], shape[2]}, {shape[1], shape[2]}, {0, 0}, {1, 1})
                              : window_of(a.kernel, a.stride, a.padding, {1, 1});
    // A network output is stored as it is: its rows before pooling must not go to DRAM.
    const bool is_output =
        std::find(network_.outputs.begin(), network_.outputs.end(), layer_->name) != network_.outputs.end();
    if (is_output || !can_fuse(*in_[0]) || operation(in_[0]->operation).gemm() == nullptr) {
      return add_vector(VectorOperation::Kind::pool, window);
    }
    Value value = fused_into(*in_[0]);
    const int fused_operation = value.operation;
    auto& gemm = std::get<GemmOperation>(operation(fused_operation).work);
    gemm.has_fused_pool = true;
    gemm.pool = window;
    value.operation = -1;
    value.view.rows = window.output_rows();
    value.view.elements = map_tensor(operation(fused_operation).output, window.output_rows());
    for (ViewPart& part : value.view.parts) {
      part.rows = {0, value.view.rows - 1};
      part.maps.push_back(window_map(window));
    }
    return value;
  }

  Value lower_unary() {
    const PostStep::Kind kind = step_of(layer_->op);
    if (can_fuse(*in_[0])) {
      Value value = fused_into(*in_[0]);
      add_step(operation(value.operation), kind);
      add_activation(operation(value.operation));
      return value;
    }
    return add_vector(VectorOperation::Kind::elementwise);
  }

  /// add, mul: fused into the last GEMM among two inputs, which then reads the other one as its residual.
  Value lower_combine() {
    if (in_.size() == 2) {
      int chosen = -1;
      for (int j = 0; j < 2; ++j) {
        const Value& candidate = *in_[static_cast<std::size_t>(j)];
        if (!can_fuse(candidate)) continue;
        const GemmOperation* gemm = operation(candidate.operation).gemm();
        if (gemm == nullptr || !gemm->residual.parts.empty()) continue;
        if (chosen < 0 || candidate.operation > in_[static_cast<std::size_t>(chosen)]->operation) chosen = j;
      }
      if (chosen >= 0) return fuse_residual(*in_[static_cast<std::size_t>(chosen)], *in_[chosen == 0 ? 1 : 0]);
    }
    return add_vector(VectorOperation::Kind::elementwise);
  }

  Value fuse_residual(const Value& into, const Value& other) {
    Value value = fused_into(into);
    Operation& op = operation(value.operation);
    std::get<GemmOperation>(op.work).residual = other.view;
    add_step(op, layer_->op == Op::add ? PostStep::Kind::residual_add : PostStep::Kind::residual_mul);
    add_activation(op);
    move_behind(value.operation, other.view);
    return value;
  }

  /// Moves an operation nobody reads yet behind those whose outputs `view` needs.
  void move_behind(int index, const View& view) {
    const auto own = std::find(order_.begin(), order_.end(), index);
    auto last = own;
    for (const ViewPart& part : view.parts) {
      const int source = tensor(part.tensor).operation;
      if (source < 0) continue;
      const auto at = std::find(order_.begin(), order_.end(), source);
      if (at > last) last = at;
    }
    std::rotate(own, own + 1, last + 1);
  }

  // Layers that only rearrange.

  /// The value of the current layer, which is a view of its only input.
  Value renamed(View view) {
    Value value;
    const bool same = view.parts.size() == 1 && view.parts[0].maps.empty() &&
                      view.rows == tensor(view.parts[0].tensor).rows &&
                      view.columns == tensor(view.parts[0].tensor).columns;
    // Still the plain output of the operation: what follows may be fused into that.
    if (same && can_fuse(*in_[0])) value.operation = in_[0]->operation;
    value.is_cache = in_[0]->is_cache;
    value.view = std::move(view);
    return value;
  }

  View rows_by(const RowMap& step, std::int64_t rows, const View& inner) {
    View view;
    view.rows = rows;
    view.columns = inner.columns;
    for (const ViewPart& part : inner.parts) {
      poll();
      take_parts(compose_count(step, rows, part));
      compose(step, rows, part, view.parts);
    }
    return view;
  }

  Value lower_flatten() {
    const Value& in = *in_[0];
    const std::int64_t rows = rows_of(in.shape, in.layout);
    const std::int64_t columns = in.view.columns;
    if (in.layout == Layout::vector) return renamed(in.view);
    View view;
    view.rows = batch_;
    view.columns = rows * columns;
    if (in.view.elements) view.elements = map_flat(in.view.elements, rows, columns, in.layout == Layout::image);
    for (const ViewPart& part : in.view.parts) {
      const std::size_t begin = view.parts.size();
      poll();
      take_parts(compose_count(affine(0, rows, rows), batch_, part));
      compose(affine(0, rows, rows), batch_, part, view.parts);
      for (std::size_t i = begin; i < view.parts.size(); ++i) {
        ViewPart& piece = view.parts[i];
        // Rows of one image that the piece has; all of them if it stands for whole images.
        const std::int64_t base = piece.rows.first * rows;
        const std::int64_t first = std::max<std::int64_t>(0, part.rows.first - base);
        const std::int64_t last = std::min(rows - 1, part.rows.last - base);
        std::int64_t first_column = first * columns + part.column;
        std::int64_t last_column = last * columns + part.column + part.columns - 1;
        if (in.layout == Layout::image) {
          first_column = part.column * rows + first;
          last_column = (part.column + part.columns - 1) * rows + last;
        }
        piece.column = first_column;
        piece.columns = last_column - first_column + 1;
      }
    }
    return renamed(std::move(view));
  }

  Value lower_concat(std::size_t axis) {
    const Value& first = *in_[0];
    Value value;
    const bool by_columns = first.layout == Layout::image ? axis == 0 : axis + 1 == first.shape.size();
    value.view = by_columns ? beside() : below(axis);
    for (const Value* operand : in_) value.is_cache = value.is_cache || operand->is_cache;
    if (value.is_cache) {
      for (const Value* operand : in_) {
        if (!operand->is_cache) mark(operand->view, &Tensor::is_cache_update);
      }
    }
    if (in_.size() == 1) return renamed(std::move(value.view));
    return value;
  }

  View beside() const {
    View view;
    view.rows = in_[0]->view.rows;
    std::vector<ElementMapPointer> maps;
    std::vector<std::int64_t> columns;
    for (const Value* operand : in_) {
      maps.push_back(operand->view.elements);
      columns.push_back(operand->view.columns);
      for (ViewPart part : operand->view.parts) {
        part.column += view.columns;
        view.parts.push_back(part);
      }
      view.columns += operand->view.columns;
    }
    if (std::find(maps.begin(), maps.end(), nullptr) == maps.end()) {
      view.elements = map_beside(std::move(maps), columns);
    }
    return view;
  }

  /// Before views get more parts than memory is allowed for.
  void take_parts(std::int64_t count) {
    // Values and the operations that read them have copies.
    constexpr auto kBytesPerPart = static_cast<std::int64_t>(3 * (sizeof(ViewPart) + sizeof(RowMap)));
    budget_.take(count, kBytesPerPart, "the views of \"" + network_.name + "\" at \"" + layer_->name + "\"");
  }

  /// Blocks of `rows` rows, each with the indices of the parts that have rows in it; in this order.
  std::vector<std::pair<std::int64_t, std::size_t>> blocks_of_parts(const View& view, std::int64_t rows) {
    std::int64_t count = 0;
    for (const ViewPart& part : view.parts) count += part.rows.last / rows - part.rows.first / rows + 1;
    take_parts(count);
    std::vector<std::pair<std::int64_t, std::size_t>> out;
    out.reserve(static_cast<std::size_t>(count));
    for (std::size_t n = 0; n < view.parts.size(); ++n) {
      const RowInterval at = view.parts[n].rows;
      for (std::int64_t block = at.first / rows; block <= at.last / rows; ++block) out.emplace_back(block, n);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  /// Concatenation of rows: `blocks` times, one after the other, the operands' blocks of rows.
  View below(std::size_t axis) {
    const Layout layout = in_[0]->layout;
    std::int64_t blocks = batch_;
    std::size_t begin = 0;
    if (layout == Layout::image) begin = 1;
    for (std::size_t i = begin; i < axis; ++i) blocks *= in_[0]->shape[i];
    View view;
    view.columns = in_[0]->view.columns;
    for (const Value* operand : in_) view.rows += operand->view.rows;
    const std::int64_t block_rows = view.rows / blocks;
    std::int64_t offset = 0;
    std::vector<ElementMapPointer> maps;
    std::vector<std::int64_t> rows_of_part;
    for (const Value* operand : in_) {
      const std::int64_t rows = operand->view.rows / blocks;
      maps.push_back(operand->view.elements);
      rows_of_part.push_back(rows);
      for (const auto& [block, index] : blocks_of_parts(operand->view, rows)) {
        poll();
        // View row r of this block is row r - outer + inner of the operand.
        const std::int64_t outer = block * block_rows + offset;
        const std::int64_t inner = block * rows;
        const ViewPart& part = operand->view.parts[index];
        ViewPart piece = part;
        const RowInterval common{std::max(part.rows.first, inner), std::min(part.rows.last, inner + rows - 1)};
        piece.rows = {common.first - inner + outer, common.last - inner + outer};
        piece.maps.clear();
        append_map(piece.maps, affine(inner - outer, 1, 1));
        for (const RowMap& map : part.maps) append_map(piece.maps, map);
        view.parts.push_back(std::move(piece));
      }
      offset += rows;
    }
    if (std::find(maps.begin(), maps.end(), nullptr) == maps.end()) {
      view.elements = map_below(std::move(maps), std::move(rows_of_part));
    }
    return view;
  }

  /// A learned constant: every image of the batch sees the same rows.
  Value constant() {
    const Layer& layer = *layer_;
    const std::int64_t rows = rows_of(layer.shape, layer.layout);
    const int index = add_tensor(layer.name, rows, columns_of(layer.shape, layer.layout), TensorOrigin::parameter);
    Value value;
    value.view = whole(index);
    value.view.rows = batch_ * rows;
    const ViewPart part = value.view.parts.front();
    value.view.parts.clear();
    take_parts(batch_);
    for (std::int64_t image = 0; image < batch_; ++image) {
      ViewPart piece = part;
      piece.rows = {image * rows, (image + 1) * rows - 1};
      append_map(piece.maps, affine(-image * rows, 1, 1));
      value.view.parts.push_back(std::move(piece));
    }
    return value;
  }

  Value lower_unmodelled() {
    out_.unmodelled.push_back({index_, layer_->name, layer_->as<Unmodelled>().op});
    Value value;
    value.view.rows = batch_ * rows_of(layer_->shape, layer_->layout);
    value.view.columns = columns_of(layer_->shape, layer_->layout);
    for (const Value* operand : in_) {
      for (const ViewPart& source : operand->view.parts) {
        ViewPart part;
        part.tensor = source.tensor;
        part.rows = {0, value.view.rows - 1};
        part.columns = value.view.columns;
        part.maps = {all_rows(tensor(source.tensor).rows)};
        const bool seen = std::any_of(value.view.parts.begin(), value.view.parts.end(),
                                      [&](const ViewPart& other) { return other.tensor == part.tensor; });
        if (!seen) value.view.parts.push_back(std::move(part));
      }
    }
    return value.view.parts.empty() ? constant() : value;
  }

  // The end.

  void mark(const View& view, bool Tensor::*flag) {
    for (const ViewPart& part : view.parts) {
      Tensor& t = out_.tensors[static_cast<std::size_t>(part.tensor)];
      if (t.origin == TensorOrigin::operation) t.*flag = true;
    }
  }

  void mark_outputs() {
    for (const std::string& name : network_.outputs) {
      const View& view = values_.at(name).view;
      mark(view, &Tensor::is_network_output);
      out_.outputs.push_back(view);
    }
  }

  void finish_order() {
    std::vector<Operation> sorted;
    sorted.reserve(order_.size());
    for (const int index : order_) {
      sorted.push_back(std::move(operation(index)));
      out_.tensors[static_cast<std::size_t>(sorted.back().output)].operation = static_cast<int>(sorted.size()) - 1;
    }
    out_.operations = std::move(sorted);
  }

  const Network& network_;
  const std::int64_t batch_;
  MemoryBudget budget_;
  LoweredNetwork out_;
  std::vector<int> order_;
  std::map<std::string, Value> values_;
  const Layer* layer_ = nullptr;
  int index_ = -1;
  std::vector<const Value*> in_;
};

}  // namespace

std::int64_t LoweredNetwork::macs() const {
  std::int64_t total = 0;
  for (const Operation& operation : operations) {
    if (const GemmOperation* gemm = operation.gemm()) total += gemm->gemm.macs();
  }
  return total;
}

LoweredNetwork lower(const Network& network, std::int64_t max_memory_bytes) {
  return Lowering(network, max_memory_bytes).run();
}

}  // namespace podsim
