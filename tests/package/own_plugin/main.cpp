// SPDX-License-Identifier: Apache-2.0
// Finds the program's own topology in the registry beside podsim's, with its parameters checked like theirs.
#include <cstdlib>
#include <iostream>
#include <systemc>

#include "podsim/interconnect/route_table.hpp"
#include "podsim/interconnect/topology.hpp"
#include "podsim/sim/core/error.hpp"

namespace {

bool expect(bool condition, const char* what) {
  if (!condition) std::cerr << "not so: " << what << '\n';
  return condition;
}

bool is_rejected(const podsim::PluginConfig& config) {
  try {
    podsim::topology_registry().make(config, 8);
    return false;
  } catch (const podsim::Error& error) {
    return error.kind() == podsim::ErrorKind::bad_input;
  }
}

}  // namespace

int sc_main(int, char**) {
  try {
    podsim::TopologyRegistry& registry = podsim::topology_registry();
    podsim::PluginConfig config = registry.default_config("private_links");
    config.parameters["latency"] = 7;
    const auto topology = registry.make(config, 8);
    const auto routes = topology->make_route_table();
    // Every source to one destination: only private links can do that.
    bool good = true;
    for (int source = 0; source < 8; ++source) {
      good &= expect(routes->is_free(source, 3), "a private link is free");
      routes->reserve(source, 3);
    }
    good &= expect(topology->latency(0, 7) == podsim::Cycles(7), "the parameter reaches the plug-in");
    good &= expect(registry.find("butterfly") != nullptr, "podsim's own topologies are there too");
    config.parameters["latency"] = 0;
    good &= expect(is_rejected(config), "a parameter out of range is an error");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (const podsim::Error& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
