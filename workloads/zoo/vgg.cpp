// SPDX-License-Identifier: Apache-2.0
// Simonyan & Zisserman, Very Deep Convolutional Networks, ICLR 2015 (arXiv 1409.1556).
#include <array>

#include "podsim/workloads/zoo/zoo_network.hpp"

namespace podsim::zoo {
namespace {

using VggParameters = ImageParameters<224>;

Network vgg16(const VggParameters& p) {
  struct Stage {
    std::int64_t width;
    int repeats;
  };
  constexpr std::array<Stage, 5> stages{{{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}};
  NetworkBuilder b("vgg16", p.batch);
  b.describe("VGG-16 (configuration D), " + std::to_string(p.image) + "x" + std::to_string(p.image) + " image",
             "Simonyan & Zisserman, Very Deep Convolutional Networks, ICLR 2015 (arXiv 1409.1556)");
  std::string x = b.input("image", {3, p.image, p.image});
  std::int64_t channels = 3;
  int number = 0;
  for (const Stage& stage : stages) {
    ++number;
    for (int i = 1; i <= stage.repeats; ++i) {
      Conv2d conv = square_conv(channels, stage.width, 3, 1, 1);
      conv.batchnorm = false;
      conv.bias = true;
      x = b.conv2d(numbered("conv", number) + numbered("_", i), x, conv, Activation::relu);
      channels = stage.width;
    }
    x = b.pool(numbered("pool", number), x, Pool::Kind::max, 2, 2);
  }
  x = b.unary("flat", Op::flatten, x);
  const std::int64_t side = p.image / 32;
  x = b.linear("fc6", x, dense(512 * side * side, 4096), Activation::relu);
  x = b.linear("fc7", x, dense(4096, 4096), Activation::relu);
  return b.build({b.linear("fc8", x, dense(4096, 1000))});
}

const auto entry = register_network<VggParameters>("vgg16", "VGG-16 image classifier", vgg16);

}  // namespace
}  // namespace podsim::zoo
