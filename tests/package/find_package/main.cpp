// SPDX-License-Identifier: Apache-2.0
// A program with its own sc_main, built against an installed podsim.
#include <cstdlib>
#include <iostream>
#include <systemc>

#include "podsim/interconnect/topology.hpp"
#include "podsim/sim/core/error.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/workloads/gemm.hpp"

int sc_main(int, char**) {
  try {
    const auto topology = podsim::topology_registry().make(podsim::topology_registry().default_config("butterfly"), 16);
    podsim::Gemm gemm;
    gemm.m = 2;
    gemm.k = 3;
    gemm.n = 5;
    if (topology->terminals() != 16 || gemm.macs() != 2 * 3 * 5) return EXIT_FAILURE;
    std::cout << "podsim " << podsim::version() << ": " << topology->describe() << '\n';
    return EXIT_SUCCESS;
  } catch (const podsim::Error& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
