// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <iostream>
#include <memory>
#include <utility>

#include "podsim/sim/chrome_trace.hpp"
#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/experiment_input.hpp"
#include "podsim/sim/commands/interrupt.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/commands/progress_bar.hpp"
#include "podsim/sim/compatible_reports.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/sim/summary.hpp"
#include "podsim/sim/writer.hpp"

namespace podsim {
namespace {

constexpr const char* kUsage =
    "Usage: podsim run EXPERIMENT.json [options]\n"
    "       podsim run -w WORKLOAD [-c CONFIG] [options]\n"
    "\n"
    "Simulates a network on a machine and prints a summary. What is not given has a default:\n"
    "the machine is preset:sosa-256x32x32-butterfly2.\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  podsim run -w zoo:resnet50:image=299 --layers\n"
    "  podsim run -w net.json -c preset:tpuv1 -o run.json -o layers.csv\n"
    "  podsim run experiment.json --set /hardware/interconnect=crossbar -q -o -\n"
    "  podsim run -w zoo:bert_base -o - --format csv | column -s, -t | less -S\n"
    "\n"
    "Ctrl-C stops the run and still writes what there is, marked as partial; a second Ctrl-C kills it.\n"
    "Exit codes: 0 good, 1 the run failed or was stopped, 2 bad input.\n";

/// A report file to write.
struct Output {
  std::string path;
  std::string format;
};

/// Writes where `-` is standard output.
void put(const std::string& path, const std::string& content) {
  if (path == "-") {
    std::cout << content << std::flush;
  } else {
    write_file(path, content);
  }
}

/// A schedule says who made it. A scheduler that is asked for beside it would not be heard.
void check_scheduler(const Arguments& arguments, const Experiment& experiment, const JsonDocument& schedule) {
  const std::vector<std::string> assignments = arguments.values("set");
  const bool asks = std::any_of(assignments.begin(), assignments.end(), [](const std::string& assignment) {
    return assignment.compare(0, std::strlen("/mapping/scheduler"), "/mapping/scheduler") == 0;
  });
  if (!asks || !schedule.root.is_object()) return;
  const auto maker = schedule.root.find("scheduler");
  if (maker == schedule.root.end() || !maker->is_string() || *maker == experiment.mapping.scheduler.type) return;
  throw Error(ErrorKind::bad_input,
              {{"command line",
                {},
                "--set /mapping/scheduler asks for \"" + experiment.mapping.scheduler.type +
                    "\", but --schedule-in brings a schedule by \"" + maker->get<std::string>() + "\"",
                "leave one of them out"}});
}

/// Looks for everything that could go wrong with the outputs once the run is over.
std::vector<Output> checked_outputs(const Experiment& experiment, const Arguments& arguments) {
  const std::string format = arguments.value("format").value_or("");
  std::vector<Issue> issues;
  if (arguments.has("format") && writer_registry().find(format) == nullptr) {
    Issue issue = writer_registry().unknown(format);
    issue.file = "--format";
    throw Error(ErrorKind::bad_input, {issue});
  }
  std::vector<Output> outputs;
  auto check = [&issues](auto body) {
    try {
      body();
    } catch (const Error& error) {
      issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    }
  };
  for (const std::string& path : experiment.outputs) {
    check([&] {
      outputs.push_back({path, output_format(path, format)});
      if (path != "-") check_writable(path);
    });
  }
  if (const auto path = arguments.value("trace")) {
    check([&path = *path] {
      if (path != "-") check_writable(path);
    });
  }
  if (const auto path = arguments.value("schedule-out")) {
    check([&path = *path] {
      if (path != "-") check_writable(path);
    });
  }
  if (!issues.empty()) throw Error(ErrorKind::bad_input, std::move(issues));
  return outputs;
}

std::optional<FunctionalOptions> functional_options(const Arguments& arguments) {
  if (!arguments.has("functional")) {
    for (const char* option : {"weights", "inputs", "dump-outputs", "dump-weights"}) {
      if (arguments.has(option)) {
        throw Error(ErrorKind::bad_input,
                    {{"command line",
                      {},
                      "--" + std::string(option) + " needs --functional: only then values are computed",
                      {}}});
      }
    }
    return std::nullopt;
  }
  FunctionalOptions options;
  options.weights_file = arguments.value("weights").value_or("");
  options.inputs_file = arguments.value("inputs").value_or("");
  options.outputs_to = arguments.value("dump-outputs").value_or("");
  options.weights_to = arguments.value("dump-weights").value_or("");
  for (const std::string* path : {&options.outputs_to, &options.weights_to}) {
    if (!path->empty()) check_writable(*path);
  }
  return options;
}

/// "FIRST:LAST", in cycles; either may be left out.
TraceOptions trace_options(const Arguments& arguments) {
  TraceOptions out;
  const auto window = arguments.value("trace-window");
  if (!window) return out;
  if (!arguments.has("trace")) {
    throw Error(ErrorKind::bad_input,
                {{"command line", {}, "--trace-window needs --trace: it says what is traced", {}}});
  }
  const std::size_t colon = window->find(':');
  const auto cycle = [](const std::string& text, std::int64_t& value) {
    const bool is_number = text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && !text.empty()) value = std::stoll(text);
    return is_number;
  };
  const bool is_good = colon != std::string::npos && window->size() > 1 &&
                       cycle(window->substr(0, colon), out.first_cycle) &&
                       cycle(window->substr(colon + 1), out.last_cycle) && out.first_cycle <= out.last_cycle;
  if (!is_good) {
    throw Error(ErrorKind::bad_input,
                {{"--trace-window",
                  {},
                  "must be FIRST:LAST, two cycles of which the first is not the larger, got \"" + *window + "\"",
                  "--trace-window 1000:2000"}});
  }
  return out;
}

/// The reports of other simulators that were asked for.
std::vector<CompatibleOutput> checked_compatible_outputs(const Arguments& arguments) {
  std::vector<CompatibleOutput> out;
  for (const std::string& argument : arguments.values("compat")) out.push_back(compatible_output(argument));
  return out;
}

/// A file that the run would write.
struct ResultFile {
  std::string writer;  ///< the option that asks for it, or "an output"
  std::string path;
};

/// Everything the run would write, but what goes to standard output.
std::vector<ResultFile> result_files(const Experiment& experiment, const Arguments& arguments,
                                     const std::vector<CompatibleOutput>& compatible, std::vector<Issue>& issues) {
  std::vector<ResultFile> files;
  auto add = [&files](const std::string& writer, const std::string& path) {
    if (path != "-") files.push_back({writer, path});
  };
  for (const std::string& path : experiment.outputs) add("an output", path);
  for (const char* option : {"schedule-out", "trace", "dump-outputs", "dump-weights"}) {
    const auto path = arguments.value(option);
    if (!path) continue;
    add("--" + std::string(option), *path);
    if (*path == "-" && std::strcmp(option, "schedule-out") != 0) {
      issues.push_back({"--" + std::string(option), {}, "cannot be written to standard output", {}});
    }
  }
  for (const CompatibleOutput& output : compatible) {
    for (const std::string& path : output.paths) add("--compat", path);
  }
  return files;
}

/// A run must not replace what it was made of, nor one result by another.
void check_distinct(const Experiment& experiment, const Arguments& arguments,
                    const std::vector<CompatibleOutput>& compatible) {
  std::vector<std::string> inputs = arguments.positional();
  for (const std::string& workload : experiment.workloads()) inputs.push_back(workload);
  for (const char* option : {"config", "schedule-in", "weights", "inputs"}) {
    inputs.push_back(arguments.value(option).value_or("-"));
  }
  std::vector<Issue> issues;
  const std::vector<ResultFile> files = result_files(experiment, arguments, compatible, issues);
  for (std::size_t n = 0; n < files.size(); ++n) {
    const auto& [writer, path] = files[n];
    for (const std::string& input : inputs) {
      if (input == "-" || input.empty() || !is_same_file(input, path)) continue;
      issues.push_back({path, {}, "is an input of this run (" + input + "); writing it would replace that", {}});
      break;
    }
    for (std::size_t before = 0; before < n; ++before) {
      const auto& [other, written] = files[before];
      if (!is_same_file(written, path)) continue;
      const std::string other_name = written == path ? "" : ", under the name \"" + written + "\"";
      issues.push_back({writer, {}, "\"" + path + "\" is written by " + other + ", too" + other_name, {}});
      break;
    }
  }
  if (!issues.empty()) throw Error(ErrorKind::bad_input, std::move(issues));
}

std::unique_ptr<Writer> writer_for(const Output& output) {
  return writer_registry().make({output.format, Json::object()});
}

bool uses_standard_output(const std::vector<Output>& outputs, const Arguments& arguments) {
  for (const Output& output : outputs) {
    if (output.path == "-") return true;
  }
  return arguments.value("schedule-out") == std::optional<std::string>("-");
}

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  OptionParser parser(kUsage, kExamples, 1);
  add_experiment_options(parser);
  parser.repeated(
      "output,o", "FILE",
      "write the report; .json: everything, .csv: one row per layer, .h5 or .hdf5: everything and every round, "
      "-: standard output; repeatable; "
      "replaces the outputs of the experiment");
  parser.repeated("compat", "NAME[=FOLDER]",
                  "write the report files of another simulator into FOLDER (default: the working directory); "
                  "scalesim: COMPUTE_REPORT.csv, BANDWIDTH_REPORT.csv, DETAILED_ACCESS_REPORT.csv");
  parser.value("format", "FORMAT", "format of - (default json) and of files without extension");
  parser.flag("layers", "add a table of the layers to the summary");
  parser.flag("quiet,q", "no summary and no progress bar");
  parser.value("schedule-out", "FILE", "write the schedule as JSON");
  parser.value("schedule-in", "FILE", "take this schedule instead of making one");
  parser.value("trace", "FILE", "write what pods, fabrics, post-processors and DRAM do as a trace for Perfetto (JSON)");
  parser.value("trace-window", "FIRST:LAST", "with --trace: these cycles only");
  parser.flag("functional", "compute the network's values on the way and compare them with a reference, bit for bit");
  parser.value("weights", "FILE", "with --functional: weights as .h5 or .npz; what is not in it is seeded");
  parser.value("inputs", "FILE", "with --functional: inputs as .h5 or .npz; what is not in it is seeded");
  parser.value("dump-outputs", "FILE", "with --functional: write outputs and inputs as .h5");
  parser.value("dump-weights", "FILE", "with --functional: write all the network computed with as .h5");
  parser.value("max-cycles", "N", "stop after N cycles with a partial result; exit code 1");
  parser.value("max-memory", "SIZE", "refuse work that would need more, e.g. 512M; default 4GiB");
  parser.value("jobs,j", "N", "for scripts that pass it on; one run uses one core");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;

  RunOptions options;
  options.max_cycles = parsed->integer("max-cycles", 1).value_or(0);
  options.max_memory_bytes = parsed->size("max-memory").value_or(options.max_memory_bytes);
  (void)parsed->integer("jobs", 1, 4096);
  const Experiment experiment = experiment_input(*parsed);
  require_workload(experiment);
  const std::vector<Output> outputs = checked_outputs(experiment, *parsed);
  options.functional = functional_options(*parsed);
  const std::vector<CompatibleOutput> compatible = checked_compatible_outputs(*parsed);
  for (const CompatibleOutput& output : compatible) check_compatible(output, experiment.hardware);
  check_distinct(experiment, *parsed, compatible);
  for (const Output& output : outputs) options.record_rounds |= writer_for(output)->wants_rounds();
  if (const auto path = parsed->value("schedule-in")) {
    options.schedule = read_json_file(*path);
    check_scheduler(*parsed, experiment, *options.schedule);
  }
  if (const auto path = parsed->value("schedule-out")) {
    options.schedule_sink = [path = *path](const std::string& text) { put(path, text); };
  }
  ChromeTrace trace(trace_options(*parsed));
  if (parsed->has("trace")) options.probe = &trace;
  const bool quiet = parsed->has("quiet");

  const InterruptGuard guard;
  options.stop = InterruptGuard::interrupted;
  Report report;
  {
    ProgressBar bar(!quiet);
    if (bar.enabled()) options.progress = [&bar](const RunProgress& progress) { bar.update(progress); };
    report = run_experiment(experiment, options);
  }
  for (const Output& output : outputs) {
    put(output.path, writer_for(output)->content(report));
  }
  if (const auto path = parsed->value("trace")) put(*path, trace.text());
  for (const CompatibleOutput& output : compatible) write_compatible(output, report);
  if (!quiet && !uses_standard_output(outputs, *parsed)) {
    std::cout << summary_text(report);
    if (parsed->has("layers")) std::cout << '\n' << layer_table(report);
  }
  if (!report.functional.is_equal()) {
    throw Error::internal(
        "values", "the machine's outputs are not those of the reference: " + report.functional.outputs.front().first);
  }
  if (report.result.complete) return kExitGood;
  std::cerr << "podsim: the result is partial: " << report.result.stopped_because << '\n';
  if (options.functional) std::cerr << "podsim: values were neither compared nor written\n";
  return kExitRunFailed;
}

}  // namespace podsim
