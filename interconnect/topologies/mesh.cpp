// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <optional>

#include "podsim/interconnect/topologies/mesh_route_table.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

struct MeshConfig {
  std::optional<std::int64_t> rows;

  void fields(Fields& f) {
    f.optional_integer("rows", rows, {1, kMaximumTerminals}, "nodes",
                       "the largest divisor of the number of terminals that is at most its square root",
                       "rows of nodes; must divide the number of terminals");
  }
};

/// Source i and destination i share node i, which lies in row i / columns, column i mod columns. A circuit goes along
/// its row first, then along the column, then through the one ejection link of the destination; so two circuits to
/// one destination always conflict, even one of 0 hops. Link 5 i + direction leaves node i.
class Mesh final : public Topology {
 public:
  Mesh(const MeshConfig& config, int terminals) {
    checked_terminals("mesh", terminals);
    if (config.rows) {
      rows_ = static_cast<int>(*config.rows);
      if (terminals % rows_ != 0) throw bad_rows(rows_, terminals);
    } else {
      for (int r = 1; r * r <= terminals; ++r) {
        if (terminals % r == 0) rows_ = r;
      }
    }
    columns_ = terminals / rows_;
  }

  int terminals() const override { return rows_ * columns_; }
  int link_count() const override { return terminals() * kMeshLinksPerNode; }
  Cycles latency(int source, int destination) const override {
    return Cycles(std::abs(source % columns_ - destination % columns_) +
                  std::abs(source / columns_ - destination / columns_) + 1);
  }
  Cycles max_latency() const override { return Cycles(rows_ + columns_ - 1); }
  bool has_uniform_latency() const override { return terminals() == 1; }
  void route(int source, int destination, std::vector<int>& links) const override {
    links.clear();
    int node = source;
    const auto go = [&](int hops, MeshDirection direction, int step) {
      for (; hops > 0; --hops, node += step) links.push_back(node * kMeshLinksPerNode + direction);
    };
    const int right = destination % columns_ - source % columns_;
    const int down = destination / columns_ - source / columns_;
    go(right, kMeshEast, 1);
    go(-right, kMeshWest, -1);
    go(down, kMeshSouth, columns_);
    go(-down, kMeshNorth, -columns_);
    links.push_back(destination * kMeshLinksPerNode + kMeshEject);
  }
  std::unique_ptr<RouteTable> make_route_table() const override {
    return std::make_unique<MeshRouteTable>(rows_, columns_);
  }
  std::string describe() const override {
    return "mesh, " + std::to_string(rows_) + " x " + std::to_string(columns_) +
           " nodes, XY dimension order, latency hops + 1, at most " + std::to_string(max_latency().count());
  }

 private:
  static Error bad_rows(int rows, int terminals) {
    std::string divisors;
    for (int r = 1; r <= terminals; ++r) {
      if (terminals % r == 0) divisors += (divisors.empty() ? "" : ", ") + std::to_string(r);
    }
    return Error(ErrorKind::bad_input, {Issue{"topology mesh",
                                              "/rows",
                                              "must divide the number of terminals, " + std::to_string(terminals) +
                                                  ", got " + std::to_string(rows) + " (allowed: " + divisors + ")",
                                              {}}});
  }

  int rows_ = 1;
  int columns_ = 1;
};

const Registered<MeshConfig> entry{
    topology_registry(), "mesh", "two-dimensional, XY dimension order; latency is hops + 1 and differs by pair",
    [](const MeshConfig& config, int terminals) { return std::make_unique<Mesh>(config, terminals); }};

}  // namespace
}  // namespace podsim
