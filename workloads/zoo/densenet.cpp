// SPDX-License-Identifier: Apache-2.0
// Huang et al., Densely Connected Convolutional Networks, CVPR 2017 (arXiv 1608.06993).
#include <array>

#include "podsim/workloads/zoo/zoo_network.hpp"

namespace podsim::zoo {
namespace {

using DensenetParameters = ImageParameters<224>;

Network densenet(int depth, const std::array<int, 4>& blocks, const DensenetParameters& p) {
  constexpr std::int64_t growth = 32;
  NetworkBuilder b(numbered("densenet", depth), p.batch);
  const std::string size = std::to_string(p.image) + "x" + std::to_string(p.image);
  b.describe("DenseNet-" + std::to_string(depth) + " (growth 32), " + size +
                 " image; pre-activation BN+ReLU kept as explicit elementwise layers because they follow a concat",
             "Huang et al., Densely Connected Convolutional Networks, CVPR 2017 (arXiv 1608.06993)");
  const auto plain = [](Conv2d a) {
    a.batchnorm = false;
    return a;
  };
  std::string x = b.input("image", {3, p.image, p.image});
  x = b.conv2d("conv0", x, square_conv(3, 64, 7, 2, 3), Activation::relu);
  x = b.pool("pool0", x, Pool::Kind::max, 3, 2, 1);
  std::int64_t channels = 64;
  for (int block = 0; block < 4; ++block) {
    for (int i = 0; i < blocks.at(static_cast<std::size_t>(block)); ++i) {
      const std::string prefix = numbered("d", block + 1) + numbered("_", i + 1);
      std::string y = b.unary(prefix + "_bn", Op::batchnorm, x, Activation::relu);
      y = b.conv2d(prefix + "_1x1", y, square_conv(channels, 4 * growth, 1), Activation::relu);
      y = b.conv2d(prefix + "_3x3", y, plain(square_conv(4 * growth, growth, 3, 1, 1)));
      x = b.concat(prefix + "_cat", {x, y});
      channels += growth;
    }
    if (block == 3) break;
    const std::string prefix = numbered("t", block + 1);
    std::string y = b.unary(prefix + "_bn", Op::batchnorm, x, Activation::relu);
    y = b.conv2d(prefix + "_1x1", y, plain(square_conv(channels, channels / 2, 1)));
    channels /= 2;
    x = b.pool(prefix + "_pool", y, Pool::Kind::avg, 2, 2);
  }
  x = b.unary("bn_final", Op::batchnorm, x, Activation::relu);
  x = b.pool("gap", x, Pool::Kind::global_avg);
  x = b.unary("flat", Op::flatten, x);
  return b.build({b.linear("fc", x, dense(channels, 1000))});
}

const auto densenet121 =
    register_network<DensenetParameters>("densenet121", "DenseNet-121 image classifier", [](const auto& p) {
      return densenet(121, {6, 12, 24, 16}, p);
    });
const auto densenet169 =
    register_network<DensenetParameters>("densenet169", "DenseNet-169 image classifier", [](const auto& p) {
      return densenet(169, {6, 12, 32, 32}, p);
    });
const auto densenet201 =
    register_network<DensenetParameters>("densenet201", "DenseNet-201 image classifier", [](const auto& p) {
      return densenet(201, {6, 12, 48, 32}, p);
    });

}  // namespace
}  // namespace podsim::zoo
