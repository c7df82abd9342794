// SPDX-License-Identifier: Apache-2.0
#include "podsim/interconnect/fabric.hpp"

#include <algorithm>

namespace podsim {

const char* fabric_name(FabricId id) {
  static constexpr const char* kNames[kFabrics] = {"X", "W", "P-in", "P-out", "PP-in1", "PP-in2", "PP-out"};
  return kNames[static_cast<int>(id)];
}

Fabric::Fabric(const sc_core::sc_module_name& name, FabricId id, const Topology& topology, int banks)
    : sc_module(name),
      id_(id),
      topology_(topology),
      uniform_latency_(topology.has_uniform_latency() ? topology.latency(0, 0).count() : -1),
      last_(static_cast<std::size_t>(banks)) {}

void Fabric::reset() {
  statistics_ = {};
  std::fill(last_.begin(), last_.end(), Last{});
}

void Fabric::carry(const Transfer& transfer) {
  const std::int64_t latency =
      uniform_latency_ >= 0 ? uniform_latency_ : topology_.latency(transfer.bank, transfer.unit).count();
  if (transfer.arrival < transfer.launch + latency) {
    throw Error::internal(name(), "a row arrives before it can, from bank " + std::to_string(transfer.bank) +
                                      " to unit " + std::to_string(transfer.unit));
  }
  for (int m = 0; m < monitor.size(); ++m) monitor[m]->circuit(id_, transfer);
  const std::int64_t bytes = static_cast<std::int64_t>(transfer.rows) * transfer.row_bytes;
  Last& last = last_[transfer.bank];
  ++statistics_.circuits;
  statistics_.delivered_bytes += bytes;
  if (is_write_fabric(id_) || last.launch != transfer.launch || last.item != transfer.item) {
    statistics_.bytes += bytes;
    last = {transfer.launch, transfer.item};
  }
  if (id_ == FabricId::post_out) {
    if ((transfer.classes & 1) != 0) receivers[transfer.bank]->receive(transfer);
    if ((transfer.classes & 2) != 0) w_receivers[transfer.bank]->receive(transfer);
    if ((transfer.classes & 4) != 0) p_receivers[transfer.bank]->receive(transfer);
  } else if (id_ == FabricId::p_out) {
    receivers[transfer.bank]->receive(transfer);
  } else {
    receivers[transfer.unit]->receive(transfer);
  }
}

LinkSchedule::LinkSchedule(const Topology& topology, bool write_fabric, bool staggered_launches)
    : topology_(&topology), write_fabric_(write_fabric) {
  if (topology.has_uniform_latency() && !staggered_launches) return;
  if (!topology.has_fixed_routes()) {
    throw Error::internal("topology", "routes that depend on each other need the same latency for all pairs");
  }
  free_at_.assign(static_cast<std::size_t>(topology.link_count()), 0);
}

void LinkSchedule::path(int bank, int unit) {
  topology_->route(bank, unit, path_);
  if (write_fabric_) std::reverse(path_.begin(), path_.end());
}

std::int64_t LinkSchedule::earliest_launch(int bank, int unit) {
  std::int64_t earliest = 0;
  path(bank, unit);
  for (std::size_t hop = 0; hop < path_.size(); ++hop) {
    earliest = std::max(earliest, free_at_[static_cast<std::size_t>(path_[hop])] - static_cast<std::int64_t>(hop));
  }
  return earliest;
}

void LinkSchedule::reserve(int bank, int unit, std::int64_t launch, std::int64_t rows) {
  path(bank, unit);
  for (std::size_t hop = 0; hop < path_.size(); ++hop) {
    std::int64_t& free_at = free_at_[static_cast<std::size_t>(path_[hop])];
    free_at = std::max(free_at, launch + static_cast<std::int64_t>(hop) + rows);
  }
}

}  // namespace podsim
