#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The Verilated modules as tests see them: one SystemC module per geometry, found in a list.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <systemc>

#include "support/os_pe_array.hpp"
#include "support/pe_array.hpp"

namespace podsim::test {

/// What is on the ports of pod.sv in one cycle. All lanes are given.
struct RtlPodInputs {
  bool row_valid = false;
  bool row_first = false;
  std::vector<std::int8_t> activations;
  std::vector<std::int32_t> sums;
  bool weight_valid = false;
  std::uint16_t weight_row = 0;
  std::vector<std::int8_t> weights;
};
struct RtlPodOutputs {
  std::vector<bool> valid;         ///< per column
  std::vector<std::int32_t> sums;  ///< per column
};

/// What is on the ports of pod_os.sv in one cycle. All lanes are given; what leaves it is as for pod.sv.
struct RtlOsPodInputs {
  bool valid = false;
  bool replace = false;
  std::vector<std::int8_t> activations;
  std::vector<std::int8_t> weights;
  bool drain = false;
  std::uint16_t drain_rows = 0;
};

/// What is on the ports of butterfly.sv in one cycle, per terminal.
struct RtlButterflyInputs {
  std::vector<bool> valid;
  std::vector<bool> destinations;  ///< terminals x terminals, source by source
  std::vector<std::uint16_t> data;
};
struct RtlButterflyOutputs {
  std::vector<bool> valid;
  std::vector<std::uint16_t> data;
  std::vector<bool> conflict;  ///< per stage
};

/// A Verilated module with its signals. Registers take their inputs at the rising edge of `clk` and hold any value when
/// power comes up; `rst` makes them carry nothing.
template <class Inputs, class Outputs>
class RtlModel {
 public:
  virtual ~RtlModel() = default;
  sc_core::sc_signal<bool> clk{"clk"}, rst{"rst"};
  /// Before the edge.
  virtual void drive(const Inputs& inputs) = 0;
  /// What the outputs are now.
  virtual void sample(Outputs& outputs) const = 0;
};
using RtlPod = RtlModel<RtlPodInputs, RtlPodOutputs>;
using RtlOsPod = RtlModel<RtlOsPodInputs, RtlPodOutputs>;
using RtlButterfly = RtlModel<RtlButterflyInputs, RtlButterflyOutputs>;

/// One that was built. Its factory works in the SystemC context of the caller.
struct RtlPodKind {
  PeGeometry geometry;
  std::function<std::unique_ptr<RtlPod>()> make;
  std::string name() const;
};
struct RtlOsPodKind {
  OsGeometry geometry;
  std::function<std::unique_ptr<RtlOsPod>()> make;
  std::string name() const;
};
struct RtlButterflyKind {
  int terminals = 1;
  int planes = 1;
  std::function<std::unique_ptr<RtlButterfly>()> make;
};

/// All pods and butterflies of this program, in an order that does not depend on how it was linked.
std::vector<RtlPodKind> rtl_pods();
std::vector<RtlOsPodKind> rtl_os_pods();
std::vector<RtlButterflyKind> rtl_butterflies();

/// For the generated sources: adds one before main.
struct RegisteredRtl {
  explicit RegisteredRtl(RtlPodKind kind);
  explicit RegisteredRtl(RtlOsPodKind kind);
  explicit RegisteredRtl(RtlButterflyKind kind);
};

/// What registers hold when power comes up, from here on: random values from this seed.
void set_power_up_seed(int seed);

}  // namespace podsim::test
