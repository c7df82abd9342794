#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Splits a loop between threads.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

namespace podsim {

/// As many threads as there are cores, at most 2: podsim shares the machine with other runs of a sweep.
inline int default_threads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 2U));
}

/// Calls `body(begin, end)` for `threads` (at most `count`) consecutive parts of [0, count), at the same time. What
/// the body computes for an index may not depend on the parts.
/// \throws what the body throws, after all threads have ended
template <class Body>
void parallel_for(std::int64_t count, int threads, const Body& body) {
  const std::int64_t parts = std::clamp<std::int64_t>(threads, 1, std::max<std::int64_t>(count, 1));
  if (parts == 1) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  std::vector<std::exception_ptr> faults(static_cast<std::size_t>(parts));
  const auto run = [&](std::int64_t part) {
    try {
      body(count * part / parts, count * (part + 1) / parts);
    } catch (...) {
      faults[static_cast<std::size_t>(part)] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  others.reserve(static_cast<std::size_t>(parts - 1));
  try {
    for (std::int64_t part = 1; part < parts; ++part) others.emplace_back(run, part);
  } catch (...) {
    // The system gives no more threads: the rest is done here.
    for (std::int64_t part = static_cast<std::int64_t>(others.size()) + 1; part < parts; ++part) run(part);
  }
  run(0);
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& fault : faults) {
    if (fault) std::rethrow_exception(fault);
  }
}

}  // namespace podsim
