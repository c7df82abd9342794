// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topologies/terminal_count.hpp"
#include "podsim/interconnect/topology.hpp"

namespace podsim {
namespace {

/// A subtree of level l holds 2^l terminals and is joined to its parent by 2^l lanes up and 2^l down, numbered within
/// a level as subtree << l | lane. Circuits to destination d use lane d mod 2^l in both directions.
struct FatTreeShape {
  int levels;

  int width() const { return 1 << levels; }
  int lanes() const { return levels << levels; }
  /// The lane out of the subtree of level `level` around the source.
  int up(int level, int source, int destination) const {
    const int mask = (1 << level) - 1;
    return (level << levels) | (source & ~mask) | (destination & mask);
  }
  /// The lane into the subtree of level `level` around the destination, which no other destination uses.
  int down(int level, int destination) const { return lanes() + ((level << levels) | destination); }
  /// The level of the lowest common ancestor, at least 1.
  static int common_level(int source, int destination) {
    int level = 1;
    while (source >> level != destination >> level) ++level;
    return level;
  }
};

/// Down lanes belong to one destination, so that the owner of a destination stands for all of them; lanes of level 0
/// up belong to one source. Up lanes of the levels in between are kept as owners and as one bitmap per level, in which
/// a subtree's lanes are neighbours in the order of the destinations that use them.
class FatTreeRouteTable final : public RouteTable {
 public:
  FatTreeRouteTable(FatTreeShape shape, int terminals)
      : shape_(shape),
        up_owner_(static_cast<std::size_t>(shape.lanes()), 0),
        up_used_(static_cast<std::size_t>(shape.levels), BitSet(shape.width())),
        owner_(static_cast<std::size_t>(terminals), 0),
        used_(terminals),
        reached_(shape.width()),
        lanes_(reached_.words().size(), 0) {}

  bool is_free(int source, int destination) const override {
    const std::int32_t owner = owner_[static_cast<std::size_t>(destination)];
    if (owner != 0) return owner == source + 1;
    const int top = FatTreeShape::common_level(source, destination);
    for (int level = 1; level < top; ++level) {
      const std::int32_t lane = up_owner_[static_cast<std::size_t>(shape_.up(level, source, destination))];
      if (lane != 0 && lane != source + 1) return false;
    }
    return true;
  }

  void reserve(int source, int destination) override {
    owner_[static_cast<std::size_t>(destination)] = source + 1;
    used_.set(destination);
    const int top = FatTreeShape::common_level(source, destination);
    for (int level = 1; level < top; ++level) {
      const int lane = shape_.up(level, source, destination);
      up_owner_[static_cast<std::size_t>(lane)] = source + 1;
      up_used_[static_cast<std::size_t>(level)].set(lane & (shape_.width() - 1));
      touched_.push_back(lane);
    }
  }

  void clear() override {
    for (const int lane : touched_) {
      up_owner_[static_cast<std::size_t>(lane)] = 0;
      up_used_[static_cast<std::size_t>(lane >> shape_.levels)].reset(lane & (shape_.width() - 1));
    }
    touched_.clear();
    for (int d = used_.next(); d >= 0; d = used_.next(d + 1)) owner_[static_cast<std::size_t>(d)] = 0;
    used_.fill(false);
  }

  void restrict_destinations(int source, BitSet& destinations) const override {
    // Climbs from the source; bit j of lanes_ says that lane j out of its subtree is reached and usable. In the sibling
    // subtree of level l, destination d is reached over lane d mod 2^l.
    std::vector<std::uint64_t>& reached = reached_.words();
    std::fill(reached.begin(), reached.end(), 0);
    reached_.set(source);
    lanes_[0] = 1;
    for (int level = 0; level < shape_.levels; ++level) {
      const int first = source >> level << level;
      const int sibling = first ^ (1 << level);
      const auto to = static_cast<std::size_t>(sibling) / 64;
      if (level < 6) {
        if (level > 0) {
          lanes_[0] |= lanes_[0] << (1 << (level - 1));
          const std::uint64_t mask = (std::uint64_t{1} << (1 << level)) - 1;
          const std::uint64_t here = mask << (first & 63);
          lanes_[0] &= ~(blocked(level, static_cast<std::size_t>(first) / 64, here, source) >> (first & 63));
        }
        reached[to] |= lanes_[0] << (sibling & 63);
        continue;
      }
      const auto words = std::size_t{1} << (level - 6);
      if (level == 6) {
        lanes_[0] |= lanes_[0] << 32;
      } else {
        std::copy_n(lanes_.begin(), words / 2, lanes_.begin() + static_cast<std::ptrdiff_t>(words / 2));
      }
      for (std::size_t w = 0; w < words; ++w) {
        lanes_[w] &= ~blocked(level, static_cast<std::size_t>(first) / 64 + w, ~std::uint64_t{0}, source);
        reached[to + w] = lanes_[w];
      }
    }

    std::vector<std::uint64_t>& out = destinations.words();
    for (std::size_t w = 0; w < out.size(); ++w) {
      out[w] &= reached[w];
      for (std::uint64_t doubtful = out[w] & used_.words()[w]; doubtful != 0; doubtful &= doubtful - 1) {
        const int bit = __builtin_ctzll(doubtful);
        if (owner_[w * 64 + static_cast<std::size_t>(bit)] != source + 1) out[w] &= ~(std::uint64_t{1} << bit);
      }
    }
  }

  void restrict_sources(int destination, BitSet& sources) const override {
    if (const std::int32_t owner = owner_[static_cast<std::size_t>(destination)]; owner != 0) {
      const bool keep = sources.test(owner - 1);
      sources.fill(false);
      if (keep) sources.set(owner - 1);
      return;
    }
    reached_.fill(false);
    reached_.set(destination);
    for (int level = 0; level < shape_.levels; ++level) reach_sources(level, destination ^ (1 << level), destination);
    std::vector<std::uint64_t>& out = sources.words();
    for (std::size_t w = 0; w < out.size(); ++w) out[w] &= reached_.words()[w];
  }

 private:
  /// The lanes in word `w` of the bitmap of `level`, within `mask`, that carry another source.
  std::uint64_t blocked(int level, std::size_t w, std::uint64_t mask, int source) const {
    std::uint64_t used = up_used_[static_cast<std::size_t>(level)].words()[w] & mask;
    const std::size_t first = (static_cast<std::size_t>(level) << shape_.levels) + w * 64;
    for (std::uint64_t doubtful = used; doubtful != 0; doubtful &= doubtful - 1) {
      const int bit = __builtin_ctzll(doubtful);
      if (up_owner_[first + static_cast<std::size_t>(bit)] == source + 1) used &= ~(std::uint64_t{1} << bit);
    }
    return used;
  }

  /// Adds the sources in the subtree of `level` around `terminal` that can leave it towards the destination.
  void reach_sources(int level, int terminal, int destination) const {
    if (level == 0) {
      reached_.set(terminal);
      return;
    }
    const std::int32_t owner = up_owner_[static_cast<std::size_t>(shape_.up(level, terminal, destination))];
    if (owner == 0) {
      reach_sources(level - 1, terminal, destination);
      reach_sources(level - 1, terminal ^ (1 << (level - 1)), destination);
    } else if (is_free(owner - 1, destination)) {
      reached_.set(owner - 1);
    }
  }

  FatTreeShape shape_;
  std::vector<std::int32_t> up_owner_;  ///< per up lane: source + 1, or 0
  std::vector<BitSet> up_used_;         ///< per level: the up lanes in use
  std::vector<int> touched_;            ///< up lanes in use, so that clear() costs what was used
  std::vector<std::int32_t> owner_;     ///< per destination: source + 1, or 0
  BitSet used_;                         ///< the destinations in use
  mutable BitSet reached_;
  mutable std::vector<std::uint64_t> lanes_;
};

/// Terminal i is source i and destination i. A circuit climbs to the lowest common ancestor, at least to level 1 (so
/// too from a terminal to itself), and descends again. The root of a subtree of level l is 2^(l-1) switches; switch j
/// has lane j of either child and lanes j and j + 2^(l-1) to the parent, in both directions.
class FatTree final : public Topology {
 public:
  explicit FatTree(int terminals) : terminals_(checked_terminals("fat_tree", terminals)) {
    while (shape_.width() < terminals) ++shape_.levels;
  }

  int terminals() const override { return terminals_; }
  int link_count() const override { return 2 * shape_.lanes(); }
  Cycles latency(int source, int destination) const override {
    return Cycles(2 * FatTreeShape::common_level(source, destination));
  }
  Cycles max_latency() const override { return Cycles(2 * shape_.levels); }
  bool has_uniform_latency() const override { return terminals_ <= 2; }
  void route(int source, int destination, std::vector<int>& links) const override {
    links.clear();
    const int top = FatTreeShape::common_level(source, destination);
    for (int level = 0; level < top; ++level) links.push_back(shape_.up(level, source, destination));
    for (int level = top - 1; level >= 0; --level) links.push_back(shape_.down(level, destination));
  }
  std::unique_ptr<RouteTable> make_route_table() const override {
    return std::make_unique<FatTreeRouteTable>(shape_, terminals_);
  }
  std::string describe() const override {
    return "fat_tree, binary, " + std::to_string(shape_.levels) + (shape_.levels == 1 ? " level" : " levels") +
           ", full bisection, lane destination mod width, latency 2 x levels to the common ancestor, at most " +
           std::to_string(max_latency().count());
  }

 private:
  int terminals_;
  FatTreeShape shape_{1};
};

const Registered<NoParameters> entry{
    topology_registry(), "fat_tree",
    "binary tree whose width doubles per level; latency is 2 x levels to the common ancestor",
    [](const NoParameters&, int terminals) { return std::make_unique<FatTree>(terminals); }};

}  // namespace
}  // namespace podsim
