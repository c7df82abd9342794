#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Networks of the zoo that were built before.

#include <list>
#include <memory>
#include <string>

#include "podsim/workloads/network.hpp"

namespace podsim {

/// A network with inferred shapes, and the hash of its text that reports carry.
struct LoadedNetwork {
  Network network;
  std::string hash;  ///< 16 hexadecimal digits
};

/// \throws Error (bad_input)
LoadedNetwork load_hashed(const std::string& source, bool allow_unmodelled);

/// Keeps networks by their source. Only those of the zoo are kept, which follow from the source alone; files are read
/// each time, since they may change under their names.
class NetworkCache {
 public:
  /// \param networks how many are kept; the one that was not used for longest goes first
  explicit NetworkCache(std::size_t networks = 16) : most_(networks) {}
  /// \throws Error (bad_input)
  std::shared_ptr<const LoadedNetwork> load(const std::string& source, bool allow_unmodelled);

 private:
  struct Entry {
    std::string source;
    std::shared_ptr<const LoadedNetwork> network;
  };
  std::size_t most_;
  std::list<Entry> entries_;  ///< the last used first
};

}  // namespace podsim
