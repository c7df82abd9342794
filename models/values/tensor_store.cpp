// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/values/tensor_store.hpp"

#include <algorithm>
#include <string>

namespace podsim {
namespace {

/// [batch, channels, pixels] -> [batch * pixels, channels], and back.
std::vector<std::int8_t> swap_axes(const std::vector<std::int8_t>& in, std::int64_t batch, std::int64_t outer,
                                   std::int64_t inner) {
  std::vector<std::int8_t> out(in.size());
  const std::int8_t* from = in.data();
  for (std::int64_t image = 0; image < batch; ++image) {
    std::int8_t* to = out.data() + image * outer * inner;
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t i = 0; i < inner; ++i) to[i * outer + o] = *from++;
    }
  }
  return out;
}

std::int64_t pixels(const Shape& shape) {
  return shape[1] * shape[2];
}

std::vector<std::int8_t> to_matrix(const std::vector<std::int8_t>& tensor, const Shape& shape, Layout layout,
                                   std::int64_t batch) {
  return layout == Layout::image ? swap_axes(tensor, batch, shape[0], pixels(shape)) : tensor;
}

std::vector<std::int8_t> gather_rows(const std::vector<std::int8_t>& table, const std::vector<std::int32_t>& indices,
                                     std::int64_t features) {
  std::vector<std::int8_t> out;
  out.reserve(indices.size() * static_cast<std::size_t>(features));
  for (const std::int32_t index : indices) {
    const auto row = table.begin() + index * features;
    out.insert(out.end(), row, row + features);
  }
  return out;
}

std::size_t input_index(const Network& network, const std::string& name) {
  for (std::size_t i = 0; i < network.inputs.size(); ++i) {
    if (network.inputs[i].name == name) return i;
  }
  throw Error::internal("values", "there is no network input \"" + name + "\"");
}

/// The output positions along one axis whose windows contain an input position.
RowInterval windows_at(std::int64_t position, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                       std::int64_t padding) {
  const std::int64_t reach = position + padding - kernel + 1;
  const std::int64_t first = reach <= 0 ? 0 : (reach + stride - 1) / stride;
  return {first, std::min(out - 1, (position + padding) / stride)};
}

std::int64_t taps(std::int64_t position, std::int64_t in, std::int64_t kernel, std::int64_t stride,
                  std::int64_t padding) {
  const std::int64_t start = position * stride - padding;
  return std::max<std::int64_t>(0, std::min(in, start + kernel) - std::max<std::int64_t>(0, start));
}

std::int64_t taps(const Window& w, std::int64_t row) {
  return taps(row % w.out_width, w.in_width, w.kernel_width, w.stride_width, w.padding_width) *
         taps(row / w.out_width % w.out_height, w.in_height, w.kernel_height, w.stride_height, w.padding_height);
}

}  // namespace

std::vector<std::vector<std::int8_t>> dram_tensors(const Network& network, const LoweredNetwork& lowered,
                                                   const NetworkValues& values) {
  std::vector<std::vector<std::int8_t>> out;
  for (const Tensor& tensor : lowered.tensors) {
    switch (tensor.origin) {
      case TensorOrigin::input:
      case TensorOrigin::kv_cache: {
        const std::size_t i = input_index(network, tensor.name);
        out.push_back(to_matrix(values.inputs[i], network.inputs[i].shape, network.inputs[i].layout(), network.batch));
        break;
      }
      case TensorOrigin::parameter: {
        const int layer = network.layer_index(tensor.name);
        const Layer& what = network.layers[static_cast<std::size_t>(layer)];
        out.push_back(to_matrix(values.layers[static_cast<std::size_t>(layer)].weight, what.shape, what.layout, 1));
        break;
      }
      case TensorOrigin::embedding: {
        const int layer = network.layer_index(tensor.name);
        const Layer& what = network.layers[static_cast<std::size_t>(layer)];
        const std::size_t i = input_index(network, what.inputs.front());
        out.push_back(gather_rows(values.layers[static_cast<std::size_t>(layer)].weight, values.indices[i],
                                  what.as<Embedding>().features));
        break;
      }
      case TensorOrigin::operation:
        out.emplace_back();
    }
  }
  return out;
}

std::vector<std::int8_t> output_tensor(const Network& network, const LoweredNetwork& lowered, const TensorStore& store,
                                       std::size_t output) {
  const View& view = lowered.outputs[output];
  std::vector<std::int8_t> matrix;
  matrix.reserve(static_cast<std::size_t>(view.rows * view.columns));
  std::vector<Segment> segments;
  for (std::int64_t row = 0; row < view.rows; ++row) {
    segments.clear();
    view.elements->locate(row, 0, view.columns, segments);
    for (const Segment& segment : segments) {
      const std::int8_t* from = store.at(segment.tensor, segment.row, segment.column);
      matrix.insert(matrix.end(), from, from + segment.count);
    }
  }
  const auto index = static_cast<std::size_t>(network.layer_index(network.outputs[output]));
  const Layer& layer = network.layers.at(index);  // inputs are no outputs
  return layer.layout == Layout::image ? swap_axes(matrix, network.batch, pixels(layer.shape), layer.shape[0]) : matrix;
}

TensorStore::TensorStore(const Network& network, const LoweredNetwork& lowered, const NetworkValues& values)
    : values_(values) {
  std::vector<std::vector<std::int8_t>> held = dram_tensors(network, lowered, values);
  for (std::size_t t = 0; t < lowered.tensors.size(); ++t) {
    const Tensor& tensor = lowered.tensors[t];
    Stored stored;
    stored.rows = tensor.rows;
    stored.columns = tensor.columns;
    if (tensor.origin != TensorOrigin::operation) {
      stored.data = std::move(held[t]);
      tensors_.push_back(std::move(stored));
      continue;
    }
    const Operation& operation = lowered.operations[static_cast<std::size_t>(tensor.operation)];
    stored.layer = operation.layer;
    if (const GemmOperation* gemm = operation.gemm()) {
      if (gemm->has_fused_pool) stored.pool = &gemm->pool;
      // The pooling is the last of the fused layers.
      if (stored.pool != nullptr) stored.layer = operation.fused_layers.back();
    } else if (operation.vector()->kind == VectorOperation::Kind::pool) {
      stored.pool = &operation.vector()->window;
      stored.steps = &operation.vector()->post_steps;
    }
    if (stored.pool != nullptr) {
      stored.rows = stored.pool->output_rows();
      stored.is_max = network.layers[static_cast<std::size_t>(stored.layer)].as<Pool>().kind == Pool::Kind::max;
    }
    const auto rows = static_cast<std::size_t>(stored.rows);
    stored.data.assign(rows * static_cast<std::size_t>(stored.columns), kUnwritten);
    stored.written.assign(rows, kNeverWritten);
    stored.latest.assign(rows, 0);
    stored.missing.assign(rows, stored.columns);
    if (stored.pool != nullptr) {
      stored.partial.assign(stored.data.size(), stored.is_max ? std::numeric_limits<std::int32_t>::min() : 0);
      for (std::size_t r = 0; r < rows; ++r) {
        stored.missing[r] = stored.columns * taps(*stored.pool, static_cast<std::int64_t>(r));
        if (stored.missing[r] == 0) complete_pooled(stored, static_cast<std::int64_t>(r));
      }
    }
    tensors_.push_back(std::move(stored));
  }
}

void TensorStore::write(int tensor, std::int64_t row, std::int64_t column, const std::int32_t* values,
                        std::int64_t count, std::int64_t cycle) {
  Stored& stored = tensors_[static_cast<std::size_t>(tensor)];
  if (stored.pool != nullptr) {
    pool_row(stored, row, column, values, count, cycle);
    return;
  }
  std::int8_t* to = stored.data.data() + row * stored.columns + column;
  for (std::int64_t c = 0; c < count; ++c) to[c] = static_cast<std::int8_t>(values[c]);
  const auto r = static_cast<std::size_t>(row);
  stored.latest[r] = std::max(stored.latest[r], cycle);
  stored.missing[r] -= count;
  if (stored.missing[r] == 0) stored.written[r] = stored.latest[r];
}

void TensorStore::pool_row(Stored& stored, std::int64_t row, std::int64_t column, const std::int32_t* values,
                           std::int64_t count, std::int64_t cycle) {
  const Window& w = *stored.pool;
  const std::int64_t image = row / (w.in_width * w.in_height);
  const RowInterval lines =
      windows_at(row / w.in_width % w.in_height, w.out_height, w.kernel_height, w.stride_height, w.padding_height);
  const RowInterval across = windows_at(row % w.in_width, w.out_width, w.kernel_width, w.stride_width, w.padding_width);
  for (std::int64_t y = lines.first; y <= lines.last; ++y) {
    for (std::int64_t x = across.first; x <= across.last; ++x) {
      const std::int64_t pooled = (image * w.out_height + y) * w.out_width + x;
      std::int32_t* partial = stored.partial.data() + pooled * stored.columns + column;
      if (stored.is_max) {
        for (std::int64_t c = 0; c < count; ++c) partial[c] = std::max(partial[c], values[c]);
      } else {
        for (std::int64_t c = 0; c < count; ++c) partial[c] += values[c];
      }
      const auto p = static_cast<std::size_t>(pooled);
      stored.latest[p] = std::max(stored.latest[p], cycle);
      stored.missing[p] -= count;
      if (stored.missing[p] == 0) complete_pooled(stored, pooled);
    }
  }
}

void TensorStore::complete_pooled(Stored& stored, std::int64_t row) {
  std::int32_t* partial = stored.partial.data() + row * stored.columns;
  if (!stored.is_max) {
    const std::int64_t count = taps(*stored.pool, row);  // not 0: padding is less than the kernel
    for (std::int64_t c = 0; c < stored.columns; ++c) {
      partial[c] = static_cast<std::int32_t>(divide_half_even(partial[c], count));
    }
  }
  if (stored.steps != nullptr) {
    PostRow out;
    out.values = partial;
    out.count = stored.columns;
    apply_steps(*stored.steps, stored.layer, values_, out);
  }
  std::int8_t* to = stored.data.data() + row * stored.columns;
  for (std::int64_t c = 0; c < stored.columns; ++c) to[c] = static_cast<std::int8_t>(partial[c]);
  stored.written[static_cast<std::size_t>(row)] = stored.latest[static_cast<std::size_t>(row)];
}

}  // namespace podsim
