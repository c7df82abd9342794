// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/lower_bound.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"

namespace podsim {
namespace {

struct Limits {
  std::string network;
  std::int64_t mac, work, dram, limit;
};

/// Lower bounds derived independently (Python), 2026: 256 pods of 32x32, 1200 bytes per cycle, int8, batch 1.
const std::vector<Limits> kLimits{
    {"zoo:bert_medium:sequence=100", 9914, 10001, 21361, 21361},
    {"zoo:bert_base:sequence=100", 33105, 33302, 71527, 71527},
    {"zoo:bert_large:sequence=100", 117079, 117604, 252874, 252874},
    {"zoo:densenet121:image=299", 18836, 18907, 6803, 18907},
    {"zoo:densenet169:image=299", 22149, 22221, 11883, 22221},
    {"zoo:densenet201:image=299", 28023, 28094, 16711, 28094},
    {"zoo:inception_v3:image=299", 21794, 21957, 20057, 21957},
    {"zoo:resnet50:image=299,variant=v1", 27511, 27583, 21477, 27583},
    {"zoo:resnet101:image=299,variant=v1", 53593, 53665, 37260, 53665},
    {"zoo:resnet152:image=299,variant=v1", 79676, 79747, 50258, 79747},
    {"zoo:resnet50:image=224,variant=v1.5", 15599, 15639, 21379, 21379},
    {"zoo:vgg16:image=224", 59014, 59076, 115413, 115413},
    {"zoo:mobilenet_v2:image=224", 1147, 4258, 3018, 4258},
    // 72,037 there, without the class token and the position embeddings: (197 x 768 + 768) bytes / 1200.
    {"zoo:vit_b16", 67001, 67375, 72037 + 127, 72037 + 127},
    {"zoo:bert_base:sequence=384", 134786, 134786, 72255, 134786},
    {"zoo:bert_large:sequence=384", 470020, 470020, 253845, 470020},
    {"zoo:gpt2_small_prefill:sequence=1024", 405651, 405651, 104298, 405651},
    {"zoo:gpt2_small_decode:context=1024", 543, 543, 118700, 118700},
};

/// Equal up to rounding or one in a thousand.
bool close(std::int64_t got, std::int64_t expected) {
  return std::llabs(got - expected) <= std::max<std::int64_t>(1, expected / 1000);
}

TEST_CASE("lower bound: 256 pods of 32x32 agree with independently derived limits", "[models]") {
  const HardwareConfig hardware;
  for (const Limits& expected : kLimits) {
    const Network network = load_network(expected.network);
    const LowerBound bound = lower_bound(lower(network), hardware);
    CAPTURE(expected.network, bound.mac, bound.work, bound.load, bound.dram, expected.mac, expected.work,
            expected.dram);
    CHECK(close(bound.mac, expected.mac));
    CHECK(close(bound.work, expected.work));
    CHECK(close(bound.dram, expected.dram));
    CHECK(close(bound.limit(), expected.limit));
    const auto layers = test::layer_bounds(network, 256, 32, 32);
    CHECK(bound.mac == layers.mac);
    CHECK(bound.work == layers.work);
    CHECK(bound.load == layers.load);
  }
}

TEST_CASE("lower bound: weight loading of a decode step agrees with the independent limit", "[models]") {
  // The only row of the independent table in which LOAD is given.
  const LowerBound bound = lower_bound(lower(load_network("zoo:gpt2_small_decode:context=1024")), HardwareConfig());
  CHECK(close(bound.load, 17385));
}

TEST_CASE("lower bound: other granularities agree with independently derived limits", "[models]") {
  struct Row {
    std::string network;
    int array, pods;
    std::int64_t compute;
  };
  // max(WORK, LOAD), lower bounds derived independently (Python), 2026.
  for (const Row& row : std::vector<Row>{{"zoo:resnet50:image=299,variant=v1", 16, 512, 55166},
                                         {"zoo:resnet50:image=299,variant=v1", 64, 128, 13880},
                                         {"zoo:resnet50:image=299,variant=v1", 128, 32, 17395},
                                         {"zoo:resnet50:image=299,variant=v1", 256, 8, 28469},
                                         {"zoo:mobilenet_v2", 16, 512, 6749},
                                         {"zoo:mobilenet_v2", 128, 32, 8255},
                                         {"zoo:bert_medium:sequence=100", 128, 32, 6536},
                                         {"zoo:densenet121:image=299", 64, 128, 13939}}) {
    HardwareConfig hardware;
    hardware.pods.count = row.pods;
    hardware.pods.rows = hardware.pods.cols = row.array;
    const LowerBound bound = lower_bound(lower(load_network(row.network)), hardware);
    CAPTURE(row.network, row.array, bound.work, bound.load, row.compute);
    CHECK(close(std::max(bound.work, bound.load), row.compute));
  }
}

TEST_CASE("lower bound: a single linear layer by hand", "[models]") {
  NetworkBuilder b("linear");
  const std::string x = b.input("x", {10, 40});
  const LoweredNetwork lowered = lower(b.build({b.linear("fc", x, {40, 70, false, {}})}));
  HardwareConfig hardware;
  hardware.pods.count = 4;
  hardware.pods.rows = 16;
  hardware.pods.cols = 32;
  hardware.dram.bandwidth_gb_per_s = 7;
  const LowerBound bound = lower_bound(lowered, hardware);
  CHECK(bound.mac == (10 * 40 * 70 + 4 * 16 * 32 - 1) / (4 * 16 * 32));
  CHECK(bound.work == (3 * 3 * 10 + 3) / 4);  // ceil(40/16) x ceil(70/32) tiles of 10 rows
  CHECK(bound.load == (40 * 3 + 3) / 4);
  CHECK(bound.dram == (10 * 40 + 40 * 70 + 10 * 70 + 6) / 7);
  CHECK(bound.limit() == bound.dram);
  CHECK(std::string(bound.binding()) == "DRAM");
}

TEST_CASE("lower bound: warm weights fill every class of banks that may hold them", "[models]") {
  // 6 KiB of weights; 2 banks of 1 KiB per class. Activations that stay have them in X banks, others in W banks.
  NetworkBuilder b("linear");
  const std::string x = b.input("x", {2, 96});
  const LoweredNetwork lowered = lower(b.build({b.linear("fc", x, {96, 64, false, {}})}));
  constexpr std::int64_t kWeights = 96 * 64, kBanks = 2 * 1024, kOthers = 2 * 96 + 2 * 64;
  HardwareConfig hardware;
  hardware.dram.bandwidth_gb_per_s = 1;
  hardware.banks.count = 2;
  hardware.banks.capacity_kib = 1;
  hardware.pods.count = 2;
  CHECK(lower_bound(lowered, hardware, WeightResidency::warm).dram == kOthers + kWeights - kBanks);
  hardware.pods.dataflow.type = "input_stationary";
  CHECK(lower_bound(lowered, hardware, WeightResidency::warm).dram == kOthers + kWeights - kBanks);
  PodConfig one = hardware.pods, two = hardware.pods;
  one.name = "one";
  two.name = "two";
  two.dataflow.type = "weight_stationary";
  one.count = two.count = 1;
  hardware.pods.groups = {one, two};
  CHECK(lower_bound(lowered, hardware, WeightResidency::warm).dram == kOthers + kWeights - 2 * kBanks);
}

TEST_CASE("lower bound: sums that stay take the output port row by row", "[models]") {
  // k = 3, m = 20, n = 30 on one array of 8 x 8: 3 x 4 output tiles of 3 rows of k each, and 20 rows of sums for each
  // of the 4 tiles of columns.
  NetworkBuilder b("linear");
  const std::string x = b.input("x", {20, 3});
  const LoweredNetwork lowered = lower(b.build({b.linear("fc", x, {3, 30, false, {}})}));
  HardwareConfig hardware;
  hardware.pods.count = 1;
  hardware.pods.rows = hardware.pods.cols = 8;
  hardware.pods.dataflow.type = "output_stationary";
  hardware.dram.bandwidth_gb_per_s = 1e6;
  const LowerBound bound = lower_bound(lowered, hardware);
  CHECK(bound.work == 3 * 4 * 3);
  CHECK(bound.load == 0);
  CHECK(bound.drain == 20 * 4);
  CHECK(bound.limit() == bound.drain);
  CHECK(std::string(bound.binding()) == "output port");
}

TEST_CASE("lower bound: pixels that a strided convolution skips do not count as DRAM traffic", "[models]") {
  NetworkBuilder b("strided");
  const std::string x = b.input("x", {8, 9, 9});
  Conv2d conv;
  conv.in_channels = conv.out_channels = 8;
  conv.stride = {2, 2};
  const LoweredNetwork lowered = lower(b.build({b.conv2d("c", x, conv)}));
  HardwareConfig hardware;
  hardware.dram.bandwidth_gb_per_s = 1;
  // 5 x 5 of the 9 x 9 pixels are read; weights 8 x 8; 5 x 5 x 8 outputs.
  CHECK(lower_bound(lowered, hardware).dram == 25 * 8 + 64 + 25 * 8);
}

}  // namespace
}  // namespace podsim
