// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/dram_model.hpp"

#include "podsim/sim/core/wide.hpp"

namespace podsim {

DramModelRegistry& dram_model_registry() {
  static DramModelRegistry registry("DRAM model");
  return registry;
}

DramService DramBus::move(std::int64_t bytes, std::int64_t earliest) {
  if (cycle_ < earliest) {
    cycle_ = earliest;
    part_ = 0;
  }
  DramService service;
  service.begin = cycle_;
  const Wide total = static_cast<Wide>(bytes) * numerator_ + part_;
  cycle_ += static_cast<std::int64_t>(total / denominator_);
  part_ = static_cast<std::int64_t>(total % denominator_);
  service.end = cycle_ + (part_ > 0 ? 1 : 0);
  return service;
}

}  // namespace podsim
