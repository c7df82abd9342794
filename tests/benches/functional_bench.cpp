// SPDX-License-Identifier: Apache-2.0
// What values cost: a functional run beside a timing run of the same network, one after the other.
//
//   functional_bench [--repeat N] [WORKLOAD …]     default: all networks of the zoo
//
// Seconds are the best of N; "whole" is everything from the network's source to the report, the reference of functional
// runs included, which runs beside scheduling on a second core. CPU seconds count all threads.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "podsim/workloads/zoo/zoo_network.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

namespace {

double cpu_seconds() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Best {
  double whole = 1e9, cpu = 1e9, simulation = 1e9;
};

/// \return false if values differ
bool run_once(const std::string& workload, bool functional, Best& best, std::int64_t& cycles) {
  using namespace podsim;
  RunOptions options;
  options.max_memory_bytes = std::int64_t{16} << 30;
  if (functional) options.functional.emplace();
  Experiment experiment;
  experiment.workload = workload;
  const double before = cpu_seconds();
  const Report report = run_experiment(experiment, options);
  best.cpu = std::min(best.cpu, cpu_seconds() - before);
  best.whole = std::min(best.whole, report.host.total_seconds);
  best.simulation = std::min(best.simulation, report.host.simulation_seconds);
  const bool same = cycles == 0 || cycles == report.result.cycles;
  cycles = report.result.cycles;
  return same && report.functional.is_equal();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> workloads;
  int repeat = 3;
  for (int n = 1; n < argc; ++n) {
    const std::string argument = argv[n];
    if (argument == "--repeat" && n + 1 < argc) {
      repeat = std::max(1, std::atoi(argv[++n]));
    } else {
      workloads.push_back(argument);
    }
  }
  if (workloads.empty()) {
    for (const std::string& name : podsim::zoo_registry().names()) workloads.push_back("zoo:" + name);
  }
  std::printf("%-24s %10s  %8s %8s %6s  %8s %8s %6s\n", "workload", "cycles", "timing s", "values s", "ratio", "cpu s",
              "cpu s", "ratio");
  int status = 0;
  for (const std::string& workload : workloads) {
    try {
      Best timing, values;
      std::int64_t cycles = 0;
      bool good = true;
      for (int r = 0; r < repeat; ++r) {
        good = run_once(workload, false, timing, cycles) && good;
        good = run_once(workload, true, values, cycles) && good;
      }
      std::printf("%-24s %10lld  %8.2f %8.2f %6.2f  %8.2f %8.2f %6.2f%s\n", workload.c_str(),
                  static_cast<long long>(cycles), timing.whole, values.whole, values.whole / timing.whole, timing.cpu,
                  values.cpu, values.cpu / timing.cpu, good ? "" : "  NOT EQUAL");
      std::fflush(stdout);
      if (!good) status = 1;
    } catch (const podsim::Error& error) {
      std::fprintf(stderr, "%s: %s\n", workload.c_str(), error.what());
      status = 1;
    }
  }
  return status;
}
