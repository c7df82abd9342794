// SPDX-License-Identifier: Apache-2.0
#include "target.hpp"

#include <cstdlib>
#include <iostream>

// SystemC's library asks for it.
extern "C" int sc_main(int, char**) {
  return 0;
}

namespace podsim::fuzz {

std::vector<Target>& targets() {
  static std::vector<Target> list;
  return list;
}

void finding(const std::string& what) {
  std::cerr << "finding: " << what << std::endl;
  std::abort();
}

bool accepted(const std::function<void()>& body) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) finding(error.what());
    if (error.issues().empty()) finding("an error without a message");
    return false;
  }
}

}  // namespace podsim::fuzz
