#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Whoever watches a whole run: circuits, and what pods, post-processors and DRAM do.

#include <cstdint>

#include "podsim/interconnect/transfer.hpp"

namespace podsim {

struct Program;

/// What external memory moves.
enum class DramMove : std::uint8_t { fill, write_back, spill };

/// Is told everything once, not always in the order of time: the cycle in which something begins may lie ahead. Must
/// not change the run.
class RunProbe : public CircuitMonitor {
 public:
  /// A run begins; the program outlives it.
  virtual void begin(const Program& program) = 0;
  /// Rows enter a pod at its X port, one per cycle from `start` on.
  virtual void operation(int pod, std::uint32_t op, std::int64_t start, std::int64_t rows) = 0;
  /// Rows enter a post-processor, one per cycle from `start` on.
  virtual void pass(int post_processor, std::uint32_t pass, std::int64_t start, std::int64_t rows) = 0;
  /// Data pass from `begin` on; the last byte in the cycle before `end`, or somewhere in it.
  virtual void dram(DramMove move, std::int64_t bytes, std::int64_t begin, std::int64_t end) = 0;
};

}  // namespace podsim
