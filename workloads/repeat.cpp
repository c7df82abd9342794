// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/repeat.hpp"

#include <utility>

namespace podsim {
namespace {

/// The same elements of other tensors.
class ShiftedMap final : public ElementMap {
 public:
  ShiftedMap(ElementMapPointer inner, int tensors) : inner_(std::move(inner)), tensors_(tensors) {}
  void locate(std::int64_t row, std::int64_t column, std::int64_t count, std::vector<Segment>& out) const override {
    const std::size_t before = out.size();
    inner_->locate(row, column, count, out);
    for (std::size_t s = before; s < out.size(); ++s) out[s].tensor += tensors_;
  }

 private:
  ElementMapPointer inner_;
  int tensors_;
};

void shift(View& view, int tensors) {
  for (ViewPart& part : view.parts) part.tensor += tensors;
  if (view.elements) view.elements = std::make_shared<ShiftedMap>(view.elements, tensors);
}

}  // namespace

LoweredNetwork repeated(const LoweredNetwork& network, int copies) {
  LoweredNetwork out = network;
  const auto tensors = static_cast<int>(network.tensors.size());
  const auto operations = static_cast<int>(network.operations.size());
  for (int copy = 1; copy < copies; ++copy) {
    const std::string suffix = "#" + std::to_string(copy + 1);
    for (Tensor tensor : network.tensors) {
      tensor.name += suffix;
      if (tensor.operation >= 0) tensor.operation += copy * operations;
      out.tensors.push_back(std::move(tensor));
    }
    for (Operation operation : network.operations) {
      operation.name += suffix;
      operation.output += copy * tensors;
      if (auto* gemm = std::get_if<GemmOperation>(&operation.work)) {
        for (View* view : {&gemm->activation, &gemm->stationary_view, &gemm->residual}) shift(*view, copy * tensors);
      } else {
        for (View& view : std::get<VectorOperation>(operation.work).inputs) shift(view, copy * tensors);
      }
      out.operations.push_back(std::move(operation));
    }
    for (View view : network.outputs) {
      shift(view, copy * tensors);
      out.outputs.push_back(std::move(view));
    }
  }
  return out;
}

}  // namespace podsim
