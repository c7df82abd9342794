// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/array_timing.hpp"

namespace podsim {
namespace {

OperandFlow flow_of(const PodConfig& pods) {
  return make_dataflow(pods)->flow();
}

}  // namespace

ArrayTiming::ArrayTiming(const PodConfig& pods)
    : flow(flow_of(pods)),
      double_buffered(pods.weight_buffers == "double"),
      weights_drain(pods.drain == "charged" ? pods.drain_cycles() : 0),
      sums_latency(flow.keeps_sums ? pods.col_stages() : pods.array_latency().count()),
      least_load_(pods.load_cycles(1)),
      least_stream_(pods.stream_cycles(1)),
      drain_(pods.drain_cycles()),
      fan_in_(pods.fan_in),
      broadcast_(pods.broadcast),
      actual_drain_(flow.keeps_sums && pods.edge_folds == "actual"),
      double_outputs_(pods.output_buffers == "double"),
      charges_drain_(pods.drain == "charged") {}

std::int64_t longest_drain(const HardwareConfig& hardware) {
  std::int64_t longest = 0;
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    const PodConfig& pods = hardware.pod_group(g);
    const ArrayTiming timing(pods);
    longest = std::max(longest, timing.sums_latency + (timing.flow.keeps_sums ? pods.rows : 0));
  }
  return longest;
}

bool launches_sums_together(const HardwareConfig& hardware) {
  const ArrayTiming first(hardware.pod_group(0));
  for (int g = 1; g < hardware.pod_group_count(); ++g) {
    const ArrayTiming other(hardware.pod_group(g));
    if (other.flow.keeps_sums != first.flow.keeps_sums || other.sums_latency != first.sums_latency) return false;
  }
  return true;
}

bool takes_weights_together(const HardwareConfig& hardware) {
  const bool first = flow_of(hardware.pod_group(0)).preloads;
  for (int g = 1; g < hardware.pod_group_count(); ++g) {
    if (flow_of(hardware.pod_group(g)).preloads != first) return false;
  }
  return true;
}

}  // namespace podsim
