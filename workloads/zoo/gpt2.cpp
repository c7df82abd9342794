// SPDX-License-Identifier: Apache-2.0
// Radford et al., Language Models are Unsupervised Multitask Learners, 2019.
#include <vector>

#include "podsim/workloads/zoo/attention.hpp"

namespace podsim::zoo {
namespace {

constexpr std::int64_t kLayers = 12, kHidden = 768, kVocabulary = 50257, kPositions = 1024;

struct PrefillParameters {
  std::int64_t sequence = 128;
  std::int64_t batch = 1;
  void fields(Fields& f) {
    f.integer("sequence", sequence, {1, kPositions}, "tokens", "length of the prompt");
    batch_field(f, batch);
  }
};

struct DecodeParameters {
  std::int64_t context = 1024;
  std::int64_t batch = 1;
  void fields(Fields& f) {
    f.integer("context", context, {2, kPositions}, "tokens",
              "tokens attended to: the new one and context-1 cached ones");
    batch_field(f, batch);
  }
};

Network gpt2_small(const std::string& mode, std::int64_t tokens, std::int64_t past, std::int64_t batch) {
  NetworkBuilder b("gpt2-small", batch);
  b.describe(
      "GPT-2 small, " + mode + ": " + std::to_string(tokens) + " new token(s), " + std::to_string(past) +
          " cached, 12 layers, hidden 768, 12 heads; logits for the last token only; causal mask computed densely",
      "Radford et al., Language Models are Unsupervised Multitask Learners, 2019");
  const std::string token_ids = b.input("token_ids", {tokens}, NetworkInput::Kind::indices);
  const std::string position_ids = b.input("position_ids", {tokens}, NetworkInput::Kind::indices);
  std::vector<KeyValueCache> caches(kLayers);
  for (int i = 1; past > 0 && i <= kLayers; ++i) {
    KeyValueCache& cache = caches.at(static_cast<std::size_t>(i) - 1);
    cache.keys = b.input(numbered("k_cache", i), {past, kHidden}, NetworkInput::Kind::kv_cache);
    cache.values = b.input(numbered("v_cache", i), {past, kHidden}, NetworkInput::Kind::kv_cache);
  }
  const std::string token = embedding(b, "embed_token", token_ids, kVocabulary, kHidden);
  const std::string position = embedding(b, "embed_position", position_ids, kPositions, kHidden);
  std::string x = b.add("embed_add", {token, position});
  for (int i = 1; i <= kLayers; ++i) {
    x = pre_norm_block(b, numbered("l", i), x, kHidden, caches.at(static_cast<std::size_t>(i) - 1));
  }
  x = b.unary("norm_final", Op::layernorm, x);
  if (tokens > 1) x = b.layer("last_token", Op::select, {x}, Select{0, tokens - 1});
  return b.build({b.linear("lm_head", x, Linear{kHidden, kVocabulary, false, "embed_token"})});
}

const auto prefill =
    register_network<PrefillParameters>("gpt2_small_prefill", "GPT-2 small, a whole prompt at once",
                                        [](const auto& p) { return gpt2_small("prefill", p.sequence, 0, p.batch); });
const auto decode =
    register_network<DecodeParameters>("gpt2_small_decode", "GPT-2 small, one new token with cached keys and values",
                                       [](const auto& p) { return gpt2_small("decode", 1, p.context - 1, p.batch); });

}  // namespace
}  // namespace podsim::zoo
