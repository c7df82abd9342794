#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What a network is, as plain data: terminals, links, routes, latency. No SystemC here.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/registry.hpp"
#include "podsim/sim/core/units.hpp"

namespace podsim {

class RouteTable;

/// One circuit of a network, by its terminals.
struct Circuit {
  int source = 0;
  int destination = 0;
};

/// The links of several circuits, circuit after circuit, each in the order of its hops.
struct CircuitPaths {
  std::vector<int> links;
  std::vector<std::size_t> first;  ///< per circuit, and one more: where its links begin

  void clear() {
    links.clear();
    first.assign(1, 0);
  }
};

/// A circuit-switched network between `terminals()` sources and as many destinations.
///
/// Links are numbered 0 … link_count()-1. The circuit of a (source, destination) pair occupies a fixed list of links,
/// the h-th of them from h cycles after launch on; it is `latency()` cycles from launch to arrival. A set of circuits
/// may be set up together iff every link carries one source only; circuits of one source may share links (multicast
/// is a tree).
///
/// In a rearrangeable topology (Benes) the links of a circuit depend on the other circuits of its round. It says so by
/// `has_fixed_routes`, has the same latency for all pairs (so that circuits of different rounds never meet), and brings
/// its own `make_route_table`, which tells what can be set up together, and `settle`, which tells how.
class Topology {
 public:
  virtual ~Topology() = default;

  /// Number of sources, and of destinations.
  virtual int terminals() const = 0;
  virtual int link_count() const = 0;
  /// Cycles from the launch of a row at the source until it enters the destination.
  virtual Cycles latency(int source, int destination) const = 0;
  /// The largest latency of any pair.
  virtual Cycles max_latency() const = 0;
  /// True if every pair has the same latency.
  virtual bool has_uniform_latency() const = 0;
  /// Replaces `links` by the links of the circuit, in the order of the hops; without fixed routes by those that it
  /// takes when it is alone.
  virtual void route(int source, int destination, std::vector<int>& links) const = 0;
  /// True if `route` is right whatever other circuits there are.
  virtual bool has_fixed_routes() const { return true; }
  /// Replaces `paths` by the links of all these circuits, set up together. With fixed routes that is `route` of each.
  /// \return the index of a circuit that excludes one before it; no paths are given then
  virtual std::optional<std::size_t> settle(const std::vector<Circuit>& circuits, CircuitPaths& paths) const;
  /// A table of the circuits of one round, empty. The topology must outlive it.
  virtual std::unique_ptr<RouteTable> make_route_table() const;
  /// Ports of all switches, each as wide as a row: what the energy and area of the network are in proportion to. By
  /// default a port per link; topologies of the SOSA paper (arXiv 2203.11540) give its counts, in which log2 of the
  /// number of terminals is not rounded up.
  virtual double switch_ports() const { return link_count(); }
  /// One line with the structure and the latency formula, e.g. "butterfly, radix 2, 2 planes, 9 stages, latency 9".
  virtual std::string describe() const = 0;
};

/// Factories take the number of terminals (at least 1; need not be a power of two).
using TopologyRegistry = Registry<Topology, int>;
TopologyRegistry& topology_registry();

}  // namespace podsim
