// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/memory_budget.hpp"

#include <limits>
#include <string>

#include "support/catch.hpp"

using namespace podsim;

TEST_CASE("memory: sizes are written in the unit that fits, rounded up", "[core]") {
  CHECK(memory_text(0) == "0 bytes");
  CHECK(memory_text(1) == "1 byte");
  CHECK(memory_text(1023) == "1,023 bytes");
  CHECK(memory_text(1024) == "1 KiB");
  CHECK(memory_text(1025) == "2 KiB");
  CHECK(memory_text(1 << 20) == "1 MiB");
  CHECK(memory_text((std::int64_t{4} << 30) + 1) == "4,097 MiB");
}

TEST_CASE("memory: a budget is exceeded by the first byte too many, and cannot overflow", "[core]") {
  MemoryBudget budget(1000);
  budget.take(10, 60, "these");
  budget.take(4, 100, "these");
  CHECK_THROWS_AS(budget.take(1, 1, "these"), Error);
  MemoryBudget large(1 << 20);
  try {
    large.take(std::numeric_limits<std::int64_t>::max(), 1000, "the views");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::run_failed);
    CHECK(std::string(error.what()).find("the views would need about") == 0);
    CHECK(std::string(error.what()).find("allowed are 1 MiB") != std::string::npos);
  }
}
