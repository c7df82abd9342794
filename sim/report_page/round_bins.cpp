// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_page/round_bins.hpp"

#include <algorithm>
#include <utility>

#include "podsim/models/run_result.hpp"
#include "podsim/sim/core/wide.hpp"

namespace podsim {
namespace {

using Values = std::vector<std::int64_t>;

/// A column of whole numbers, or null.
const Values* column(const Hdf5Table& table, const std::string& name) {
  const Hdf5Column* found = table.find(name);
  return found == nullptr ? nullptr : std::get_if<Values>(&found->values);
}

}  // namespace

TimeBins TimeBins::make(std::int64_t cycles, std::int64_t at_most) {
  TimeBins out;
  out.cycles = std::max<std::int64_t>(cycles, 0);
  out.width = out.cycles == 0 ? 1 : (out.cycles - 1) / at_most + 1;
  return out;
}

void spread(const TimeBins& bins, std::int64_t begin, std::int64_t end, std::int64_t amount, Values& into) {
  const std::int64_t count = bins.count();
  if (count == 0 || amount == 0) return;
  into.resize(static_cast<std::size_t>(count));
  const auto bin_of = [&](std::int64_t cycle) { return std::clamp<std::int64_t>(cycle / bins.width, 0, count - 1); };
  begin = std::max<std::int64_t>(begin, 0);
  if (end <= begin) {
    into[static_cast<std::size_t>(bin_of(begin))] += amount;
    return;
  }
  const std::int64_t last = bin_of(end - 1);
  std::int64_t given = 0;
  for (std::int64_t bin = bin_of(begin); bin <= last; ++bin) {
    const std::int64_t until = bin == last ? end : (bin + 1) * bins.width;
    const auto share = static_cast<std::int64_t>(Wide{amount} * (until - begin) / (end - begin));
    into[static_cast<std::size_t>(bin)] += share - given;
    given = share;
  }
}

std::vector<RoundSeries> round_series(const Hdf5Table& rounds, const TimeBins& bins) {
  std::vector<RoundSeries> out;
  const Values* start = column(rounds, "stream_start_cycle");
  const Values* end = column(rounds, "stream_end_cycle");
  if (start == nullptr || end == nullptr) return out;
  const std::size_t count = start->size();
  const auto series = [&](const std::string& name, auto add) {
    RoundSeries one{name, Values(static_cast<std::size_t>(bins.count()))};
    for (std::size_t n = 0; n < count; ++n) add(n, one.values);
    out.push_back(std::move(one));
  };
  const auto streamed = [&](std::size_t n, std::int64_t amount, Values& values) {
    spread(bins, (*start)[n], (*end)[n], amount, values);
  };
  if (const Values* busy = column(rounds, "busy_pod_cycles")) {
    series("busy", [&](std::size_t n, Values& values) { streamed(n, (*busy)[n], values); });
  }
  if (const Values* operations = column(rounds, "tile_operations")) {
    series("in_use",
           [&](std::size_t n, Values& values) { streamed(n, (*operations)[n] * ((*end)[n] - (*start)[n]), values); });
  }
  series("streaming", [&](std::size_t n, Values& values) { streamed(n, (*end)[n] - (*start)[n], values); });
  // All a round waited for lies between the end of the round before and its start, in the order of the causes.
  std::vector<std::pair<std::string, const Values*>> waits{{"fill", column(rounds, "fill_cycles")}};
  for (int c = 0; c < kStallCauses; ++c) {
    const std::string cause = stall_cause_name(static_cast<StallCause>(c));
    waits.emplace_back("stall_" + cause, column(rounds, "stall_" + cause + "_cycles"));
  }
  std::vector<std::int64_t> waited(count);
  for (const auto& [name, cycles] : waits) {
    if (cycles == nullptr) continue;
    for (std::size_t n = 0; n < count; ++n) waited[n] += (*cycles)[n];
  }
  std::vector<std::int64_t> from(count);
  for (std::size_t n = 0; n < count; ++n) from[n] = (*start)[n] - waited[n];
  for (const auto& [name, found] : waits) {
    if (found == nullptr) continue;
    const Values& cycles = *found;
    series(name, [&](std::size_t n, Values& values) {
      spread(bins, from[n], from[n] + cycles[n], cycles[n], values);
      from[n] += cycles[n];
    });
  }
  const Values* post_start = column(rounds, "post_start_cycle");
  const Values* post_end = column(rounds, "post_end_cycle");
  if (post_start != nullptr && post_end != nullptr) {
    series("post", [&](std::size_t n, Values& values) {
      if ((*post_start)[n] >= 0 && (*post_end)[n] > (*post_start)[n]) {
        spread(bins, (*post_start)[n], (*post_end)[n], (*post_end)[n] - (*post_start)[n], values);
      }
    });
  }
  return out;
}

}  // namespace podsim
