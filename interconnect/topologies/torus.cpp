// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <optional>

#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topologies/torus_route_table.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

struct TorusConfig {
  std::optional<std::int64_t> rows;

  void fields(Fields& f) {
    f.optional_integer("rows", rows, {1, kMaximumTerminals}, "nodes",
                       "the largest divisor of the number of terminals that is at most its square root",
                       "rows of nodes; must divide the number of terminals");
  }
};

/// A mesh whose rows and columns are closed to rings: source i and destination i share node i, which lies in row
/// i / columns, column i mod columns. A circuit goes the shorter way along its row, then along the column, then through
/// the one ejection link of the destination. If both ways are equally long it goes towards higher numbers (east,
/// south), so that a ring of two nodes never uses its west or north links.
class Torus final : public Topology {
 public:
  Torus(const TorusConfig& config, int terminals) {
    checked_terminals("torus", terminals);
    if (config.rows) {
      rows_.size = static_cast<int>(*config.rows);
      if (terminals % rows_.size != 0) throw bad_rows(rows_.size, terminals);
    } else {
      for (int r = 1; r * r <= terminals; ++r) {
        if (terminals % r == 0) rows_.size = r;
      }
    }
    columns_.size = terminals / rows_.size;
  }

  int terminals() const override { return rows_.size * columns_.size; }
  int link_count() const override { return terminals() * kTorusLinksPerNode; }
  Cycles latency(int source, int destination) const override {
    return Cycles(std::abs(columns_.hops(source % columns_.size, destination % columns_.size)) +
                  std::abs(rows_.hops(source / columns_.size, destination / columns_.size)) + 1);
  }
  Cycles max_latency() const override { return Cycles(rows_.longest_plus() + columns_.longest_plus() + 1); }
  bool has_uniform_latency() const override { return terminals() == 1; }
  void route(int source, int destination, std::vector<int>& links) const override {
    links.clear();
    int row = source / columns_.size;
    int column = source % columns_.size;
    const auto leave = [&](TorusDirection direction) {
      links.push_back((row * columns_.size + column) * kTorusLinksPerNode + direction);
    };
    int hops = columns_.hops(column, destination % columns_.size);
    for (; hops > 0; --hops, column = columns_.next(column)) leave(kTorusEast);
    for (; hops < 0; ++hops, column = columns_.previous(column)) leave(kTorusWest);
    hops = rows_.hops(row, destination / columns_.size);
    for (; hops > 0; --hops, row = rows_.next(row)) leave(kTorusSouth);
    for (; hops < 0; ++hops, row = rows_.previous(row)) leave(kTorusNorth);
    leave(kTorusEject);
  }
  std::unique_ptr<RouteTable> make_route_table() const override {
    return std::make_unique<TorusRouteTable>(rows_.size, columns_.size);
  }
  std::string describe() const override {
    return "torus, " + std::to_string(rows_.size) + " x " + std::to_string(columns_.size) +
           " nodes, XY dimension order, the shorter way, latency hops + 1, at most " +
           std::to_string(max_latency().count());
  }

 private:
  static Error bad_rows(int rows, int terminals) {
    std::string divisors;
    for (int r = 1; r <= terminals; ++r) {
      if (terminals % r == 0) divisors += (divisors.empty() ? "" : ", ") + std::to_string(r);
    }
    return Error(ErrorKind::bad_input, {Issue{"topology torus",
                                              "/rows",
                                              "must divide the number of terminals, " + std::to_string(terminals) +
                                                  ", got " + std::to_string(rows) + " (allowed: " + divisors + ")",
                                              {}}});
  }

  TorusRing rows_{1};
  TorusRing columns_{1};
};

const Registered<TorusConfig> entry{
    topology_registry(), "torus",
    "mesh with wrap-around links, the shorter way; latency is hops + 1 and differs by pair",
    [](const TorusConfig& config, int terminals) { return std::make_unique<Torus>(config, terminals); }};

}  // namespace
}  // namespace podsim
