#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file One circuit-switched network as a SystemC module, built from any topology.

#include <algorithm>
#include <cstdint>
#include <vector>

#include <systemc>

#include "podsim/interconnect/topology.hpp"
#include "podsim/interconnect/transfer.hpp"

namespace podsim {

/// What a fabric has carried.
struct FabricStatistics {
  std::int64_t circuits = 0;
  std::int64_t bytes = 0;            ///< read from or written to banks: a multicast counts once
  std::int64_t delivered_bytes = 0;  ///< at the receivers: a multicast counts once per receiver
};

/// Carries tiles between banks and units. Has no process: rows advance by the clock, so their times are known at
/// launch; nothing is simulated per switch or link.
class Fabric final : public sc_core::sc_module, public FabricInterface {
 public:
  using Receivers = sc_core::sc_port<TransferReceiver, 0, sc_core::SC_ZERO_OR_MORE_BOUND>;
  /// One per unit (read fabrics) or per bank (write fabrics; for PP-out one per X bank), in order.
  Receivers receivers{"receivers"};
  /// For PP-out: one per W bank, and one per P bank.
  Receivers w_receivers{"w_receivers"};
  Receivers p_receivers{"p_receivers"};
  /// The checker, and whoever else wants to see all circuits; told in the order of binding.
  sc_core::sc_port<CircuitMonitor, 0, sc_core::SC_ZERO_OR_MORE_BOUND> monitor{"monitor"};

  Fabric(const sc_core::sc_module_name& name, FabricId id, const Topology& topology, int banks);

  void carry(const Transfer& transfer) override;
  void reset();
  const FabricStatistics& statistics() const { return statistics_; }

 private:
  FabricId id_;
  const Topology& topology_;
  const std::int64_t uniform_latency_;  ///< -1 if pairs differ
  FabricStatistics statistics_;
  /// Per bank: the transfer it launched last, to tell the branches of a multicast from a new tile.
  struct Last {
    std::int64_t launch = -1;
    std::uint32_t item = 0;
  };
  std::vector<Last> last_;
};

/// Which cycles the links of a fabric are free, where circuits of different rounds can meet: on topologies without
/// uniform latency, or if the units launch at different times after the start of a round. Used by the tiling controller
/// to time launches.
class LinkSchedule {
 public:
  /// \throws Error (internal) if it is needed and the topology has no fixed routes
  LinkSchedule(const Topology& topology, bool write_fabric, bool staggered_launches = false);

  /// True if circuits of successive rounds can never meet, because all of them are launched at the same time and take
  /// equally long.
  bool never_conflicts() const { return free_at_.empty(); }
  void clear() { std::fill(free_at_.begin(), free_at_.end(), 0); }
  /// The first cycle in which the circuit may be launched.
  std::int64_t earliest_launch(int bank, int unit);
  void reserve(int bank, int unit, std::int64_t launch, std::int64_t rows);

 private:
  void path(int bank, int unit);

  const Topology* topology_;
  bool write_fabric_;
  std::vector<std::int64_t> free_at_;
  std::vector<int> path_;
};

}  // namespace podsim
