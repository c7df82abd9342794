// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/core/hdf5_file.hpp"

/// SystemC's library asks for it; podsim starts its simulations itself.
extern "C" int sc_main(int, char**) {
  return 0;
}

int main(int argc, char** argv) {
  podsim::hdf5_without_exit_handler();
  return podsim::command_line({argv + 1, argv + argc});
}
