// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/value_network.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <thread>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/given_values.hpp"
#include "podsim/workloads/parallel.hpp"
#include "podsim/workloads/value_shapes.hpp"

namespace podsim {
namespace {

/// Large tensors are drawn in parts, each from a stream of its own, by several threads.
constexpr std::int64_t kPartElements = std::int64_t{1} << 18;
/// What calibration aims at: the root mean square of a layer's results. Few of them saturate then.
constexpr double kTargetRms = 40;
/// Calibration looks at about that many sums.
constexpr std::int64_t kCalibrationSums = std::int64_t{1} << 17;

RandomStream stream(std::uint64_t seed, const std::string& tensor, std::int64_t part = 0) {
  return {seed, "values/" + tensor + "/" + std::to_string(part)};
}

/// Tensors of bytes to be drawn.
class ByteTensors {
 public:
  void add(std::string name, std::int64_t count, std::vector<std::int8_t>& to) {
    to.resize(static_cast<std::size_t>(count));
    for (std::int64_t begin = 0; begin < count; begin += kPartElements) {
      parts_.push_back({name, begin / kPartElements, to.data() + begin, std::min(kPartElements, count - begin)});
    }
  }
  void draw(std::uint64_t seed, int threads) const {
    parallel_for(static_cast<std::int64_t>(parts_.size()), threads, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) draw_part(seed, parts_[static_cast<std::size_t>(i)]);
    });
  }

 private:
  struct Part {
    std::string name;
    std::int64_t number;
    std::int8_t* to;
    std::int64_t count;
  };
  /// Uniform in [-128, 127], eight at a time.
  static void draw_part(std::uint64_t seed, const Part& part) {
    RandomStream random = stream(seed, part.name, part.number);
    std::int64_t i = 0;
    for (; i + 8 <= part.count; i += 8) {
      std::uint64_t bits = random.next();
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
      bits = __builtin_bswap64(bits);
#endif
      std::memcpy(part.to + i, &bits, 8);
    }
    for (std::uint64_t bits = random.next(); i < part.count; ++i, bits >>= 8)
      part.to[i] = static_cast<std::int8_t>(bits);
  }

  std::vector<Part> parts_;
};

template <class T>
void draw_numbers(std::uint64_t seed, const std::string& name, std::int64_t count, std::int64_t low, std::int64_t high,
                  std::vector<T>& to) {
  RandomStream random = stream(seed, name);
  to.resize(static_cast<std::size_t>(count));
  for (T& number : to) number = static_cast<T>(random.between(low, high));
}

/// The default rounding of floating point: halves to even.
std::int8_t rounded(double value) {
  return static_cast<std::int8_t>(std::clamp(std::nearbyint(value), -128.0, 127.0));
}

std::vector<std::int8_t> table_of(const std::string& function) {
  std::vector<std::int8_t> table;
  for (int x = -128; x < 128; ++x) {
    const double real = x / 32.0;  // 32 stands for 1.0
    if (function == "gelu") {
      table.push_back(rounded(32 * real * 0.5 * (1 + std::erf(real / std::sqrt(2.0)))));
    } else if (function == "tanh") {
      table.push_back(rounded(127 * std::tanh(real)));
    } else {
      table.push_back(rounded(127 / (1 + std::exp(-real))));
    }
  }
  return table;
}

std::vector<std::uint32_t> exponential_table() {
  std::vector<std::uint32_t> table;
  for (int x = -128; x < 128; ++x) {
    // The largest is 2^30; 16 stand for a factor of e.
    table.push_back(static_cast<std::uint32_t>(std::max(1.0, std::nearbyint(0x1.0p30 * std::exp((x - 127) / 16.0)))));
  }
  return table;
}

/// Numbers that are summed for one result.
std::int64_t terms(const Layer& layer) {
  if (layer.op == Op::linear) return layer.as<Linear>().in_features;
  if (layer.op != Op::conv2d) return 1;
  const auto& a = layer.as<Conv2d>();
  return a.in_channels / a.groups * a.kernel.height * a.kernel.width;
}

bool is_normalised(const Layer& layer) {
  return layer.op == Op::batchnorm || (layer.op == Op::conv2d && layer.as<Conv2d>().batchnorm);
}

/// Draws what is absent, except multipliers and shifts. `bytes` collects the large tensors.
void draw_layer(const Network& network, const Layer& layer, std::uint64_t seed, LayerValues& v, ByteTensors& bytes) {
  const ValueShapes shapes = value_shapes(network, layer);
  const std::int64_t weights = shapes.weight_count();
  if (weights > 0 && v.weight.empty()) {
    const std::string name = layer.name + "/weight";
    if (layer.op == Op::layernorm) {
      draw_numbers(seed, name, weights, 48, 80, v.weight);
    } else if (layer.op == Op::batchnorm) {
      draw_numbers(seed, name, weights, 32, 96, v.weight);
    } else {
      bytes.add(name, weights, v.weight);
    }
  }
  if (shapes.bias > 0 && v.bias.empty()) {
    // A tenth to a third of what the products of a row add up to.
    const auto most = layer.op == Op::layernorm
                          ? std::int64_t{16}
                          : static_cast<std::int64_t>(1024 * std::sqrt(static_cast<double>(terms(layer))));
    draw_numbers(seed, layer.name + "/bias", shapes.bias, -most, most, v.bias);
  }
  if (shapes.has_table && v.table.empty()) {
    v.table = table_of(layer.activation == Activation::none ? op_name(layer.op) : activation_name(layer.activation));
  }
  if (shapes.has_exponentials && v.exponentials.empty()) v.exponentials = exponential_table();
  if (v.six == kNotGiven) v.six = shapes.has_six ? 96 : 127;
}

void draw_input(const Network& network, std::size_t i, std::uint64_t seed, NetworkValues& values, ByteTensors& bytes) {
  const NetworkInput& input = network.inputs[i];
  std::int64_t count = network.batch;
  for (const std::int64_t size : input.shape) count *= size;
  if (input.kind != NetworkInput::Kind::indices) {
    if (values.inputs[i].empty()) bytes.add(input.name, count, values.inputs[i]);
    return;
  }
  if (!values.indices[i].empty()) return;
  std::int64_t entries = std::numeric_limits<std::int32_t>::max();
  for (const Layer& layer : network.layers) {
    if (layer.op != Op::embedding || layer.inputs[0] != input.name) continue;
    entries = std::min(entries, layer.as<Embedding>().entries);
  }
  draw_numbers(seed, input.name, count, 0, entries - 1, values.indices[i]);
}

/// Chooses multipliers and shift so that the root mean square of the results is about kTargetRms. The channels of a
/// batchnorm get factors from 0.5 to 2, as a real one would have.
void calibrate(const Layer& layer, const LayerSums& sums, std::uint64_t seed, LayerValues& v) {
  std::vector<double> factors(1, 1.0);
  if (is_normalised(layer)) {
    RandomStream random = stream(seed, layer.name + "/multiplier");
    factors.resize(static_cast<std::size_t>(sums.channels));
    for (double& factor : factors) factor = std::exp2(2 * random.uniform() - 1);
  }
  const auto count = static_cast<std::int64_t>(sums.values.size());
  // Odd, so that it meets all channels, whose number mostly is even.
  const std::int64_t step = (count / kCalibrationSums) | 1;
  double squares = 0;
  std::int64_t looked_at = 0;
  for (std::int64_t i = 0; i < count; i += step, ++looked_at) {
    const auto channel = static_cast<std::size_t>(i / sums.inner % sums.channels);
    const double result = sums.values[static_cast<std::size_t>(i)] * (factors.size() == 1 ? 1.0 : factors[channel]);
    squares += result * result;
  }
  const double rms = std::sqrt(squares / static_cast<double>(std::max<std::int64_t>(looked_at, 1)));
  const double scale = rms > 0 ? kTargetRms / rms : 1.0;
  int exponent = 0;
  std::frexp(scale * *std::max_element(factors.begin(), factors.end()), &exponent);
  // The largest multiplier then lies in [2^30, 2^31).
  v.shift = std::clamp(31 - exponent, 0, 62);
  v.multiplier.clear();
  for (const double factor : factors) {
    const double multiplier = std::nearbyint(std::ldexp(scale * factor, v.shift));
    v.multiplier.push_back(
        static_cast<std::int32_t>(std::min<double>(multiplier, std::numeric_limits<std::int32_t>::max())));
  }
}

NamedTensor tensor(std::string name, Shape shape, TensorData data) {
  return {std::move(name), std::move(shape), std::move(data)};
}

Shape with_batch(const Network& network, Shape shape) {
  shape.insert(shape.begin(), network.batch);
  return shape;
}

}  // namespace

ValuedRun value_network(const Network& network, const GivenValues& given, std::uint64_t seed,
                        const ReferenceOptions& options) {
  ValuedRun run;
  NetworkValues& values = run.values;
  values = place_given_values(network, given);
  ByteTensors bytes;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    draw_layer(network, network.layers[i], seed, values.layers[i], bytes);
  }
  for (std::size_t i = 0; i < network.inputs.size(); ++i) draw_input(network, i, seed, values, bytes);
  bytes.draw(seed, options.threads > 0 ? options.threads : default_threads());

  std::vector<bool> is_absent;
  for (LayerValues& v : values.layers) {
    is_absent.push_back(v.shift == kNotGiven);
    if (is_absent.back()) v.shift = 0;
  }
  ReferenceOptions calibrating = options;
  calibrating.before_requantisation = [&](int layer, const LayerSums& sums) {
    const auto i = static_cast<std::size_t>(layer);
    if (is_absent[i]) calibrate(network.layers[i], sums, seed, values.layers[i]);
    if (options.before_requantisation) options.before_requantisation(layer, sums);
  };
  run.outputs = evaluate_reference(network, values, calibrating);
  return run;
}

NetworkValues seeded_values(const Network& network, std::uint64_t seed) {
  return value_network(network, {}, seed).values;
}

std::vector<NamedTensor> named_weights(const Network& network, const NetworkValues& values) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const ValueShapes shapes = value_shapes(network, network.layers[i]);
    const LayerValues& v = values.layers[i];
    const std::string prefix = network.layers[i].name + "/";
    if (!shapes.weight.empty()) tensors.push_back(tensor(prefix + "weight", shapes.weight, v.weight));
    if (shapes.bias > 0) tensors.push_back(tensor(prefix + "bias", {shapes.bias}, v.bias));
    if (shapes.is_requantised) {
      tensors.push_back(tensor(prefix + "multiplier", {static_cast<std::int64_t>(v.multiplier.size())}, v.multiplier));
      tensors.push_back(tensor(prefix + "shift", {}, std::vector<std::int32_t>{v.shift}));
    }
    if (shapes.has_table) tensors.push_back(tensor(prefix + "table", {256}, v.table));
    if (shapes.has_exponentials) tensors.push_back(tensor(prefix + "exponentials", {256}, v.exponentials));
    if (shapes.has_six) tensors.push_back(tensor(prefix + "six", {}, std::vector<std::int32_t>{v.six}));
  }
  return tensors;
}

std::vector<NamedTensor> named_inputs(const Network& network, const NetworkValues& values) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < network.inputs.size(); ++i) {
    const NetworkInput& input = network.inputs[i];
    TensorData data = values.inputs[i];
    if (input.kind == NetworkInput::Kind::indices) data = values.indices[i];
    tensors.push_back(tensor(input.name, with_batch(network, input.shape), std::move(data)));
  }
  return tensors;
}

std::vector<NamedTensor> named_outputs(const Network& network, const NetworkOutputs& outputs) {
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < network.outputs.size(); ++i) {
    const Layer& layer = network.layers[static_cast<std::size_t>(network.layer_index(network.outputs[i]))];
    tensors.push_back(tensor(layer.name, with_batch(network, layer.shape), outputs.tensors[i]));
  }
  return tensors;
}

}  // namespace podsim
