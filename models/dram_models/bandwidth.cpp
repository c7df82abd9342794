// SPDX-License-Identifier: Apache-2.0
// models/dram_models/bandwidth.cpp: one bus without latency, as in "Scale-out Systolic Arrays" (arXiv 2203.11540).
#include "podsim/models/dram_model.hpp"

namespace podsim {
namespace {

class Bandwidth final : public DramModel {
 public:
  explicit Bandwidth(const DramTiming& timing) : timing_(timing), bus_(timing) {}

  void reset() override { bus_ = DramBus(timing_); }
  std::int64_t issue_from(const DramRequest&) const override { return bus_.free_from(); }
  DramService issue(const DramRequest& request, std::int64_t now) override { return bus_.move(request.bytes, now); }

 private:
  DramTiming timing_;
  DramBus bus_;
};

const Registered<NoParameters> entry{
    dram_model_registry(), "bandwidth", "bytes per cycle, no latency",
    [](const NoParameters&, const DramTiming& timing) { return std::make_unique<Bandwidth>(timing); }};

}  // namespace
}  // namespace podsim
