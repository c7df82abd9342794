#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file All registries of plug-ins, under the words that `list` and `describe` use.

#include <string>
#include <vector>

#include "podsim/sim/core/registry.hpp"

namespace podsim {

struct Catalogue {
  std::string topic;   ///< "networks"
  std::string title;   ///< "Networks (-w zoo:NAME)"
  std::string prefix;  ///< put before names: "zoo:", "preset:" or nothing
  const RegistryBase* registry = nullptr;
};

/// In the order in which they are shown.
const std::vector<Catalogue>& catalogues();

}  // namespace podsim
