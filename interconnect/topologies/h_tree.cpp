// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

/// The binary tree of an H-tree. Node `index` of level l stands for the terminals [index << l, (index + 1) << l); it is
/// numbered as in a heap, (1 << levels >> l) + index, so that the root is 1 and the parent of v is v / 2.
struct HTreeShape {
  int levels;

  int leaf(int terminal) const { return (1 << levels) + terminal; }
  /// The links between a node, not the root, and its parent.
  static int up(int node) { return 2 * (node - 2); }
  static int down(int node) { return 2 * (node - 2) + 1; }
  int link_count() const { return 2 * ((2 << levels) - 2); }
};

/// Walks the tree instead of asking for each terminal; subtrees behind a blocked link are not visited.
class HTreeRouteTable final : public RouteTable {
 public:
  HTreeRouteTable(HTreeShape shape, int terminals)
      : shape_(shape), owner_(static_cast<std::size_t>(shape.link_count()), 0), reached_(terminals) {}

  bool is_free(int source, int destination) const override {
    int from = shape_.leaf(source);
    int to = shape_.leaf(destination);
    do {
      if (!usable(HTreeShape::down(to), source) || !usable(HTreeShape::up(from), source)) return false;
      from /= 2;
      to /= 2;
    } while (from != to);
    return true;
  }

  void reserve(int source, int destination) override {
    int from = shape_.leaf(source);
    int to = shape_.leaf(destination);
    do {
      take(HTreeShape::down(to), source);
      take(HTreeShape::up(from), source);
      from /= 2;
      to /= 2;
    } while (from != to);
  }

  void clear() override {
    for (const int link : touched_) owner_[static_cast<std::size_t>(link)] = 0;
    touched_.clear();
  }

  void restrict_destinations(int source, BitSet& destinations) const override {
    reached_.fill(false);
    const auto usable_down = [&](int node) { return usable(HTreeShape::down(node), source); };
    int node = shape_.leaf(source);
    reach(node, usable_down);
    for (; node > 1 && usable(HTreeShape::up(node), source); node /= 2) reach(node ^ 1, usable_down);
    destinations &= reached_;
  }

  void restrict_sources(int destination, BitSet& sources) const override {
    // Backwards along the path that all sources share more and more of. Only its owner passes a link in use.
    reached_.fill(false);
    const auto open = [&](int link) {
      const std::int32_t owner = owner_[static_cast<std::size_t>(link)];
      if (owner != 0 && is_free(owner - 1, destination)) reached_.set(owner - 1);
      return owner == 0;
    };
    const auto open_up = [&](int node) { return open(HTreeShape::up(node)); };
    int node = shape_.leaf(destination);
    for (bool is_leaf = true; node > 1 && open(HTreeShape::down(node)); node /= 2, is_leaf = false) {
      if (is_leaf) reach(node, open_up);
      reach(node ^ 1, open_up);
    }
    sources &= reached_;
  }

 private:
  bool usable(int link, int source) const {
    const std::int32_t owner = owner_[static_cast<std::size_t>(link)];
    return owner == 0 || owner == source + 1;
  }
  void take(int link, int source) {
    std::int32_t& owner = owner_[static_cast<std::size_t>(link)];
    if (owner == 0) touched_.push_back(link);
    owner = source + 1;
  }
  /// Adds the terminals below `node` that are joined to its parent by links that `open` accepts.
  template <class Open>
  void reach(int node, const Open& open) const {
    if (!open(node)) return;
    const int leaves = shape_.leaf(0);
    if (node < leaves) {
      reach(2 * node, open);
      reach(2 * node + 1, open);
    } else if (node - leaves < reached_.size()) {
      reached_.set(node - leaves);
    }
  }

  HTreeShape shape_;
  std::vector<std::int32_t> owner_;  ///< source + 1, or 0
  std::vector<int> touched_;         ///< links in use, so that clear() costs what was used
  mutable BitSet reached_;
};

/// Terminal i is source i and destination i: a leaf below a switch of level 1. A circuit climbs to the lowest common
/// ancestor, at least to level 1 (so too from a terminal to itself), and descends again.
class HTree final : public Topology {
 public:
  explicit HTree(int terminals) : terminals_(checked_terminals("h_tree", terminals)) {
    while ((1 << shape_.levels) < terminals) ++shape_.levels;
  }

  int terminals() const override { return terminals_; }
  int link_count() const override { return shape_.link_count(); }
  Cycles latency(int source, int destination) const override {
    int levels = 1;
    while (source >> levels != destination >> levels) ++levels;
    return Cycles(2 * levels);
  }
  Cycles max_latency() const override { return Cycles(2 * shape_.levels); }
  bool has_uniform_latency() const override { return terminals_ <= 2; }
  void route(int source, int destination, std::vector<int>& links) const override {
    links.clear();
    int from = shape_.leaf(source);
    int to = shape_.leaf(destination);
    std::size_t climbed = 0;
    do {
      links.insert(links.begin() + static_cast<std::ptrdiff_t>(climbed++),
                   {HTreeShape::up(from), HTreeShape::down(to)});
      from /= 2;
      to /= 2;
    } while (from != to);
  }
  std::unique_ptr<RouteTable> make_route_table() const override {
    return std::make_unique<HTreeRouteTable>(shape_, terminals_);
  }
  std::string describe() const override {
    return "h_tree, binary, " + std::to_string(shape_.levels) + (shape_.levels == 1 ? " level" : " levels") +
           ", width 1, latency 2 x levels to the common ancestor, at most " + std::to_string(max_latency().count());
  }

 private:
  int terminals_;
  HTreeShape shape_{1};
};

const Registered<NoParameters> entry{
    topology_registry(), "h_tree", "binary tree of width 1; latency is 2 x levels to the common ancestor",
    [](const NoParameters&, int terminals) { return std::make_unique<HTree>(terminals); }};

}  // namespace
}  // namespace podsim
