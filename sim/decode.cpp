// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/decode.hpp"

#include <algorithm>
#include <utility>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/sim/table.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

bool has_context(const PluginInfo& network) {
  WriteFields parameters;
  network.make_config()->fields(parameters);
  return parameters.result().contains(kContextParameter);
}

Error no_decoder(const std::string& workload) {
  std::vector<std::string> known;
  for (const std::string& name : zoo_registry().names()) {
    if (has_context(*zoo_registry().find(name))) known.push_back("zoo:" + name);
  }
  return Error(ErrorKind::bad_input, {{{},
                                       "/decode_steps",
                                       "\"" + workload +
                                           "\" cannot be decoded: that takes a zoo network with the "
                                           "parameter \"" +
                                           kContextParameter + "\" (allowed: " + join(known) + ")",
                                       did_you_mean(workload.substr(0, workload.find(':', 4)), known)}});
}

/// The workload of each step, all checked.
std::vector<std::pair<std::int64_t, std::string>> steps_of(const Experiment& experiment) {
  if (!is_zoo_source(experiment.workload)) throw no_decoder(experiment.workload);
  PluginConfig network = read_zoo_source(experiment.workload);
  if (!network.parameters.contains(kContextParameter)) throw no_decoder(experiment.workload);
  const auto first = network.parameters[kContextParameter].get<std::int64_t>();
  std::vector<std::pair<std::int64_t, std::string>> out;
  for (std::int64_t step = 0; step < experiment.decode_steps; ++step) {
    network.parameters[kContextParameter] = first + step;
    out.emplace_back(first + step, zoo_source(network));
  }
  try {
    (void)read_zoo_source(out.back().second);
  } catch (const Error& error) {
    throw Error(ErrorKind::bad_input,
                {{{},
                  "/decode_steps",
                  std::to_string(experiment.decode_steps) + " steps from context " + std::to_string(first) +
                      " end at context " + std::to_string(out.back().first) +
                      ", which the network does not have: " + error.issues().front().message,
                  "start with a shorter context or take fewer steps"}});
  }
  return out;
}

}  // namespace

void check_decode(const Experiment& experiment) {
  (void)steps_of(experiment);
}

std::int64_t DecodeRun::cycles() const {
  std::int64_t sum = 0;
  for (const DecodeStep& step : steps) sum += step.cycles;
  return sum;
}

std::int64_t DecodeRun::limit() const {
  std::int64_t sum = 0;
  for (const DecodeStep& step : steps) sum += step.limit;
  return sum;
}

double DecodeRun::joules() const {
  double sum = 0;
  for (const DecodeStep& step : steps) sum += step.joules;
  return sum;
}

double DecodeRun::tokens_per_second(double clock_mhz) const {
  const auto tokens = static_cast<double>(batch) * static_cast<double>(steps.size());
  return cycles() > 0 ? tokens * clock_mhz * 1e6 / static_cast<double>(cycles()) : 0;
}

double DecodeRun::tokens_per_second_limit(double clock_mhz) const {
  const auto tokens = static_cast<double>(batch) * static_cast<double>(steps.size());
  return limit() > 0 ? tokens * clock_mhz * 1e6 / static_cast<double>(limit()) : 0;
}

Report run_decode(const Experiment& experiment, const RunOptions& options) {
  if (options.schedule || options.schedule_sink) {
    throw Error(ErrorKind::bad_input, {{{}, "/decode_steps", "a run of several steps has no single schedule", {}}});
  }
  DecodeRun run;
  Report last;
  HostCost host;
  MachinePool machines;
  for (const auto& [context, workload] : steps_of(experiment)) {
    Experiment step = experiment;
    step.workload = workload;
    step.decode_steps = 0;
    last = run_experiment(step, options, &machines);
    const RunResult& result = last.result;
    run.batch = last.batch;
    host.lowering_seconds += last.host.lowering_seconds;
    host.scheduling_seconds += last.host.scheduling_seconds;
    host.simulation_seconds += last.host.simulation_seconds;
    host.total_seconds += last.host.total_seconds;
    host.peak_memory_bytes = std::max(host.peak_memory_bytes, last.host.peak_memory_bytes);
    if (!result.complete) break;
    run.steps.push_back({context, result.cycles, last.bound.limit(),
                         result.dram.read_bytes + result.dram.written_bytes + result.dram.spilled_bytes,
                         last.energy.total()});
  }
  last.host = host;
  last.experiment = to_json(experiment);
  last.experiment.erase("outputs");
  last.config_hash = config_hash(experiment);
  last.decode = std::move(run);
  return last;
}

Json to_json(const DecodeRun& run, double clock_mhz) {
  Json out = Json::object();
  out["cycles"] = run.cycles();
  out["tokens_per_second"] = run.tokens_per_second(clock_mhz);
  out["tokens_per_second_limit"] = run.tokens_per_second_limit(clock_mhz);
  out["energy_mj"] = run.joules() * 1e3;
  Json& steps = out["steps"] = Json::array();
  for (const DecodeStep& step : run.steps) {
    steps.push_back({{"context", step.context},
                     {"cycles", step.cycles},
                     {"limit_cycles", step.limit},
                     {"dram_bytes", step.dram_bytes},
                     {"energy_mj", step.joules * 1e3}});
  }
  return out;
}

std::string decode_text(const DecodeRun& run, double clock_mhz) {
  const double rate = run.tokens_per_second(clock_mhz);
  const double limit = run.tokens_per_second_limit(clock_mhz);
  std::string out = std::to_string(run.steps.size()) + " tokens, one after the other: " + with_thousands(run.cycles()) +
                    " cycles, " + with_thousands(static_cast<std::int64_t>(rate)) + " tokens/s, " +
                    percent(limit > 0 ? rate / limit : 0) + " of what the lower bounds allow (" +
                    with_thousands(static_cast<std::int64_t>(limit)) + ")\n";
  Table table({Table::Align::right, Table::Align::right, Table::Align::right, Table::Align::right});
  table.row({"context", "cycles", "lower bound", "DRAM traffic"});
  constexpr std::size_t kShown = 16;
  for (std::size_t n = 0; n < run.steps.size(); ++n) {
    if (n == kShown && run.steps.size() > kShown + 1) {
      out += table.text("  ") + "  ... (all of them: JSON report)\n";
      return out + "What follows is the last step.\n";
    }
    const DecodeStep& step = run.steps[n];
    table.row({std::to_string(step.context), with_thousands(step.cycles), with_thousands(step.limit),
               si(static_cast<double>(step.dram_bytes)) + "B"});
  }
  return out + table.text("  ") + "What follows is the last step.\n";
}

}  // namespace podsim
