// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/reference.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "podsim/sim/core/wide.hpp"
#include "podsim/workloads/dot_product.hpp"
#include "podsim/workloads/parallel.hpp"
#include "podsim/workloads/reference_sums.hpp"
#include "podsim/workloads/value_shapes.hpp"

namespace podsim {
namespace {

using Tensor = std::vector<std::int8_t>;

std::int64_t elements(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

std::int8_t saturate(std::int64_t value) {
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(value, -128, 127));
}

/// floor(sqrt(value))
std::int64_t root(Wide value) {
  auto d = static_cast<std::int64_t>(std::sqrt(static_cast<double>(value)));
  while (Wide{d} * d > value) --d;
  while (Wide{d + 1} * (d + 1) <= value) ++d;
  return d;
}

/// The positions of a pooling window along one axis that lie inside the image.
struct Taps {
  std::int64_t begin, end;
  Taps(std::int64_t position, std::int64_t kernel, std::int64_t stride, std::int64_t padding, std::int64_t size)
      : begin(std::max<std::int64_t>(position * stride - padding, 0)),
        end(std::min(position * stride - padding + kernel, size)) {}
  std::int64_t count() const { return std::max<std::int64_t>(end - begin, 0); }
};

class Evaluation {
 public:
  Evaluation(const Network& network, const NetworkValues& values, const ReferenceOptions& options)
      : network_(network), values_(values), options_(options), tensors_(network.layers.size()) {
    threads_ = options.threads > 0 ? options.threads : default_threads();
    scratch_.threads = threads_;
    const auto count = static_cast<int>(network.layers.size());
    last_use_.assign(network.layers.size(), -1);
    for (std::size_t i = 0; i < network.inputs.size(); ++i) inputs_[network.inputs[i].name] = i;
    for (int i = 0; i < count; ++i) {
      layers_[network.layers[static_cast<std::size_t>(i)].name] = static_cast<std::size_t>(i);
      for (const std::string& name : network.layers[static_cast<std::size_t>(i)].inputs) use(name, i);
    }
    for (const std::string& name : network.outputs) use(name, count);
  }

  NetworkOutputs run() {
    const auto count = static_cast<int>(network_.layers.size());
    for (int i = 0; i < count; ++i) {
      const auto index = static_cast<std::size_t>(i);
      Tensor out(static_cast<std::size_t>(network_.batch * elements(network_.layers[index].shape)));
      compute(i, out);
      if (options_.observe) options_.observe(i, out);
      if (last_use_[index] > i) tensors_[index] = std::move(out);
      for (const std::string& name : network_.layers[index].inputs) {
        const auto at = layers_.find(name);
        if (at != layers_.end() && last_use_[at->second] == i) Tensor().swap(tensors_[at->second]);
      }
    }
    NetworkOutputs outputs;
    for (const std::string& name : network_.outputs) outputs.tensors.push_back(std::move(tensors_[layers_.at(name)]));
    return outputs;
  }

 private:
  void use(const std::string& name, int layer) {
    const auto at = layers_.find(name);
    if (at != layers_.end()) last_use_[at->second] = layer;
  }

  TensorView read(const std::string& name) const {
    const auto layer = layers_.find(name);
    if (layer != layers_.end()) {
      const Layer& l = network_.layers[layer->second];
      return {tensors_[layer->second].data(), &l.shape, l.layout};
    }
    const std::size_t input = inputs_.at(name);
    return {values_.inputs[input].data(), &network_.inputs[input].shape, network_.inputs[input].layout()};
  }

  void compute(int index, Tensor& out) {
    const Layer& layer = network_.layers[static_cast<std::size_t>(index)];
    const LayerValues& v = values_.layers[static_cast<std::size_t>(index)];
    std::vector<TensorView> in;
    if (layer.op != Op::embedding) {
      for (const std::string& name : layer.inputs) in.push_back(read(name));
    }
    const std::int32_t* bias = v.bias.empty() ? nullptr : v.bias.data();
    switch (layer.op) {
      case Op::conv2d:
        conv2d_sums(layer, network_.batch, in[0], v.weight.data(), bias, scratch_, sums_);
        requantise_image(index, out);
        break;
      case Op::linear: {
        const auto owner = static_cast<std::size_t>(weight_owner(network_, index));
        linear_sums(layer, network_.batch, in[0], values_.layers[owner].weight.data(), bias, scratch_, sums_);
        requantise(index, {sums_, layer.as<Linear>().out_features, 1}, out);
        break;
      }
      case Op::matmul:
        matmul_sums(layer, network_.batch, in[0], in[1], scratch_, sums_);
        requantise(index, {sums_, 1, 1}, out);
        break;
      case Op::add:
      case Op::mul:
        combine(layer.op, in, out.size());
        requantise(index, {sums_, 1, 1}, out);
        break;
      case Op::batchnorm: {
        const std::size_t axis = channel_axis(layer);
        const std::int64_t channels = layer.shape[axis];
        const std::int64_t inner = axis == 0 ? elements(layer.shape) / channels : 1;
        normalise_batch(in[0], v, channels, inner, out.size());
        requantise(index, {sums_, channels, inner}, out);
        break;
      }
      case Op::pool:
        pool(layer, in[0], out);
        break;
      case Op::concat:
        concatenate(layer, in, out);
        break;
      case Op::layernorm:
        normalise_layer(layer, in[0], v, out);
        break;
      case Op::softmax:
        softmax(layer, in[0], v, out);
        break;
      case Op::relu:
      case Op::relu6:
      case Op::gelu:
      case Op::tanh:
      case Op::sigmoid:
        copy(in[0], out);
        activate(activation_of(op_name(layer.op)), v, out);
        break;
      case Op::flatten:
        copy(in[0], out);
        break;
      case Op::to_tokens: {
        const Shape& s = *in[0].shape;
        for (std::int64_t image = 0; image < network_.batch; ++image) {
          const std::int64_t first = image * elements(s);
          transpose_bytes(reinterpret_cast<const std::uint8_t*>(in[0].data) + first, s[1] * s[2], s[0], s[1] * s[2],
                          reinterpret_cast<std::uint8_t*>(out.data()) + first, s[0], 0);
        }
        break;
      }
      case Op::select: {
        const std::int64_t rows = (*in[0].shape)[0], columns = (*in[0].shape)[1];
        for (std::int64_t image = 0; image < network_.batch; ++image) {
          std::copy_n(in[0].data + (image * rows + layer.as<Select>().index) * columns, columns,
                      out.data() + image * columns);
        }
        break;
      }
      case Op::embedding: {
        const std::int64_t features = layer.as<Embedding>().features;
        std::int8_t* to = out.data();
        for (const std::int32_t row : values_.indices[inputs_.at(layer.inputs[0])]) {
          to = std::copy_n(v.weight.data() + row * features, features, to);
        }
        break;
      }
      case Op::parameter:
        for (std::int64_t image = 0; image < network_.batch; ++image) {
          std::copy(v.weight.begin(), v.weight.end(), out.begin() + image * static_cast<std::int64_t>(v.weight.size()));
        }
        break;
      case Op::unmodelled:
        throw Error::internal("reference", "layer \"" + layer.name + "\" should have been refused");
    }
    activate(layer.activation, v, out);
  }

  static void copy(const TensorView& x, Tensor& out) { std::copy_n(x.data, out.size(), out.data()); }

  void combine(Op op, const std::vector<TensorView>& in, std::size_t count) {
    sums_.resize(count);
    parallel_for(static_cast<std::int64_t>(count), threads_, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) sums_[static_cast<std::size_t>(i)] = in[0].data[i];
      for (std::size_t j = 1; j < in.size(); ++j) {
        const std::int8_t* x = in[j].data;
        std::int32_t* sums = sums_.data();
        if (op == Op::add) {
          for (std::int64_t i = begin; i < end; ++i) sums[i] += x[i];
        } else {
          for (std::int64_t i = begin; i < end; ++i) {
            sums[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[i]) * static_cast<std::uint32_t>(x[i]));
          }
        }
      }
    });
  }

  void normalise_batch(const TensorView& x, const LayerValues& v, std::int64_t channels, std::int64_t inner,
                       std::size_t count) {
    sums_.resize(count);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); i += inner) {
      const auto channel = static_cast<std::size_t>(i / inner % channels);
      for (std::int64_t j = i; j < i + inner; ++j) {
        sums_[static_cast<std::size_t>(j)] = static_cast<std::int32_t>(
            static_cast<std::uint32_t>(x.data[j] * v.weight[channel]) + static_cast<std::uint32_t>(v.bias[channel]));
      }
    }
  }

  const LayerValues& scales(int index, const LayerSums& sums) {
    if (options_.before_requantisation) options_.before_requantisation(index, sums);
    return values_.layers[static_cast<std::size_t>(index)];
  }

  void requantise(int index, const LayerSums& sums, Tensor& out) {
    const LayerValues& v = scales(index, sums);
    const DotKernels& kernels = dot_kernels().back();
    const auto count = static_cast<std::int64_t>(out.size());
    if (v.multiplier.size() == 1) {
      parallel_for(count, threads_, [&](std::int64_t begin, std::int64_t end) {
        kernels.requantise(sums.values.data() + begin, v.multiplier.data(), 0, v.shift, end - begin,
                           out.data() + begin);
      });
      return;
    }
    const bool is_inner = sums.inner == 1;
    const std::int64_t run = is_inner ? sums.channels : sums.inner;
    parallel_for(count / run, threads_, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        kernels.requantise(sums.values.data() + i * run, v.multiplier.data() + (is_inner ? 0 : i % sums.channels),
                           is_inner ? 1 : 0, v.shift, run, out.data() + i * run);
      }
    });
  }

  /// sums_ [batch, positions, channels] to out [batch, channels, positions].
  void requantise_image(int index, Tensor& out) {
    const Shape& shape = network_.layers[static_cast<std::size_t>(index)].shape;
    const std::int64_t channels = shape[0], positions = shape[1] * shape[2];
    const LayerValues& v = scales(index, {sums_, channels, 1});
    const int step = v.multiplier.size() == 1 ? 0 : 1;
    constexpr std::int64_t together = 64;
    const std::int64_t parts = (positions + together - 1) / together;
    parallel_for(network_.batch * parts, threads_, [&](std::int64_t begin, std::int64_t end) {
      Tensor rows(static_cast<std::size_t>(together * channels));
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t image = i / parts, first = i % parts * together;
        const std::int64_t count = std::min(together, positions - first);
        const std::int32_t* from = sums_.data() + (image * positions + first) * channels;
        if (step == 0) {
          dot_kernels().back().requantise(from, v.multiplier.data(), 0, v.shift, count * channels, rows.data());
        } else {
          for (std::int64_t row = 0; row < count; ++row) {
            dot_kernels().back().requantise(from + row * channels, v.multiplier.data(), 1, v.shift, channels,
                                            rows.data() + row * channels);
          }
        }
        transpose_bytes(reinterpret_cast<const std::uint8_t*>(rows.data()), channels, count, channels,
                        reinterpret_cast<std::uint8_t*>(out.data()) + image * channels * positions + first, positions,
                        0);
      }
    });
  }

  void activate(Activation activation, const LayerValues& v, Tensor& out) const {
    if (activation == Activation::none) return;
    parallel_for(static_cast<std::int64_t>(out.size()), threads_, [&](std::int64_t begin, std::int64_t end) {
      std::int8_t* x = out.data();
      if (activation == Activation::relu || activation == Activation::relu6) {
        const std::int8_t most = activation == Activation::relu ? std::int8_t{127} : saturate(v.six);
        for (std::int64_t i = begin; i < end; ++i) x[i] = std::min(std::max(x[i], std::int8_t{0}), most);
      } else {
        for (std::int64_t i = begin; i < end; ++i) x[i] = v.table[static_cast<std::size_t>(x[i] + 128)];
      }
    });
  }

  void pool(const Layer& layer, const TensorView& x, Tensor& out) const {
    Pool a = layer.as<Pool>();
    const std::int64_t height = (*x.shape)[1], width = (*x.shape)[2];
    if (a.kind == Pool::Kind::global_avg) {
      a.kernel = {height, width};
      a.stride = {1, 1};
      a.padding = {0, 0};
    }
    const bool is_max = a.kind == Pool::Kind::max;
    const std::int64_t out_height = layer.shape[1], out_width = layer.shape[2];
    parallel_for(network_.batch * layer.shape[0], threads_, [&](std::int64_t begin, std::int64_t end) {
      std::vector<std::int64_t> column(static_cast<std::size_t>(width));  // of the window's rows, combined
      for (std::int64_t plane = begin; plane < end; ++plane) {
        const std::int8_t* from = x.data + plane * height * width;
        std::int8_t* to = out.data() + plane * out_height * out_width;
        for (std::int64_t oy = 0; oy < out_height; ++oy) {
          const Taps rows(oy, a.kernel.height, a.stride.height, a.padding.height, height);
          std::fill(column.begin(), column.end(), is_max ? -128 : 0);
          for (std::int64_t y = rows.begin; y < rows.end; ++y) {
            for (std::int64_t ix = 0; ix < width; ++ix) {
              const std::int64_t pixel = from[y * width + ix];
              std::int64_t& combined = column[static_cast<std::size_t>(ix)];
              combined = is_max ? std::max(combined, pixel) : combined + pixel;
            }
          }
          for (std::int64_t ox = 0; ox < out_width; ++ox) {
            const Taps taps(ox, a.kernel.width, a.stride.width, a.padding.width, width);
            std::int64_t result = is_max ? -128 : 0;
            for (std::int64_t ix = taps.begin; ix < taps.end; ++ix) {
              const std::int64_t combined = column[static_cast<std::size_t>(ix)];
              result = is_max ? std::max(result, combined) : result + combined;
            }
            // Padding is less than the kernel: no window is without pixels.
            if (!is_max) result = round_half_even(result, rows.count() * taps.count());
            *to++ = static_cast<std::int8_t>(result);
          }
        }
      }
    });
  }

  void concatenate(const Layer& layer, const std::vector<TensorView>& in, Tensor& out) const {
    const auto axis = static_cast<std::size_t>(layer.as<Concat>().axis);
    std::int64_t outer = network_.batch, inner = 1;
    for (std::size_t i = 0; i < layer.shape.size(); ++i) {
      if (i < axis) outer *= layer.shape[i];
      if (i > axis) inner *= layer.shape[i];
    }
    std::int8_t* to = out.data();
    for (std::int64_t i = 0; i < outer; ++i) {
      for (const TensorView& x : in) {
        const std::int64_t run = (*x.shape)[axis] * inner;
        to = std::copy_n(x.data + i * run, run, to);
      }
    }
  }

  void normalise_layer(const Layer& layer, const TensorView& x, const LayerValues& v, Tensor& out) const {
    const std::int64_t n = layer.shape.back();
    parallel_for(static_cast<std::int64_t>(out.size()) / n, threads_, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int8_t* from = x.data + row * n;
        std::int64_t sum = 0, squares = 0;
        for (std::int64_t j = 0; j < n; ++j) {
          sum += from[j];
          squares += from[j] * from[j];
        }
        const std::int64_t d = std::max<std::int64_t>(1, root(256 * (Wide{n} * squares - Wide{sum} * sum)));
        for (std::int64_t j = 0; j < n; ++j) {
          const auto channel = static_cast<std::size_t>(j);
          out[static_cast<std::size_t>(row * n + j)] =
              saturate(round_half_even((n * from[j] - sum) * v.weight[channel] * 8, d) + v.bias[channel]);
        }
      }
    });
  }

  void softmax(const Layer& layer, const TensorView& x, const LayerValues& v, Tensor& out) const {
    const std::int64_t n = layer.shape.back();
    parallel_for(static_cast<std::int64_t>(out.size()) / n, threads_, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int8_t* from = x.data + row * n;
        std::int64_t sum = 0;
        for (std::int64_t j = 0; j < n; ++j) sum += v.exponentials[static_cast<std::size_t>(from[j] + 128)];
        for (std::int64_t j = 0; j < n; ++j) {
          const std::int64_t e = v.exponentials[static_cast<std::size_t>(from[j] + 128)];
          out[static_cast<std::size_t>(row * n + j)] = static_cast<std::int8_t>(round_half_even(127 * e, sum));
        }
      }
    });
  }

  const Network& network_;
  const NetworkValues& values_;
  const ReferenceOptions& options_;
  int threads_ = 1;
  std::map<std::string, std::size_t> layers_, inputs_;
  std::vector<int> last_use_;  ///< the last layer that reads it; the number of layers for an output
  std::vector<Tensor> tensors_;
  std::vector<std::int32_t> sums_;
  SumsScratch scratch_;
};

}  // namespace

std::int64_t round_half_even(std::int64_t numerator, std::int64_t denominator) {
  std::int64_t quotient = numerator / denominator;
  std::int64_t rest = numerator % denominator;
  if (rest < 0) {
    --quotient;
    rest += denominator;
  }
  const std::int64_t other = denominator - rest;
  return quotient + (rest > other || (rest == other && quotient % 2 != 0) ? 1 : 0);
}

NetworkOutputs evaluate_reference(const Network& network, const NetworkValues& values,
                                  const ReferenceOptions& options) {
  if (!options.before_requantisation) check_values(network, values);
  return Evaluation(network, values, options).run();
}

}  // namespace podsim
