// SPDX-License-Identifier: Apache-2.0
// How long drawing the values of a network and evaluating it takes. Arguments: networks (default: three of the zoo).
// "CPU s" adds up the threads; it is what counts if the machine is shared.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "podsim/workloads/dot_product.hpp"
#include "podsim/workloads/value_network.hpp"
#include "podsim/workloads/workload_source.hpp"

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::string> names(argv + 1, argv + argc);
  if (names.empty()) names = {"zoo:resnet50:image=299", "zoo:vgg16", "zoo:vit_b16"};
  std::printf("inner loops: %s\n%-28s %8s %10s %8s %8s %8s %12s\n", podsim::dot_kernels().back().name, "network",
              "GMAC", "Mweights", "draw s", "both s", "CPU s", "GMAC/CPU s");
  for (const std::string& name : names) {
    const podsim::Network network = podsim::load_network(name);
    const auto start = Clock::now();
    const std::clock_t cpu_start = std::clock();
    auto drawn = start;
    bool first = true;
    podsim::ReferenceOptions options;
    options.observe = [&](int, const std::vector<std::int8_t>&) {
      if (first) drawn = Clock::now();
      first = false;
    };
    podsim::value_network(network, {}, 1, options);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    const double drawing = std::chrono::duration<double>(drawn - start).count();
    const podsim::NetworkTotals totals = network.totals();
    std::printf("%-28s %8.2f %10.1f %8.3f %8.3f %8.3f %12.1f\n", name.c_str(), static_cast<double>(totals.macs) * 1e-9,
                static_cast<double>(totals.parameters) * 1e-6, drawing, seconds, cpu_seconds,
                static_cast<double>(totals.macs) * 1e-9 / cpu_seconds);
  }
  return 0;
}
