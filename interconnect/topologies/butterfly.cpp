// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/topologies/butterfly.hpp"

#include <algorithm>

#include "podsim/interconnect/topologies/butterfly_route_table.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"

namespace podsim {
namespace {

/// ceil(log2(n)) for n >= 1.
int ceil_log2(int n) {
  int bits = 0;
  while ((1 << bits) < n) ++bits;
  return bits;
}

const Registered<ButterflyConfig> entry{
    topology_registry(), "butterfly",
    "radix 2, multi-stage, blocking; `expansion` planes; latency is the number "
    "of stages, ceil(log2 N) + log2 expansion",
    [](const ButterflyConfig& config, int terminals) { return std::make_unique<Butterfly>(config, terminals); }};

}  // namespace

Butterfly::Butterfly(const ButterflyConfig& config, int terminals)
    : terminals_(checked_terminals("butterfly", terminals)) {
  const int planes = config.expansion;
  if (planes != 1 && planes != 2 && planes != 4 && planes != 8) {
    throw Error(ErrorKind::bad_input, {Issue{"topology butterfly", "/expansion",
                                             "must be 1, 2, 4 or 8 planes, got " + std::to_string(planes), ""}});
  }
  expansion_log2_ = ceil_log2(planes);
  stages_ = std::max(1, ceil_log2(terminals) + expansion_log2_);
}

void Butterfly::route(int source, int destination, std::vector<int>& links) const {
  const auto stages = static_cast<unsigned>(stages_);
  links.resize(stages);
  int* const link = links.data();
  const unsigned to = static_cast<unsigned>(destination) << expansion_log2_;
  // High bits come from the destination, those that are not settled yet from the source.
  const unsigned different = to ^ static_cast<unsigned>(source);
  unsigned unsettled = (1U << (stages - 1)) - 1;
  unsigned stage = 0;
  for (unsigned t = 0; t < stages; ++t) {
    link[t] = static_cast<int>(stage | (to ^ (different & unsettled)));
    unsettled >>= 1;
    stage += 1U << stages;
  }
}

std::unique_ptr<RouteTable> Butterfly::make_route_table() const {
  return std::make_unique<ButterflyRouteTable>(terminals_, expansion_log2_);
}

std::string Butterfly::describe() const {
  const int planes = 1 << expansion_log2_;
  return "butterfly, radix 2, " + std::to_string(planes) + (planes == 1 ? " plane, " : " planes, ") +
         std::to_string(stages_) + (stages_ == 1 ? " stage, latency " : " stages, latency ") + std::to_string(stages_);
}

}  // namespace podsim
