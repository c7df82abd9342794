// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/tenancy/shared_machine.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace podsim {

RoundClock::RoundClock(const std::vector<RoundResult>& rounds) {
  for (const RoundResult& round : rounds) starts_.push_back(round.stream_start);
  if (!rounds.empty()) {
    cycles_per_round_ =
        std::max(1.0, static_cast<double>(rounds.back().stream_end) / static_cast<double>(rounds.size()));
  }
}

std::uint32_t RoundClock::round_at(std::int64_t cycle) const {
  const auto found = std::lower_bound(starts_.begin(), starts_.end(), cycle);
  if (found != starts_.end()) return static_cast<std::uint32_t>(found - starts_.begin());
  const std::int64_t known = starts_.empty() ? 0 : starts_.back();
  const double more = std::ceil(static_cast<double>(cycle - known) / cycles_per_round_);
  // Far behind all work the number of the round does not matter.
  constexpr double kMost = 1 << 24;
  return static_cast<std::uint32_t>(static_cast<double>(starts_.size()) + std::clamp(more, 0.0, kMost));
}

std::vector<Release> releases(const TenancyPlan& plan, const std::vector<TenantLoad>& tenants,
                              const RoundClock& clock) {
  std::vector<Release> out(plan.order.size());
  for (std::size_t n = 0; n < out.size(); ++n) {
    const std::int64_t arrival = tenants[static_cast<std::size_t>(plan.order[n].network)].arrival_cycle;
    out[n].arrival_cycle = arrival;
    if (arrival > 0) out[n].earliest_round = clock.round_at(arrival);
    if (!plan.slices.empty()) out[n].slice = plan.slices[n];
  }
  return out;
}

HardwareConfig split_pods(const HardwareConfig& hardware, const std::vector<TenantConfig>& tenants,
                          const std::vector<TenantLoad>& loads) {
  auto fail = [](const std::string& pointer, const std::string& message, const std::string& hint) {
    return Error(ErrorKind::bad_input, {Issue{{}, pointer, message, hint}});
  };
  if (!hardware.pods.groups.empty()) {
    throw fail("/mapping/tenancy", "\"split\" needs pods of one kind, but the machine has groups of pods",
               "use \"mix\" or \"time_slices\"");
  }
  std::vector<std::int64_t> pods(tenants.size(), 0);
  std::int64_t left = hardware.pods.count;
  double macs = 0;
  std::vector<std::size_t> open;
  for (std::size_t t = 0; t < tenants.size(); ++t) {
    if (tenants[t].pods) {
      pods[t] = *tenants[t].pods;
      left -= pods[t];
    } else {
      open.push_back(t);
      macs += static_cast<double>(std::max<std::int64_t>(1, loads[t].macs));
    }
  }
  if (left < static_cast<std::int64_t>(open.size())) {
    throw fail("/tenants",
               "take more pods than the machine has: " + std::to_string(hardware.pods.count - left) + " by name and " +
                   std::to_string(open.size()) + " at least for the others, of " + std::to_string(hardware.pods.count),
               "give fewer in \"pods\", or use \"mix\" or \"time_slices\"");
  }
  // One for each, then whole shares of what is left, then the largest remainders.
  const std::int64_t shared = left - static_cast<std::int64_t>(open.size());
  std::vector<double> remainder(tenants.size(), 0);
  std::int64_t given = 0;
  for (const std::size_t t : open) {
    const double share =
        static_cast<double>(shared) * static_cast<double>(std::max<std::int64_t>(1, loads[t].macs)) / macs;
    pods[t] = 1 + static_cast<std::int64_t>(share);
    given += pods[t] - 1;
    remainder[t] = share - std::floor(share);
  }
  std::stable_sort(open.begin(), open.end(), [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  for (std::size_t n = 0; n < open.size() && given < shared; ++n, ++given) ++pods[open[n]];

  HardwareConfig out = hardware;
  // What follows from the number of pods stays as it is for all of them.
  out.banks.count = hardware.bank_count();
  out.post_processors.count = hardware.post_processor_count();
  for (std::size_t t = 0; t < tenants.size(); ++t) {
    PodConfig& group = out.pods.groups.emplace_back(static_cast<const PodConfig&>(hardware.pods));
    group.name = tenants[t].name;
    group.count = static_cast<int>(pods[t]);
  }
  return out;
}

}  // namespace podsim
