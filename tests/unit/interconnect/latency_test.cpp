// SPDX-License-Identifier: Apache-2.0
// The latency of every circuit of every topology against the formula of docs/interconnect.md, and what a fabric makes
// of it. A topology that is registered without a formula in support/stated_latency.hpp fails.
#include <memory>
#include <string>
#include <vector>

#include "podsim/interconnect/fabric.hpp"
#include "podsim/sim/core/error.hpp"
#include "support/catch.hpp"
#include "support/kernel.hpp"
#include "support/stated_latency.hpp"

namespace podsim::test {
namespace {

/// Every registered topology with its defaults, and with each value of the parameters that change latency.
std::vector<PluginConfig> all_topologies(int n) {
  std::vector<PluginConfig> out;
  for (const std::string& name : topology_registry().names()) {
    const PluginConfig config = topology_registry().default_config(name);
    out.push_back(config);
    if (name == "butterfly") {
      for (const int planes : {1, 2, 4, 8}) out.push_back({name, {{"expansion", planes}}});
    }
    if (name == "benes") {
      for (const bool copies : {false, true}) out.push_back({name, {{"copy_network", copies}}});
    }
    if (name == "mesh" || name == "torus") {
      for (int rows = 1; rows <= n; ++rows) {
        if (n % rows == 0) out.push_back({name, {{"rows", rows}}});
      }
    }
  }
  return out;
}

struct Arrivals final : TransferReceiver {
  std::vector<Transfer> received;
  void receive(const Transfer& transfer) override { received.push_back(transfer); }
};

TEST_CASE("latency: every circuit of every topology takes what its formula says", "[interconnect]") {
  for (const int n : {1, 2, 3, 4, 6, 7, 8, 12, 16, 17, 31, 64, 100, 128}) {
    for (const PluginConfig& config : all_topologies(n)) {
      CAPTURE(n, config.type, config.parameters.dump());
      const auto topology = topology_registry().make(config, n);
      std::int64_t highest = 0;
      for (int s = 0; s < n; ++s) {
        for (int d = 0; d < n; ++d) {
          const auto stated = stated_latency(config, n, s, d);
          if (!stated) FAIL("no formula for this topology in support/stated_latency.hpp");
          if (topology->latency(s, d).count() != *stated) {
            FAIL(s << " -> " << d << ": " << topology->latency(s, d).count() << ", stated " << *stated);
          }
          highest = std::max(highest, *stated);
        }
      }
      REQUIRE(topology->max_latency().count() == highest);
    }
  }
}

TEST_CASE("latency: a fabric delivers after it to the unit or bank of the circuit, and refuses to be earlier",
          "[interconnect]") {
  for (const int n : {1, 5, 16}) {
    for (const PluginConfig& config : all_topologies(n)) {
      for (const FabricId id : {FabricId::x, FabricId::p_out}) {
        CAPTURE(n, config.type, config.parameters.dump(), fabric_name(id));
        const auto topology = topology_registry().make(config, n);
        const Kernel kernel;
        Fabric fabric("fabric", id, *topology, n);
        std::vector<Arrivals> ends(static_cast<std::size_t>(n));
        for (Arrivals& end : ends) fabric.receivers.bind(end);
        sc_core::sc_start(sc_core::SC_ZERO_TIME);
        std::int64_t launch = 10;
        for (int bank = 0; bank < n; ++bank) {
          for (int unit = 0; unit < n; ++unit) {
            Transfer transfer;
            transfer.launch = launch += 100;
            transfer.arrival = launch + stated_latency(config, n, bank, unit).value();
            transfer.rows = 3;
            transfer.bank = static_cast<std::uint16_t>(bank);
            transfer.unit = static_cast<std::uint16_t>(unit);
            fabric.carry(transfer);
            Arrivals& end = ends[static_cast<std::size_t>(is_write_fabric(id) ? bank : unit)];
            REQUIRE(end.received.size() == 1);
            REQUIRE(end.received.front().arrival == transfer.arrival);
            REQUIRE(end.received.front().rows == 3);
            end.received.clear();
            --transfer.arrival;
            REQUIRE_THROWS_AS(fabric.carry(transfer), Error);
            for (const Arrivals& other : ends) REQUIRE(other.received.empty());
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace podsim::test
