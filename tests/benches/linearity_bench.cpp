// SPDX-License-Identifier: Apache-2.0
// Time and memory per tile operation as networks grow, on one machine (the default one).
//
//   linearity_bench [--repeat N] [--large]
//
// Every run is a process of its own; time is the least of N, memory the largest. What a network of a single tile
// operation costs is measured the same way and subtracted. "--large" adds 10^7 tile operations: tens of seconds and
// gigabytes.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

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

/// `layers` linear layers in a row, [m, width] each.
Network linear_layers(std::int64_t layers, std::int64_t m, std::int64_t width) {
  NetworkBuilder b("linear_layers");
  std::string x = b.input("x", {m, width});
  for (std::int64_t n = 0; n < layers; ++n) {
    x = b.linear("fc" + std::to_string(n), x, {width, width, false, {}});
  }
  return b.build({x});
}

struct Row {
  double ops = 0, cycles = 0;
  double prepare = 0, simulate = 0;  ///< seconds; lowering, tiling, scheduling, check and plan
};

Row run(const std::function<Network()>& make, std::optional<std::int64_t> capacity_kib) {
  Row row;
  const auto start = bench::Clock::now();
  HardwareConfig hardware;
  hardware.banks.capacity_kib = capacity_kib;
  const Machine machine(std::move(hardware));
  const auto scheduler = scheduler_registry().make(scheduler_registry().default_config("sosa_greedy"));
  const std::int64_t memory = std::int64_t{64} << 30;
  TiledWorkload work = tile(lower(make(), memory), machine, TilingConfig(), memory);
  row.ops = work.op_count;
  Schedule schedule = scheduler->schedule(work, machine, {});
  const Program program = make_program(machine, std::move(work), std::move(schedule), true);
  row.prepare = bench::seconds_since(start);
  const auto simulating = bench::Clock::now();
  row.cycles = static_cast<double>(simulate(program, {}).cycles);
  row.simulate = bench::seconds_since(simulating);
  return row;
}

struct Measured {
  Row row;
  double peak = 0;  ///< MiB
};

Measured measure(const std::function<Network()>& make, int repeat, std::optional<std::int64_t> capacity_kib = {}) {
  Measured best;
  for (int r = 0; r < repeat; ++r) {
    Row row;
    const bench::Spent spent = bench::in_process<Row>(row, [&make, capacity_kib] { return run(make, capacity_kib); });
    if (!spent.good) throw Error::run_failed("a run failed");
    if (r == 0) best.row = row;
    best.row.prepare = std::min(best.row.prepare, row.prepare);
    best.row.simulate = std::min(best.row.simulate, row.simulate);
    best.peak = std::max(best.peak, spent.peak);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const int repeat = std::max(1, std::atoi(bench::option(arguments, "--repeat", "3").c_str()));
  const bool large = bench::has_flag(arguments, "--large");
  struct Case {
    std::string name;
    std::function<Network()> make;
    bool is_large;
    std::optional<std::int64_t> capacity_kib = {};
  };
  std::vector<Case> cases;
  const auto depth = [&cases](std::int64_t layers, std::int64_t m, bool is_large) {
    cases.push_back({std::to_string(layers) + " x linear, m = " + std::to_string(m),
                     [=] { return linear_layers(layers, m, 1024); }, is_large});
  };
  depth(1, 320, false);
  depth(3, 1024, false);
  depth(30, 1024, false);
  depth(305, 1024, true);
  const auto batch = [&cases](std::int64_t images, bool is_large) {
    const std::string name = "zoo:resnet20:batch=" + std::to_string(images);
    cases.push_back({name, [=] { return load_network(name); }, is_large});
  };
  batch(7, false);
  batch(70, false);
  batch(700, false);
  batch(7000, true);
  // Its activations do not fit into the banks; in larger ones they do.
  cases.push_back({"… in banks of 4 MiB", [] { return load_network("zoo:resnet20:batch=7000"); }, true, 4096});
  for (const std::string name : {"zoo:resnet50:image=299", "zoo:resnet50:image=299,batch=4"}) {
    cases.push_back({name, [name] { return load_network(name); }, false});
  }
  try {
    const Measured least = measure([] { return linear_layers(1, 32, 32); }, repeat);
    std::printf("start-up, subtracted below: %.4f s before the simulation, %.4f s for it, %.1f MiB\n",
                least.row.prepare, least.row.simulate, least.peak);
    std::printf("%-32s %11s %10s  %21s  %9s %9s  %9s %9s\n", "", "tile", "", "seconds", "ns per op", "ns per op", "",
                "bytes");
    std::printf("%-32s %11s %10s  %10s %10s  %9s %9s  %9s %9s\n", "network", "operations", "cycles", "before",
                "simulated", "whole", "simulated", "peak MiB", "per op");
    for (const Case& one : cases) {
      if (one.is_large && !large) continue;
      const Measured m = measure(one.make, one.is_large ? 1 : repeat, one.capacity_kib);
      const double before = m.row.prepare - least.row.prepare;
      const double simulated = m.row.simulate - least.row.simulate;
      std::printf("%-32s %11.0f %10.0f  %10.4f %10.4f  %9.1f %9.1f  %9.1f %9.1f\n", one.name.c_str(), m.row.ops,
                  m.row.cycles, before, simulated, (before + simulated) / m.row.ops * 1e9, simulated / m.row.ops * 1e9,
                  m.peak, (m.peak - least.peak) * (1 << 20) / m.row.ops);
      std::fflush(stdout);
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
