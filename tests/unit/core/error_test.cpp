// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/error.hpp"

#include <string>

#include "podsim/sim/core/log.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("error: an issue reads file:pointer: message; hint", "[core]") {
  CHECK(Issue{"a.json", "/x/0", "must be 1", "did you mean 1?"}.text() == "a.json:/x/0: must be 1; did you mean 1?");
  CHECK(Issue{"a.json", {}, "is empty", {}}.text() == "a.json: is empty");
  CHECK(Issue{{}, "/x", "is wrong", {}}.text() == "/x: is wrong");
  CHECK(Issue{{}, {}, "is wrong", {}}.text() == "is wrong");
}

TEST_CASE("error: what() has one line per issue", "[core]") {
  const Error error(ErrorKind::bad_input, {Issue{"f", {}, "one", {}}, Issue{"f", "/p", "two", {}}});
  CHECK(std::string(error.what()) == "f: one\nf:/p: two");
  CHECK(error.issues().size() == 2);
}

TEST_CASE("error: the three kinds are told apart", "[core]") {
  CHECK(Error::bad_input("x", "y").kind() == ErrorKind::bad_input);
  CHECK(std::string(Error::bad_input("x", "y").what()) == "x; y");
  CHECK(Error::run_failed("x").kind() == ErrorKind::run_failed);
  const Error internal = Error::internal("fabric", "lost a row");
  CHECK(internal.kind() == ErrorKind::internal);
  CHECK(std::string(internal.what()) == "internal error in fabric: lost a row");
}

TEST_CASE("error: an issue list throws all it has, or nothing", "[core]") {
  IssueList issues;
  CHECK(issues.empty());
  CHECK_NOTHROW(issues.throw_if_any());
  issues.add({"f", {}, "one", {}});
  issues.add({"g", {}, "two", {}});
  try {
    issues.throw_if_any();
    FAIL("did not throw");
  } catch (const std::exception& error) {
    CHECK(std::string(error.what()) == "f: one\ng: two");
  }
}

TEST_CASE("log: text goes to the sink that is set and nowhere without one", "[core]") {
  std::string seen;
  set_log_sink(
      [&](LogLevel level, const std::string& text) { seen += (level == LogLevel::warning ? "W:" : "I:") + text; });
  log(LogLevel::info, "a");
  log(LogLevel::warning, "b");
  set_log_sink({});
  log(LogLevel::warning, "c");
  CHECK(seen == "I:aW:b");
}

}  // namespace
}  // namespace podsim
