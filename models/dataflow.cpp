// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/dataflow.hpp"

namespace podsim {

DataflowRegistry& dataflow_registry() {
  static DataflowRegistry registry("dataflow");
  return registry;
}

}  // namespace podsim
