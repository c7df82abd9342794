// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/simulator.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "podsim/models/lower_bound.hpp"
#include "podsim/workloads/network_builder.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"
#include "support/identities.hpp"
#include "support/programs.hpp"

namespace podsim {
namespace {

using test::broken_identities;
using test::crossbar_setup;
using test::difference;
using test::error_of;
using test::Setup;

std::int64_t up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

constexpr std::int64_t kRead = 1;   // a row is read out of its bank one cycle before it is launched
constexpr std::int64_t kWrite = 1;  // a row can be read in the cycle after it entered its bank

/// A machine by the numbers that the formulas below use.
struct Numbers {
  std::int64_t rows, cols, wavefront, latency, post_latency, bandwidth;
};

Numbers numbers(const Setup& setup) {
  const HardwareConfig& h = setup.hardware;
  return {h.pods.rows,
          h.pods.cols,
          up(h.pods.rows, h.pods.fan_in) + up(h.pods.cols, h.pods.broadcast) - 1,
          1,
          h.post_processors.latency_cycles,
          static_cast<std::int64_t>(h.dram.bandwidth_gb_per_s)};
}

/// Cycle in which the last row of an m-row pass is stored, if its partial sums begin to stream in `start`.
std::int64_t stored_after(const Numbers& n, std::int64_t start, std::int64_t m) {
  const std::int64_t sums = start + n.wavefront + n.latency + kWrite;  // first partial-sum row readable
  // The pass is one of the next round, which begins when the pods have taken all rows of this one.
  const std::int64_t pass = std::max(sums + kRead + n.latency, start + m);
  const std::int64_t output = pass + n.post_latency + n.latency + kWrite;  // first row of the result stored
  return output + m - 1;
}

TEST_CASE("simulator: one tile on one pod takes the sum of its parts", "[sim]") {
  // DRAM delivers W, then X: a fill is in its bank when its rows are written and its bytes have come. Then a bank read,
  // the fabric, k weight rows (the X tile has long arrived), m activation rows, wavefront, P-out; then the pass: read,
  // fabric, post-processor, fabric, write; then the write-back of m x n bytes.
  for (const auto& [m, k, n, rows, cols] : std::vector<std::array<int, 5>>{{32, 32, 32, 32, 32},
                                                                           {7, 5, 3, 32, 32},
                                                                           {1, 1, 1, 1, 1},
                                                                           {16, 9, 20, 9, 20},
                                                                           {3, 17, 33, 17, 33},
                                                                           {40, 3, 5, 3, 5}}) {
    for (const int fan : {16, 1}) {
      Setup setup = crossbar_setup(1, rows, cols);
      setup.hardware.pods.fan_in = setup.hardware.pods.broadcast = fan;
      setup.tiling.partition_rows = 0;
      const auto program = test::make(test::one_linear(m, k, n), setup);
      REQUIRE(program->work.op_count == 1);
      const RunResult result = simulate(*program, {});
      const Numbers a = numbers(setup);

      const std::int64_t w_bytes = k * n, x_bytes = m * k;
      const std::int64_t w_there = std::max<std::int64_t>(k, up(w_bytes, a.bandwidth));
      // The bus takes the next tile in the cycle in which it is done with the one before.
      const std::int64_t x_begin = w_bytes / a.bandwidth;
      const std::int64_t x_there = std::max<std::int64_t>(x_begin + m, up(w_bytes + x_bytes, a.bandwidth));
      const std::int64_t load = w_there + kRead + a.latency;
      const std::int64_t start = std::max(load + k, x_there + kRead + a.latency);
      const std::int64_t stored = stored_after(a, start, m);
      // The write-back starts in the cycle after the last row is stored.
      const std::int64_t cycles = stored + 1 + up(m * n, a.bandwidth);
      CAPTURE(m, k, n, fan, start, stored);
      CHECK(result.operations[0].first_cycle == start);
      CHECK(result.operations[0].last_cycle == stored);
      CHECK(result.cycles == cycles);
      CHECK(result.stream_cycles == m);
      // Without waiting for memory the array could be loaded from cycle 0 on: all else that comes first is memory, be
      // it the W tile or, in the last case, the X tile that is late.
      CHECK(result.fill_cycles == k);
      CHECK(result.stalls[static_cast<std::size_t>(StallCause::memory)] == start - k);
      CHECK(result.drain_cycles == stored - (start + m));
      CHECK(broken_identities(*program, result).empty());
    }
  }
}

TEST_CASE("simulator: a chain of partial sums waits for the wavefront and two passages of the fabric", "[sim]") {
  // One pod, k in two tiles: round 1 needs s_1 >= s_0 + wavefront + L + L + 2.
  for (const int rows : {1, 4, 16, 32, 64}) {
    for (const int fan : {1, 16}) {
      Setup setup = crossbar_setup(1, rows, 8);
      setup.hardware.pods.fan_in = setup.hardware.pods.broadcast = fan;
      setup.scheduler.type = "layer_sequential";
      setup.hardware.dram.bandwidth_gb_per_s = 1e6;
      for (const int m : {1, 8, 40}) {
        setup.tiling.partition_rows = m;
        const auto program = test::make(test::one_linear(m, 2 * rows, 8), setup);
        REQUIRE(program->work.op_count == 2);
        REQUIRE(program->schedule.main[1].partial_sum_in == 0);
        const RunResult result = simulate(*program, {});
        const Numbers a = numbers(setup);
        // From the first activation row to the last: the second round also waits for the first one's rows and for its
        // own weights, which are loaded from s_0 on.
        const std::int64_t distance = std::max<std::int64_t>({m, rows, a.wavefront + 2 * a.latency + kRead + kWrite});
        CAPTURE(rows, fan, m);
        const std::int64_t streamed = result.operations[0].first_cycle + distance + m;
        CHECK(result.operations[0].last_cycle == stored_after(a, streamed - m, m));
        const auto stall = [&](StallCause cause) { return result.stalls[static_cast<std::size_t>(cause)]; };
        CHECK(stall(StallCause::weights) + stall(StallCause::dependency) == distance - m);
        CHECK(stall(StallCause::weights) == std::max(0, rows - m));
        CHECK(broken_identities(*program, result).empty());
      }
    }
  }
}

/// Cycles between the first rows of successive rounds of one pod that works through many weight tiles.
std::int64_t steady_distance(Setup setup, std::int64_t m, std::int64_t tiles) {
  setup.tiling.partition_rows = m;
  setup.hardware.dram.bandwidth_gb_per_s = 1e6;
  const std::int64_t n = setup.hardware.pods.cols;
  auto last = [&](std::int64_t count) {
    const auto program = test::make(test::one_linear(m, setup.hardware.pods.rows, count * n), setup);
    const RunResult result = simulate(*program, {});
    CHECK(broken_identities(*program, result).empty());
    return result.operations[0].last_cycle;
  };
  const std::int64_t first = last(tiles), second = last(tiles + 1);
  CHECK(last(tiles + 2) - second == second - first);
  return second - first;
}

TEST_CASE("simulator: a round is as long as its activations or the weights of the next one", "[sim]") {
  for (const int rows : {1, 8, 32}) {
    for (const std::int64_t m : {1, 5, 8, 32, 50}) {
      CAPTURE(rows, m);
      CHECK(steady_distance(crossbar_setup(1, rows, 16), m, 6) == std::max<std::int64_t>(m, rows));
    }
  }
}

TEST_CASE("simulator: single-buffered weights cost the load and the wavefront in every round", "[sim]") {
  for (const int rows : {1, 8, 32}) {
    for (const int cols : {4, 16, 40}) {
      for (const std::int64_t m : {1, 9, 32}) {
        Setup setup = crossbar_setup(1, rows, cols);
        setup.hardware.pods.weight_buffers = "single";
        // u_{q+1} = s_q + m + Rs + Cs - 2, s_{q+1} = u_{q+1} + r.
        CAPTURE(rows, cols, m);
        CHECK(steady_distance(setup, m, 5) == m + up(rows, 16) + up(cols, 16) - 2 + rows);
      }
    }
  }
}

TEST_CASE("simulator: the classical array folds every 2R + C + T - 2 cycles", "[sim]") {
  // The fold of SCALE-Sim's weight-stationary dataflow (Samajdar et al., 2018): R to load, T + R + C - 2 to stream T
  // rows through, with one row or column per cycle and one set of weights.
  for (const int rows : {1, 2, 8, 32, 33}) {
    for (const int cols : {1, 8, 32}) {
      for (const std::int64_t t : {1, 20, 64}) {
        Setup setup = crossbar_setup(1, rows, cols);
        setup.hardware.pods.fan_in = setup.hardware.pods.broadcast = 1;
        setup.hardware.pods.weight_buffers = "single";
        CAPTURE(rows, cols, t);
        CHECK(steady_distance(setup, t, 4) == 2 * rows + cols + t - 2);
      }
    }
  }
}

TEST_CASE("simulator: a run bound by DRAM lasts as long as its bytes, and the ends", "[sim]") {
  for (const double bandwidth : {1.0, 2.5, 7.0}) {
    Setup setup = crossbar_setup(4, 16, 16);
    setup.hardware.dram.bandwidth_gb_per_s = bandwidth;
    const auto program = test::make(test::one_linear(16, 64, 64), setup);
    const RunResult result = simulate(*program, {});
    const double moved = (16 * 64 + 64 * 64 + 16 * 64) / bandwidth;
    CHECK(static_cast<double>(result.cycles) >= moved);
    // What is not hidden: the last tile's way through the machine, and the wait for the first output.
    CHECK(static_cast<double>(result.cycles) <= moved + 200);
    CHECK(result.stalls[static_cast<std::size_t>(StallCause::memory)] > result.cycles / 2);
  }
}

TEST_CASE("simulator: a mesh is as fast as its longest circuit", "[sim]") {
  // Two nodes: the only tile lies in bank 0 and pod 0 computes it, over the one link of a node's own: like a crossbar.
  Setup mesh = crossbar_setup(1, 8, 8);
  mesh.hardware.interconnect = {"mesh", Json::object()};
  const Setup crossbar = crossbar_setup(1, 8, 8);
  const auto on_mesh = test::make(test::one_linear(8, 8, 8), mesh);
  const auto on_crossbar = test::make(test::one_linear(8, 8, 8), crossbar);
  const std::int64_t latency = on_mesh->machine.topology->latency(0, 0).count();
  // W, P-out, PP-in and PP-out are on the critical path; X is loaded during the weights.
  CHECK(simulate(*on_mesh, {}).cycles - simulate(*on_crossbar, {}).cycles == 4 * (latency - 1));
}

struct Machine4 {
  std::string name;
  Setup setup;
};

std::vector<Machine4> machines() {
  std::vector<Machine4> out;
  for (const std::string topology : {"crossbar", "butterfly", "mesh"}) {
    Setup setup = crossbar_setup(13, 32, 16);
    setup.hardware.interconnect = {topology, Json::object()};
    setup.hardware.banks.capacity_kib = 96;
    out.push_back({topology, setup});
  }
  Setup classical = crossbar_setup(5, 24, 40);
  classical.hardware.pods.fan_in = classical.hardware.pods.broadcast = 1;
  classical.hardware.pods.weight_buffers = "single";
  classical.scheduler.type = "layer_sequential";
  out.push_back({"classical", classical});
  return out;
}

const std::vector<std::string> kNetworks{"zoo:resnet50:image=64", "zoo:mobilenet_v2:image=64",
                                         "zoo:bert_medium:sequence=16,batch=2", "zoo:gpt2_small_decode:context=17"};
/// For tests with many runs each.
const std::vector<std::string> kFewNetworks{"zoo:mobilenet_v2:image=64", "zoo:bert_medium:sequence=10"};

TEST_CASE("simulator: sums, conservation and bounds hold on zoo networks", "[sim]") {
  for (const std::string& source : kNetworks) {
    const Network network = load_network(source);
    for (const Machine4& machine : machines()) {
      CAPTURE(source, machine.name);
      const auto program = test::make(network, machine.setup);
      const RunResult result = simulate(*program, {});
      const auto broken = broken_identities(*program, result);
      CAPTURE(broken);
      CHECK(broken.empty());
      CHECK(result.macs == network.totals().macs);
      const HardwareConfig& hardware = machine.setup.hardware;
      const double utilization =
          static_cast<double>(result.macs) /
          (static_cast<double>(hardware.peak_macs_per_cycle()) * static_cast<double>(result.cycles));
      CHECK(utilization > 0);
      CHECK(utilization <= 1);
      const LowerBound bound = lower_bound(program->work.network, hardware);
      const auto layers = test::layer_bounds(network, hardware.pods.count, hardware.pods.rows, hardware.pods.cols);
      CHECK(result.cycles >= bound.limit());
      CHECK(result.cycles >= std::max({layers.mac, layers.work, layers.load}));
      CHECK(static_cast<double>(result.cycles) * hardware.dram_bytes_per_cycle() >=
            static_cast<double>(layers.weight_bytes));
    }
  }
}

TEST_CASE("simulator: the order of processes does not matter", "[sim]") {
  for (const std::string& source : kFewNetworks) {
    for (const Machine4& machine : machines()) {
      const auto program = test::make(load_network(source), machine.setup);
      const RunResult plain = simulate(*program, {});
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        RunOptions options;
        options.shuffle_seed = seed;
        CAPTURE(source, machine.name, seed);
        CHECK(difference(plain, simulate(*program, options)).empty());
      }
    }
  }
}

TEST_CASE("simulator: runs do not influence each other", "[sim]") {
  const auto a = test::make(load_network("zoo:mobilenet_v2:image=64"), machines()[1].setup);
  const auto b = test::make(load_network("zoo:bert_medium:sequence=16"), machines()[3].setup);
  const RunResult first = simulate(*a, {});
  const RunResult other = simulate(*b, {});
  CHECK(difference(first, simulate(*a, {})).empty());
  CHECK(difference(other, simulate(*b, {})).empty());
  const auto again = test::make(load_network("zoo:mobilenet_v2:image=64"), machines()[1].setup);
  CHECK(difference(first, simulate(*again, {})).empty());
}

TEST_CASE("simulator: a difference between results is noticed", "[sim]") {
  const auto program = test::make(test::one_linear(20, 20, 20), crossbar_setup(2, 8, 8));
  const RunResult result = simulate(*program, {});
  RunResult other = result;
  other.operations[0].stalls[3] += 1;
  CHECK_FALSE(difference(result, other).empty());
  other = result;
  other.cycles += 1;
  CHECK_FALSE(difference(result, other).empty());
  CHECK_FALSE(broken_identities(*program, other).empty());
  other = result;
  other.macs -= 1;
  CHECK_FALSE(broken_identities(*program, other).empty());
}

/// The same schedule on a machine with other memory.
RunResult rerun(const Program& program, double bandwidth, std::int64_t capacity_kib) {
  HardwareConfig hardware = program.machine.config;
  hardware.dram.bandwidth_gb_per_s = bandwidth;
  hardware.banks.capacity_kib = capacity_kib;
  const Program changed = make_program(Machine(hardware), program.work, program.schedule, true);
  return simulate(changed, {});
}

TEST_CASE("simulator: more bandwidth never slows a fixed schedule down", "[sim]") {
  for (const std::string& source : kFewNetworks) {
    for (const Machine4& machine : machines()) {
      const auto program = test::make(load_network(source), machine.setup);
      std::int64_t before = std::numeric_limits<std::int64_t>::max();
      for (const double bandwidth : {75.0, 150.0, 300.0, 600.0, 1200.0, 2400.0}) {
        const std::int64_t cycles = rerun(*program, bandwidth, 256).cycles;
        CAPTURE(source, machine.name, bandwidth, cycles, before);
        CHECK(cycles <= before);
        before = cycles;
      }
    }
  }
}

TEST_CASE("simulator: larger banks never slow a fixed schedule down", "[sim]") {
  for (const std::string& source : kFewNetworks) {
    for (const Machine4& machine : machines()) {
      const auto program = test::make(load_network(source), machine.setup);
      std::int64_t before = std::numeric_limits<std::int64_t>::max();
      for (const std::int64_t capacity : {96, 128, 192, 256, 512, 4096}) {
        const std::int64_t cycles = rerun(*program, 1200, capacity).cycles;
        CAPTURE(source, machine.name, capacity, cycles, before);
        CHECK(cycles <= before);
        before = cycles;
      }
    }
  }
}

TEST_CASE("simulator: without refetching DRAM reads what the lower bound counts", "[sim]") {
  // A network that reads every input and weight once.
  NetworkBuilder b("plain");
  const std::string x = b.input("x", {50, 30});
  const std::string y = b.linear("a", x, {30, 40, false, {}});
  const Network network = b.build({b.linear("b", y, {40, 20, false, {}})});
  const Setup setup = crossbar_setup(3, 16, 16);
  const auto program = test::make(network, setup);
  const RunResult result = simulate(*program, {});
  CHECK(result.dram.refetched_bytes == 0);
  const std::int64_t bytes = 50 * 30 + 30 * 40 + 40 * 20 + 50 * 20;
  CHECK(result.dram.read_bytes + result.dram.written_bytes == bytes);
  CHECK(lower_bound(program->work.network, setup.hardware).dram == up(bytes, 1200));
}

TEST_CASE("simulator: a run that is stopped gives a consistent partial result", "[sim]") {
  const auto program = test::make(load_network("zoo:mobilenet_v2:image=64"), machines()[1].setup);
  const RunResult whole = simulate(*program, {});
  for (const std::int64_t limit :
       {std::int64_t{1}, std::int64_t{30}, std::int64_t{1000}, whole.cycles / 3, whole.cycles / 2, whole.cycles - 1}) {
    RunOptions options;
    options.max_cycles = limit;
    const RunResult part = simulate(*program, options);
    CAPTURE(limit, whole.cycles);
    CHECK_FALSE(part.complete);
    CHECK(part.stopped_because.find(std::to_string(limit)) != std::string::npos);
    CHECK(part.cycles >= limit);
    // Orders go out a little ahead of time.
    CHECK(part.cycles <= limit + 200);
    CHECK(part.macs <= whole.macs);
    CHECK(part.rounds_done <= whole.rounds);
    const auto broken = broken_identities(*program, part);
    CAPTURE(broken);
    CHECK(broken.empty());
  }
  RunOptions enough;
  enough.max_cycles = whole.cycles + 1;
  CHECK(difference(whole, simulate(*program, enough)).empty());
}

TEST_CASE("simulator: a run that is stopped before its first tile has come waited for memory", "[sim]") {
  Setup setup = crossbar_setup(1, 32, 32);
  setup.hardware.dram.bandwidth_gb_per_s = 1;
  const auto program = test::make(test::one_linear(32, 32, 32), setup);
  RunOptions options;
  options.max_cycles = 700;  // the weight tile takes 1024
  const RunResult part = simulate(*program, options);
  CHECK_FALSE(part.complete);
  CHECK(part.cycles == 700);
  CHECK(part.stalls[static_cast<std::size_t>(StallCause::memory)] == 700);
  CHECK(part.write_back_cycles == 0);
  CHECK(part.macs == 0);
  CHECK(broken_identities(*program, part).empty());
}

TEST_CASE("simulator: the stop callback ends a run early", "[sim]") {
  const auto program = test::make(load_network("zoo:resnet50:image=64"), machines()[0].setup);
  int asked = 0;
  RunOptions options;
  options.stop = [&asked] { return ++asked > 1; };
  const RunResult part = simulate(*program, options);
  CHECK_FALSE(part.complete);
  CHECK(part.stopped_because == "interrupted");
  CHECK(broken_identities(*program, part).empty());
}

TEST_CASE("simulator: progress never goes back and ends at the last round", "[sim]") {
  const auto program = test::make(load_network("zoo:resnet50:image=64"), machines()[0].setup);
  std::int64_t done = 0, cycle = 0, calls = 0;
  RunOptions options;
  options.progress = [&](const RunProgress& progress) {
    CHECK(progress.done >= done);
    CHECK(progress.cycle >= cycle);
    CHECK(progress.done <= progress.total);
    done = progress.done;
    cycle = progress.cycle;
    ++calls;
  };
  const RunResult result = simulate(*program, options);
  CHECK(calls > 0);
  CHECK(done == result.rounds);
}

TEST_CASE("simulator: a run that cannot progress says what it waits for", "[sim]") {
  auto program = test::make(test::one_linear(20, 20, 20), crossbar_setup(2, 8, 8));
  // A fill whose space is never given back.
  REQUIRE(program->memory.fills.size() > 3);
  program->memory.fills[3].after_main = 1000;
  const auto error = error_of([&] { simulate(*program, {}); });
  REQUIRE(error);
  CHECK(error->kind() == ErrorKind::run_failed);
  CAPTURE(std::string(error->what()));
  CHECK(std::string(error->what()).find("cannot progress") != std::string::npos);
  CHECK(std::string(error->what()).find("fill 3") != std::string::npos);
  // The process is none the worse for it.
  const auto good = test::make(test::one_linear(20, 20, 20), crossbar_setup(2, 8, 8));
  CHECK(simulate(*good, {}).complete);
}

TEST_CASE("simulator: prepare and run_experiment agree with the parts", "[sim]") {
  Experiment experiment;
  experiment.workload = "zoo:mobilenet_v2:image=64";
  experiment.hardware = machines()[1].setup.hardware;
  const auto program = prepare(experiment, {});
  const Report report = run_experiment(experiment, {});
  CHECK(difference(report.result, simulate(*program, {})).empty());
  CHECK(report.network_macs == report.result.macs);
  CHECK(report.layers.size() == report.result.operations.size());
  std::int64_t macs = 0;
  for (const LayerReport& layer : report.layers) macs += layer.result.macs;
  CHECK(macs == report.result.macs);
}

TEST_CASE("simulator: an exported schedule gives the same run when it is imported", "[sim]") {
  Experiment experiment;
  experiment.workload = "zoo:mobilenet_v2:image=32";
  experiment.hardware = machines()[0].setup.hardware;
  RunOptions options;
  std::string text;
  options.schedule_sink = [&text](const std::string& json) { text = json; };
  const Report first = run_experiment(experiment, options);
  RunOptions import;
  import.schedule = parse_json(text, "schedule.json");
  CHECK(difference(first.result, run_experiment(experiment, import).result).empty());
}

}  // namespace
}  // namespace podsim
