#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Joins a Verilated pod_os.sv to the interface of the tests. For the generated sources only.

#include "rtl/rtl_models.hpp"
#include "rtl/rtl_signals.hpp"

namespace podsim::test {

template <class Module>
class RtlOsPodModel final : public RtlOsPod {
 public:
  RtlOsPodModel() {
    module_.clk(clk);
    module_.rst(rst);
    module_.valid(valid_);
    module_.replace(replace_);
    module_.activations(activations_);
    module_.weights(weights_);
    module_.drain(drain_);
    module_.drain_rows(drain_rows_);
    module_.sums_valid(sums_valid_);
    module_.sums_out(sums_out_);
  }
  void drive(const RtlOsPodInputs& in) override {
    valid_.write(in.valid);
    replace_.write(in.replace);
    put(activations_, in.activations);
    put(weights_, in.weights);
    drain_.write(in.drain);
    put(drain_rows_, in.drain_rows);
  }
  void sample(RtlPodOutputs& out) const override {
    get_bits(sums_valid_, out.valid);
    out.sums.resize(out.valid.size());
    get(sums_out_, out.sums);
  }

 private:
  Module module_{"pod_rtl"};
  sc_core::sc_signal<bool> valid_, replace_, drain_;
  Signal<decltype(Module::activations)> activations_;
  Signal<decltype(Module::weights)> weights_;
  Signal<decltype(Module::drain_rows)> drain_rows_;
  Signal<decltype(Module::sums_valid)> sums_valid_;
  Signal<decltype(Module::sums_out)> sums_out_;
};

/// Adds the module to the list of output-stationary pods.
template <class Module>
RegisteredRtl registered_rtl_pod_os(int rows, int cols, int broadcast, int fan_in, int output_buffers) {
  return RegisteredRtl(RtlOsPodKind{{rows, cols, fan_in, broadcast, output_buffers == 2},
                                    [] { return std::make_unique<RtlOsPodModel<Module>>(); }});
}

}  // namespace podsim::test
