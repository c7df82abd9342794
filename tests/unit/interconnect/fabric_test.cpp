// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/fabric.hpp"
#include "support/kernel.hpp"
#include "unit/interconnect/circuits.hpp"

namespace podsim {
namespace {

struct Sink final : TransferReceiver {
  void receive(const Transfer&) override {}
};

TEST_CASE("fabric: a multicast is read once and delivered to each of its units, a write counts every time",
          "[interconnect]") {
  for (const FabricId id : {FabricId::x, FabricId::p_out}) {
    CAPTURE(fabric_name(id));
    const auto crossbar = make_topology("crossbar", 3);
    const test::Kernel kernel;
    Fabric fabric("fabric", id, *crossbar, 3);
    Sink sinks[3];
    for (Sink& sink : sinks) fabric.receivers.bind(sink);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const auto carry = [&fabric](std::int64_t launch, std::uint32_t item, std::uint16_t unit) {
      Transfer transfer;
      transfer.launch = launch;
      transfer.arrival = launch + 1;
      transfer.rows = 4;
      transfer.row_bytes = 6;
      transfer.item = item;
      transfer.bank = 1;
      transfer.unit = unit;
      fabric.carry(transfer);
    };
    const bool writes = is_write_fabric(id);
    for (std::uint16_t unit = 0; unit < 3; ++unit) carry(10, 7, unit);
    CHECK(fabric.statistics().circuits == 3);
    CHECK(fabric.statistics().delivered_bytes == 3 * 4 * 6);
    CHECK(fabric.statistics().bytes == (writes ? 3 : 1) * 4 * 6);
    carry(20, 7, 0);  // the same tile again
    carry(20, 8, 1);  // another one
    CHECK(fabric.statistics().bytes == (writes ? 5 : 3) * 4 * 6);
    fabric.reset();
    CHECK(fabric.statistics().circuits == 0);
    carry(20, 8, 1);  // nothing is remembered of what was carried before
    CHECK(fabric.statistics().bytes == 4 * 6);
  }
}

}  // namespace
}  // namespace podsim
