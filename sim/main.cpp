// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/command.hpp"

/// SystemC's library asks for it; podsim starts its simulations itself.
extern "C" int sc_main(int, char**) {
  return 0;
}

int main(int argc, char** argv) {
  return podsim::command_line({argv + 1, argv + argc});
}
