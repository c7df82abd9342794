// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/published/machine.hpp"

namespace podsim::published {
namespace {

int ceil_log2(int n) {
  int bits = 0;
  while ((1 << bits) < n) ++bits;
  return bits;
}

Error refusal(const std::string& pointer, const std::string& message, const std::string& hint) {
  return Error(ErrorKind::bad_input, {Issue{"published machine", pointer, message, hint}});
}

}  // namespace

int MachineConfig::latency(const Rules& rules) const {
  const std::string& type = interconnect.type;
  if (type == "crossbar" || type == "bus") return 1;
  const bool is_butterfly = type == "butterfly";
  const bool is_benes = type == "benes";
  if (!is_butterfly && !is_benes) {
    throw refusal("/interconnect", "no published figures for \"" + type + "\"",
                  "crossbar, bus, butterfly and benes have some");
  }
  if (pods < 2) throw refusal("/pods", "a " + type + " needs two pods or more, got " + std::to_string(pods), {});
  const int n = ceil_log2(pods);
  const Json& parameters = interconnect.parameters;
  if (is_benes) {
    if (!parameters.value("copy_network", true)) {
      throw refusal("/interconnect", "benes without copy network was routed at random by the published tool", {});
    }
    return 4 * n - 1;
  }
  const int e = ceil_log2(parameters.value("expansion", 2));
  return n + (rules.expansion_counts_twice ? 2 * e : e);
}

float MachineConfig::bytes_per_cycle(const Rules& rules) const {
  constexpr float kClockHz = 1e9F;
  const float giga = rules.giga_is_2_to_30 ? static_cast<float>(1 << 30) : 1e9F;
  return static_cast<float>(bandwidth_giga_per_s) * (giga / kClockHz);
}

Machine MachineConfig::for_scheduler() const {
  HardwareConfig hardware;
  hardware.pods.count = pods;
  hardware.pods.rows = rows;
  hardware.pods.cols = cols;
  hardware.interconnect = interconnect;
  return Machine(hardware);
}

}  // namespace podsim::published
