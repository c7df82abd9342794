// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/shifted_view.hpp"

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

}  // namespace

void shift_tensors(View& view, int tensors) {
  for (ViewPart& part : view.parts) part.tensor += tensors;
  if (view.elements) view.elements = std::make_shared<ShiftedMap>(view.elements, tensors);
}

void shift_tensors(Operation& operation, int tensors) {
  operation.output += tensors;
  if (auto* gemm = std::get_if<GemmOperation>(&operation.work)) {
    for (View* view : {&gemm->activation, &gemm->stationary_view, &gemm->residual}) shift_tensors(*view, tensors);
  } else {
    for (View& view : std::get<VectorOperation>(operation.work).inputs) shift_tensors(view, tensors);
  }
}

}  // namespace podsim
