#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A bad input and what podsim has to say to it.

#include <string>
#include <vector>

#include "process.hpp"
#include "support/catch.hpp"

namespace podsim::test {

struct Case {
  std::string what;
  std::vector<std::string> arguments;
  std::vector<std::string> fragments;  ///< of the message
  std::string file = {};               ///< content of "x.json" or whatever the arguments name
  std::string file_name = "x.json";
};

/// Exit code 2, a message with all fragments, at once, and no file that was not there before.
inline void check(const Case& c) {
  const Folder folder;
  if (!c.file.empty()) folder.write(c.file_name, c.file);
  const std::vector<std::string> before = folder.files();
  const Outcome outcome = folder.podsim(c.arguments);
  INFO(c.what << "\n" << outcome.err);
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK(contains(outcome.err, "podsim: error: "));
  for (const std::string& fragment : c.fragments) {
    INFO("expected: " << fragment);
    CHECK(contains(outcome.err, fragment));
  }
  CHECK(outcome.cpu_seconds < 1);
  CHECK(folder.files() == before);
}

}  // namespace podsim::test
