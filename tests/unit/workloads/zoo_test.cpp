// SPDX-License-Identifier: Apache-2.0
// The zoo against published figures.
//   torchvision: multiply-accumulates (_ops) and num_params of the weights' metadata, torchvision documentation
//   BERT: parameters of the released checkpoints (Hugging Face BertModel; Turc et al. 2019 for medium); operations at
//     128 tokens, two per multiply-accumulate: 22.5e9 for base (MobileBERT), 7.9e10 for large (ELECTRA)
//   GPT-2: parameters of the released checkpoint
//   ResNet-20 with 1x1 shortcuts: 0.27 M parameters and 40.81 M multiply-accumulates (chenyaofo/pytorch-cifar-models);
//     counted by hand: 3x3 convolutions 432 + 6 x 2304 + 4608 + 5 x 9216 + 18432 + 5 x 36864 weights, shortcuts
//     512 + 2048, classifier 650, two for each of the 688 + 96 channels behind a batchnorm
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"

using namespace podsim;

TEST_CASE("zoo: multiply-accumulates and parameters equal published figures", "[workloads]") {
  struct Published {
    const char* source;
    double gmacs;      ///< 0: not published
    double tolerance;  ///< relative; published figures are rounded
    std::int64_t parameters;
    std::int64_t matrix_layers;
  };
  const Published table[] = {
      {"zoo:resnet50", 4.089, 0.001, 25557032, 54},
      {"zoo:resnet101", 7.801, 0.001, 44549160, 105},
      {"zoo:resnet152", 11.514, 0.001, 60192808, 156},
      // He et al., table 1: 3.8e9; Keras applications: 3.86e9.
      {"zoo:resnet50:variant=v1", 3.86, 0.005, 25557032, 54},
      {"zoo:resnet20", 0.04081, 0.0002, 272474, 22},
      {"zoo:densenet121", 2.834, 0.001, 7978856, 121},
      {"zoo:densenet169", 3.36, 0.001, 14149480, 169},
      {"zoo:densenet201", 4.291, 0.001, 20013928, 201},
      // Without the auxiliary classifier and its 3,326,696 parameters.
      {"zoo:inception_v3", 5.713, 0.001, 27161264 - 3326696, 95},
      {"zoo:vgg16", 15.47, 0.001, 138357544, 16},
      {"zoo:mobilenet_v2", 0.301, 0.003, 3504872, 53},
      {"zoo:vit_b16", 17.564, 0.001, 86567656, 98},
      {"zoo:bert_medium", 0, 0, 41373184, 65},
      {"zoo:bert_base", 22.5 / 2, 0.01, 109482240, 97},
      {"zoo:bert_large", 79.0 / 2, 0.01, 335141888, 193},
      {"zoo:gpt2_small_prefill", 0, 0, 124439808, 97},
      {"zoo:gpt2_small_decode", 0, 0, 124439808, 97},
  };
  for (const Published& row : table) {
    const NetworkTotals totals = load_network(row.source).totals();
    CAPTURE(row.source, totals.macs);
    if (row.gmacs > 0) CHECK(static_cast<double>(totals.macs) / 1e9 == Approx(row.gmacs).epsilon(row.tolerance));
    CHECK(totals.parameters == row.parameters);
    CHECK(totals.matrix_layers == row.matrix_layers);
  }
}

TEST_CASE("zoo: transformer multiply-accumulates follow the closed form", "[workloads]") {
  // A block has 12 d^2 weights per token, and attention reads s keys and s values of d elements for each query.
  const auto blocks = [](std::int64_t layers, std::int64_t d, std::int64_t queries, std::int64_t s) {
    return layers * queries * (12 * d * d + 2 * s * d);
  };
  for (std::int64_t s : {1, 100, 512}) {
    const auto macs = [&](const std::string& name, const std::string& key) {
      return load_network("zoo:" + name + ":" + key + "=" + std::to_string(s)).totals().macs;
    };
    CHECK(macs("bert_base", "sequence") == blocks(12, 768, s, s) + 768 * 768);
    CHECK(macs("bert_large", "sequence") == blocks(24, 1024, s, s) + 1024 * 1024);
    CHECK(macs("gpt2_small_prefill", "sequence") == blocks(12, 768, s, s) + 768 * 50257);
    if (s > 1) CHECK(macs("gpt2_small_decode", "context") == blocks(12, 768, 1, s) + 768 * 50257);
  }
}

TEST_CASE("zoo: the batch multiplies the work and nothing else", "[workloads]") {
  for (const char* name : {"resnet50", "resnet20", "densenet121", "vit_b16", "bert_medium", "gpt2_small_decode"}) {
    const NetworkTotals one = load_network(std::string("zoo:") + name).totals();
    const NetworkTotals four = load_network(std::string("zoo:") + name + ":batch=4").totals();
    CAPTURE(name);
    CHECK(four.macs == 4 * one.macs);
    CHECK(four.parameters == one.parameters);
    CHECK(four.weight_bytes == one.weight_bytes);
  }
}

TEST_CASE("zoo: ResNet v1 has its strides in the first convolution of a block", "[workloads]") {
  const auto stride = [](const char* source, const char* layer) {
    const Network n = load_network(source);
    return n.layers[static_cast<std::size_t>(n.layer_index(layer))].as<Conv2d>().stride.height;
  };
  CHECK(stride("zoo:resnet50", "res3_1_a") == 1);
  CHECK(stride("zoo:resnet50", "res3_1_b") == 2);
  CHECK(stride("zoo:resnet50:variant=v1", "res3_1_a") == 2);
  CHECK(stride("zoo:resnet50:variant=v1", "res3_1_b") == 1);
}
