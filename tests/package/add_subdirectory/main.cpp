// SPDX-License-Identifier: Apache-2.0
// A program built together with podsim; plug-ins of the library must be there although nothing here names them.
#include <cstdlib>
#include <iostream>
#include <systemc>

#include "podsim/interconnect/topology.hpp"
#include "podsim/sim/core/text.hpp"

int sc_main(int, char**) {
  const auto names = podsim::topology_registry().names();
  std::cout << podsim::join(names) << '\n';
  return podsim::topology_registry().find("butterfly") != nullptr ? EXIT_SUCCESS : EXIT_FAILURE;
}
