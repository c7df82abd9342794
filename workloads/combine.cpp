// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/combine.hpp"

#include <algorithm>
#include <utility>

#include "podsim/workloads/shifted_view.hpp"

namespace podsim {

LoweredNetwork combined(const std::vector<NamedNetwork>& networks, const std::vector<OperationOf>& order) {
  LoweredNetwork out;
  std::vector<std::vector<int>> place;  // per network and operation
  std::vector<int> first_tensor;
  std::vector<std::int64_t> first_weights;
  std::int64_t weights = 0;
  for (const NamedNetwork& each : networks) {
    out.name += (out.name.empty() ? "" : " + ") + each.name;
    place.emplace_back(each.network->operations.size(), -1);
    first_weights.push_back(weights);
    for (const Operation& operation : each.network->operations) {
      if (const GemmOperation* gemm = operation.gemm()) {
        weights = std::max(weights, first_weights.back() + gemm->weight_set + 1);
      }
    }
  }
  for (std::size_t n = 0; n < order.size(); ++n) {
    place[static_cast<std::size_t>(order[n].network)][static_cast<std::size_t>(order[n].operation)] =
        static_cast<int>(n);
  }
  for (std::size_t n = 0; n < networks.size(); ++n) {
    const LoweredNetwork& network = *networks[n].network;
    const std::string prefix = networks[n].name + "/";
    const auto tensors = static_cast<int>(out.tensors.size());
    first_tensor.push_back(tensors);
    for (const std::string& name : network.layer_names) out.layer_names.push_back(prefix + name);
    for (Tensor tensor : network.tensors) {
      tensor.name = prefix + tensor.name;
      if (tensor.operation >= 0) tensor.operation = place[n][static_cast<std::size_t>(tensor.operation)];
      out.tensors.push_back(std::move(tensor));
    }
    for (UnmodelledLayer layer : network.unmodelled) {
      layer.name = prefix + layer.name;
      out.unmodelled.push_back(std::move(layer));
    }
    for (View view : network.outputs) {
      shift_tensors(view, tensors);
      out.outputs.push_back(std::move(view));
    }
  }
  for (const OperationOf& next : order) {
    const auto n = static_cast<std::size_t>(next.network);
    Operation operation = networks[n].network->operations[static_cast<std::size_t>(next.operation)];
    operation.name = networks[n].name + "/" + operation.name;
    operation.network = next.network;
    shift_tensors(operation, first_tensor[n]);
    if (auto* gemm = std::get_if<GemmOperation>(&operation.work); gemm != nullptr && gemm->weight_set >= 0) {
      gemm->weight_set += first_weights[n];
    }
    out.operations.push_back(std::move(operation));
  }
  return out;
}

}  // namespace podsim
