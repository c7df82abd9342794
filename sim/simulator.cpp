// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/simulator.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "podsim/models/energy/technology.hpp"
#include "podsim/sim/core/memory_budget.hpp"
#include "podsim/sim/preparation.hpp"
#include "podsim/sim/run_report.hpp"
#include "podsim/sim/tenancy/run_tenants.hpp"
#include "podsim/workloads/reference_memory.hpp"
#include "podsim/workloads/repeat.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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
  const auto start = Clock::now();
  LoweredNetwork lowered = lower(network, options.max_memory_bytes);
  if (experiment.repeat > 1) lowered = repeated(lowered, experiment.repeat);
  const double seconds = seconds_since(start);
  Prepared out = prepare_lowered(std::move(lowered), experiment.hardware, experiment.mapping, options);
  out.lowering_seconds += seconds;
  return out;
}

}  // namespace

std::unique_ptr<Program> prepare(const Experiment& experiment, const RunOptions& options) {
  if (!experiment.tenants.empty()) return prepare_tenants(experiment, options);
  LoadOptions load;
  load.allow_unmodelled = experiment.allow_unmodelled;
  return prepare_with_network(load_network(experiment.workload, load), experiment, options).program;
}

RunResult simulate(const Program& program, const RunOptions& options, ValuePlane* values) {
  return ElaboratedMachine(program.machine.config, options.probe).run(program, options, values);
}

Report run_experiment(const Experiment& experiment, const RunOptions& options, MachinePool* machines,
                      NetworkCache* networks) {
  if (options.functional && (experiment.decode_steps > 0 || experiment.repeat > 1 || !experiment.tenants.empty())) {
    const char* key = experiment.repeat > 1 ? "/repeat" : experiment.decode_steps > 0 ? "/decode_steps" : "/tenants";
    throw Error(ErrorKind::bad_input,
                {Issue{"--functional", key, "values are computed for a single inference only", "leave it out"}});
  }
  if (options.probe != nullptr && (experiment.decode_steps > 0 || !experiment.tenants.empty())) {
    const char* key = experiment.decode_steps > 0 ? "/decode_steps" : "/tenants";
    throw Error(ErrorKind::bad_input, {Issue{"--trace", key, "a trace shows a single run only", "leave it out"}});
  }
  if (!experiment.tenants.empty()) return run_tenants(experiment, options, machines, networks);
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
  describe_run(report, experiment, {loaded.get()}, program, technology);
  report.host.total_seconds = seconds_since(start);
  report.host.peak_memory_bytes = peak_memory_bytes();
  return report;
}

}  // namespace podsim
