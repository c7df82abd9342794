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
std::vector<RtlOsPodKind>& os_pods() {
  static std::vector<RtlOsPodKind> kinds;
  return kinds;
}
std::vector<RtlButterflyKind>& butterflies() {
  static std::vector<RtlButterflyKind> kinds;
  return kinds;
}

template <class Kind>
auto key(const Kind& kind) {
  const auto& g = kind.geometry;
  return std::make_tuple(!g.double_buffered, g.rows * g.cols, g.rows, g.broadcast, g.fan_in);
}

template <class Geometry>
std::string name_of(const Geometry& g, const char* buffers) {
  return std::to_string(g.rows) + "x" + std::to_string(g.cols) + ", broadcast " + std::to_string(g.broadcast) +
         ", fan-in " + std::to_string(g.fan_in) + ", " + (g.double_buffered ? "double" : "single") + buffers;
}

}  // namespace

std::string RtlPodKind::name() const {
  return name_of(geometry, " weight buffers");
}

std::string RtlOsPodKind::name() const {
  return "output-stationary " + name_of(geometry, " output buffers");
}

RegisteredRtl::RegisteredRtl(RtlPodKind kind) {
  pods().push_back(std::move(kind));
}

RegisteredRtl::RegisteredRtl(RtlOsPodKind kind) {
  os_pods().push_back(std::move(kind));
}

RegisteredRtl::RegisteredRtl(RtlButterflyKind kind) {
  butterflies().push_back(std::move(kind));
}

std::vector<RtlPodKind> rtl_pods() {
  std::vector<RtlPodKind> kinds = pods();
  std::sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return key(a) < key(b); });
  return kinds;
}

std::vector<RtlOsPodKind> rtl_os_pods() {
  std::vector<RtlOsPodKind> kinds = os_pods();
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
