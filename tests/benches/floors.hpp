#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The least that a simulation of tile operations costs on this host: kernel activations, and MACs.

#include <cstdint>
#include <string>

namespace podsim::bench {

/// How far apart the activations of a method are.
enum class Spread {
  equal,  ///< all methods wake in the same cycles: the kernel's cheapest case
  mixed,  ///< 16 to 112 cycles, as phases of tile operations are
};

/// Seconds for `activations` activations of SystemC's kernel, shared by `methods` SC_METHODs that do nothing but ask
/// for their next one (next_trigger). Elaboration is not counted.
double activation_seconds(std::int64_t activations, int methods, Spread spread);

/// Seconds for `macs` int8 multiply-accumulates, as products of 32x32x32 tiles that stay in the first-level cache, in
/// the fastest of podsim's two inner loops: that of the value plane (models/values/int8_gemm) and that of the reference
/// (workloads/dot_product).
struct MacFloor {
  double seconds = 0;
  std::string kernel;
};
MacFloor mac_seconds(std::int64_t macs);

/// The same in a plain triple loop over int8 tiles, vectorised by the compiler (AVX2 if the processor has it).
double plain_mac_seconds(std::int64_t macs);

}  // namespace podsim::bench
