// SPDX-License-Identifier: Apache-2.0
// What a machine costs: start-up to the first cycle, and being used again.
//
//   reuse_bench [--runs N]     default: 10,000 runs on one machine
//
// Times are the best of several. Start-up ends when a program of a single tile operation has run, so that it holds more
// than the first cycle needs; destruction is not in it. "run again" is the whole run of that program on a machine that
// has run before: an upper bound of what using it again costs.
#include <algorithm>
#include <cstdlib>

#include "benches/bench.hpp"
#include "podsim/sim/core/error.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

namespace {

using namespace podsim;
using bench::Clock;
using bench::seconds_since;

HardwareConfig with_pods(int pods) {
  HardwareConfig hardware;
  hardware.pods.count = pods;
  return hardware;
}

Program program_of(const Network& network, const HardwareConfig& hardware) {
  Machine machine(hardware);
  TiledWorkload work = tile(lower(network), machine, TilingConfig(), std::int64_t{4} << 30);
  const auto scheduler = scheduler_registry().make(scheduler_registry().default_config("sosa_greedy"));
  Schedule schedule = scheduler->schedule(work, machine, {});
  return make_program(std::move(machine), std::move(work), std::move(schedule), true);
}

Network one_tile() {
  NetworkBuilder b("one_tile");
  const std::string x = b.input("x", {32, 32});
  return b.build({b.linear("fc", x, {32, 32, false, {}})});
}

struct StartUp {
  double build = 1e9, first = 1e9, start_up = 1e9, again = 1e9, destroy = 1e9;
};

void start_up(int pods) {
  const Program program = program_of(one_tile(), with_pods(pods));
  StartUp best;
  for (int r = 0; r < 7; ++r) {
    const auto start = Clock::now();
    auto machine = std::make_unique<ElaboratedMachine>(program.machine.config);
    best.build = std::min(best.build, seconds_since(start));
    const auto first = Clock::now();
    machine->run(program, {});
    best.first = std::min(best.first, seconds_since(first));
    best.start_up = std::min(best.start_up, seconds_since(start));
    constexpr int kRuns = 200;
    for (int b = 0; b < 5; ++b) {
      const auto again = Clock::now();
      for (int n = 0; n < kRuns; ++n) machine->run(program, {});
      best.again = std::min(best.again, seconds_since(again) / kRuns);
    }
    const auto end = Clock::now();
    machine.reset();
    best.destroy = std::min(best.destroy, seconds_since(end));
  }
  std::printf("  %5d pods  %10.3f %10.3f %10.3f  %12.4f  %12.3f\n", pods, best.build * 1e3, best.first * 1e3,
              best.start_up * 1e3, best.again * 1e3, best.destroy * 1e3);
  std::fflush(stdout);
}

void many_runs(int runs) {
  const HardwareConfig hardware = with_pods(256);
  std::vector<Program> programs;
  programs.push_back(program_of(one_tile(), hardware));
  programs.push_back(program_of(load_network("zoo:resnet20"), hardware));
  programs.push_back(program_of(load_network("zoo:resnet20:batch=2"), hardware));
  std::vector<std::int64_t> cycles;
  for (const Program& program : programs) cycles.push_back(simulate(program, {}).cycles);
  ElaboratedMachine machine(hardware);
  double after_100 = 0;
  int different = 0;
  const auto start = Clock::now();
  for (int n = 0; n < runs; ++n) {
    const auto which = static_cast<std::size_t>(n) % programs.size();
    if (machine.run(programs[which], {}).cycles != cycles[which]) ++different;
    if (n == 99) after_100 = bench::resident_mebibytes();
  }
  std::printf(
      "%d runs of three programs in turn on one machine of 256 pods: %.2f s; resident memory after 100 runs %.2f MiB,\n"
      "at the end %.2f MiB, largest %.2f MiB; runs with other cycles than on a machine of their own: %d\n",
      runs, seconds_since(start), after_100, bench::resident_mebibytes(), bench::peak_mebibytes(), different);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const int runs = std::max(100, std::atoi(bench::option(arguments, "--runs", "10000").c_str()));
  try {
    std::printf("milliseconds     %10s %10s %10s  %12s  %12s\n", "build", "first run", "start-up", "run again",
                "destroy");
    for (const int pods : {16, 256, 4096}) start_up(pods);
    many_runs(runs);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
