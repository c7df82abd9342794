// SPDX-License-Identifier: Apache-2.0
// Devlin et al., BERT, NAACL 2019 (arXiv 1810.04805); sizes below base: Turc et al. 2019 (arXiv 1908.08962).
#include "podsim/workloads/zoo/attention.hpp"

namespace podsim::zoo {
namespace {

constexpr std::int64_t kPositions = 512;

struct BertParameters {
  std::int64_t sequence = 128;
  std::int64_t batch = 1;
  void fields(Fields& f) {
    f.integer("sequence", sequence, {1, kPositions}, "tokens", "length of the sequence");
    batch_field(f, batch);
  }
};

Network bert(const std::string& size, int layers, std::int64_t hidden, const BertParameters& p) {
  constexpr std::int64_t vocabulary = 30522, segments = 2;
  NetworkBuilder b("bert-" + size, p.batch);
  b.describe(
      "BERT-" + size + " encoder: " + std::to_string(layers) + " layers, hidden " + std::to_string(hidden) + ", " +
          std::to_string(hidden / 64) + " heads, sequence length " + std::to_string(p.sequence),
      "Devlin et al., BERT, NAACL 2019 (arXiv 1810.04805); sizes below base: Turc et al. 2019 (arXiv 1908.08962)");
  const auto indices = [&](const char* name) { return b.input(name, {p.sequence}, NetworkInput::Kind::indices); };
  const std::string token_ids = indices("token_ids");
  const std::string position_ids = indices("position_ids");
  const std::string segment_ids = indices("segment_ids");
  const std::string token = embedding(b, "embed_token", token_ids, vocabulary, hidden);
  const std::string position = embedding(b, "embed_position", position_ids, kPositions, hidden);
  const std::string segment = embedding(b, "embed_segment", segment_ids, segments, hidden);
  std::string x = b.add("embed_add", {token, position, segment});
  x = b.unary("embed_norm", Op::layernorm, x);
  for (int i = 1; i <= layers; ++i) {
    const std::string prefix = numbered("l", i);
    std::string y = attention(b, prefix, x, hidden);
    y = b.add(prefix + "_add1", {x, y});
    x = b.unary(prefix + "_norm1", Op::layernorm, y);
    y = feed_forward(b, prefix, x, hidden);
    y = b.add(prefix + "_add2", {x, y});
    x = b.unary(prefix + "_norm2", Op::layernorm, y);
  }
  const std::string cls = b.layer("cls_token", Op::select, {x}, Select{0, 0});
  const std::string pooler = b.linear("pooler", cls, dense(hidden, hidden), Activation::tanh);
  return b.build({x, pooler});
}

const auto medium = register_network<BertParameters>("bert_medium", "BERT-medium encoder: 8 layers, hidden 512",
                                                     [](const auto& p) { return bert("medium", 8, 512, p); });
const auto base = register_network<BertParameters>("bert_base", "BERT-base encoder: 12 layers, hidden 768",
                                                   [](const auto& p) { return bert("base", 12, 768, p); });
const auto large = register_network<BertParameters>("bert_large", "BERT-large encoder: 24 layers, hidden 1024",
                                                    [](const auto& p) { return bert("large", 24, 1024, p); });

}  // namespace
}  // namespace podsim::zoo
