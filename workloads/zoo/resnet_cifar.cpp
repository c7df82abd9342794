// SPDX-License-Identifier: Apache-2.0
// He et al., Deep Residual Learning for Image Recognition, CVPR 2016 (arXiv 1512.03385), section 4.2.
#include "podsim/workloads/zoo/zoo_network.hpp"

namespace podsim::zoo {
namespace {

/// Depth 6 n + 2: a convolution, three stages of n blocks of two 3x3 convolutions, and a classifier of ten classes.
Network resnet_cifar(int depth, const ImageParameters<32>& p) {
  NetworkBuilder b(numbered("resnet", depth), p.batch);
  const std::string size = std::to_string(p.image) + "x" + std::to_string(p.image);
  // The paper pads the shortcuts that change shape with zeros (its option A), which no layer of ours expresses.
  b.describe("ResNet-" + std::to_string(depth) + " for CIFAR-10, " + size +
                 " image; shortcuts that change shape are 1x1 convolutions (option B)",
             "He et al., Deep Residual Learning for Image Recognition, CVPR 2016 (arXiv 1512.03385)");
  std::string x = b.input("image", {3, p.image, p.image});
  x = b.conv2d("conv1", x, square_conv(3, 16, 3, 1, 1), Activation::relu);
  std::int64_t channels = 16;
  for (int stage = 0; stage < 3; ++stage) {
    const std::int64_t width = std::int64_t{16} << stage;
    for (int block = 0; block < (depth - 2) / 6; ++block) {
      const std::string prefix = numbered("res", stage + 2) + numbered("_", block + 1);
      const std::int64_t stride = width == channels ? 1 : 2;
      std::string y = b.conv2d(prefix + "_a", x, square_conv(channels, width, 3, stride, 1), Activation::relu);
      y = b.conv2d(prefix + "_b", y, square_conv(width, width, 3, 1, 1));
      if (stride != 1) x = b.conv2d(prefix + "_proj", x, square_conv(channels, width, 1, stride));
      x = b.add(prefix + "_add", {y, x}, Activation::relu);
      channels = width;
    }
  }
  x = b.pool("gap", x, Pool::Kind::global_avg);
  x = b.unary("flat", Op::flatten, x);
  return b.build({b.linear("fc", x, dense(64, 10))});
}

const auto resnet20 = register_network<ImageParameters<32>>("resnet20", "ResNet-20 image classifier for CIFAR-10",
                                                            [](const auto& p) { return resnet_cifar(20, p); });

}  // namespace
}  // namespace podsim::zoo
