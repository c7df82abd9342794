#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The shape of a general matrix multiplication.

#include <cstdint>

namespace podsim {

/// `groups` independent products (m x k) @ (k x n). Rows m are activations (batch x pixels or tokens), k is reduced,
/// columns n are output channels or features.
struct Gemm {
  std::int64_t m = 1;
  std::int64_t k = 1;
  std::int64_t n = 1;
  std::int64_t groups = 1;

  /// Multiply-accumulates of all groups.
  std::int64_t macs() const { return groups * m * k * n; }
};

}  // namespace podsim
