// SPDX-License-Identifier: Apache-2.0
// How fast podsim schedules and simulates, apart from each other.
//
//   speed_bench [--repeat N] [WORKLOAD …]     default: ResNet-50 at image 299, 241,472 tile operations
//
// Every figure is the best of N runs in one process (the machine may be shared); the peak memory is the process's.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/workload_source.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double peak_mebibytes() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Times {
  double tile = 1e9, schedule = 1e9, plan = 1e9, simulate = 1e9, whole = 1e9;
};

void measure(const std::string& workload, int repeat) {
  using namespace podsim;
  const double before = peak_mebibytes();
  Times best;
  double ops = 0;
  std::int64_t cycles = 0;
  for (int r = 0; r < repeat; ++r) {
    const auto start = Clock::now();
    const Machine machine{HardwareConfig()};
    const auto scheduler = scheduler_registry().make(scheduler_registry().default_config("sosa_greedy"));
    TiledWorkload work = tile(lower(load_network(workload)), machine, TilingConfig(), std::int64_t{16} << 30);
    best.tile = std::min(best.tile, seconds_since(start));
    ops = work.op_count;
    const auto scheduling = Clock::now();
    Schedule schedule = scheduler->schedule(work, machine, {});
    best.schedule = std::min(best.schedule, seconds_since(scheduling));
    const auto planning = Clock::now();
    const Program program = make_program(machine, std::move(work), std::move(schedule), true);
    best.plan = std::min(best.plan, seconds_since(planning));
    const auto simulating = Clock::now();
    cycles = simulate(program, {}).cycles;
    best.simulate = std::min(best.simulate, seconds_since(simulating));
    best.whole = std::min(best.whole, seconds_since(start));
  }
  const double peak = peak_mebibytes();
  std::printf("%s\n", workload.c_str());
  std::printf("  tile operations          %12.0f      simulated cycles %lld\n", ops, static_cast<long long>(cycles));
  const auto line = [ops](const char* what, double seconds) {
    std::printf("  %-24s %12.4f s    %8.1f ns per tile operation  %8.2f M tile operations/s\n", what, seconds,
                seconds / ops * 1e9, ops / seconds / 1e6);
  };
  line("lowering and tiling", best.tile);
  line("scheduling", best.schedule);
  line("check and memory plan", best.plan);
  line("simulation", best.simulate);
  line("whole", best.whole);
  std::printf("  peak memory              %12.1f MiB  %8.1f bytes per tile operation over the %.1f MiB before\n", peak,
              (peak - before) * (1 << 20) / ops, before);
}

}  // namespace

int main(int argc, char** argv) {
  int repeat = 5;
  std::vector<std::string> workloads;
  for (int a = 1; a < argc; ++a) {
    if (std::string(argv[a]) == "--repeat" && a + 1 < argc) {
      repeat = std::max(1, std::atoi(argv[++a]));
    } else {
      workloads.emplace_back(argv[a]);
    }
  }
  if (workloads.empty()) workloads.emplace_back("zoo:resnet50:image=299,variant=v1");
  try {
    for (const std::string& workload : workloads) measure(workload, repeat);
  } catch (const podsim::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.kind() == podsim::ErrorKind::bad_input ? 2 : 1;
  }
  return 0;
}
