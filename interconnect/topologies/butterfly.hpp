#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The radix-2 butterfly with expansion: destination-tag routing, in closed form.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "podsim/interconnect/topology.hpp"

namespace podsim {

struct ButterflyConfig {
  int expansion = 2;

  void fields(Fields& f) {
    f.integer("expansion", expansion, {1, 8}, "planes",
              "number of planes, 1, 2, 4 or 8: Butterfly-k of the literature is expansion k");
  }
};

/// A butterfly with 2^e planes: n' = max(1, ceil(log2 N) + e) stages of 2 x 2 switches, 2^n' links behind each.
/// With D = destination << e, the circuit leaves stage t by link (t, D >> (n'-1-t), source mod 2^(n'-1-t)): the first
/// t+1 bits of D are settled, the last n'-1-t bits of the source not yet. Latency is n' cycles.
class Butterfly final : public Topology {
 public:
  /// \throws Error (bad_input) if the expansion is none of 1, 2, 4, 8 or there are more than 65536 terminals
  Butterfly(const ButterflyConfig& config, int terminals);

  int terminals() const override { return terminals_; }
  int link_count() const override { return stages_ << stages_; }
  /// k N log2 N with k planes.
  double switch_ports() const override { return (1 << expansion_log2_) * (terminals_ * std::log2(terminals_)); }
  Cycles latency(int, int) const override { return Cycles(stages_); }
  Cycles max_latency() const override { return Cycles(stages_); }
  bool has_uniform_latency() const override { return true; }
  void route(int source, int destination, std::vector<int>& links) const override;
  std::unique_ptr<RouteTable> make_route_table() const override;
  std::string describe() const override;

  /// n' in the formulas.
  int stages() const { return stages_; }
  /// log2 of the number of planes, e in the formulas.
  int expansion_log2() const { return expansion_log2_; }

 private:
  int terminals_;
  int expansion_log2_ = 0;
  int stages_ = 0;
};

}  // namespace podsim
