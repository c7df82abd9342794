// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/units.hpp"

#include <cstdint>
#include <functional>
#include <sstream>
#include <type_traits>

#include "podsim/sim/core/version.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

// What must not compile: sums and comparisons of different units, bare numbers as quantities and the reverse.
static_assert(std::is_invocable_v<std::plus<>, Cycles, Cycles>);
static_assert(!std::is_invocable_v<std::plus<>, Cycles, Bytes>);
static_assert(!std::is_invocable_v<std::plus<>, Cycles, std::int64_t>);
static_assert(!std::is_invocable_v<std::minus<>, Bytes, Cycles>);
static_assert(!std::is_invocable_v<std::multiplies<>, Cycles, Cycles>);
static_assert(std::is_invocable_v<std::multiplies<>, Cycles, int>);
static_assert(!std::is_invocable_v<std::less<>, Cycles, Bytes>);
static_assert(!std::is_invocable_v<std::equal_to<>, Cycles, std::int64_t>);
static_assert(!std::is_assignable_v<Cycles&, Bytes>);
static_assert(!std::is_convertible_v<std::int64_t, Cycles>);
static_assert(!std::is_convertible_v<Cycles, std::int64_t>);
static_assert(std::is_trivially_copyable_v<Cycles> && sizeof(Cycles) == sizeof(std::int64_t));

TEST_CASE("units: quantities calculate like whole numbers", "[core]") {
  Cycles cycles(5);
  cycles += Cycles(3);
  cycles -= Cycles(1);
  CHECK(cycles == Cycles(7));
  CHECK((cycles - Cycles(9)).count() == -2);
  CHECK(3 * Bytes(4) == Bytes(4) * 3);
  CHECK((Bytes(1) < Bytes(2) && Bytes(2) <= Bytes(2) && Bytes(3) > Bytes(2) && Bytes(3) >= Bytes(3)));
  CHECK(Cycles() == Cycles(0));
  CHECK(Cycles(1) != Cycles(2));
  CHECK(kibibytes(256) == Bytes(262144));
  std::ostringstream out;
  out << Cycles(42);
  CHECK(out.str() == "42");
}

TEST_CASE("units: ceil_div is the smallest q with q b >= a", "[core]") {
  for (std::int64_t a = 0; a < 50; ++a) {
    for (std::int64_t b = 1; b < 12; ++b) {
      const std::int64_t q = ceil_div(a, b);
      CHECK((q * b >= a && (q - 1) * b < a));
    }
  }
}

TEST_CASE("version: number and commit are text", "[core]") {
  int major = -1, minor = -1, patch = -1;
  char dot = 0, dot2 = 0;
  std::istringstream in(version());
  in >> major >> dot >> minor >> dot2 >> patch;
  CHECK((in && major >= 0 && minor >= 0 && patch >= 0 && dot == '.' && dot2 == '.'));
  CHECK_FALSE(std::string(commit()).empty());
}

}  // namespace
}  // namespace podsim
