// SPDX-License-Identifier: Apache-2.0
// Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021 (arXiv 2010.11929).
#include "podsim/workloads/zoo/attention.hpp"

namespace podsim::zoo {
namespace {

using VitParameters = ImageParameters<224>;

Network vit_b16(const VitParameters& p) {
  constexpr std::int64_t patch = 16, layers = 12, hidden = 768, classes = 1000;
  const std::int64_t tokens = (p.image / patch) * (p.image / patch);
  NetworkBuilder b("vit-b16", p.batch);
  const std::string side = std::to_string(p.image);
  b.describe("ViT-B/16: 12 layers, hidden 768, 12 heads, " + std::to_string(tokens) + "+1 tokens, " + side + "x" +
                 side + " image",
             "Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021 (arXiv 2010.11929)");
  std::string x = b.input("image", {3, p.image, p.image});
  Conv2d embed = square_conv(3, hidden, patch, patch);
  embed.batchnorm = false;
  embed.bias = true;
  x = b.conv2d("patch_embed", x, embed);
  x = b.unary("tokens", Op::to_tokens, x);
  const std::string class_token = b.layer("class_token", Op::parameter, {}, Parameter{{1, hidden}});
  x = b.concat("tokens_cat", {class_token, x});
  const std::string position = b.layer("pos_embed", Op::parameter, {}, Parameter{{tokens + 1, hidden}});
  x = b.add("pos_add", {x, position});
  for (int i = 1; i <= layers; ++i) x = pre_norm_block(b, numbered("l", i), x, hidden);
  x = b.unary("norm", Op::layernorm, x);
  x = b.layer("cls", Op::select, {x}, Select{0, 0});
  return b.build({b.linear("head", x, dense(hidden, classes))});
}

const auto entry = register_network<VitParameters>("vit_b16", "ViT-B/16 image classifier", vit_b16);

}  // namespace
}  // namespace podsim::zoo
