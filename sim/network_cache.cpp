// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/network_cache.hpp"

#include <algorithm>
#include <utility>

#include "podsim/sim/core/random.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {

LoadedNetwork load_hashed(const std::string& source, bool allow_unmodelled) {
  LoadOptions options;
  options.allow_unmodelled = allow_unmodelled;
  LoadedNetwork out;
  out.network = load_network(source, options);
  out.hash = hash_text(to_text(out.network));
  return out;
}

std::shared_ptr<const LoadedNetwork> NetworkCache::load(const std::string& source, bool allow_unmodelled) {
  // No network of the zoo has layers that are not modelled: the option concerns files only.
  if (most_ == 0 || !is_zoo_source(source)) {
    return std::make_shared<const LoadedNetwork>(load_hashed(source, allow_unmodelled));
  }
  const auto known =
      std::find_if(entries_.begin(), entries_.end(), [&source](const Entry& entry) { return entry.source == source; });
  if (known != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, known);
  } else {
    auto network = std::make_shared<const LoadedNetwork>(load_hashed(source, allow_unmodelled));
    if (entries_.size() >= most_) entries_.pop_back();
    entries_.push_front({source, std::move(network)});
  }
  return entries_.front().network;
}

}  // namespace podsim
