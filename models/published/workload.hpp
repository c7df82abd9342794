#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What the published tool sees of a network: a list of GEMMs with dependencies.
///
/// "Published" is the tool behind "Scale-out Systolic Arrays" (Yuzuguler et al., ACM TACO 2023, arXiv 2203.11540),
/// whose raw results podsim reproduces to the cycle. Its rules are kept in this folder. They are not those of the
/// machine that podsim simulates (docs/published.md), and nothing of that machine depends on them.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/workloads/gemm.hpp"
#include "podsim/workloads/network.hpp"

namespace podsim::published {

/// One matrix layer.
struct GemmLayer {
  std::string name;
  Gemm gemm;  ///< of one group
  /// Positions of the convolution kernel: the bytes of an activation tile are divided by it, as if every element were
  /// copied by im2col so many times. 1 for other layers.
  std::int64_t kernel_area = 1;
  /// Indices of layers before this one whose results it needs.
  std::vector<int> dependencies;
  /// Its activations come from DRAM. Those of all other layers are taken to be on chip.
  bool reads_network_input = false;
};

/// The layers in the order in which the published scheduler takes them: by falling distance to the network's output,
/// as Keras lists the layers of a model; equally far ones as their inputs come to exist, then as the network lists
/// them. The distance counts batch normalisations and activation functions as layers of their own.
///
/// Only convolutions and linear layers are work. All others take no time and hand their dependencies on. Activations
/// of the first layer of the list come from DRAM.
/// \throws Error (run_failed) naming every layer that the published tool cannot express: grouped convolutions and
///         products of two activations; or if there is no work at all
std::vector<GemmLayer> workload_of(const Network& network);

/// The same network with its convolutions and linear layers in that order; others come as soon as their inputs exist.
/// \throws Error (run_failed) as workload_of does
Network in_published_order(const Network& network);

}  // namespace podsim::published
