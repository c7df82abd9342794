// SPDX-License-Identifier: Apache-2.0
#include "support/random_case.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "podsim/models/array_timing.hpp"
#include "podsim/workloads/network_builder.hpp"

namespace podsim::test {
namespace {

template <class T>
T pick(RandomStream& random, std::initializer_list<T> choices) {
  return choices.begin()[random.below(choices.size())];
}

/// Grows a network layer by layer out of what is there.
class Grower {
 public:
  Grower(RandomStream& random, std::int64_t largest)
      : random_(random), largest_(largest), builder_("random", random.between(1, 3)) {}

  Network grow() {
    const auto layers = static_cast<int>(random_.between(1, 7));
    switch (random_.below(4)) {
      case 0:
        add_input({size(), random_.between(1, std::max<std::int64_t>(2, largest_ / 3)),
                   random_.between(1, std::max<std::int64_t>(2, largest_ / 3))});
        break;
      case 1:
        add_input({size(), random_.between(2, std::max<std::int64_t>(3, largest_ / 4)),
                   random_.between(2, std::max<std::int64_t>(3, largest_ / 4))});
        break;
      case 2:
        add_input({size(), size()});
        break;
      default:
        if (chance(2)) {
          add_input({size()});
        } else {
          const std::string ids = builder_.input("ids", {size()}, NetworkInput::Kind::indices);
          add(builder_.layer(next("embed"), Op::embedding, {ids}, Embedding{50, size()}));
        }
    }
    for (int n = 0; n < layers; ++n) step();
    if (made_ == 0) step_unary(values_.back());
    std::vector<std::string> outputs;
    for (const Value& value : values_) {
      if (!value.is_input && (!value.used || chance(8))) outputs.push_back(value.name);
    }
    return builder_.build(outputs);
  }

 private:
  struct Value {
    std::string name;
    Shape shape;
    Layout layout = Layout::vector;
    bool is_input = false;
    bool used = false;
  };

  bool chance(std::uint64_t in) { return random_.below(in) == 0; }
  std::int64_t size() { return chance(4) ? random_.between(1, 3) : random_.between(1, largest_); }
  std::string next(const std::string& kind) { return kind + std::to_string(made_++); }

  void add_input(Shape shape) {
    Value value;
    value.name = builder_.input("in" + std::to_string(values_.size()), shape);
    value.shape = std::move(shape);
    value.layout = value.shape.size() == 3 ? Layout::image : value.shape.size() == 2 ? Layout::tokens : Layout::vector;
    value.is_input = true;
    values_.push_back(value);
  }

  /// Takes over a layer's result with the shape the network gives it.
  std::string add(const std::string& name) {
    Value value;
    value.name = name;
    const Network so_far = builder_.build({name});
    const Layer& layer = so_far.layers[static_cast<std::size_t>(so_far.layer_index(name))];
    value.shape = layer.shape;
    value.layout = layer.layout;
    for (const std::string& input : layer.inputs) {
      for (Value& known : values_) known.used = known.used || known.name == input;
    }
    values_.push_back(value);
    return name;
  }

  Activation activation() {
    return pick(random_, {Activation::none, Activation::none, Activation::relu, Activation::gelu});
  }

  Value any() {
    // Mostly the newest, so that chains form.
    return chance(3) ? values_[random_.below(values_.size())] : values_.back();
  }

  void step() {
    const Value x = any();
    if (chance(5) && combine(x)) return;
    switch (x.layout) {
      case Layout::image:
        step_image(x);
        break;
      case Layout::tokens:
        step_tokens(x);
        break;
      case Layout::heads:
        step_heads(x);
        break;
      case Layout::vector:
        if (chance(4)) {
          step_unary(x);
        } else {
          linear(x);
        }
    }
  }

  /// Sum, product or concatenation with another value of the same shape.
  bool combine(const Value& x) {
    std::vector<Value> same;
    for (const Value& value : values_) {
      if (value.shape == x.shape && value.layout == x.layout && value.name != x.name) same.push_back(value);
    }
    if (same.empty() && !chance(3)) return false;
    std::vector<std::string> inputs{x.name};
    if (same.empty()) {
      inputs.push_back(x.name);
    } else {
      inputs.push_back(same[random_.below(same.size())].name);
      if (chance(3)) inputs.push_back(same[random_.below(same.size())].name);
    }
    if (chance(3)) std::swap(inputs[0], inputs[1]);
    switch (random_.below(3)) {
      case 0:
        add(builder_.concat(next("concat"), inputs,
                            static_cast<std::int64_t>(random_.below(x.layout == Layout::image ? 1 : x.shape.size()))));
        break;
      case 1:
        add(builder_.layer(next("mul"), Op::mul, inputs, {}, activation()));
        break;
      default:
        add(builder_.add(next("add"), inputs, activation()));
    }
    return true;
  }

  void step_unary(const Value& x) {
    const Op op = x.layout == Layout::image ? pick(random_, {Op::relu, Op::batchnorm, Op::sigmoid})
                                            : pick(random_, {Op::gelu, Op::tanh, Op::softmax, Op::layernorm});
    add(builder_.unary(next(op_name(op)), op, x.name));
  }

  void linear(const Value& x) {
    const Linear a{x.shape.back(), size(), chance(2), {}};
    add(builder_.linear(next("linear"), x.name, a, activation()));
  }

  void step_image(const Value& x) {
    switch (random_.below(10)) {
      case 0:
        add(builder_.unary(next("flatten"), Op::flatten, x.name));
        return;
      case 1:
        add(builder_.unary(next("tokens"), Op::to_tokens, x.name));
        return;
      case 2:
        step_unary(x);
        return;
      case 3:
      case 4: {
        const std::int64_t kernel = random_.between(1, std::min<std::int64_t>({3, x.shape[1], x.shape[2]}));
        const Pool::Kind kind = pick(random_, {Pool::Kind::max, Pool::Kind::avg, Pool::Kind::global_avg});
        // Not among the arguments of a call: their order of evaluation is open.
        const std::int64_t stride = random_.between(1, 3), padding = random_.between(0, kernel - 1);
        add(builder_.pool(next("pool"), x.name, kind, kernel, stride, padding));
        return;
      }
      default:
        conv2d(x);
    }
  }

  void conv2d(const Value& x) {
    Conv2d a;
    a.in_channels = x.shape[0];
    a.padding = {random_.between(0, 2), random_.between(0, 2)};
    a.stride = {random_.between(1, 3), random_.between(1, 3)};
    a.dilation = {random_.between(1, 2), random_.between(1, 2)};
    auto kernel = [&](std::int64_t in, std::int64_t padding, std::int64_t dilation) {
      const std::int64_t most = (in + 2 * padding - 1) / dilation + 1;
      return random_.between(1, std::min<std::int64_t>(most, 4));
    };
    a.kernel.height = kernel(x.shape[1], a.padding.height, a.dilation.height);
    a.kernel.width = kernel(x.shape[2], a.padding.width, a.dilation.width);
    if (chance(3)) {
      a.kernel = a.stride = a.dilation = {1, 1};
      a.padding = {0, 0};
    }
    std::vector<std::int64_t> divisors;
    for (std::int64_t d = 1; d <= x.shape[0]; ++d) {
      if (x.shape[0] % d == 0) divisors.push_back(d);
    }
    a.groups = chance(2) ? 1 : chance(2) ? x.shape[0] : divisors[random_.below(divisors.size())];
    a.out_channels = a.groups * random_.between(1, std::max<std::int64_t>(1, largest_ / a.groups));
    if (a.groups == x.shape[0] && chance(2)) a.out_channels = a.groups;
    a.bias = chance(2);
    a.batchnorm = chance(2);
    add(builder_.conv2d(next("conv"), x.name, a, activation()));
  }

  void step_tokens(const Value& x) {
    switch (random_.below(8)) {
      case 0:
        step_unary(x);
        return;
      case 1:
        add(builder_.layer(next("select"), Op::select, {x.name}, Select{0, random_.between(0, x.shape[0] - 1)}));
        return;
      case 2:
      case 3:
      case 4:
        attention(x);
        return;
      default:
        linear(x);
    }
  }

  void attention(const Value& x) {
    const std::int64_t heads = random_.between(1, 4);
    const std::int64_t width = heads * random_.between(1, std::max<std::int64_t>(1, largest_ / heads));
    const std::string q = add(builder_.linear(next("q"), x.name, {x.shape[1], width, false, {}}));
    std::string k = add(builder_.linear(next("k"), x.name, {x.shape[1], width, false, {}}));
    std::string v = add(builder_.linear(next("v"), x.name, {x.shape[1], width, false, {}}));
    if (chance(3)) {
      const std::int64_t past = size();
      const auto cache = NetworkInput::Kind::kv_cache;
      const std::string keys = builder_.input(next("keys"), {past, width}, cache);
      const std::string values = builder_.input(next("values"), {past, width}, cache);
      k = add(builder_.concat(next("all_k"), {keys, k}));
      v = add(builder_.concat(next("all_v"), {values, v}));
    }
    std::string scores = add(builder_.layer(next("qk"), Op::matmul, {q, k}, Matmul{heads, true, false}));
    if (!chance(4)) scores = add(builder_.unary(next("softmax"), Op::softmax, scores));
    add(builder_.layer(next("pv"), Op::matmul, {scores, v}, Matmul{heads, false, !chance(4)}));
  }

  void step_heads(const Value& x) {
    switch (random_.below(4)) {
      case 0:
        step_unary(x);
        return;
      case 1:
        add(builder_.layer(next("square"), Op::matmul, {x.name, x.name}, Matmul{x.shape[0], true, chance(2)}));
        return;
      case 2:
        add(builder_.unary(next("flatten"), Op::flatten, x.name));
        return;
      default:
        linear(x);
    }
  }

  RandomStream& random_;
  std::int64_t largest_;
  NetworkBuilder builder_;
  std::vector<Value> values_;
  int made_ = 0;
};

}  // namespace

Network random_network(RandomStream& random, std::int64_t largest) {
  return Grower(random, largest).grow();
}

Setup random_setup(RandomStream& random) {
  Setup setup;
  HardwareConfig& hardware = setup.hardware;
  auto chance = [&](std::uint64_t in) { return random.below(in) == 0; };
  auto side = [&] { return chance(2) ? pick(random, {1, 2, 4, 8, 16, 32}) : static_cast<int>(random.between(1, 32)); };
  hardware.clock_mhz = pick(random, {1000.0, 1000.0, 700.0, 333.3});
  hardware.pods.count = static_cast<int>(random.between(1, 17));
  hardware.pods.rows = side();
  hardware.pods.cols = side();
  hardware.pods.broadcast = chance(2) ? 16 : static_cast<int>(random.between(1, 32));
  hardware.pods.fan_in = chance(2) ? 16 : static_cast<int>(random.between(1, 32));
  hardware.pods.weight_buffers = chance(4) ? "single" : "double";
  hardware.pods.dataflow.type =
      pick(random, {"weight_stationary", "weight_stationary", "output_stationary", "input_stationary"});
  hardware.pods.output_buffers = chance(3) ? "single" : "double";
  if (chance(4)) hardware.pods.drain = "overlapped";
  if (chance(4)) hardware.pods.edge_folds = "full";
  if (chance(2)) hardware.banks.count = random.between(1, 20);
  if (chance(2)) hardware.banks.capacity_kib = pick<std::int64_t>(random, {1, 2, 3, 4, 8, 16, 64});
  if (hardware.banks.count.value_or(hardware.pods.count) > 1 && chance(4)) hardware.banks.p_ports = "shared";
  if (chance(3)) hardware.banks.column_reads = "buffered";
  if (chance(2)) hardware.post_processors.count = random.between(1, 20);
  hardware.post_processors.latency_cycles = static_cast<int>(random.between(1, 9));
  hardware.dram.bandwidth_gb_per_s = pick(random, {0.7, 3.0, 40.0, 1200.0, 1e5});
  if (chance(3)) hardware.dram.prefetch_rounds = random.between(1, 4);
  hardware.partial_sum_bytes = static_cast<int>(random.between(1, 4));
  if (chance(4)) hardware.spill = "off";
  switch (random.below(8)) {
    case 0:
    case 1:
      hardware.interconnect = {pick(random, {"crossbar", "bus"}), Json::object()};
      break;
    case 2:
      hardware.interconnect = {pick(random, {"mesh", "torus"}), Json::object()};
      break;
    case 3:
      hardware.interconnect = {pick(random, {"h_tree", "fat_tree"}), Json::object()};
      break;
    case 4:
    case 5:
      hardware.interconnect = {"benes", Json{{"copy_network", chance(2)}}};
      break;
    default:
      hardware.interconnect = {"butterfly", Json{{"expansion", pick(random, {1, 2, 4, 8})}}};
  }
  if (chance(2)) hardware.relayout = "circuits";
  if (chance(3)) {
    // The plain keys are not in force then; what groups do not say is as if they were.
    PodConfig kind = hardware.pods;
    const std::int64_t groups = random.between(1, 3);
    for (std::int64_t g = 0; g < groups; ++g) {
      kind.name = chance(2) ? "group" + std::to_string(g) : "";
      kind.count = static_cast<int>(random.between(1, 6));
      kind.rows = side();
      kind.cols = side();
      if (chance(2)) kind.fan_in = kind.broadcast = pick(random, {1, 4, 16});
      if (chance(3)) kind.weight_buffers = chance(2) ? "single" : "double";
      if (chance(3)) kind.dataflow.type = pick(random, {"weight_stationary", "output_stationary", "input_stationary"});
      hardware.pods.groups.push_back(kind);
    }
    if (hardware.bank_count() < 2) hardware.banks.p_ports = "independent";
    if (hardware.interconnect.type == "benes" &&
        !(launches_sums_together(hardware) && takes_weights_together(hardware))) {
      hardware.interconnect = {"crossbar", Json::object()};
    }
    if (chance(3)) {
      const auto group = static_cast<int>(random.below(static_cast<std::uint64_t>(groups)));
      setup.tiling.pod_groups["*"] = hardware.pod_group_name(group);
    }
  }
  if (chance(2)) setup.tiling.partition_rows = chance(3) ? 0 : random.between(1, 40);
  setup.tiling.share_activation_tiles = !chance(4);
  if (chance(3)) {
    setup.scheduler.type = "layer_sequential";
  } else {
    if (chance(6)) {
      // The published rules know one dataflow.
      setup.scheduler.parameters["published"] = true;
      hardware.pods.dataflow.type = "weight_stationary";
      for (PodConfig& kind : hardware.pods.groups) kind.dataflow.type = "weight_stationary";
    }
    if (chance(3)) setup.scheduler.parameters["round_failures"] = pick(random, {0, 1, 5});
  }
  hardware.weight_bits = pick(random, {8, 8, 4, 16});
  hardware.activation_bits = pick(random, {8, 8, 4, 16});
  if (chance(4)) {
    hardware.dram.model = {"latency",
                           {{"channels", random.between(1, 9)},
                            {"latency_cycles", random.between(0, 60)},
                            {"queue_depth", random.between(1, 5)},
                            {"channel_of", chance(2) ? "item" : "address"}}};
  }
  // Sums stay for several operations only where k is cut.
  bool keeps_sums = hardware.pods.groups.empty() && hardware.pods.dataflow.type == "output_stationary";
  for (const PodConfig& kind : hardware.pods.groups) keeps_sums |= kind.dataflow.type == "output_stationary";
  if (keeps_sums && chance(2)) setup.tiling.partition_rows = random.between(1, 12);
  return setup;
}

void draw_conventions(Setup& setup, RandomStream& random) {
  auto chance = [&](std::uint64_t in) { return random.below(in) == 0; };
  auto of_arrays = [&](PodConfig& kind) {
    if (chance(3)) kind.drain = "overlapped";
    if (chance(4)) kind.edge_folds = "full";
    if (chance(6)) kind.min_stream_cycles = static_cast<int>(random.between(2, 40));
    if (chance(6)) kind.partial_sum_input = false;
  };
  of_arrays(setup.hardware.pods);
  for (PodConfig& group : setup.hardware.pods.groups) of_arrays(group);
  if (chance(4)) setup.tiling.convolution = "kernel_positions";
  if (chance(6)) setup.tiling.convolution_partition_rows = chance(3) ? 0 : random.between(1, 40);
  if (chance(6)) setup.tiling.pack_groups = false;
}

}  // namespace podsim::test
