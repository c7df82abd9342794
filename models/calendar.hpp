#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Things that happen in given cycles, most of them soon: cheaper than a heap.

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace podsim {

/// A queue of events by cycle. `Event` has a member `cycle`.
template <class Event>
class Calendar {
 public:
  Calendar() : days_(kDays) {}

  void clear() {
    for (auto& day : days_) day.clear();
    far_.clear();
    today_ = 0;
    near_ = 0;
  }

  /// Adds an event. What is earlier than everything that was taken out comes out next.
  void add(const Event& event) {
    const std::int64_t cycle = std::max(event.cycle, today_);
    if (cycle - today_ < kDays) {
      days_[static_cast<std::size_t>(cycle) % kDays].push_back(event);
      ++near_;
    } else {
      far_[cycle].push_back(event);
    }
  }

  /// Takes out all events before `cycle`. Calls `body` with those of one cycle after the other; it may reorder them,
  /// and may not add others.
  template <class Body>
  void take_before(std::int64_t cycle, Body body) {
    while (today_ < cycle) {
      if (near_ == 0) {
        const std::int64_t next = far_.empty() ? cycle : far_.begin()->first;
        if (next >= cycle) {
          // Days stay where they are: with none of them in use any cycle may be today.
          today_ = cycle;
          bring_near();
          return;
        }
        today_ = next;
      }
      bring_near();
      std::vector<Event>& day = days_[static_cast<std::size_t>(today_) % kDays];
      if (!day.empty()) {
        near_ -= day.size();
        body(day);
        day.clear();
      }
      ++today_;
    }
  }

 private:
  /// Days keep their memory, and few events are further ahead than a round or two.
  static constexpr std::int64_t kDays = 512;

  void bring_near() {
    while (!far_.empty() && far_.begin()->first - today_ < kDays) {
      std::vector<Event>& day = days_[static_cast<std::size_t>(far_.begin()->first) % kDays];
      const std::vector<Event>& events = far_.begin()->second;
      day.insert(day.end(), events.begin(), events.end());
      near_ += events.size();
      far_.erase(far_.begin());
    }
  }

  std::vector<std::vector<Event>> days_;  ///< of the cycles today_ … today_ + kDays - 1
  std::map<std::int64_t, std::vector<Event>> far_;
  std::int64_t today_ = 0;  ///< events before are out
  std::size_t near_ = 0;    ///< events in days_
};

}  // namespace podsim
