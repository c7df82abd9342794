#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What SCALE-Sim prints for layers of ResNet-50 and BERT.

#include <cstdint>
#include <tuple>
#include <vector>

namespace podsim::test {

/// ceil(a / b)
inline std::int64_t up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// (t x k) @ (k x n)
struct GemmSize {
  std::int64_t t = 0, k = 0, n = 0;
  bool operator<(const GemmSize& other) const { return std::tie(t, k, n) < std::tie(other.t, other.k, other.n); }
};

/// A layer on a square array.
struct PrintedFigure {
  const char* layer;
  std::int64_t array;  ///< rows and columns
  GemmSize gemm;
  std::int64_t total_cycles;  ///< "Total Cycles" of SCALE-Sim v3, weight-stationary, CALC mode
};

/// As printed by the tool itself.
inline const std::vector<PrintedFigure>& scalesim_figures() {
  static const std::vector<PrintedFigure> figures{{"BERT Q projection", 32, {128, 768, 768}, 127871},
                                                  {"BERT Q projection", 128, {128, 768, 768}, 18359},
                                                  {"BERT QK^T", 32, {128, 64, 128}, 1775},
                                                  {"BERT QK^T", 128, {128, 64, 128}, 509},
                                                  {"BERT AV", 32, {128, 128, 64}, 1775},
                                                  {"BERT AV", 128, {128, 128, 64}, 509},
                                                  {"BERT FFN1", 32, {128, 768, 3072}, 511487},
                                                  {"BERT FFN1", 128, {128, 768, 3072}, 73439},
                                                  {"BERT FFN2", 32, {128, 3072, 768}, 511487},
                                                  {"BERT FFN2", 128, {128, 3072, 768}, 73439},
                                                  {"ResNet-50 Conv1", 32, {12100, 147, 64}, 121939},
                                                  {"ResNet-50 Conv1", 128, {12100, 147, 64}, 24963},
                                                  {"ResNet-50 CB2a_1", 32, {3136, 64, 64}, 12919},
                                                  {"ResNet-50 CB2a_1", 128, {3136, 64, 64}, 3517},
                                                  {"ResNet-50 CB2a_2", 32, {2916, 576, 64}, 108359},
                                                  {"ResNet-50 CB2a_2", 128, {2916, 576, 64}, 16489},
                                                  {"ResNet-50 CB2a_3", 32, {3136, 64, 256}, 51679},
                                                  {"ResNet-50 CB2a_3", 128, {3136, 64, 256}, 7035},
                                                  {"ResNet-50 CB5s", 32, {64, 1024, 2048}, 323583},
                                                  {"ResNet-50 CB5s", 128, {64, 1024, 2048}, 57087},
                                                  {"ResNet-50 FC6", 32, {1, 2048, 1000}, 194559},
                                                  {"ResNet-50 FC6", 128, {1, 2048, 1000}, 49023}};
  return figures;
}

}  // namespace podsim::test
