#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The attention and feed-forward blocks that the transformers of the zoo share.

#include <string>

#include "podsim/workloads/zoo/zoo_network.hpp"

namespace podsim::zoo {

/// Names of the cached keys and values; empty without a cache.
struct KeyValueCache {
  std::string keys;
  std::string values;
};

/// Multi-head self-attention: q, k, v projections, scores, softmax, context, output projection. Heads have 64
/// features.
inline std::string attention(NetworkBuilder& b, const std::string& prefix, const std::string& x, std::int64_t hidden,
                             const KeyValueCache& cache = {}) {
  const std::int64_t heads = hidden / 64;
  const std::string q = b.linear(prefix + "_q", x, dense(hidden, hidden));
  std::string k = b.linear(prefix + "_k", x, dense(hidden, hidden));
  std::string v = b.linear(prefix + "_v", x, dense(hidden, hidden));
  if (!cache.keys.empty()) {
    k = b.concat(prefix + "_kcat", {cache.keys, k});
    v = b.concat(prefix + "_vcat", {cache.values, v});
  }
  std::string s = b.layer(prefix + "_scores", Op::matmul, {q, k}, Matmul{heads, true, false});
  s = b.unary(prefix + "_softmax", Op::softmax, s);
  const std::string c = b.layer(prefix + "_context", Op::matmul, {s, v}, Matmul{heads, false, true});
  return b.linear(prefix + "_out", c, dense(hidden, hidden));
}

/// Two dense layers with a GELU between them, four times as wide inside.
inline std::string feed_forward(NetworkBuilder& b, const std::string& prefix, const std::string& x,
                                std::int64_t hidden) {
  const std::string y = b.linear(prefix + "_ffn1", x, dense(hidden, 4 * hidden), Activation::gelu);
  return b.linear(prefix + "_ffn2", y, dense(4 * hidden, hidden));
}

/// A transformer block with layernorm before attention and feed-forward (ViT, GPT-2).
inline std::string pre_norm_block(NetworkBuilder& b, const std::string& prefix, const std::string& x,
                                  std::int64_t hidden, const KeyValueCache& cache = {}) {
  std::string y = b.unary(prefix + "_norm1", Op::layernorm, x);
  y = attention(b, prefix, y, hidden, cache);
  const std::string middle = b.add(prefix + "_add1", {x, y});
  y = b.unary(prefix + "_norm2", Op::layernorm, middle);
  y = feed_forward(b, prefix, y, hidden);
  return b.add(prefix + "_add2", {middle, y});
}

inline std::string embedding(NetworkBuilder& b, const std::string& name, const std::string& indices,
                             std::int64_t entries, std::int64_t features) {
  return b.layer(name, Op::embedding, {indices}, Embedding{entries, features});
}

}  // namespace podsim::zoo
