#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Joins a Verilated pod.sv to the interface of the tests. For the generated sources only.

#include "rtl/rtl_models.hpp"
#include "rtl/rtl_signals.hpp"

namespace podsim::test {

template <class Module>
class RtlPodModel final : public RtlPod {
 public:
  RtlPodModel() {
    module_.clk(clk);
    module_.rst(rst);
    module_.row_valid(row_valid_);
    module_.row_first(row_first_);
    module_.activations(activations_);
    module_.sums_in(sums_in_);
    module_.weight_valid(weight_valid_);
    module_.weight_row(weight_row_);
    module_.weights(weights_);
    module_.sums_valid(sums_valid_);
    module_.sums_out(sums_out_);
  }
  void drive(const RtlPodInputs& in) override {
    row_valid_.write(in.row_valid);
    row_first_.write(in.row_first);
    put(activations_, in.activations);
    put(sums_in_, in.sums);
    weight_valid_.write(in.weight_valid);
    put(weight_row_, in.weight_row);
    put(weights_, in.weights);
  }
  void sample(RtlPodOutputs& out) const override {
    get_bits(sums_valid_, out.valid);
    out.sums.resize(out.valid.size());
    get(sums_out_, out.sums);
  }

 private:
  Module module_{"pod_rtl"};
  sc_core::sc_signal<bool> row_valid_, row_first_, weight_valid_;
  Signal<decltype(Module::activations)> activations_;
  Signal<decltype(Module::sums_in)> sums_in_;
  Signal<decltype(Module::weight_row)> weight_row_;
  Signal<decltype(Module::weights)> weights_;
  Signal<decltype(Module::sums_valid)> sums_valid_;
  Signal<decltype(Module::sums_out)> sums_out_;
};

/// Adds the module to the list of pods.
template <class Module>
RegisteredRtl registered_rtl_pod(int rows, int cols, int broadcast, int fan_in, int weight_buffers) {
  return RegisteredRtl(RtlPodKind{{rows, cols, fan_in, broadcast, weight_buffers == 2},
                                  [] { return std::make_unique<RtlPodModel<Module>>(); }});
}

}  // namespace podsim::test
