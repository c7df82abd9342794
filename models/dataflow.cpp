// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/dataflow.hpp"

#include "podsim/models/hardware_config.hpp"

namespace podsim {

DataflowRegistry& dataflow_registry() {
  static DataflowRegistry registry("dataflow");
  return registry;
}

std::unique_ptr<Dataflow> make_dataflow(const PodConfig& pods) {
  std::unique_ptr<Dataflow> dataflow = dataflow_registry().make(pods.dataflow);
  const OperandFlow flow = dataflow->flow();
  if (flow.keeps_sums == flow.preloads || (flow.keeps_sums && flow.is_transposed)) {
    throw Error::internal("dataflow " + pods.dataflow.type, "no pod moves operands in this way");
  }
  return dataflow;
}

}  // namespace podsim
