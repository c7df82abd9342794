// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/expression.hpp"

#include "podsim/sim/core/error.hpp"
#include "support/catch.hpp"

using podsim::Error;
using podsim::Expression;
using podsim::Json;

namespace {

Json lookup(const std::string& pointer) {
  if (pointer == "/rows") return 32;
  if (pointer == "/clock") return 1000.5;
  if (pointer == "/type") return "mesh";
  if (pointer == "/on") return true;
  if (pointer == "/list") return Json::array();
  throw Error::bad_input("there is no " + pointer);
}

double of_machine(const std::string& name, double argument) {
  if (name == "peak_power_watts") return 260.5;
  return name == "pods_within" ? argument / 2 : argument / 4;
}

Json value(const std::string& text) {
  return Expression::parse(text).evaluate(lookup, of_machine);
}

std::string problem(const std::string& text) {
  try {
    (void)value(text);
  } catch (const Error& error) {
    return error.issues().front().text();
  }
  return {};
}

}  // namespace

TEST_CASE("sweep expressions: operators bind as in arithmetic, from the left", "[sweep]") {
  CHECK(value("1 + 2 * 3") == 7);
  CHECK(value("(1 + 2) * 3") == 9);
  CHECK(value("10 - 4 - 3") == 3);
  CHECK(value("64 / 4 / 2") == 8);
  CHECK(value("-2 - -3") == 1);
  CHECK(value("7 % 4 * 2") == 6);
  CHECK(value("1 + 1 == 2 && 3 < 2 || true") == true);
  CHECK(value("true || true && false") == true);
  CHECK(value("!false && !(1 >= 2)") == true);
  CHECK(value("1 <= 1 && 1 >= 1 && !(1 < 1) && !(1 > 1) && 1 != 2") == true);
}

TEST_CASE("sweep expressions: numbers without fraction are integers", "[sweep]") {
  CHECK(value("5 / 2") == 2.5);
  CHECK(value("5 / 2").is_number_float());
  CHECK(value("4 / 2").is_number_integer());
  CHECK(value("1e3").dump() == "1000");
  CHECK(value("pow(2, 53)").dump() == "9007199254740992");
}

TEST_CASE("sweep expressions: pointers, strings and functions", "[sweep]") {
  CHECK(value("{/rows} * {/rows}") == 1024);
  CHECK(value("{/clock} * 2") == 2001);
  CHECK(value("{/type} == 'mesh' && {/type} != 'bus' && {/on}") == true);
  CHECK(value("min({/rows}, 8) + max(1, 2)") == 10);
  CHECK(value("floor(2.5) + ceil(2.5) + round(2.4) + abs(-1)") == 2 + 3 + 2 + 1);
  CHECK(value("log2(sqrt(256))") == 4);
  CHECK(value("'a text'") == "a text");
}

TEST_CASE("sweep expressions: functions of the machine are asked for by name", "[sweep]") {
  CHECK(value("peak_power_watts() <= 400") == true);
  CHECK(value("pods_within(400)") == 200);
  CHECK(value("2 * power_of_two_pods_within({/rows} + 8)") == 20);
  CHECK(problem("peak_power_watts(1)").find("expected \")\"") != std::string::npos);
  CHECK(problem("pods_within()").find("expected a value") != std::string::npos);
  CHECK(problem("pod_within(4)").find("did you mean \"pods_within\"?") != std::string::npos);
}

TEST_CASE("sweep expressions: the right side is left alone if the left one decides", "[sweep]") {
  CHECK(value("{/rows} == 0 || 8 / {/rows} < 1") == true);
  CHECK(value("false && 1 / 0 > 1") == false);
  CHECK(value("true || {/nothing}") == true);
}

TEST_CASE("sweep expressions: mistakes name the place or the operand", "[sweep]") {
  struct Bad {
    std::string text, message;
  };
  for (const Bad& bad : {Bad{"1 +", "at character 4"},
                         {"1 2", "expected an operator or the end at character 3"},
                         {"", "expected a value"},
                         {"(1", "expected \")\""},
                         {"{/rows", "expected \"}\""},
                         {"{rows}", "JSON pointer in braces"},
                         {"/rows * 2", "write pointers in braces"},
                         {"'a", "closing '"},
                         {"mim(1, 2)", "did you mean \"min\"?"},
                         {"min(1)", "expected \",\""},
                         {"sqrt(1, 2)", "expected \")\""},
                         {"1 < 2 < 3", "expected an operator or the end at character 7"},
                         {"1 = 2", "at character 3"},
                         {"1 + 'a'", "+ needs numbers, got the string \"a\""},
                         {"1 && true", "&& needs conditions"},
                         {"'a' == 1", "== compares"},
                         {"1 / 0", "/ gives no finite number"},
                         {"log2(0)", "log2 gives no finite number"},
                         {"{/list} == 1", "/list is "},
                         {"{/nothing}", "there is no /nothing"}}) {
    INFO(bad.text << ": " << problem(bad.text));
    CHECK(problem(bad.text).find(bad.message) != std::string::npos);
  }
}

TEST_CASE("sweep expressions: nesting has an end", "[sweep]") {
  CHECK(value(std::string(50, '(') + "1" + std::string(50, ')')) == 1);
  CHECK(problem(std::string(100000, '(')).find("less nesting") != std::string::npos);
  CHECK(problem(std::string(100000, '-')).find("less nesting") != std::string::npos);
}
