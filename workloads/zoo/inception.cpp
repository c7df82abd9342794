// SPDX-License-Identifier: Apache-2.0
// Szegedy et al., Rethinking the Inception Architecture, CVPR 2016 (arXiv 1512.00567).
#include <array>

#include "podsim/workloads/zoo/zoo_network.hpp"

namespace podsim::zoo {
namespace {

using InceptionParameters = ImageParameters<299>;

/// Convolutions with batchnorm and ReLU; the last number of output channels is the input of the next one.
class InceptionBuilder {
 public:
  explicit InceptionBuilder(const InceptionParameters& p) : b_("inception_v3", p.batch) {
    const std::string size = std::to_string(p.image) + "x" + std::to_string(p.image);
    b_.describe("Inception-v3 inference graph (no auxiliary classifier), " + size + " image",
                "Szegedy et al., Rethinking the Inception Architecture, CVPR 2016 (arXiv 1512.00567)");
    x_ = b_.input("image", {3, p.image, p.image});
  }

  Network build() {
    stem();
    const std::array<std::int64_t, 3> pool_features{32, 64, 64};
    for (int i = 0; i < 3; ++i) block_a(numbered("a", i + 1) + "_", pool_features.at(static_cast<std::size_t>(i)));
    block_b();
    const std::array<std::int64_t, 4> widths{128, 160, 160, 192};
    for (int i = 0; i < 4; ++i) block_c(numbered("c", i + 1) + "_", widths.at(static_cast<std::size_t>(i)));
    block_d();
    for (int i = 0; i < 2; ++i) block_e(numbered("e", i + 1) + "_");
    x_ = b_.pool("gap", x_, Pool::Kind::global_avg);
    x_ = b_.unary("flat", Op::flatten, x_);
    return b_.build({b_.linear("fc", x_, dense(2048, 1000))});
  }

 private:
  using Name = std::string;

  Name conv(const Name& name, const Name& x, std::int64_t in, std::int64_t out, std::int64_t kernel,
            std::int64_t stride = 1, std::int64_t padding = 0) {
    return b_.conv2d(name, x, square_conv(in, out, kernel, stride, padding), Activation::relu);
  }

  /// A 1 x k convolution that keeps the size.
  Name wide(const Name& name, const Name& x, std::int64_t in, std::int64_t out, std::int64_t k) {
    return slim(name, x, in, out, {1, k});
  }

  /// A k x 1 convolution that keeps the size.
  Name tall(const Name& name, const Name& x, std::int64_t in, std::int64_t out, std::int64_t k) {
    return slim(name, x, in, out, {k, 1});
  }

  Name slim(const Name& name, const Name& x, std::int64_t in, std::int64_t out, Size2 kernel) {
    Conv2d a = square_conv(in, out, 1);
    a.kernel = kernel;
    a.padding = {(kernel.height - 1) / 2, (kernel.width - 1) / 2};
    return b_.conv2d(name, x, a, Activation::relu);
  }

  void join(const Name& name, const std::vector<Name>& branches, std::int64_t channels) {
    x_ = b_.concat(name, branches);
    channels_ = channels;
  }

  void stem() {
    x_ = conv("stem1", x_, 3, 32, 3, 2);
    x_ = conv("stem2", x_, 32, 32, 3);
    x_ = conv("stem3", x_, 32, 64, 3, 1, 1);
    x_ = b_.pool("stem_pool1", x_, Pool::Kind::max, 3, 2);
    x_ = conv("stem4", x_, 64, 80, 1);
    x_ = conv("stem5", x_, 80, 192, 3);
    x_ = b_.pool("stem_pool2", x_, Pool::Kind::max, 3, 2);
    channels_ = 192;
  }

  /// 35 x 35 pixels
  void block_a(const Name& p, std::int64_t pool_features) {
    const Name b1 = conv(p + "1x1", x_, channels_, 64, 1);
    Name b2 = conv(p + "5x5a", x_, channels_, 48, 1);
    b2 = conv(p + "5x5b", b2, 48, 64, 5, 1, 2);
    Name b3 = conv(p + "dbla", x_, channels_, 64, 1);
    b3 = conv(p + "dblb", b3, 64, 96, 3, 1, 1);
    b3 = conv(p + "dblc", b3, 96, 96, 3, 1, 1);
    const Name b4 = pooled(p, pool_features);
    join(p + "cat", {b1, b2, b3, b4}, 64 + 64 + 96 + pool_features);
  }

  /// 35 -> 17
  void block_b() {
    const Name b1 = conv("b_3x3", x_, channels_, 384, 3, 2);
    Name b2 = conv("b_dbla", x_, channels_, 64, 1);
    b2 = conv("b_dblb", b2, 64, 96, 3, 1, 1);
    b2 = conv("b_dblc", b2, 96, 96, 3, 2);
    const Name b3 = b_.pool("b_pool", x_, Pool::Kind::max, 3, 2);
    join("b_cat", {b1, b2, b3}, 384 + 96 + channels_);
  }

  /// 17 x 17 pixels
  void block_c(const Name& p, std::int64_t m) {
    const Name b1 = conv(p + "1x1", x_, channels_, 192, 1);
    Name b2 = conv(p + "7a", x_, channels_, m, 1);
    b2 = wide(p + "7b", b2, m, m, 7);
    b2 = tall(p + "7c", b2, m, 192, 7);
    Name b3 = conv(p + "da", x_, channels_, m, 1);
    b3 = tall(p + "db", b3, m, m, 7);
    b3 = wide(p + "dc", b3, m, m, 7);
    b3 = tall(p + "dd", b3, m, m, 7);
    b3 = wide(p + "de", b3, m, 192, 7);
    const Name b4 = pooled(p, 192);
    join(p + "cat", {b1, b2, b3, b4}, 768);
  }

  /// 17 -> 8
  void block_d() {
    Name b1 = conv("d_3a", x_, channels_, 192, 1);
    b1 = conv("d_3b", b1, 192, 320, 3, 2);
    Name b2 = conv("d_7a", x_, channels_, 192, 1);
    b2 = wide("d_7b", b2, 192, 192, 7);
    b2 = tall("d_7c", b2, 192, 192, 7);
    b2 = conv("d_7d", b2, 192, 192, 3, 2);
    const Name b3 = b_.pool("d_pool", x_, Pool::Kind::max, 3, 2);
    join("d_cat", {b1, b2, b3}, 320 + 192 + channels_);
  }

  /// 8 x 8 pixels
  void block_e(const Name& p) {
    const Name b1 = conv(p + "1x1", x_, channels_, 320, 1);
    const Name split = conv(p + "3a", x_, channels_, 384, 1);
    const Name b2 = wide(p + "3b1", split, 384, 384, 3);
    const Name b3 = tall(p + "3b2", split, 384, 384, 3);
    Name deep = conv(p + "da", x_, channels_, 448, 1);
    deep = conv(p + "db", deep, 448, 384, 3, 1, 1);
    const Name b4 = wide(p + "dc1", deep, 384, 384, 3);
    const Name b5 = tall(p + "dc2", deep, 384, 384, 3);
    const Name b6 = pooled(p, 192);
    join(p + "cat", {b1, b_.concat(p + "3b", {b2, b3}), b_.concat(p + "dc", {b4, b5}), b6}, 2048);
  }

  Name pooled(const Name& p, std::int64_t out) {
    const Name pool = b_.pool(p + "pool", x_, Pool::Kind::avg, 3, 1, 1);
    return conv(p + "poolproj", pool, channels_, out, 1);
  }

  NetworkBuilder b_;
  Name x_;
  std::int64_t channels_ = 0;
};

const auto inception_v3 =
    register_network<InceptionParameters>("inception_v3", "Inception-v3 image classifier, without auxiliary classifier",
                                          [](const auto& p) { return InceptionBuilder(p).build(); });

}  // namespace
}  // namespace podsim::zoo
