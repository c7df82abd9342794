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

TEST_CASE("text: a word that several candidates contain is answered by those", "[core]") {
  const std::vector<std::string> names{"bert_base", "bert_large", "bert_medium", "bert_tiny", "vgg16"};
  CHECK(did_you_mean("bert", names) == R"(did you mean one of "bert_base", "bert_large", "bert_medium"?)");
  CHECK(did_you_mean("be", names).empty());
}

TEST_CASE("text: the first byte that is no UTF-8 is found", "[core]") {
  constexpr auto kNone = std::string_view::npos;
  for (const char* good :
       {"", "abc", "\xc3\xa9", "\xe2\x80\xa6", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    CHECK(utf8_fault(good) == kNone);
  }
  // Lone, truncated, overlong, surrogate, beyond U+10FFFF.
  for (const char* bad : {"\xe9", "\x80", "\xc3", "\xe2\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\xff"}) {
    CAPTURE(static_cast<int>(static_cast<unsigned char>(*bad)));
    CHECK(utf8_fault(bad) == 0);
    CHECK(utf8_fault(std::string("ab") + bad) == 2);
    CHECK(utf8_fault(std::string("ab") + bad + "c") == 2);
  }
}

TEST_CASE("text: what is shown has no control characters and is UTF-8", "[core]") {
  CHECK(printable("plain \xc3\xa9") == "plain \xc3\xa9");
  CHECK(printable("a\x1b[2J\n\x7f") == "a\\x1b[2J\\x0a\\x7f");
  CHECK(printable("caf\xe9!") == "caf\xef\xbf\xbd!");
}

TEST_CASE("text: one of a thing has no s", "[core]") {
  CHECK(counted(0, "round") == "0 rounds");
  CHECK(counted(1, "round") == "1 round");
  CHECK(counted(1070, "round") == "1,070 rounds");
}

}  // namespace
}  // namespace podsim
