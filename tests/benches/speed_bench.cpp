// SPDX-License-Identifier: Apache-2.0
// How fast podsim schedules and simulates, beside the least that this host could spend on it.
//
//   speed_bench [--repeat N] [--no-values] [WORKLOAD …]     default: ResNet-50 at image 299, 241,472 tile operations
//
// Every figure is the best of N runs in one process; the floors are measured between them, so that other users of the
// machine slow down both. "--no-values" leaves out functional runs. How to read the ratios: docs/performance.md.
#include <algorithm>
#include <cstdlib>

#include "benches/bench.hpp"
#include "benches/floors.hpp"
#include "podsim/sim/core/error.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/workload_source.hpp"

extern "C" int sc_main(int, char**) {
  return 0;
}

namespace {

using namespace podsim;
using bench::Clock;
using bench::seconds_since;

constexpr int kMethods = 256;
constexpr std::int64_t kActivationsPerTileOperation = 4;
constexpr double kNever = 1e9;

struct Times {
  double tile = kNever, schedule = kNever, plan = kNever, simulate = kNever, whole = kNever;
  double timing_run = kNever, functional_run = kNever;
  double mixed_floor = kNever, equal_floor = kNever, mac_floor = kNever, plain_floor = kNever;
};

void keep_least(double& least, double value) {
  least = std::min(least, value);
}

struct Sizes {
  double tile_operations = 0;
  std::int64_t cycles = 0, macs = 0;
};

Sizes run_in_parts(const std::string& workload, Times& best) {
  Sizes sizes;
  const auto start = Clock::now();
  const Machine machine{HardwareConfig()};
  const auto scheduler = scheduler_registry().make(scheduler_registry().default_config("sosa_greedy"));
  const Network network = load_network(workload);
  TiledWorkload work = tile(lower(network), machine, TilingConfig(), std::int64_t{16} << 30);
  keep_least(best.tile, seconds_since(start));
  sizes.tile_operations = work.op_count;
  sizes.macs = network.totals().macs;
  const auto scheduling = Clock::now();
  Schedule schedule = scheduler->schedule(work, machine, {});
  keep_least(best.schedule, seconds_since(scheduling));
  const auto planning = Clock::now();
  const Program program = make_program(machine, std::move(work), std::move(schedule), true);
  keep_least(best.plan, seconds_since(planning));
  const auto simulating = Clock::now();
  sizes.cycles = simulate(program, {}).cycles;
  keep_least(best.simulate, seconds_since(simulating));
  keep_least(best.whole, seconds_since(start));
  return sizes;
}

void run_whole(const std::string& workload, bool functional, double& best) {
  RunOptions options;
  options.max_memory_bytes = std::int64_t{16} << 30;
  if (functional) options.functional.emplace();
  Experiment experiment;
  experiment.workload = workload;
  const auto start = Clock::now();
  const Report report = run_experiment(experiment, options);
  keep_least(best, seconds_since(start));
  if (functional && !report.functional.is_equal()) throw Error::internal("speed_bench", "the values are wrong");
}

void print_ratio(const char* what, double seconds, double floor, double target) {
  std::printf("  %-52s %8.2f   target %.1f%s\n", what, seconds / floor, target,
              seconds <= target * floor ? "" : "  MISSED");
}

void measure(const std::string& workload, int repeat, bool values) {
  const double before = bench::peak_mebibytes();
  double peak = 0;
  Times best;
  Sizes sizes;
  std::string kernel;
  for (int r = 0; r < repeat; ++r) {
    sizes = run_in_parts(workload, best);
    if (r == 0) peak = bench::peak_mebibytes();
    const auto activations = static_cast<std::int64_t>(sizes.tile_operations) * kActivationsPerTileOperation;
    keep_least(best.mixed_floor, bench::activation_seconds(activations, kMethods, bench::Spread::mixed));
    keep_least(best.equal_floor, bench::activation_seconds(activations, kMethods, bench::Spread::equal));
    if (!values) continue;
    run_whole(workload, false, best.timing_run);
    const bench::MacFloor macs = bench::mac_seconds(sizes.macs);
    keep_least(best.mac_floor, macs.seconds);
    kernel = macs.kernel;
    keep_least(best.plain_floor, bench::plain_mac_seconds(sizes.macs));
    run_whole(workload, true, best.functional_run);
  }
  const double ops = sizes.tile_operations;
  std::printf("%s\n", workload.c_str());
  std::printf("  tile operations          %12.0f      simulated cycles %lld      %.3f GMAC\n", ops,
              static_cast<long long>(sizes.cycles), static_cast<double>(sizes.macs) * 1e-9);
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
  std::printf("  floors: %lld activations of SC_METHODs per tile operation, over %d methods\n",
              static_cast<long long>(kActivationsPerTileOperation), kMethods);
  line("16 to 112 cycles apart", best.mixed_floor);
  line("all in the same cycles", best.equal_floor);
  if (values) {
    std::printf("  floor of the values: as many int8 MACs, 32x32x32 tiles in the cache, %s\n", kernel.c_str());
    std::printf("  %-24s %12.4f s    %8.1f GMAC/s\n", "MACs", best.mac_floor,
                static_cast<double>(sizes.macs) * 1e-9 / best.mac_floor);
    std::printf("  %-24s %12.4f s    %8.1f GMAC/s\n", "in a plain loop", best.plain_floor,
                static_cast<double>(sizes.macs) * 1e-9 / best.plain_floor);
    std::printf("  %-24s %12.4f s\n  %-24s %12.4f s\n", "timing run, whole", best.timing_run, "functional run, whole",
                best.functional_run);
  }
  std::printf("  ratios\n");
  const double work = best.schedule + best.simulate;
  print_ratio("scheduling + simulation / activations, mixed times", work, best.mixed_floor, 4);
  print_ratio("scheduling + simulation / activations, equal times", work, best.equal_floor, 4);
  if (!values) return;
  print_ratio("functional run / (2.5 x plain loop + timing run)", best.functional_run,
              2.5 * best.plain_floor + best.timing_run, 1);
  print_ratio("functional run / (2.5 x fastest kernel + timing run)", best.functional_run,
              2.5 * best.mac_floor + best.timing_run, 1);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> workloads(argv + 1, argv + argc);
  const int repeat = std::max(1, std::atoi(bench::option(workloads, "--repeat", "5").c_str()));
  const bool values = !bench::has_flag(workloads, "--no-values");
  if (workloads.empty()) workloads.emplace_back("zoo:resnet50:image=299,variant=v1");
  try {
    for (const std::string& workload : workloads) measure(workload, repeat, values);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.kind() == ErrorKind::bad_input ? 2 : 1;
  }
  return 0;
}
