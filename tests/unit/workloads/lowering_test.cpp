// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/lowering.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "support/catch.hpp"
#include "unit/workloads/workload_support.hpp"

using namespace podsim;

namespace {

using Kind = PostStep::Kind;

Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1, std::int64_t padding = 0) {
  Conv2d a;
  a.in_channels = in;
  a.out_channels = out;
  a.kernel = {kernel, kernel};
  a.stride = {stride, stride};
  a.padding = {padding, padding};
  return a;
}

const Operation* find(const LoweredNetwork& n, const std::string& name) {
  for (const Operation& op : n.operations) {
    if (op.name == name) return &op;
  }
  return nullptr;
}

const Operation& operation(const LoweredNetwork& n, const std::string& name) {
  const Operation* found = find(n, name);
  if (found == nullptr) FAIL("there is no operation " << name);
  return *found;
}

const GemmOperation& gemm(const LoweredNetwork& n, const std::string& name) {
  const GemmOperation* found = operation(n, name).gemm();
  if (found == nullptr) FAIL(name << " is no GEMM");
  return *found;
}

const VectorOperation& vector_of(const LoweredNetwork& n, const std::string& name) {
  const VectorOperation* found = operation(n, name).vector();
  if (found == nullptr) FAIL(name << " is no vector operation");
  return *found;
}

const Tensor& output(const LoweredNetwork& n, const std::string& name) {
  return n.tensors[static_cast<std::size_t>(operation(n, name).output)];
}

std::vector<Kind> kinds(const std::vector<PostStep>& steps) {
  std::vector<Kind> out;
  for (const PostStep& step : steps) out.push_back(step.kind);
  return out;
}

/// All views an operation reads.
std::vector<const View*> views(const Operation& op) {
  std::vector<const View*> out;
  if (const GemmOperation* g = op.gemm()) {
    out = {&g->activation, &g->stationary_view, &g->residual};
  } else {
    for (const View& view : op.vector()->inputs) out.push_back(&view);
  }
  return out;
}

/// What has to hold for every lowered network.
void check_invariants(const Network& network, const LoweredNetwork& n) {
  REQUIRE(n.macs() == network.totals().macs);
  REQUIRE(n.layer_names.size() == network.layers.size());
  for (std::size_t i = 0; i < n.operations.size(); ++i) {
    const Operation& op = n.operations[i];
    CAPTURE(op.name);
    const Tensor& out = n.tensors[static_cast<std::size_t>(op.output)];
    REQUIRE(out.operation == static_cast<int>(i));
    REQUIRE(out.origin == TensorOrigin::operation);
    for (const View* view : views(op)) {
      for (const ViewPart& part : view->parts) {
        const Tensor& tensor = n.tensors[static_cast<std::size_t>(part.tensor)];
        REQUIRE(tensor.operation < static_cast<int>(i));
        REQUIRE(part.rows.first >= 0);
        REQUIRE(part.rows.last < view->rows);
        REQUIRE(part.column >= 0);
        REQUIRE(part.column + part.columns <= view->columns);
        for (std::int64_t row = part.rows.first; row <= part.rows.last; ++row) {
          const RowInterval rows = part.tensor_rows({row, row});
          REQUIRE_FALSE(rows.empty());
          REQUIRE(rows.first >= 0);
          REQUIRE(rows.last < tensor.rows);
        }
      }
    }
    if (const GemmOperation* g = op.gemm()) {
      REQUIRE(g->gemm.groups % g->groups_per_image == 0);
      const std::int64_t images = g->gemm.groups / g->groups_per_image;
      REQUIRE(g->window.input_rows() == g->activation.rows);
      REQUIRE(g->window.output_rows() == g->gemm.m * (g->rows_per_group ? g->gemm.groups : images));
      REQUIRE(out.rows == g->gemm.m * (g->output_rows_per_group ? g->gemm.groups : images));
      REQUIRE(out.columns == g->gemm.n * (g->output_rows_per_group ? 1 : g->groups_per_image));
      REQUIRE(std::count_if(g->post_steps.begin(), g->post_steps.end(),
                            [](const PostStep& step) { return step.kind == Kind::requantize; }) == 1);
      if (!g->residual.parts.empty()) {
        REQUIRE(g->residual.rows == out.rows);
        REQUIRE(g->residual.columns == out.columns);
      }
    }
  }
}

/// Every element of a value, in the order of its shape with the batch in front, as (tensor, row, column); tensor -2:
/// not one stored element (behind a fused pool).
using Element = std::tuple<int, std::int64_t, std::int64_t>;
struct Elements {
  Shape shape;
  Layout layout = Layout::vector;
  std::vector<Element> at;
};

/// Row and column of an element in the matrix that stores or shows a value.
std::pair<std::int64_t, std::int64_t> place(const Shape& shape, Layout layout, std::int64_t index) {
  if (layout == Layout::image) {
    const std::int64_t pixels = shape[1] * shape[2];
    const std::int64_t channel = index / pixels % shape[0];
    return {index / pixels / shape[0] * pixels + index % pixels, channel};
  }
  return {index / shape.back(), index % shape.back()};
}

std::int64_t size_of(const Shape& shape) {
  std::int64_t size = 1;
  for (const std::int64_t s : shape) size *= s;
  return size;
}

/// Follows every element through the layers that only rearrange, without using views.
class Tracer {
 public:
  Tracer(const Network& network, const LoweredNetwork& lowered) : network_(network), lowered_(lowered) {
    for (const NetworkInput& input : network.inputs) {
      if (input.kind == NetworkInput::Kind::indices) continue;
      values_[input.name] = stored(tensor_of(input.name), input.shape, input.layout(), network.batch);
    }
    for (const Layer& layer : network.layers) values_[layer.name] = trace(layer);
  }

  void check(const View& view, const std::string& value_name) const {
    CAPTURE(value_name);
    const Elements& value = values_.at(value_name);
    for (std::size_t i = 0; i < value.at.size(); ++i) {
      const auto [tensor, tensor_row, tensor_column] = value.at[i];
      if (tensor == -2) return;
      const auto [row, column] = place(value.shape, value.layout, static_cast<std::int64_t>(i));
      REQUIRE(row < view.rows);
      REQUIRE(column < view.columns);
      bool covered = false;
      for (const ViewPart& part : view.parts) {
        if (part.tensor != tensor || column < part.column || column >= part.column + part.columns) continue;
        const RowInterval rows = part.tensor_rows({row, row});
        if (rows.first <= tensor_row && tensor_row <= rows.last) covered = true;
      }
      REQUIRE(covered);
    }
    // Nothing is claimed that no element needs: the part's rows of a view row are a tight hull, and so are its columns.
    for (const ViewPart& part : view.parts) {
      std::int64_t first_column = view.columns, last_column = -1;
      std::map<std::int64_t, RowInterval> needed;
      for (std::size_t i = 0; i < value.at.size(); ++i) {
        const auto [tensor, tensor_row, tensor_column] = value.at[i];
        const auto [row, column] = place(value.shape, value.layout, static_cast<std::int64_t>(i));
        if (tensor != part.tensor || column < part.column || column >= part.column + part.columns) continue;
        if (row < part.rows.first || row > part.rows.last) continue;
        const RowInterval rows = part.tensor_rows({row, row});
        if (rows.first <= tensor_row && tensor_row <= rows.last) {
          first_column = std::min(first_column, column);
          last_column = std::max(last_column, column);
        }
        const auto [at, fresh] = needed.emplace(row, RowInterval{tensor_row, tensor_row});
        if (!fresh) at->second = {std::min(at->second.first, tensor_row), std::max(at->second.last, tensor_row)};
      }
      REQUIRE(first_column == part.column);
      REQUIRE(last_column == part.column + part.columns - 1);
      for (std::int64_t row = part.rows.first; row <= part.rows.last; ++row) {
        REQUIRE(needed.count(row) == 1);
        const RowInterval rows = part.tensor_rows({row, row});
        REQUIRE(rows.first >= needed[row].first);
        REQUIRE(rows.last <= needed[row].last);
      }
    }
  }

 private:
  int tensor_of(const std::string& name) const {
    for (std::size_t i = 0; i < lowered_.tensors.size(); ++i) {
      if (lowered_.tensors[i].name == name) return static_cast<int>(i);
    }
    return -1;
  }

  static Elements stored(int tensor, const Shape& shape, Layout layout, std::int64_t batch) {
    Elements out{shape, layout, {}};
    for (std::int64_t i = 0; i < batch * size_of(shape); ++i) {
      const auto [row, column] = place(shape, layout, i);
      out.at.emplace_back(tensor, row, column);
    }
    return out;
  }

  Elements trace(const Layer& layer) const {
    const std::int64_t batch = network_.batch;
    Elements out{layer.shape, layer.layout, {}};
    if (layer.op == Op::concat) {
      const auto axis = static_cast<std::size_t>(layer.as<Concat>().axis);
      std::int64_t blocks = batch;
      for (std::size_t i = 0; i < axis; ++i) blocks *= layer.shape[i];
      for (std::int64_t block = 0; block < blocks; ++block) {
        for (const std::string& name : layer.inputs) {
          const std::vector<Element>& from = values_.at(name).at;
          const auto run = static_cast<std::int64_t>(from.size()) / blocks;
          out.at.insert(out.at.end(), from.begin() + block * run, from.begin() + (block + 1) * run);
        }
      }
      return out;
    }
    if (layer.op == Op::parameter) {
      const Elements once = stored(tensor_of(layer.name), layer.shape, layer.layout, 1);
      for (std::int64_t i = 0; i < batch; ++i) out.at.insert(out.at.end(), once.at.begin(), once.at.end());
      return out;
    }
    if (layer.op == Op::flatten || layer.op == Op::to_tokens || layer.op == Op::select) {
      const Elements& from = values_.at(layer.inputs[0]);
      if (layer.op == Op::flatten) {
        out.at = from.at;
      } else if (layer.op == Op::select) {
        const std::int64_t features = layer.shape[1];
        for (std::int64_t image = 0; image < batch; ++image) {
          const auto begin = from.at.begin() + (image * from.shape[0] + layer.as<Select>().index) * features;
          out.at.insert(out.at.end(), begin, begin + features);
        }
      } else {
        const std::int64_t pixels = layer.shape[0], channels = layer.shape[1];
        for (std::int64_t i = 0; i < batch * pixels * channels; ++i) {
          const std::int64_t image = i / (pixels * channels), pixel = i / channels % pixels, channel = i % channels;
          out.at.push_back(from.at[static_cast<std::size_t>((image * channels + channel) * pixels + pixel)]);
        }
      }
      return out;
    }
    const int index = network_.layer_index(layer.name);
    for (const Operation& op : lowered_.operations) {
      const bool fused = std::count(op.fused_layers.begin(), op.fused_layers.end(), index) != 0;
      if (op.layer != index && !fused) continue;
      if (layer.op == Op::pool && fused) return opaque(out, batch);
      return stored(op.output, layer.shape, layer.layout, batch);
    }
    return stored(tensor_of(layer.name), layer.shape, layer.layout, batch);
  }

  static Elements opaque(Elements out, std::int64_t batch) {
    out.at.assign(static_cast<std::size_t>(batch * size_of(out.shape)), Element{-2, 0, 0});
    return out;
  }

  const Network& network_;
  const LoweredNetwork& lowered_;
  std::map<std::string, Elements> values_;
};

/// Checks the views of all operations against the tracer.
void check_views(const Network& network, const LoweredNetwork& n) {
  const Tracer tracer(network, n);
  for (const Operation& op : n.operations) {
    const Layer& layer = network.layers[static_cast<std::size_t>(op.layer)];
    CAPTURE(op.name);
    if (const GemmOperation* g = op.gemm()) {
      tracer.check(g->activation, layer.inputs[0]);
      if (layer.inputs.size() > 1) tracer.check(g->stationary_view, layer.inputs[1]);
    } else {
      REQUIRE(op.vector()->inputs.size() == layer.inputs.size());
      for (std::size_t j = 0; j < layer.inputs.size(); ++j) tracer.check(op.vector()->inputs[j], layer.inputs[j]);
    }
  }
}

/// A random network of convolutions, pools, sums, concats and a small transformer tail.
Network random_network(RandomStream& random) {
  NetworkBuilder b("random", random.between(1, 3));
  struct Image {
    std::string name;
    Shape shape;
  };
  const std::int64_t channels = random.between(1, 4);
  const std::string input = b.input("image", {channels, random.between(4, 7), random.between(4, 7)});
  std::vector<Image> images{{b.conv2d("first", input, conv(channels, 4, 1)), {}}};
  const auto shapes = [&] {
    // Asks the network itself, so that the generator needs no shape inference.
    const Network n = b.build({images.back().name});
    images.back().shape = n.layers.back().shape;
  };
  shapes();
  const std::int64_t count = random.between(3, 10);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string name = "n" + std::to_string(i);
    const Image from = images[random.below(images.size())];
    switch (random.below(7)) {
      case 0:
      case 1: {
        const std::int64_t k = random.between(1, std::min<std::int64_t>(3, std::min(from.shape[1], from.shape[2])));
        Conv2d a = conv(from.shape[0], 4, k, random.between(1, 2), random.between(0, k / 2));
        if (from.shape[0] % 2 == 0 && random.below(3) == 0) a.groups = 2;
        a.bias = random.below(2) == 0;
        images.push_back({b.conv2d(name, from.name, a, Activation::relu), {}});
        break;
      }
      case 2:
        images.push_back({b.pool(name, from.name, Pool::Kind::max, 2, 1, 1), {}});
        break;
      case 3:
        images.push_back({b.unary(name, random.below(2) == 0 ? Op::relu : Op::batchnorm, from.name), {}});
        break;
      case 4:
      case 5: {
        std::vector<std::string> alike;
        for (const Image& image : images) {
          if (image.shape == from.shape) alike.push_back(image.name);
        }
        const std::string other = alike[random.below(alike.size())];
        images.push_back({b.layer(name, random.below(2) == 0 ? Op::add : Op::mul, {from.name, other}, {},
                                  random.below(2) == 0 ? Activation::relu : Activation::none),
                          {}});
        break;
      }
      default: {
        const auto axis = random.between(0, 2);
        images.push_back({b.concat(name, {from.name, from.name}, axis), {}});
        for (const Image& image : images) {
          Shape same = image.shape;
          if (same.empty()) continue;
          same[static_cast<std::size_t>(axis)] = from.shape[static_cast<std::size_t>(axis)];
          if (same != from.shape) continue;
          images.back().name = b.concat(name + "x", {from.name, name, image.name}, axis);
          break;
        }
        break;
      }
    }
    shapes();
  }
  const Image last = images.back();
  const std::string flat = b.unary("flat", Op::flatten, last.name);
  const std::int64_t features = size_of(last.shape);
  const std::string classes = b.linear("classes", flat, Linear{features, 5, true, {}});
  std::string x = b.unary("tokens", Op::to_tokens, last.name);
  std::int64_t width = last.shape[0], tokens = last.shape[1] * last.shape[2];
  const std::string learned = b.layer("learned", Op::parameter, {}, Parameter{{2, width}});
  x = b.concat("with_learned", {learned, x, learned});
  tokens += 4;
  const std::string q = b.linear("q", x, Linear{width, 6, true, {}});
  const std::string k = b.linear("k", x, Linear{width, 6, true, {}});
  const std::string s = b.layer("scores", Op::matmul, {q, k}, Matmul{2, true, false});
  const std::string p = b.unary("softmax", Op::softmax, s);
  const std::string twice = b.concat("rows", {p, p}, 1);
  const std::string c = b.layer("context", Op::matmul, {twice, k}, Matmul{2, false, true});
  const std::string cls = b.layer("cls", Op::select, {c}, Select{0, random.between(0, 2 * tokens - 1)});
  const std::string token_flat = b.unary("token_flat", Op::flatten, x);
  const std::string more = b.linear("more", token_flat, Linear{tokens * width, 3, false, {}});
  const std::string head = b.linear("head", cls, Linear{6, 3, false, {}});
  return b.build({classes, head, more});
}

}  // namespace

TEST_CASE("lowering: a convolution becomes a GEMM with its window", "[workloads]") {
  NetworkBuilder b("n", 2);
  Conv2d a = conv(4, 6, 3, 2, 1);
  a.groups = 2;
  a.bias = true;
  a.batchnorm = true;
  const auto x = b.input("x", {4, 9, 7});
  const Network network = b.build({b.conv2d("c", x, a, Activation::relu6)});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  const GemmOperation& g = gemm(n, "c");
  CHECK(g.is_convolution);
  CHECK(g.gemm.m == 2 * 5 * 4);
  CHECK(g.gemm.k == 3 * 3 * 2);
  CHECK(g.gemm.n == 3);
  CHECK(g.gemm.groups == 2);
  CHECK(g.groups_per_image == 2);
  CHECK(g.window.stride_width == 2);
  CHECK(g.window.padding_height == 1);
  CHECK(g.activation.rows == 2 * 9 * 7);
  CHECK(g.activation.columns == 4);
  CHECK(g.stationary == StationaryOperand::weights);
  CHECK(g.weight_set == 0);
  CHECK(kinds(g.post_steps) == std::vector<Kind>{Kind::bias, Kind::batchnorm, Kind::requantize, Kind::relu6});
  CHECK(output(n, "c").rows == 2 * 5 * 4);
  CHECK(output(n, "c").columns == 6);
  CHECK(output(n, "c").is_network_output);
  REQUIRE(n.tensors.size() == 2);
  CHECK(n.tensors[0].origin == TensorOrigin::input);
}

TEST_CASE("lowering: a residual sum joins the last convolution that it reads", "[workloads]") {
  NetworkBuilder b("n");
  const auto image = b.input("image", {4, 6, 6});
  const auto stem = b.conv2d("stem", image, conv(4, 8, 1), Activation::relu);
  const auto main = b.conv2d("main", stem, conv(8, 8, 3, 1, 1));
  const auto proj = b.conv2d("proj", stem, conv(8, 8, 1));
  const auto sum1 = b.add("sum1", {main, proj}, Activation::relu);
  const auto again = b.conv2d("again", sum1, conv(8, 8, 3, 1, 1));
  const auto sum2 = b.add("sum2", {again, sum1});
  const auto relu = b.unary("relu", Op::relu, sum2);
  const auto pool = b.pool("pool", relu, Pool::Kind::max, 2, 2);
  const Network network = b.build({b.conv2d("last", pool, conv(8, 2, 1))});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  CHECK(n.operations.size() == 5);
  // A projection comes after the main branch, so it adds.
  CHECK(gemm(n, "main").residual.parts.empty());
  REQUIRE(gemm(n, "proj").residual.parts.size() == 1);
  CHECK(gemm(n, "proj").residual.parts[0].tensor == operation(n, "main").output);
  CHECK(kinds(gemm(n, "proj").post_steps) == std::vector<Kind>{Kind::requantize, Kind::residual_add, Kind::relu});
  // An identity branch: the main branch adds, and takes along what follows.
  CHECK(gemm(n, "again").residual.parts[0].tensor == operation(n, "proj").output);
  CHECK(kinds(gemm(n, "again").post_steps) == std::vector<Kind>{Kind::requantize, Kind::residual_add, Kind::relu});
  CHECK(operation(n, "again").fused_layers ==
        std::vector<int>{network.layer_index("sum2"), network.layer_index("relu"), network.layer_index("pool")});
  REQUIRE(gemm(n, "again").has_fused_pool);
  CHECK(gemm(n, "again").pool.kernel_height == 2);
  // The consumer sees pooled rows: 3x3 of them, each made of 2x2 stored ones.
  const View& pooled = gemm(n, "last").activation;
  CHECK(pooled.rows == 9);
  REQUIRE(pooled.parts.size() == 1);
  CHECK(output(n, "again").rows == 36);
  CHECK(pooled.parts[0].tensor_rows({4, 4}).first == 2 * 6 + 2);
  CHECK(pooled.parts[0].tensor_rows({4, 4}).last == 3 * 6 + 3);
}

TEST_CASE("lowering: nothing is fused into a value that somebody else reads", "[workloads]") {
  NetworkBuilder b("n");
  const auto image = b.input("image", {4, 6, 6});
  const auto c1 = b.conv2d("c1", image, conv(4, 4, 1));
  const auto relu = b.unary("relu", Op::relu, c1);
  const auto c2 = b.conv2d("c2", image, conv(4, 4, 1));
  const auto pool = b.pool("pool", c2, Pool::Kind::max, 2, 2);
  const auto twice = b.add("twice", {relu, relu});
  const auto c3 = b.conv2d("c3", image, conv(4, 4, 1));
  const auto relu3 = b.unary("relu3", Op::relu, c3);
  const auto join = b.add("join", {c1, twice});
  const Network network = b.build({pool, join, c3, relu3});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  check_views(network, n);
  // c1 has two consumers, c3 is an output, "twice" reads one value two times, "pool" is an output.
  for (const char* name : {"c1", "relu", "c2", "pool", "twice", "c3", "relu3", "join"}) CHECK(find(n, name) != nullptr);
  CHECK(vector_of(n, "pool").kind == VectorOperation::Kind::pool);
  CHECK(vector_of(n, "twice").inputs.size() == 2);
  CHECK(output(n, "c3").is_network_output);
  CHECK(output(n, "pool").is_network_output);
  CHECK_FALSE(output(n, "c2").is_network_output);
}

TEST_CASE("lowering: an operation carries one residual, and nothing joins it behind its pool", "[workloads]") {
  NetworkBuilder b("n");
  const auto x = b.input("x", {4, 6, 6});
  const auto y = b.input("y", {4, 6, 6});
  const auto c = b.conv2d("c", x, conv(4, 4, 1));
  const auto first = b.add("first", {c, x});
  const auto second = b.layer("second", Op::mul, {y, first});
  const auto d = b.conv2d("d", second, conv(4, 4, 1));
  const auto pool = b.pool("pool", d, Pool::Kind::avg, 2, 2);
  const auto relu = b.unary("relu", Op::relu, pool);
  const Network network = b.build({relu});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  REQUIRE(n.operations.size() == 4);
  CHECK(operation(n, "c").fused_layers == std::vector<int>{network.layer_index("first")});
  CHECK(n.tensors[static_cast<std::size_t>(gemm(n, "c").residual.parts[0].tensor)].name == "x");
  CHECK(vector_of(n, "second").inputs.size() == 2);
  CHECK(gemm(n, "d").has_fused_pool);
  CHECK(vector_of(n, "relu").kind == VectorOperation::Kind::elementwise);
  CHECK(vector_of(n, "relu").inputs[0].rows == 9);
}

TEST_CASE("lowering: a flatten behind a concat along the width knows its columns", "[workloads]") {
  // Channel-major: channel 0 is [a0 a1 b0], channel 1 is [a2 a3 b1].
  NetworkBuilder b("n");
  const auto a = b.input("a", {2, 1, 2});
  const auto c = b.input("c", {2, 1, 1});
  const auto flat = b.unary("flat", Op::flatten, b.concat("wide", {a, c}, 2));
  const Network network = b.build({b.linear("fc", flat, Linear{6, 1, false, {}})});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  check_views(network, n);
  const std::vector<ViewPart>& parts = gemm(n, "fc").activation.parts;
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].column == 0);
  CHECK(parts[0].columns == 5);
  CHECK(parts[1].column == 2);
  CHECK(parts[1].columns == 4);
}

TEST_CASE("lowering: an operation moves behind the residual that it reads", "[workloads]") {
  NetworkBuilder b("n");
  const auto x = b.input("x", {4, 8});
  const auto dense = b.linear("dense", x, Linear{8, 8, false, {}});
  const auto norm = b.unary("norm", Op::layernorm, x);
  const auto other = b.unary("other", Op::softmax, x);
  const auto sum = b.add("sum", {dense, norm});
  const Network network = b.build({sum, other});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  REQUIRE(n.operations.size() == 3);
  CHECK(n.operations[0].name == "norm");
  CHECK(n.operations[1].name == "dense");
  CHECK(n.operations[2].name == "other");
  CHECK(output(n, "dense").is_network_output);
}

TEST_CASE("lowering: DenseNet's batchnorm after a concat is a pass over all its parts", "[workloads]") {
  NetworkBuilder b("n", 2);
  const auto image = b.input("image", {4, 3, 3});
  const auto c1 = b.conv2d("c1", image, conv(4, 8, 1));
  const auto c2 = b.conv2d("c2", c1, conv(8, 2, 3, 1, 1));
  const auto cat = b.concat("cat", {c1, c2});
  const auto bn = b.unary("bn", Op::batchnorm, cat, Activation::relu);
  const auto relu6 = b.unary("relu6", Op::relu6, bn);
  const auto c3 = b.conv2d("c3", relu6, conv(10, 2, 1));
  const auto cat2 = b.concat("cat2", {cat, c3});
  const Network network = b.build({cat2});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  check_views(network, n);
  const VectorOperation& pass = vector_of(n, "bn");
  CHECK(pass.kind == VectorOperation::Kind::elementwise);
  CHECK(kinds(pass.post_steps) == std::vector<Kind>{Kind::relu, Kind::relu6});
  REQUIRE(pass.inputs.size() == 1);
  REQUIRE(pass.inputs[0].parts.size() == 2);
  CHECK(pass.inputs[0].columns == 10);
  CHECK(pass.inputs[0].parts[1].column == 8);
  CHECK(pass.inputs[0].parts[1].columns == 2);
  CHECK(pass.inputs[0].parts[1].tensor == operation(n, "c2").output);
  // The output is a view of three tensors; all of them go to DRAM.
  for (const char* name : {"c1", "c2", "c3"}) CHECK(output(n, name).is_network_output);
  CHECK_FALSE(output(n, "bn").is_network_output);
}

TEST_CASE("lowering: flatten gives each image all its rows", "[workloads]") {
  NetworkBuilder b("n", 3);
  const auto image = b.input("image", {4, 2, 5});
  const auto flat = b.unary("flat", Op::flatten, image);
  const Network network = b.build({b.linear("fc", flat, Linear{40, 7, false, {}})});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  check_views(network, n);
  const GemmOperation& g = gemm(n, "fc");
  CHECK(g.gemm.m == 3);
  CHECK(g.window.is_identity());
  REQUIRE(g.activation.parts.size() == 1);
  CHECK(g.activation.columns == 40);
  CHECK(g.activation.parts[0].columns == 40);
  CHECK(g.activation.parts[0].tensor_rows({1, 1}).first == 10);
  CHECK(g.activation.parts[0].tensor_rows({1, 1}).last == 19);
}

TEST_CASE("lowering: a class token in front of the tokens of every image", "[workloads]") {
  NetworkBuilder b("n", 2);
  const auto image = b.input("image", {3, 4, 4});
  auto x = b.conv2d("embed", image, conv(3, 8, 2, 2));
  x = b.unary("tokens", Op::to_tokens, x);
  const auto token = b.layer("token", Op::parameter, {}, Parameter{{1, 8}});
  const auto cat = b.concat("cat", {token, x});
  const auto norm = b.unary("norm", Op::layernorm, cat);
  const auto one = b.layer("one", Op::select, {cat}, Select{0, 0});
  const auto two = b.layer("two", Op::select, {cat}, Select{0, 3});
  const auto h1 = b.linear("h1", one, Linear{8, 2, false, {}});
  const auto h2 = b.linear("h2", two, Linear{8, 2, false, {}});
  const Network network = b.build({norm, h1, h2});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  check_views(network, n);
  const View& view = vector_of(n, "norm").inputs[0];
  CHECK(vector_of(n, "norm").kind == VectorOperation::Kind::row_wise);
  CHECK(view.rows == 2 * 5);
  CHECK(view.parts.size() == 4);
  const Tensor& token_tensor = n.tensors[static_cast<std::size_t>(gemm(n, "h1").activation.parts[0].tensor)];
  CHECK(token_tensor.origin == TensorOrigin::parameter);
  CHECK(token_tensor.rows == 1);
  // Token 3 of image 1 is pixel 2 of that image.
  REQUIRE(gemm(n, "h2").activation.parts.size() == 2);
  CHECK(gemm(n, "h2").activation.parts[1].tensor_rows({1, 1}).first == 4 + 2);
}

TEST_CASE("lowering: attention heads are groups", "[workloads]") {
  NetworkBuilder b("n", 2);
  const auto x = b.input("x", {5, 12});
  const auto q = b.linear("q", x, Linear{12, 12, true, {}});
  const auto k = b.linear("k", x, Linear{12, 12, true, {}});
  const auto v = b.linear("v", x, Linear{12, 12, true, {}});
  auto s = b.layer("scores", Op::matmul, {q, k}, Matmul{3, true, false});
  s = b.unary("softmax", Op::softmax, s);
  const auto c = b.layer("context", Op::matmul, {s, v}, Matmul{3, false, true});
  const Network network = b.build({c});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  check_views(network, n);
  const GemmOperation& scores = gemm(n, "scores");
  CHECK(scores.gemm.groups == 2 * 3);
  CHECK(scores.groups_per_image == 3);
  CHECK(std::make_tuple(scores.gemm.m, scores.gemm.k, scores.gemm.n) == std::make_tuple(5, 4, 5));
  CHECK_FALSE(scores.rows_per_group);
  CHECK(scores.output_rows_per_group);
  CHECK(scores.transpose_stationary);
  CHECK(scores.stationary == StationaryOperand::activation);
  CHECK(scores.stationary_view.parts[0].tensor == operation(n, "k").output);
  CHECK(scores.weight_set == -1);
  CHECK(output(n, "scores").rows == 2 * 3 * 5);
  CHECK(output(n, "scores").columns == 5);
  const GemmOperation& context = gemm(n, "context");
  CHECK(context.rows_per_group);
  CHECK_FALSE(context.output_rows_per_group);
  CHECK_FALSE(context.transpose_stationary);
  CHECK(output(n, "context").rows == 2 * 5);
  CHECK(output(n, "context").columns == 12);
}

TEST_CASE("lowering: new keys behind a cache are written back", "[workloads]") {
  NetworkBuilder b("n", 2);
  const auto x = b.input("x", {1, 8});
  const auto cache = b.input("cache", {6, 8}, NetworkInput::Kind::kv_cache);
  const auto q = b.linear("q", x, Linear{8, 8, false, {}});
  const auto k = b.linear("k", x, Linear{8, 8, false, {}});
  const auto all = b.concat("all", {cache, k});
  const auto s = b.layer("scores", Op::matmul, {q, all}, Matmul{2, true, false});
  const Network network = b.build({s});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  check_views(network, n);
  CHECK(output(n, "k").is_cache_update);
  CHECK_FALSE(output(n, "q").is_cache_update);
  const View& keys = gemm(n, "scores").stationary_view;
  CHECK(keys.rows == 2 * 7);
  CHECK(n.tensors[static_cast<std::size_t>(keys.parts[0].tensor)].origin == TensorOrigin::kv_cache);
}

TEST_CASE("lowering: embeddings are gathered, and tied weights are one set", "[workloads]") {
  NetworkBuilder b("n", 3);
  const auto ids = b.input("ids", {4}, NetworkInput::Kind::indices);
  const auto positions = b.input("positions", {4}, NetworkInput::Kind::indices);
  const auto e = b.layer("table", Op::embedding, {ids}, Embedding{20, 8});
  const auto p = b.layer("position", Op::embedding, {positions}, Embedding{4, 8});
  auto x = b.add("sum", {e, p});
  x = b.linear("l1", x, Linear{8, 8, false, {}});
  x = b.linear("l2", x, Linear{8, 8, false, "l1"});
  x = b.linear("l3", x, Linear{8, 8, false, "l2"});
  const Network network = b.build({b.linear("head", x, Linear{8, 20, false, "table"})});
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  CHECK(n.tensors[0].origin == TensorOrigin::embedding);
  CHECK(n.tensors[0].rows == 3 * 4);
  CHECK(vector_of(n, "sum").inputs.size() == 2);
  CHECK(gemm(n, "l1").weight_set == gemm(n, "l2").weight_set);
  CHECK(gemm(n, "l1").weight_set == gemm(n, "l3").weight_set);
  CHECK(gemm(n, "head").weight_set == network.layer_index("table"));
}

TEST_CASE("lowering: an unmodelled layer needs all of what it reads", "[workloads]") {
  LoadOptions options;
  options.allow_unmodelled = true;
  const Network network = podsim::test::read_workload(
      R"({"format": "dnn-workload", "version": 1, "name": "n", "batch": 2, "inputs": [{"name": "x", "shape": [3, 4, 4]}], "layers": [
      {"name": "a", "op": "conv2d", "inputs": ["x"], "in_channels": 3, "out_channels": 8, "kernel": 1},
      {"name": "w", "op": "warp", "inputs": ["a", "x"], "output_shape": [5, 6]},
      {"name": "anchors", "op": "make_anchors", "inputs": [], "output_shape": [5, 6]},
      {"name": "s", "op": "add", "inputs": ["w", "anchors"]}], "outputs": ["s"]})",
      "native_json", "net.json", options);
  const LoweredNetwork n = lower(network);
  check_invariants(network, n);
  REQUIRE(n.unmodelled.size() == 2);
  CHECK(n.unmodelled[0].name == "w");
  CHECK(n.unmodelled[0].op == "warp");
  const VectorOperation& sum = vector_of(n, "s");
  CHECK(sum.inputs[0].rows == 2 * 5);
  CHECK(sum.inputs[0].columns == 6);
  REQUIRE(sum.inputs[0].parts.size() == 2);
  CHECK(sum.inputs[0].parts[0].tensor_rows({3, 3}).first == 0);
  CHECK(sum.inputs[0].parts[0].tensor_rows({3, 3}).last == 2 * 16 - 1);
  CHECK(n.tensors[static_cast<std::size_t>(sum.inputs[1].parts[0].tensor)].origin == TensorOrigin::parameter);
}

TEST_CASE("lowering: a network that is not inferred is an internal error", "[workloads]") {
  Network network = load_network("zoo:vgg16");
  network.layers[0].shape.clear();
  CHECK_THROWS_AS(lower(network), Error);
}

TEST_CASE("lowering: ResNet-50 has one operation per matrix layer", "[workloads]") {
  const Network network = load_network("zoo:resnet50");
  const LoweredNetwork n = lower(network);
  // Sums, activations and both pools ride on convolutions; 53 convolutions and one linear layer remain.
  CHECK(n.operations.size() == 54);
  int residuals = 0, pools = 0;
  for (const Operation& op : n.operations) {
    if (!op.gemm()->residual.parts.empty()) ++residuals;
    if (op.gemm()->has_fused_pool) ++pools;
  }
  CHECK(residuals == 3 + 4 + 6 + 3);
  CHECK(pools == 2);
  CHECK_FALSE(gemm(n, "res2_1_proj").residual.parts.empty());
  CHECK(gemm(n, "res2_1_c").residual.parts.empty());
  CHECK_FALSE(gemm(n, "res2_2_c").residual.parts.empty());
}

TEST_CASE("lowering: every zoo network keeps the invariants with a batch of two", "[workloads]") {
  for (const char* name : {"mobilenet_v2", "densenet121", "inception_v3", "bert_medium:sequence=16",
                           "gpt2_small_decode:context=20", "vit_b16:image=64"}) {
    CAPTURE(name);
    LoadOptions options;
    options.batch = 2;
    const Network network = load_network(std::string("zoo:") + name, options);
    const LoweredNetwork n = lower(network);
    REQUIRE(n.macs() == network.totals().macs);
    for (std::size_t i = 0; i < n.operations.size(); ++i) {
      for (const View* view : views(n.operations[i])) {
        for (const ViewPart& part : view->parts) {
          REQUIRE(n.tensors[static_cast<std::size_t>(part.tensor)].operation < static_cast<int>(i));
        }
      }
    }
  }
}

TEST_CASE("lowering: random networks keep the invariants, and their views agree with moving every element",
          "[workloads]") {
  RandomStream random(3, "networks");
  for (int trial = 0; trial < 60; ++trial) {
    const Network network = random_network(random);
    CAPTURE(trial);
    INFO(to_text(network));
    const LoweredNetwork n = lower(network);
    check_invariants(network, n);
    check_views(network, n);
    REQUIRE(podsim::test::read_workload(to_text(network)) == network);
  }
}
