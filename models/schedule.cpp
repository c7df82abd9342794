// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/schedule.hpp"

#include <algorithm>

namespace podsim {
namespace {

template <class T, class Get>
std::vector<std::uint32_t> sort_by_round(const std::vector<T>& items, std::uint32_t rounds, Get unit,
                                         std::vector<std::uint32_t>& first) {
  first.assign(rounds + 1, 0);
  for (const T& item : items) ++first[item.round + 1];
  for (std::uint32_t r = 0; r < rounds; ++r) first[r + 1] += first[r];
  std::vector<std::uint32_t> ids(items.size());
  std::vector<std::uint32_t> at(first.begin(), first.end() - 1);
  for (std::uint32_t id = 0; id < items.size(); ++id) ids[at[items[id].round]++] = id;
  for (std::uint32_t r = 0; r < rounds; ++r) {
    std::sort(ids.begin() + first[r], ids.begin() + first[r + 1],
              [&](std::uint32_t a, std::uint32_t b) { return unit(items[a]) < unit(items[b]); });
  }
  return ids;
}

}  // namespace

SchedulerRegistry& scheduler_registry() {
  static SchedulerRegistry registry("scheduler");
  return registry;
}

std::uint32_t Schedule::last_main_round() const {
  std::uint32_t last = 0;
  for (const MainPlacement& place : main) last = std::max(last, place.round);
  return last;
}

std::uint32_t Schedule::last_post_round() const {
  std::uint32_t last = 0;
  for (const PostPlacement& pass : post) last = std::max(last, pass.round);
  return last;
}

std::uint32_t Schedule::round_count() const {
  return main.empty() && post.empty() ? 0 : std::max(last_main_round(), last_post_round()) + 1;
}

RoundOrder order_by_round(const Schedule& schedule) {
  RoundOrder order;
  const std::uint32_t rounds = schedule.round_count();
  order.main_ids = sort_by_round(
      schedule.main, rounds, [](const MainPlacement& p) { return p.pod; }, order.main_first);
  order.post_ids = sort_by_round(
      schedule.post, rounds, [](const PostPlacement& p) { return p.post_processor; }, order.post_first);
  return order;
}

}  // namespace podsim
