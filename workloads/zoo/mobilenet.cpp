// SPDX-License-Identifier: Apache-2.0
// Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018 (arXiv 1801.04381).
#include <array>

#include "podsim/workloads/zoo/zoo_network.hpp"

namespace podsim::zoo {
namespace {

using MobilenetParameters = ImageParameters<224>;

Network mobilenet_v2(const MobilenetParameters& p) {
  struct Stage {
    std::int64_t expansion, channels;
    int repeats;
    std::int64_t stride;
  };
  // Table 2 of the paper.
  constexpr std::array<Stage, 7> stages{
      {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}};
  NetworkBuilder b("mobilenet_v2", p.batch);
  b.describe("MobileNet-v2 width 1.0, " + std::to_string(p.image) + "x" + std::to_string(p.image) +
                 " image; depthwise layers are conv2d with groups == channels",
             "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018 (arXiv 1801.04381)");
  std::string x = b.input("image", {3, p.image, p.image});
  x = b.conv2d("conv_first", x, square_conv(3, 32, 3, 2, 1), Activation::relu6);
  std::int64_t channels = 32;
  int number = 0;
  for (const Stage& stage : stages) {
    for (int i = 0; i < stage.repeats; ++i) {
      const std::string prefix = numbered("b", ++number);
      const std::int64_t stride = i == 0 ? stage.stride : 1;
      const std::int64_t hidden = channels * stage.expansion;
      std::string y = x;
      if (stage.expansion != 1) {
        y = b.conv2d(prefix + "_expand", y, square_conv(channels, hidden, 1), Activation::relu6);
      }
      Conv2d depthwise = square_conv(hidden, hidden, 3, stride, 1);
      depthwise.groups = hidden;
      y = b.conv2d(prefix + "_dw", y, depthwise, Activation::relu6);
      y = b.conv2d(prefix + "_project", y, square_conv(hidden, stage.channels, 1));
      x = stride == 1 && channels == stage.channels ? b.add(prefix + "_add", {y, x}) : y;
      channels = stage.channels;
    }
  }
  x = b.conv2d("conv_last", x, square_conv(channels, 1280, 1), Activation::relu6);
  x = b.pool("gap", x, Pool::Kind::global_avg);
  x = b.unary("flat", Op::flatten, x);
  return b.build({b.linear("fc", x, dense(1280, 1000))});
}

const auto entry =
    register_network<MobilenetParameters>("mobilenet_v2", "MobileNet-v2 image classifier, width 1.0", mobilenet_v2);

}  // namespace
}  // namespace podsim::zoo
