// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/text.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("text: the usual slips find the word that was meant", "[core]") {
  const std::vector<std::string> words{"butterfly", "crossbar", "mesh", "torus"};
  for (const char* slip : {"buterfly", "butterfyl", "Butterfly", "butterflyy", "butterfli"}) {
    CHECK(closest_match(slip, words) == "butterfly");
  }
  CHECK(closest_match("mehs", words) == "mesh");  // a swap is one edit
  CHECK(closest_match("hypercube", words).empty());
  CHECK(closest_match("", words).empty());
  CHECK(closest_match("mesh", {}).empty());
  CHECK(did_you_mean("crosbar", words) == "did you mean \"crossbar\"?");
  CHECK(did_you_mean("hypercube", words).empty());
}

TEST_CASE("text: lists are joined in order", "[core]") {
  CHECK(join({}).empty());
  CHECK(join({"a"}) == "a");
  CHECK(join({"a", "b", "c"}) == "a, b, c");
  CHECK(join({"a", "b"}, "|") == "a|b");
}

TEST_CASE("text: thousands are grouped from the right", "[core]") {
  CHECK(with_thousands(0) == "0");
  CHECK(with_thousands(999) == "999");
  CHECK(with_thousands(1000) == "1,000");
  CHECK(with_thousands(-123) == "-123");
  CHECK(with_thousands(-1234567) == "-1,234,567");
  CHECK(with_thousands(std::numeric_limits<std::int64_t>::min()) == "-9,223,372,036,854,775,808");
}

TEST_CASE("text: a number's text reads back as the same number", "[core]") {
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(32) == "32");
  CHECK(number_text(-2.5) == "-2.5");
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> mantissa(-1, 1);
  for (int exponent = -300; exponent <= 300; exponent += 7) {
    const double value = mantissa(random) * std::pow(10.0, exponent);
    CHECK(std::stod(number_text(value)) == value);
  }
}

}  // namespace
}  // namespace podsim
