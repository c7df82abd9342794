#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Joins a Verilated butterfly.sv to the interface of the tests. For the generated sources only.

#include "rtl/rtl_models.hpp"
#include "rtl/rtl_signals.hpp"

namespace podsim::test {

template <class Module>
class RtlButterflyModel final : public RtlButterfly {
 public:
  RtlButterflyModel() {
    module_.clk(clk);
    module_.rst(rst);
    module_.valid(valid_);
    module_.destinations(destinations_);
    module_.data(data_);
    module_.valid_out(valid_out_);
    module_.data_out(data_out_);
    module_.conflict(conflict_);
  }
  void drive(const RtlButterflyInputs& in) override {
    put_bits(valid_, in.valid);
    put_bits(destinations_, in.destinations);
    put(data_, in.data);
  }
  void sample(RtlButterflyOutputs& out) const override {
    get_bits(valid_out_, out.valid);
    out.data.resize(out.valid.size());
    get(data_out_, out.data);
    get_bits(conflict_, out.conflict);
  }

 private:
  Module module_{"butterfly_rtl"};
  Signal<decltype(Module::valid)> valid_;
  Signal<decltype(Module::destinations)> destinations_;
  Signal<decltype(Module::data)> data_;
  Signal<decltype(Module::valid_out)> valid_out_;
  Signal<decltype(Module::data_out)> data_out_;
  Signal<decltype(Module::conflict)> conflict_;
};

/// Adds the module to the list of butterflies.
template <class Module>
RegisteredRtl registered_rtl_butterfly(int terminals, int planes) {
  return RegisteredRtl(
      RtlButterflyKind{terminals, planes, [] { return std::make_unique<RtlButterflyModel<Module>>(); }});
}

}  // namespace podsim::test
