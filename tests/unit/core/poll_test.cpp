// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/poll.hpp"

#include <stdexcept>

#include "support/catch.hpp"

using namespace podsim;

TEST_CASE("poll: the innermost scope is asked now and then, none outside of scopes", "[core]") {
  int outer = 0;
  int inner = 0;
  constexpr int kCalls = 1000;
  auto work = [] {
    for (int n = 0; n < kCalls; ++n) poll();
  };
  work();
  {
    const PollScope first([&outer] { ++outer; });
    work();
    const int before = outer;
    CHECK(before > 0);
    CHECK(before < kCalls);
    {
      const PollScope second([&inner] { ++inner; });
      work();
      CHECK(inner > 0);
      CHECK(outer == before);
    }
    work();
    CHECK(outer > before);
  }
  const int last = outer;
  work();
  CHECK(outer == last);
}

TEST_CASE("poll: what the body throws ends the work, and the scope is gone", "[core]") {
  try {
    const PollScope scope([] { throw std::runtime_error("stop"); });
    for (int n = 0; n < 1000; ++n) poll();
    FAIL("went on");
  } catch (const std::runtime_error&) {
  }
  CHECK_NOTHROW([] {
    for (int n = 0; n < 1000; ++n) poll();
  }());
}
