// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"

using namespace podsim;

TEST_CASE("parallel: every index is in one part, and the parts are as equal as they can be", "[workloads]") {
  for (const std::int64_t count : {0, 1, 2, 7, 12}) {
    for (const int threads : {0, 1, 2, 3, 20}) {
      CAPTURE(count, threads);
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
      std::atomic<std::int64_t> parts{0}, largest{0};
      parallel_for(count, threads, [&](std::int64_t begin, std::int64_t end) {
        ++parts;
        for (std::int64_t n = begin; n < end; ++n) ++calls[static_cast<std::size_t>(n)];
        std::int64_t known = largest;
        while (known < end - begin && !largest.compare_exchange_weak(known, end - begin)) {
        }
      });
      for (const std::atomic<int>& one : calls) CHECK(one == 1);
      const std::int64_t most = std::min<std::int64_t>(std::max(threads, 1), count);
      CHECK(parts == most);
      if (count > 0) CHECK(largest == (count + most - 1) / most);
    }
  }
}

TEST_CASE("parallel: what a part throws comes out, after all others have ended", "[workloads]") {
  for (std::int64_t bad = 0; bad < 4; ++bad) {
    CAPTURE(bad);
    std::atomic<int> ended{0};
    const auto body = [&](std::int64_t begin, std::int64_t) {
      if (begin == bad) throw std::runtime_error("part " + std::to_string(bad));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ++ended;
    };
    CHECK_THROWS_WITH(parallel_for(4, 4, body), "part " + std::to_string(bad));
    CHECK(ended == 3);
  }
}
