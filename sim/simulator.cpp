// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/simulator.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "podsim/sim/core/memory_budget.hpp"
#include "podsim/sim/core/poll.hpp"
#include "podsim/sim/core/random.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/workloads/reference_memory.hpp"
#include "podsim/workloads/repeat.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::int64_t peak_memory_bytes() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

struct Prepared {
  std::unique_ptr<Program> program;
  double lowering_seconds = 0;
  double scheduling_seconds = 0;
};

/// The reference of a functional run, on a thread of its own while the machine's work is cut and scheduled.
class Reference {
 public:
  Reference(const Network& network, const FunctionalOptions& options, std::uint64_t seed)
      : run_(std::async(std::launch::async, [&network, given = read_given_values(options), seed, this] {
          const auto start = Clock::now();
          ValuedRun run = value_network(network, given, seed);
          seconds_ = seconds_since(start);
          return run;
        })) {}
  ValuedRun get() { return run_.get(); }
  /// \pre get() has returned
  double seconds() const { return seconds_; }

 private:
  double seconds_ = 0;
  std::future<ValuedRun> run_;
};

Prepared prepare_with_network(const Network& network, const Experiment& experiment, const RunOptions& options) {
  Prepared out;
  const auto start = Clock::now();
  const PollScope interruptible([&options] {
    if (options.stop && options.stop()) throw Error::run_failed("interrupted before the simulation");
  });
  Machine machine(experiment.hardware);
  const auto scheduler = scheduler_registry().make(experiment.mapping.scheduler);
  TilingConfig tiling = experiment.mapping.tiling;
  scheduler->adjust(tiling);
  LoweredNetwork lowered = lower(network, options.max_memory_bytes);
  if (experiment.repeat > 1) lowered = repeated(lowered, experiment.repeat);
  TiledWorkload work = tile(std::move(lowered), machine, tiling, options.max_memory_bytes);
  out.lowering_seconds = seconds_since(start);

  const auto scheduling = Clock::now();
  SchedulerProgress progress;
  if (options.progress || options.stop) {
    progress = [&options](std::int64_t placed, std::int64_t total) {
      if (options.stop && options.stop()) throw Error::run_failed("interrupted while scheduling");
      if (options.progress) options.progress({RunProgress::Phase::scheduling, placed, total, 0});
    };
  }
  Schedule schedule = options.schedule ? schedule_from_json(*options.schedule, work, machine)
                                       : scheduler->schedule(work, machine, progress);
  out.program = std::make_unique<Program>(make_program(std::move(machine), std::move(work), std::move(schedule),
                                                       !options.schedule, experiment.mapping.residency()));
  if (options.schedule_sink) options.schedule_sink(schedule_to_json(out.program->schedule, out.program->work));
  out.scheduling_seconds = seconds_since(scheduling);
  return out;
}

std::vector<std::string> fused_names(const Network& network, const Operation& operation) {
  std::vector<std::string> names;
  for (const int layer : operation.fused_layers) names.push_back(network.layers[static_cast<std::size_t>(layer)].name);
  return names;
}

std::vector<PodGroupReport> pod_group_reports(const Program& program, const RunResult& result) {
  const HardwareConfig& hardware = program.machine.config;
  std::vector<PodGroupReport> out;
  for (int g = 0; g < hardware.pod_group_count(); ++g) {
    const PodConfig& pods = hardware.pod_group(g);
    PodGroupReport& group = out.emplace_back();
    group.name = hardware.pod_group_name(g);
    group.pods = pods.count;
    group.rows = pods.rows;
    group.cols = pods.cols;
    group.array_latency_cycles = pods.array_latency().count();
    for (const GemmTiles& gemm : program.work.gemms) {
      if (gemm.pod_group != g) continue;
      ++group.layers;
      group.macs += result.operations[static_cast<std::size_t>(gemm.operation)].macs;
    }
    const auto first = static_cast<std::size_t>(hardware.first_pod(g));
    for (std::size_t pod = first; pod < first + static_cast<std::size_t>(pods.count); ++pod) {
      group.tile_operations += result.pod_operations[pod];
      group.busy_pod_cycles += result.pod_busy_cycles[pod];
    }
  }
  return out;
}

}  // namespace

std::unique_ptr<Program> prepare(const Experiment& experiment, const RunOptions& options) {
  LoadOptions load;
  load.allow_unmodelled = experiment.allow_unmodelled;
  return prepare_with_network(load_network(experiment.workload, load), experiment, options).program;
}

RunResult simulate(const Program& program, const RunOptions& options, ValuePlane* values) {
  return ElaboratedMachine(program.machine.config, options.probe).run(program, options, values);
}

Report run_experiment(const Experiment& experiment, const RunOptions& options, MachinePool* machines,
                      NetworkCache* networks) {
  if (options.functional && (experiment.decode_steps > 0 || experiment.repeat > 1)) {
    throw Error(ErrorKind::bad_input, {Issue{"--functional", experiment.repeat > 1 ? "/repeat" : "/decode_steps",
                                             "values are computed for a single inference only", "leave it out"}});
  }
  if (options.probe != nullptr && experiment.decode_steps > 0) {
    throw Error(ErrorKind::bad_input,
                {Issue{"--trace", "/decode_steps", "a trace shows a single run only", "leave it out"}});
  }
  if (experiment.decode_steps > 0) return run_decode(experiment, options);
  const auto start = Clock::now();
  const Technology technology = load_technology(experiment.power.technology);
  NetworkCache own(0);
  // Must outlive the reference, which reads it from a thread of its own.
  const auto loaded = (networks != nullptr ? *networks : own).load(experiment.workload, experiment.allow_unmodelled);
  const Network& network = loaded->network;
  std::optional<Reference> reference;
  if (options.functional) {
    const std::int64_t bytes = reference_bytes(network);
    if (bytes > options.max_memory_bytes) {
      throw Error::run_failed("the values of \"" + network.name + "\" need about " + memory_text(bytes) +
                                  "; allowed are " + memory_text(options.max_memory_bytes),
                              "raise --max-memory, or run without --functional");
    }
    reference.emplace(network, *options.functional, experiment.seed);
  }
  const Prepared prepared = prepare_with_network(network, experiment, options);
  const Program& program = *prepared.program;
  if (options.functional && program.schedule.without_finalize) {
    throw Error(ErrorKind::bad_input,
                {Issue{"--functional", "/mapping/scheduler/published",
                       "the published machine has no finalise passes, so that it computes no values",
                       "use the scheduler as it is by default"}});
  }
  Report report;
  ValuedRun expected;
  std::optional<ValuePlane> values;
  if (reference) {
    expected = reference->get();
    report.host.reference_seconds = reference->seconds();
  }
  const auto simulating = Clock::now();
  if (reference) values.emplace(program, network, expected.values);
  ValuePlane* const plane = values ? &*values : nullptr;
  // A machine of the pool was built before anybody wanted to watch.
  report.result = machines != nullptr && options.probe == nullptr
                      ? machines->machine_for(program.machine.config).run(program, options, plane)
                      : simulate(program, options, plane);
  report.host.simulation_seconds = seconds_since(simulating);
  if (values && report.result.complete) {
    report.functional = compare_outputs(network, program.work.network, values->tensors(), expected.outputs.tensors);
    report.functional.weights_file = options.functional->weights_file;
    report.functional.inputs_file = options.functional->inputs_file;
    write_values(*options.functional, network, program.work.network, expected.values, values->tensors());
  }
  report.host.lowering_seconds = prepared.lowering_seconds;
  report.host.scheduling_seconds = prepared.scheduling_seconds;

  const LoweredNetwork& lowered = program.work.network;
  const NetworkTotals totals = network.totals();
  report.experiment = to_json(experiment);
  report.experiment.erase("outputs");
  report.config_hash = config_hash(report.experiment);
  report.workload_hash = loaded->hash;
  report.version = version();
  report.commit = commit();
  report.seed = experiment.seed;
  report.network = network.name;
  report.batch = network.batch;
  report.network_macs = totals.macs;
  report.network_parameters = totals.parameters;
  for (const UnmodelledLayer& layer : lowered.unmodelled)
    report.unmodelled.push_back(layer.name + " (" + layer.op + ")");
  report.assumptions = assumptions(experiment);
  report.assumptions.push_back("energy by technology " + technology.name +
                               (technology.summary.empty() ? "" : ": " + technology.summary));
  report.scheduler = program.schedule.scheduler;
  report.topology = program.machine.topology->describe();
  report.last_main_round = program.schedule.last_main_round();
  report.last_post_round = program.schedule.last_post_round();
  report.pods = experiment.hardware.pod_count();
  report.rows = experiment.hardware.pod_group(0).rows;
  report.cols = experiment.hardware.pod_group(0).cols;
  if (!experiment.hardware.pods.groups.empty()) report.pod_groups = pod_group_reports(program, report.result);
  report.clock_mhz = experiment.hardware.clock_mhz;
  report.energy = run_energy(program.machine, technology, report.result);
  report.technology_hash = technology.hash;
  report.tdp_watts = experiment.power.tdp_watts;
  report.bound = lower_bound(lowered, experiment.hardware, experiment.mapping.residency());
  report.resident_weight_bytes = program.memory.resident_bytes;
  if (experiment.repeat > 1) report.repetition = repetition_of(report.result.operations, experiment.repeat);
  const auto pes = static_cast<double>(experiment.hardware.peak_macs_per_cycle());
  for (std::size_t o = 0; o < lowered.operations.size(); ++o) {
    const Operation& operation = lowered.operations[o];
    LayerReport layer;
    layer.name = operation.name;
    layer.op = op_name(network.layers[static_cast<std::size_t>(operation.layer)].op);
    layer.fused = fused_names(network, operation);
    if (const GemmOperation* work = operation.gemm()) {
      layer.m = work->gemm.m;
      layer.k = work->gemm.k;
      layer.n = work->gemm.n;
      layer.groups = work->gemm.groups;
      if (!report.pod_groups.empty())
        layer.pod_group = program.work.gemms[program.work.tiles_of_operation[o]].pod_group;
    }
    layer.result = report.result.operations[o];
    layer.energy = report.energy.operations[o];
    if (layer.result.cycles > 0) {
      layer.utilization = static_cast<double>(layer.result.macs) / (pes * static_cast<double>(layer.result.cycles));
    }
    report.layers.push_back(std::move(layer));
  }
  report.host.total_seconds = seconds_since(start);
  report.host.peak_memory_bytes = peak_memory_bytes();
  return report;
}

}  // namespace podsim
