// SPDX-License-Identifier: Apache-2.0
#include "rtl/rtl_models.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <verilated.h>

namespace podsim::test {
namespace {

// Functions, since other files register before these would be constructed.
std::vector<RtlPodKind>& pods() {
  static std::vector<RtlPodKind> kinds;
  return kinds;
}
std::vector<RtlButterflyKind>& butterflies() {
  static std::vector<RtlButterflyKind> kinds;
  return kinds;
}

auto key(const RtlPodKind& kind) {
  const PeGeometry& g = kind.geometry;
  return std::make_tuple(!g.double_buffered, g.rows * g.cols, g.rows, g.broadcast, g.fan_in);
}

}  // namespace

std::string RtlPodKind::name() const {
  return std::to_string(geometry.rows) + "x" + std::to_string(geometry.cols) + ", broadcast " +
         std::to_string(geometry.broadcast) + ", fan-in " + std::to_string(geometry.fan_in) + ", " +
         (geometry.double_buffered ? "double" : "single") + " weight buffers";
}

RegisteredRtl::RegisteredRtl(RtlPodKind kind) {
  pods().push_back(std::move(kind));
}

RegisteredRtl::RegisteredRtl(RtlButterflyKind kind) {
  butterflies().push_back(std::move(kind));
}

std::vector<RtlPodKind> rtl_pods() {
  std::vector<RtlPodKind> kinds = pods();
  std::sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return key(a) < key(b); });
  return kinds;
}

std::vector<RtlButterflyKind> rtl_butterflies() {
  std::vector<RtlButterflyKind> kinds = butterflies();
  std::sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) {
    return std::tie(a.terminals, a.planes) < std::tie(b.terminals, b.planes);
  });
  return kinds;
}

void set_power_up_seed(int seed) {
  Verilated::randReset(2);
  Verilated::randSeed(seed);
}

}  // namespace podsim::test
