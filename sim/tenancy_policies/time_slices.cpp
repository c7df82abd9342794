// SPDX-License-Identifier: Apache-2.0
// Time slicing: one tenant has the whole machine for some layers, then the next. Of the tenants that are there the ones
// of highest priority take turns; a tenant that arrives waits for the end of the slice.
#include <algorithm>
#include <limits>

#include "podsim/sim/tenancy/tenancy_policy.hpp"

namespace podsim {
namespace {

struct TimeSlicesConfig {
  std::int64_t slice_cycles = 10'000;

  void fields(Fields& f) {
    f.integer("slice_cycles", slice_cycles, {1, std::int64_t{1} << 40}, "cycles",
              "a slice ends with the first layer behind so many cycles, as estimated");
  }
};

class TimeSlices final : public TenancyPolicy {
 public:
  explicit TimeSlices(const TimeSlicesConfig& config) : config_(config) {}

  TenancyPlan plan(const std::vector<TenantLoad>& tenants) const override {
    TenancyPlan out;
    std::vector<std::size_t> next(tenants.size(), 0);
    std::int64_t now = 0;
    std::uint32_t slice = 0;
    for (int tenant = choose(tenants, next, now, -1); tenant >= 0; tenant = choose(tenants, next, now, tenant)) {
      const TenantLoad& load = tenants[static_cast<std::size_t>(tenant)];
      std::size_t& operation = next[static_cast<std::size_t>(tenant)];
      now = std::max(now, load.arrival_cycle);
      const std::int64_t end = now + config_.slice_cycles;
      do {
        out.order.push_back({tenant, static_cast<int>(operation)});
        out.slices.push_back(slice);
        now += load.operation_cycles[operation++];
      } while (operation < load.operation_cycles.size() && now < end);
      ++slice;
    }
    return out;
  }

 private:
  /// The tenant of the next slice; -1 if all are done.
  static int choose(const std::vector<TenantLoad>& tenants, const std::vector<std::size_t>& next, std::int64_t now,
                    int last) {
    auto is_open = [&](int t) {
      return next[static_cast<std::size_t>(t)] < tenants[static_cast<std::size_t>(t)].operation_cycles.size();
    };
    const auto count = static_cast<int>(tenants.size());
    std::int64_t first_arrival = std::numeric_limits<std::int64_t>::max();
    for (int t = 0; t < count; ++t) {
      if (is_open(t)) first_arrival = std::min(first_arrival, tenants[static_cast<std::size_t>(t)].arrival_cycle);
    }
    int best = -1;
    // The one behind the last comes first: among equals they take turns.
    for (int step = 1; step <= count; ++step) {
      const int t = (last + step) % count;
      if (!is_open(t) || tenants[static_cast<std::size_t>(t)].arrival_cycle > std::max(now, first_arrival)) continue;
      if (best < 0 ||
          tenants[static_cast<std::size_t>(t)].priority > tenants[static_cast<std::size_t>(best)].priority) {
        best = t;
      }
    }
    return best;
  }

  TimeSlicesConfig config_;
};

const Registered<TimeSlicesConfig> entry{
    tenancy_policy_registry(), "time_slices", "one tenant at a time has the machine, for some layers; then the next",
    [](const TimeSlicesConfig& config) { return std::make_unique<TimeSlices>(config); }};

}  // namespace
}  // namespace podsim
