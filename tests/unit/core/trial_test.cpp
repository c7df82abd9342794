// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/trial.hpp"

#include <csignal>
#include <stdexcept>

#include "support/catch.hpp"

namespace podsim::test {
namespace {

TEST_CASE("trial: what returns or throws survives, what dies does not", "[core]") {
  int here = 0;
  CHECK(survives([&] { here = 1; }));
  CHECK(here == 0);  // it was another process
  CHECK(survives([] { throw std::runtime_error("no"); }));
  CHECK_FALSE(survives([] { std::raise(SIGKILL); }));
}

}  // namespace
}  // namespace podsim::test
