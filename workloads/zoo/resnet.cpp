// SPDX-License-Identifier: Apache-2.0
// He et al., Deep Residual Learning for Image Recognition, CVPR 2016 (arXiv 1512.03385).
#include <array>

#include "podsim/workloads/zoo/zoo_network.hpp"

namespace podsim::zoo {
namespace {

struct ResnetParameters {
  std::int64_t image = 224;
  std::string variant = "v1.5";
  std::int64_t batch = 1;
  void fields(Fields& f) {
    image_field(f, image);
    f.choice("variant", variant, {"v1.5", "v1"},
             "v1: a downsampling block has its stride in the first 1x1 convolution; v1.5: in the 3x3 convolution");
    batch_field(f, batch);
  }
};

Network resnet(int depth, const std::array<int, 4>& blocks, const ResnetParameters& p) {
  NetworkBuilder b(numbered("resnet", depth), p.batch);
  const std::string size = std::to_string(p.image) + "x" + std::to_string(p.image);
  const bool v1 = p.variant == "v1";
  b.describe("ResNet-" + std::to_string(depth) + " " + p.variant + ", " + size + " image; " + p.variant +
                 ": stride-2 on the " + (v1 ? "first 1x1" : "3x3") + " convolution of a downsampling block",
             "He et al., Deep Residual Learning for Image Recognition, CVPR 2016 (arXiv 1512.03385)");
  std::string x = b.input("image", {3, p.image, p.image});
  x = b.conv2d("conv1", x, square_conv(3, 64, 7, 2, 3), Activation::relu);
  x = b.pool("pool1", x, Pool::Kind::max, 3, 2, 1);
  std::int64_t channels = 64;
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t width = std::int64_t{64} << stage;
    for (int block = 0; block < blocks.at(static_cast<std::size_t>(stage)); ++block) {
      const std::string prefix = numbered("res", stage + 2) + numbered("_", block + 1);
      const std::int64_t stride = block == 0 && stage > 0 ? 2 : 1;
      std::string y = b.conv2d(prefix + "_a", x, square_conv(channels, width, 1, v1 ? stride : 1), Activation::relu);
      y = b.conv2d(prefix + "_b", y, square_conv(width, width, 3, v1 ? 1 : stride, 1), Activation::relu);
      y = b.conv2d(prefix + "_c", y, square_conv(width, 4 * width, 1));
      if (block == 0) x = b.conv2d(prefix + "_proj", x, square_conv(channels, 4 * width, 1, stride));
      x = b.add(prefix + "_add", {y, x}, Activation::relu);
      channels = 4 * width;
    }
  }
  x = b.pool("gap", x, Pool::Kind::global_avg);
  x = b.unary("flat", Op::flatten, x);
  return b.build({b.linear("fc", x, dense(2048, 1000))});
}

const auto resnet50 = register_network<ResnetParameters>("resnet50", "ResNet-50 image classifier", [](const auto& p) {
  return resnet(50, {3, 4, 6, 3}, p);
});
const auto resnet101 =
    register_network<ResnetParameters>("resnet101", "ResNet-101 image classifier", [](const auto& p) {
      return resnet(101, {3, 4, 23, 3}, p);
    });
const auto resnet152 =
    register_network<ResnetParameters>("resnet152", "ResNet-152 image classifier", [](const auto& p) {
      return resnet(152, {3, 8, 36, 3}, p);
    });

}  // namespace
}  // namespace podsim::zoo
