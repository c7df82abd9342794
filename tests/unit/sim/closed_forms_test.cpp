// SPDX-License-Identifier: Apache-2.0
// The presets `classical`, `scalesim`, `onnxim` and `stonne_os` against what the tools they are named after count. All
// of it is the simulated figure, array_cycles or compute_cycles of a run, against a restatement of the tool's rule in
// this file.
//
// SCALE-Sim v3, weight-stationary (Samajdar et al., arXiv 1811.02883): F x ceil(K / R) x ceil(N / C) cycles with
// F = 2R + C + T - 2: R to load the weights of a fold, T + R + C - 2 to stream T rows through, nothing overlapped,
// short folds charged as whole ones. It prints one less: the index of the last cycle, not the number of cycles.
//
// Textbook, other dataflows: R + C + T - 2 per fold if sums stay (T = k), ceil(m / R) ceil(n / C) folds; 2R + C + T - 2
// if activations stay (T = n), ceil(k / R) ceil(m / C) folds.
//
// STONNE, output-stationary mesh (Munoz-Martinez et al., arXiv 2006.07137): a tile of m x n outputs takes
// K + m + n + 3 cycles, one less if m or n is 1, with its actual size; the tiles of a GEMM follow each other. Of these
// K + m + n - 2 form products.
//
// ONNXim (Ham et al., arXiv 2406.08051; github.com/PSAL-POSTECH/ONNXim, src/SystolicWS.cc): an instruction of `size`
// rows takes R + C - 2 + max(size, 4) cycles, and the next one starts max(size, 4) cycles later, or max(size, 4, R) if
// it comes with new weights. Its array is active from the first start to the last end. A GEMM is cut in blocks of C in
// all three dimensions (src/operations/GemmWS.cc), a convolution per kernel position, its pixels in squares of C x C
// (ConvWS.cc). R and C are equal there.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "podsim/sim/compatible_reports.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/programs.hpp"
#include "support/scalesim_figures.hpp"

namespace podsim::test {
namespace {

struct ArraySize {
  std::int64_t rows = 0, cols = 0;
};

// --- the tools' rules ------------------------------------------------------------------------------------------------

/// Cycles, a count.
std::int64_t classical_cycles(ArraySize array, const GemmSize& g) {
  return (2 * array.rows + array.cols + g.t - 2) * up(g.k, array.rows) * up(g.n, array.cols);
}

/// What SCALE-Sim prints as Total Cycles.
std::int64_t scalesim_total_cycles(ArraySize array, const GemmSize& g) {
  return classical_cycles(array, g) - 1;
}

std::int64_t output_stationary_cycles(ArraySize array, const GemmSize& g) {
  return (array.rows + array.cols + g.k - 2) * up(g.t, array.rows) * up(g.n, array.cols);
}

std::int64_t input_stationary_cycles(ArraySize array, const GemmSize& g) {
  return (2 * array.rows + array.cols + g.n - 2) * up(g.k, array.rows) * up(g.t, array.cols);
}

/// STONNE, tile by tile.
struct StonneCycles {
  std::int64_t total = 0;
  std::int64_t forming_products = 0;
  std::int64_t tiles = 0, lines = 0;  ///< output tiles; of these, with one row or one column
};
StonneCycles stonne_cycles(std::int64_t side, const GemmSize& g) {
  StonneCycles out;
  for (std::int64_t i = 0; i < g.t; i += side) {
    for (std::int64_t j = 0; j < g.n; j += side) {
      const std::int64_t m = std::min(side, g.t - i), n = std::min(side, g.n - j);
      const bool is_line = m == 1 || n == 1;
      out.total += g.k + m + n + 3 - (is_line ? 1 : 0);
      out.forming_products += g.k + m + n - 2;
      ++out.tiles;
      out.lines += is_line ? 1 : 0;
    }
  }
  return out;
}

/// ONNXim's array, instruction by instruction.
class OnnximArray {
 public:
  explicit OnnximArray(std::int64_t side) : side_(side) {}
  void instruction(std::int64_t size, bool loads_weights) {
    const std::int64_t taken = std::max<std::int64_t>(size, 4);
    if (any_) start_ += loads_weights ? std::max(last_, side_) : last_;
    any_ = true;
    last_ = taken;
    end_ = start_ + 2 * side_ - 2 + taken;
  }
  std::int64_t active_cycles() const { return end_; }

 private:
  std::int64_t side_, start_ = 0, last_ = 0, end_ = 0;
  bool any_ = false;
};

std::int64_t onnxim_gemm_cycles(std::int64_t side, const GemmSize& g) {
  OnnximArray array(side);
  for (std::int64_t n = 0; n < g.n; n += side) {
    for (std::int64_t k = 0; k < g.k; k += side) {
      for (std::int64_t t = 0; t < g.t; t += side) array.instruction(std::min(side, g.t - t), t == 0);
    }
  }
  return array.active_cycles();
}

std::int64_t onnxim_conv_cycles(std::int64_t side, const Conv2d& a, std::int64_t height, std::int64_t width) {
  OnnximArray array(side);
  for (std::int64_t n = 0; n < a.out_channels; n += side) {
    for (std::int64_t position = 0; position < a.kernel.height * a.kernel.width; ++position) {
      for (std::int64_t c = 0; c < a.in_channels; c += side) {
        for (std::int64_t y = 0; y < height; y += side) {
          for (std::int64_t x = 0; x < width; x += side) {
            array.instruction(std::min(side, height - y) * std::min(side, width - x), y == 0 && x == 0);
          }
        }
      }
    }
  }
  return array.active_cycles();
}

// --- runs ------------------------------------------------------------------------------------------------------------

/// A preset with an array of another size.
Setup preset(const std::string& name, ArraySize array) {
  const Json json{{"hardware", {{"preset", name}, {"pods", {{"rows", array.rows}, {"cols", array.cols}}}}}};
  const Experiment experiment = read_experiment(parse_json(json.dump(), name));
  Setup setup;
  setup.hardware = experiment.hardware;
  setup.tiling = experiment.mapping.tiling;
  setup.scheduler = experiment.mapping.scheduler;
  return setup;
}

RunResult run_gemm(const Setup& setup, const GemmSize& g) {
  const auto program = make(one_linear(g.t, g.k, g.n), setup);
  const RunResult result = simulate(*program, {});
  REQUIRE(result.complete);
  return result;
}

/// How many GEMMs were compared.
struct Compared {
  std::int64_t gemms = 0;

  void with_scalesim(const std::string& name, ArraySize array, const GemmSize& g) {
    CAPTURE(name, array.rows, array.cols, g.t, g.k, g.n);
    REQUIRE(run_gemm(preset(name, array), g).array_cycles == classical_cycles(array, g));
    ++gemms;
  }
  void with_other_dataflow(const std::string& dataflow, ArraySize array, const GemmSize& g) {
    CAPTURE(dataflow, array.rows, array.cols, g.t, g.k, g.n);
    Setup setup = preset("classical", array);
    setup.hardware.pods.dataflow.type = dataflow;
    setup.hardware.pods.output_buffers = "single";
    // A second layer keeps the run from ending before the last fold has: of short tiles it waits for empty PEs.
    NetworkBuilder b("gemm_and_another");
    const std::string first = b.linear("gemm", b.input("x", {g.t, g.k}), {g.k, g.n, false, {}});
    const auto program = make(b.build({b.linear("another", first, {g.n, 1, false, {}})}), setup);
    const RunResult result = simulate(*program, {});
    REQUIRE(result.complete);
    const bool sums_stay = dataflow == "output_stationary";
    REQUIRE(result.operations[0].array_cycles ==
            (sums_stay ? output_stationary_cycles(array, g) : input_stationary_cycles(array, g)));
    ++gemms;
  }
  void with_stonne(std::int64_t side, const GemmSize& g) {
    CAPTURE(side, g.t, g.k, g.n);
    const StonneCycles expected = stonne_cycles(side, g);
    const RunResult result = run_gemm(preset("stonne_os", {side, side}), g);
    REQUIRE(result.compute_cycles == expected.forming_products);
    // What STONNE adds to each tile: five cycles to configure and to collect, four if it is a line.
    REQUIRE(result.compute_cycles + 5 * expected.tiles - expected.lines == expected.total);
    ++gemms;
  }
  void with_onnxim(std::int64_t side, const GemmSize& g) {
    CAPTURE(side, g.t, g.k, g.n);
    REQUIRE(run_gemm(preset("onnxim", {side, side}), g).compute_cycles == onnxim_gemm_cycles(side, g));
    ++gemms;
  }
};

/// The distinct GEMMs of a network of the zoo, convolutions im2col'ed. Groups count once, as GEMMs of their own.
std::vector<GemmSize> gemms_of(const std::string& workload) {
  std::map<GemmSize, int> distinct;
  for (const Operation& operation : lower(load_network(workload)).operations) {
    if (const GemmOperation* work = operation.gemm()) ++distinct[{work->gemm.m, work->gemm.k, work->gemm.n}];
  }
  std::vector<GemmSize> out;
  for (const auto& [gemm, count] : distinct) out.push_back(gemm);
  return out;
}

/// Whole blocks, one more or less, or anything; small and odd sizes preferred.
GemmSize random_gemm(RandomStream& random, ArraySize array, std::int64_t most_blocks) {
  auto size = [&](std::int64_t side) {
    const std::int64_t blocks = random.between(1, most_blocks);
    switch (random.below(3)) {
      case 0:
        return blocks * side;
      case 1:
        return std::max<std::int64_t>(1, blocks * side + random.between(-1, 1));
      default:
        return random.between(1, most_blocks * side);
    }
  };
  const std::int64_t t = random.below(3) == 0 ? random.between(1, 5) : random.between(1, 150);
  return {t, size(array.rows), size(array.cols)};
}

const std::vector<ArraySize> kArrays{{8, 8}, {16, 32}, {32, 32}, {128, 128}};
/// Vectors, primes, sizes around a whole array.
const std::vector<std::int64_t> kOdd{1, 2, 31, 32, 33, 97};

/// Simulates up to so many folds; more take too long for a test of every change.
bool is_quick(ArraySize array, const GemmSize& g) {
  constexpr std::int64_t kMostFolds = 40000;
  return up(g.k, array.rows) * up(g.n, array.cols) * up(g.t, array.rows) <= kMostFolds;
}

TEST_CASE("closed forms: layers of ResNet-50, MobileNet-v2 and BERT take SCALE-Sim's cycles", "[sim]") {
  Compared compared;
  for (const char* network : {"zoo:resnet50", "zoo:mobilenet_v2", "zoo:bert_base"}) {
    for (const GemmSize& gemm : gemms_of(network)) {
      for (const ArraySize array : kArrays) {
        if (!is_quick(array, gemm)) continue;
        compared.with_scalesim("scalesim", array, gemm);
        if (array.rows >= 32) compared.with_scalesim("classical", array, gemm);
      }
    }
  }
  CHECK(compared.gemms >= 290);
}

TEST_CASE("closed forms: random and odd GEMMs take SCALE-Sim's cycles, on any array", "[sim]") {
  Compared compared;
  RandomStream random(3, "closed forms of SCALE-Sim");
  for (int n = 0; n < 400; ++n) {
    const ArraySize array{random.between(1, 40), random.between(1, 40)};
    compared.with_scalesim(n % 2 == 0 ? "classical" : "scalesim", array, random_gemm(random, array, 5));
  }
  for (const std::int64_t t : kOdd) {
    for (const std::int64_t k : kOdd) {
      for (const std::int64_t n : kOdd) compared.with_scalesim("classical", {32, 32}, {t, k, n});
    }
  }
  CHECK(compared.gemms >= 616);
}

TEST_CASE("closed forms: sums or activations that stay take the textbook's cycles", "[sim]") {
  Compared compared;
  for (const std::string dataflow : {"output_stationary", "input_stationary"}) {
    for (const char* network : {"zoo:resnet50", "zoo:mobilenet_v2", "zoo:bert_base"}) {
      for (const GemmSize& gemm : gemms_of(network)) {
        for (const ArraySize array : kArrays) {
          const GemmSize turned{gemm.k, gemm.t, gemm.n};  // is_quick counts folds of k and n
          if (array.rows >= 32 && is_quick(array, gemm) && is_quick(array, turned)) {
            compared.with_other_dataflow(dataflow, array, gemm);
          }
        }
      }
    }
    RandomStream random(3, "closed forms of " + dataflow);
    for (int n = 0; n < 250; ++n) {
      const ArraySize array{random.between(1, 40), random.between(1, 40)};
      compared.with_other_dataflow(dataflow, array, random_gemm(random, array, 5));
    }
    for (const std::int64_t t : kOdd) {
      for (const std::int64_t k : kOdd) {
        for (const std::int64_t n : kOdd) compared.with_other_dataflow(dataflow, {32, 32}, {t, k, n});
      }
    }
  }
  CHECK(compared.gemms >= 2 * (250 + 216 + 60));
}

TEST_CASE("closed forms: GEMMs take STONNE's cycles, tile by tile", "[sim]") {
  Compared compared;
  RandomStream random(3, "closed forms of STONNE");
  for (int n = 0; n < 300; ++n) {
    const std::int64_t side = random.between(1, 40);
    compared.with_stonne(side, random_gemm(random, {side, side}, 4));
  }
  for (const std::int64_t t : kOdd) {
    for (const std::int64_t k : kOdd) {
      for (const std::int64_t n : kOdd) compared.with_stonne(32, {t, k, n});
    }
  }
  CHECK(compared.gemms == 300 + 216);
  // Cycles that STONNE (commit 22634b8) prints for GEMMs on square meshes.
  struct Printed {
    std::int64_t side;
    GemmSize gemm;
    std::int64_t cycles;
  };
  for (const Printed& run :
       {Printed{16, {64, 64, 64}, 1584}, Printed{16, {128, 128, 128}, 10432}, Printed{32, {128, 128, 128}, 3120},
        Printed{64, {128, 128, 128}, 1036}, Printed{16, {100, 50, 70}, 2845}, Printed{4, {5, 2, 2}, 18}}) {
    CAPTURE(run.side, run.gemm.t);
    const StonneCycles rule = stonne_cycles(run.side, run.gemm);
    CHECK(rule.total == run.cycles);
    const std::int64_t seen = run_gemm(preset("stonne_os", {run.side, run.side}), run.gemm).compute_cycles;
    CHECK(seen + 5 * rule.tiles - rule.lines == run.cycles);
  }
}

TEST_CASE("closed forms: SCALE-Sim's printed cycles of ResNet-50 and BERT layers", "[sim]") {
  for (const PrintedFigure& run : scalesim_figures()) {
    CAPTURE(run.layer, run.array);
    CHECK(run_gemm(preset("scalesim", {run.array, run.array}), run.gemm).array_cycles - 1 == run.total_cycles);
  }
}

/// ResNet-50 as SCALE-Sim's topology file has it: 53 convolutions without padding and the classifier. Output sizes are
/// rounded up there where the stride does not divide, so that GEMMs are built here, not read from the file.
std::vector<GemmSize> scalesim_resnet50() {
  std::vector<GemmSize> out;
  auto conv = [&out](std::int64_t in, std::int64_t kernel, std::int64_t channels, std::int64_t filters,
                     std::int64_t stride) {
    const std::int64_t side = up(in - kernel + stride, stride);
    out.push_back({side * side, kernel * kernel * channels, filters});
  };
  conv(224, 7, 3, 64, 2);
  struct Stage {
    std::int64_t blocks, side, in, middle, out, stride;
  };
  for (const Stage& s : {Stage{3, 56, 64, 64, 256, 1}, Stage{4, 28, 256, 128, 512, 2}, Stage{6, 14, 512, 256, 1024, 2},
                         Stage{3, 7, 1024, 512, 2048, 2}}) {
    for (std::int64_t block = 0; block < s.blocks; ++block) {
      const bool first = block == 0;
      conv(first ? s.side * s.stride : s.side, 1, first ? s.in : s.out, s.middle, first ? s.stride : 1);
      conv(s.side, 3, s.middle, s.middle, 1);
      conv(s.side, 1, s.middle, s.out, 1);
      if (first) conv(s.side * s.stride, 1, s.in, s.out, s.stride);
    }
  }
  out.push_back({1, 2048, 1000});
  return out;
}

TEST_CASE("closed forms: ResNet-50 takes the sum that SCALE-Sim prints, in one run, layer by layer", "[sim]") {
  const std::vector<GemmSize> gemms = scalesim_resnet50();
  REQUIRE(gemms.size() == 54);
  NetworkBuilder b("resnet50_of_scalesim");
  std::vector<std::string> outputs;
  for (std::size_t n = 0; n < gemms.size(); ++n) {
    const std::string number = std::to_string(n);
    outputs.push_back(b.linear("layer" + number, b.input("in" + number, {gemms[n].t, gemms[n].k}),
                               {gemms[n].k, gemms[n].n, false, {}}));
  }
  const Network network = b.build(outputs);
  // "Total Cycles" over all layers, SCALE-Sim v3, CALC mode.
  for (const auto& [side, printed] : {std::pair<std::int64_t, std::int64_t>(32, 5753486), {128, 876832}}) {
    CAPTURE(side);
    const auto program = make(network, preset("scalesim", {side, side}));
    const RunResult result = simulate(*program, {});
    REQUIRE(result.complete);
    std::int64_t sum = 0;
    for (std::size_t n = 0; n < gemms.size(); ++n) {
      CAPTURE(n);
      CHECK(result.operations[n].array_cycles - 1 == scalesim_total_cycles({side, side}, gemms[n]));
      sum += result.operations[n].array_cycles - 1;
    }
    CHECK(sum == printed);
    // Folds do not overlap, so the layers' cycles add up.
    CHECK(result.array_cycles == printed + static_cast<std::int64_t>(gemms.size()));
  }
}

TEST_CASE("closed forms: layers of ResNet-50, MobileNet-v2 and BERT take ONNXim's cycles", "[sim]") {
  Compared compared;
  for (const char* network : {"zoo:resnet50", "zoo:mobilenet_v2", "zoo:bert_base"}) {
    for (const GemmSize& gemm : gemms_of(network)) {
      for (const std::int64_t side : {16, 32, 128}) {
        if (is_quick({side, side}, gemm)) compared.with_onnxim(side, gemm);
      }
    }
  }
  CHECK(compared.gemms >= 150);
}

TEST_CASE("closed forms: random and odd GEMMs take ONNXim's cycles, on any square array", "[sim]") {
  Compared compared;
  RandomStream random(3, "closed forms of ONNXim");
  for (int n = 0; n < 400; ++n) {
    const std::int64_t side = random.between(1, 40);
    compared.with_onnxim(side, random_gemm(random, {side, side}, 4));
  }
  for (const std::int64_t t : kOdd) {
    for (const std::int64_t k : kOdd) {
      for (const std::int64_t n : kOdd) compared.with_onnxim(32, {t, k, n});
    }
  }
  // BERT FFN1: 6 x 24 folds of 128 rows. The "MatMul active cycle" that ONNXim prints, 18,432, is MACs over PEs.
  const RunResult ffn1 = run_gemm(preset("onnxim", {128, 128}), {128, 768, 3072});
  CHECK(ffn1.macs / (128 * 128) == 18432);
  CHECK(ffn1.compute_cycles == 18432 + 2 * 128 - 2);
  CHECK(compared.gemms >= 616);
}

Network one_conv(const Conv2d& a, std::int64_t side) {
  NetworkBuilder b("one_conv");
  return b.build({b.conv2d("conv", b.input("x", {a.in_channels, side, side}), a)});
}

TEST_CASE("closed forms: convolutions take ONNXim's cycles, kernel position by kernel position", "[sim]") {
  struct Case {
    std::int64_t side;
    std::int64_t in_channels, out_channels, kernel, stride, padding;
  };
  // Convolutions of ResNet-50, and odd ones.
  const std::vector<Case> cases{{224, 3, 64, 7, 2, 3},   {56, 64, 64, 1, 1, 0},   {56, 64, 64, 3, 1, 1},
                                {56, 256, 128, 1, 1, 0}, {56, 128, 128, 3, 2, 1}, {28, 128, 512, 1, 1, 0},
                                {28, 256, 256, 3, 2, 1}, {14, 256, 256, 3, 1, 1}, {7, 512, 512, 3, 1, 1},
                                {13, 5, 7, 3, 2, 0},     {9, 70, 40, 2, 1, 1},    {1, 33, 65, 1, 1, 0},
                                {5, 130, 3, 5, 1, 2}};
  for (const std::int64_t side : {32, 128}) {
    for (const Case& c : cases) {
      Conv2d a;
      a.in_channels = c.in_channels;
      a.out_channels = c.out_channels;
      a.kernel = {c.kernel, c.kernel};
      a.stride = {c.stride, c.stride};
      a.padding = {c.padding, c.padding};
      const Network network = one_conv(a, c.side);
      const Shape& shape = network.layers.front().shape;
      CAPTURE(side, c.side, c.in_channels, c.out_channels, c.kernel, shape[1], shape[2]);
      const auto program = make(network, preset("onnxim", {side, side}));
      const RunResult result = simulate(*program, {});
      REQUIRE(result.complete);
      CHECK(result.compute_cycles == onnxim_conv_cycles(side, a, shape[1], shape[2]));
    }
  }
  // The first convolution on 128 x 128: 49 positions of 112 x 112 pixels, though 3 of 128 rows are in use. im2col takes
  // a 25th of it.
  Conv2d first;
  first.in_channels = 3;
  first.out_channels = 64;
  first.kernel = {7, 7};
  first.stride = {2, 2};
  first.padding = {3, 3};
  CHECK(onnxim_conv_cycles(128, first, 112, 112) == 49 * 12544 + 254);
}

TEST_CASE("closed forms: SCALE-Sim's report holds what SCALE-Sim prints", "[sim]") {
  JsonDocument document{"test", Json::object()};
  document.root["workload"] = std::string(PODSIM_TEST_DATA) + "/workloads/one_gemm.csv";
  document.root["hardware"]["preset"] = "scalesim";
  const Report report = run_experiment(read_experiment(document), {});
  // 200 x 70 @ 70 x 50 on 32 x 32.
  const std::string compute = compatible_reports_registry().make({"scalesim", Json::object()})->contents(report)[0];
  const std::string total = std::to_string((2 * 32 + 32 + 200 - 2) * 3 * 2 - 1);
  CAPTURE(compute);
  CHECK(compute.find("\n0, " + std::to_string(report.layers[0].result.cycles) + ", " + total + ", ") !=
        std::string::npos);
}

TEST_CASE("closed forms: groups go through the array one by one with the tools' presets, together by default",
          "[sim]") {
  // A depthwise 3 x 3 convolution of 32 channels, 16 x 16 pixels: 32 GEMMs of 256 x 9 x 1.
  Conv2d a;
  a.in_channels = a.out_channels = a.groups = 32;
  a.kernel = {3, 3};
  a.padding = {1, 1};
  const Network network = one_conv(a, 16);
  const ArraySize array{32, 32};
  const auto apart = make(network, preset("scalesim", array));
  CHECK(simulate(*apart, {}).array_cycles == 32 * classical_cycles(array, {256, 9, 1}));
  // Three groups of nine rows fit.
  const auto packed = make(network, preset("classical", array));
  CHECK(simulate(*packed, {}).array_cycles == up(32, 3) * classical_cycles(array, {256, 27, 3}));
}

}  // namespace
}  // namespace podsim::test
