// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/interrupt.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/commands/progress_bar.hpp"
#include "podsim/sim/commands/worker_pool.hpp"
#include "podsim/sim/core/hdf5_file.hpp"
#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/sim/run_options.hpp"
#include "podsim/sim/sweep/journal.hpp"
#include "podsim/sim/sweep/sweep_result.hpp"

namespace podsim {
namespace {

constexpr const char* kUsage =
    "Usage: podsim sweep SPEC.json [options]\n"
    "\n"
    "Simulates every combination of the values that the spec lists and writes one row per point.\n"
    "\n"
    "  {\"base\": {\"hardware\": {\"preset\": \"sosa-256x32x32-butterfly2\"}},\n"
    "   \"workloads\": [\"zoo:resnet50\", \"zoo:bert_base\"],\n"
    "   \"axes\": {\"/hardware/pods/rows\": [16, 32, 64], \"/hardware/pods/count\": [64, 128, 256]},\n"
    "   \"zip\": [{\"/hardware/banks/count\": [64, 128], \"/hardware/banks/capacity_kib\": [512, 256]}],\n"
    "   \"derived\": {\"/hardware/pods/cols\": \"{/hardware/pods/rows}\"},\n"
    "   \"filters\": [\"{/hardware/pods/count} * {/hardware/pods/rows} * {/hardware/pods/cols} <= 262144\"]}\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  podsim sweep sizes.json                        writes sizes.h5\n"
    "  podsim sweep sizes.json -o sizes.h5 -o sizes.csv --workers 8 --timeout 600\n"
    "  podsim sweep sizes.json --resume               after Ctrl-C, a crash or a reboot\n"
    "\n"
    "A point that fails or takes too long is recorded and the others go on. What is finished is kept in a journal\n"
    "beside the first output until all is written. Exit codes: 0 all points are good, 1 some are not or the sweep\n"
    "was stopped, 2 bad input.\n";

struct Output {
  std::string path;
  bool is_csv = false;
};

std::string extension_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(dot);
}

std::string journal_path(const std::vector<Output>& outputs) {
  return outputs.front().path + ".journal";
}

/// \throws Error (bad_input) with all that is wrong with them
std::vector<Output> checked_outputs(const Arguments& arguments, const std::string& spec) {
  std::vector<std::string> paths = arguments.values("output");
  if (paths.empty()) {
    const std::string name = spec.substr(spec.rfind('/') + 1);
    paths.push_back((spec == "-" ? "sweep" : name.substr(0, name.size() - extension_of(name).size())) + ".h5");
  }
  IssueList issues;
  std::vector<Output> out;
  for (const std::string& path : paths) {
    const std::string extension = extension_of(path);
    if (path.empty() || path == "-") {
      issues.add({"-o", {}, "must be the name of a file, got \"" + path + "\"", {}});
    } else if (extension != ".h5" && extension != ".hdf5" && extension != ".csv") {
      issues.add(
          {path,
           {},
           (extension.empty() ? "has no extension to tell its format" : "unknown output format \"" + extension + "\"") +
               std::string(" (known: .csv, .h5, .hdf5)"),
           did_you_mean(extension, {".csv", ".h5", ".hdf5"})});
    } else if (spec != "-" && is_same_file(path, spec)) {
      issues.add({path, {}, "is the spec of the sweep; the result would replace it", {}});
    } else if (std::any_of(out.begin(), out.end(),
                           [&](const Output& other) { return is_same_file(path, other.path); })) {
      issues.add({path, {}, "is written twice", {}});
    } else {
      out.push_back({path, extension == ".csv"});
    }
  }
  issues.throw_if_any();
  std::vector<std::string> written{journal_path(out)};
  for (const Output& output : out) written.push_back(output.path);
  for (const std::string& path : written) {
    try {
      check_writable(path);
    } catch (const Error& error) {
      for (const Issue& issue : error.issues()) issues.add(issue);
    }
  }
  issues.throw_if_any();
  return out;
}

/// The file holds all of this sweep already.
bool is_finished(const Output& output, const SweepPlan& plan) {
  if (output.is_csv || ::access(output.path.c_str(), R_OK) != 0) return false;
  try {
    const Hdf5Reader reader(read_text_file(output.path), output.path);
    bool complete = false;
    bool same = false;
    bool same_version = false;
    for (const auto& [name, value] : reader.attributes("/")) {
      if (name == "complete") complete = value == Hdf5Scalar(true);
      if (name == "sweep_hash") same = value == Hdf5Scalar(plan.hash);
      if (name == "commit") same_version = value == Hdf5Scalar(std::string(commit()));
    }
    return complete && same && same_version;
  } catch (const Error&) {
    return false;  // something else, which a sweep may replace
  }
}

class Sweep {
 public:
  Sweep(const Arguments& arguments, const SweepPlan& plan, std::vector<Output> outputs)
      : plan_(plan), outputs_(std::move(outputs)), quiet_(arguments.has("quiet")), result_{plan, {}} {
    const auto cores = static_cast<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()));
    workers_ = static_cast<std::size_t>(arguments.integer("workers", 1, 1024).value_or(cores));
    if (const auto seconds = arguments.integer("timeout", 1, 10'000'000)) timeout_ = std::chrono::seconds(*seconds);
    max_memory_bytes_ = arguments.size("max-memory").value_or(RunOptions{}.max_memory_bytes);
    mode_ = arguments.has("resume") ? SweepJournal::Mode::resume : SweepJournal::Mode::fresh;
    result_.results.resize(plan.points.size());
  }

  int run() {
    if (mode_ == SweepJournal::Mode::resume && ::access(journal_path(outputs_).c_str(), F_OK) != 0 &&
        std::all_of(outputs_.begin(), outputs_.end(), [this](const Output& o) { return is_finished(o, plan_); })) {
      if (!quiet_) std::cout << outputs_.front().path << " holds all points already\n";
      return kExitGood;
    }
    SweepJournal journal(journal_path(outputs_),
                         {{"format", "podsim-sweep-journal"},
                          {"schema", 1},
                          {"version", version()},
                          {"commit", commit()},
                          {"max_memory_bytes", max_memory_bytes_},
                          {"sweep_hash", plan_.hash}},
                         mode_);
    const std::vector<std::size_t> open = open_points(journal);
    const InterruptGuard guard;
    simulate(open, journal);
    return conclude(journal);
  }

 private:
  /// Takes over what is known already.
  /// \return the points that have to be simulated
  std::vector<std::size_t> open_points(const SweepJournal& journal) {
    std::vector<std::size_t> open;
    for (std::size_t n = 0; n < plan_.points.size(); ++n) {
      const auto entry = journal.entries().find(static_cast<std::int64_t>(n));
      if (!plan_.points[n].problem.empty()) {
        result_.results[n] = {"bad_input", plan_.points[n].problem, Json::object()};
      } else if (entry != journal.entries().end()) {
        result_.results[n] = point_result(entry->second);
        ++finished_;
      } else {
        open.push_back(n);
      }
    }
    return open;
  }

  std::string request(std::size_t n) const {
    Json limits{{"max_memory_bytes", max_memory_bytes_}};
    if (plan_.max_cycles > 0) limits["max_cycles"] = plan_.max_cycles;
    const std::string rest = limits.dump();
    return R"({"id":)" + std::to_string(n) + R"(,"report":"brief","experiment":)" + plan_.points[n].configuration +
           "," + rest.substr(1);
  }

  PointResult result_of(const WorkerAnswer& answer) const {
    switch (answer.kind) {
      case WorkerAnswer::Kind::crashed:
        return {"crashed", answer.message, Json::object()};
      case WorkerAnswer::Kind::timeout:
        return {"timeout", "took longer than " + std::to_string(timeout_->count()) + " s", Json::object()};
      case WorkerAnswer::Kind::answered:
        break;
    }
    return result_of_answer(answer.answer);
  }

  void simulate(const std::vector<std::size_t>& open, SweepJournal& journal) {
    const auto total = static_cast<std::int64_t>(plan_.points.size());
    std::int64_t done = total - static_cast<std::int64_t>(open.size());
    ProgressBar bar(!quiet_);
    WorkerPool::Options options;
    options.workers = workers_;
    if (timeout_) options.timeout = *timeout_;
    options.stop = InterruptGuard::interrupted;
    options.tick = [&] { bar.update_count(done, total, "points"); };
    WorkerPool pool(options);
    pool.run(
        open, [this](std::size_t n) { return request(n); },
        [&](std::size_t n, const WorkerAnswer& answer) {
          PointResult result = result_of(answer);
          journal.append(to_json(n, result));
          result_.results[n] = std::move(result);
          ++done;
          ++finished_;
        });
  }

  /// Writes the files and says what became of the points.
  int conclude(SweepJournal& journal) {
    const bool complete = result_.is_complete();
    const bool writes = complete || finished_ > 0;
    if (writes) {
      std::vector<NamedContent> files;
      for (const Output& output : outputs_) {
        files.push_back({output.path, output.is_csv ? sweep_csv(result_) : sweep_hdf5(result_)});
      }
      write_files(files);
    }
    if (complete || finished_ == 0) journal.remove();

    const std::size_t good = result_.count("ok");
    report_bad_points();
    if (!complete) {
      const std::size_t open = result_.count("not_run");
      std::cerr << "podsim: interrupted; " << counted(static_cast<std::int64_t>(open), "point") << " of "
                << plan_.points.size() << (writes ? " not run; --resume goes on" : " not run; nothing is written")
                << '\n';
      return kExitRunFailed;
    }
    if (!quiet_) {
      std::cout << good << " of " << counted(static_cast<std::int64_t>(plan_.points.size()), "point") << " ok";
      for (const Output& output : outputs_) std::cout << ", " << printable(output.path);
      std::cout << '\n';
    }
    return good == plan_.points.size() ? kExitGood : kExitRunFailed;
  }

  void report_bad_points() const {
    constexpr std::size_t kShown = 10;
    std::size_t bad = 0;
    for (std::size_t n = 0; n < result_.results.size(); ++n) {
      const PointResult& result = result_.results[n];
      if (result.status == "ok" || result.status == "not_run" || ++bad > kShown) continue;
      const std::string where = label(plan_, plan_.points[n]);
      std::cerr << "podsim: point " << n << (where.empty() ? "" : " (" + printable(where) + ")") << ": "
                << result.status << (result.message.empty() ? "" : ": " + printable(result.message)) << '\n';
    }
    if (bad > kShown) std::cerr << "podsim: and " << bad - kShown << " more; see the column status\n";
  }

  const SweepPlan& plan_;
  std::vector<Output> outputs_;
  bool quiet_;
  std::size_t workers_ = 1;
  std::optional<std::chrono::seconds> timeout_;
  std::int64_t max_memory_bytes_ = 0;
  SweepJournal::Mode mode_ = SweepJournal::Mode::fresh;
  SweepResult result_;
  std::size_t finished_ = 0;  ///< points that were simulated, now or before
};

}  // namespace

int sweep_command(const std::vector<std::string>& arguments) {
  OptionParser parser(kUsage, kExamples, 1);
  parser.repeated("output,o", "FILE",
                  "write this file, .h5, .hdf5 or .csv; repeatable; default: the spec's name with .h5");
  parser.value("workers", "N", "simulate N points at a time, each in a process of its own; default: one per core");
  parser.flag("resume", "go on where a sweep was stopped or killed; what is finished is not repeated");
  parser.value("timeout", "SECONDS", "give up on a point that takes longer; it is recorded as \"timeout\"");
  parser.value("max-memory", "SIZE", "each worker refuses work that would need more: 512M, 4GiB (default)");
  parser.flag("quiet,q", "neither result line nor progress bar");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  if (parsed->positional().empty()) {
    throw Error(ErrorKind::bad_input, {{"command line", {}, "sweep needs a spec", "podsim sweep --help shows one"}});
  }
  const std::string& file = parsed->positional().front();
  const SweepPlan plan = make_sweep_plan(read_sweep_spec(read_json_file(file)));
  std::vector<Output> outputs = checked_outputs(*parsed, file);
  return Sweep(*parsed, plan, std::move(outputs)).run();
}

}  // namespace podsim
