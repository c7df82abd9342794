// SPDX-License-Identifier: Apache-2.0
// Catch2's main for every test program, and the sc_main that SystemC's library asks for.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

int main(int argc, char** argv) {
  return Catch::Session().run(argc, argv);
}
