#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Several networks that share a machine.

#include <string>
#include <vector>

#include "podsim/workloads/lowering.hpp"

namespace podsim {

/// An operation of one of several networks.
struct OperationOf {
  int network = 0;
  int operation = 0;
};

/// A network under the name that it has among others.
struct NamedNetwork {
  std::string name;
  const LoweredNetwork* network = nullptr;
};

/// All networks as one, their operations in `order`: each once, those of a network in its own order. They share
/// nothing, no weights either. Names of operations, layers and tensors get that of their network in front, "NAME/".
/// Operation::network says to which one an operation belongs; its layers are numbered within that one.
/// \pre `order` is as described
LoweredNetwork combined(const std::vector<NamedNetwork>& networks, const std::vector<OperationOf>& order);

}  // namespace podsim
