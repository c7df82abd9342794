#pragma once
// SPDX-License-Identifier: Apache-2.0
// The published runs of "Scale-out Systolic Arrays" (arXiv 2203.11540), as tests read them.

#include <cstdint>
#include <string>
#include <vector>

#include "podsim/workloads/network.hpp"

namespace podsim::test {

/// One row of data/published_runs.csv: the authors' raw results.
struct PublishedRun {
  std::string network, interconnect;
  int pods = 0;
  std::int64_t cycles = 0, last_main_round = 0, last_post_round = 0, tile_ops = 0;
};
std::vector<PublishedRun> published_runs();

/// The network's layers in the order in which the published scheduler took them (data/published_layer_order.csv lists
/// the shapes of the matrix layers). Layers without matrix work come as soon as their inputs exist.
/// Fails (throws std::runtime_error) if the multiset of shapes differs or the order contradicts a dependency.
Network in_published_order(const Network& network, const std::string& published_name);

}  // namespace podsim::test
