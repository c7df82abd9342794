// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/interrupt.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/commands/progress_bar.hpp"
#include "podsim/sim/commands/sweep_outputs.hpp"
#include "podsim/sim/commands/worker_pool.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/version.hpp"
#include "podsim/sim/run_options.hpp"
#include "podsim/sim/sweep/finished_sweep.hpp"
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
    "  podsim sweep sizes.json --shard 2/8            one of eight machines; writes sizes-2-of-8.h5 (podsim merge)\n"
    "\n"
    "A point that fails or takes too long is recorded and the others go on. What is finished is kept in a journal\n"
    "beside the first output until all is written. Exit codes: 0 all points are good, 1 some are not or the sweep\n"
    "was stopped, 2 bad input.\n";

constexpr const char* kJournalSuffix = ".journal";

/// What the command line asks for, or a name made from that of the spec.
std::vector<std::string> output_paths(const Arguments& arguments, const std::string& spec,
                                      const std::optional<SweepShard>& shard) {
  std::vector<std::string> paths = arguments.values("output");
  if (paths.empty()) {
    const std::string name = spec.substr(spec.rfind('/') + 1);
    const std::string stem = spec == "-" ? "sweep" : name.substr(0, name.size() - extension_of(name).size());
    const std::string part =
        shard ? "-" + std::to_string(shard->number) + "-of-" + std::to_string(shard->count) : std::string();
    paths.push_back(stem + part + ".h5");
  }
  return paths;
}

/// The files that the sweep reads.
std::vector<SweepInput> inputs_of(const SweepPlan& plan, const std::string& spec) {
  std::vector<SweepInput> out;
  if (spec != "-") out.push_back({spec, "is the spec of the sweep"});
  std::set<std::string> workloads;
  for (const SweepPoint& point : plan.points) workloads.insert(point.workload);
  for (const std::string& workload : workloads) out.push_back({workload, "is a workload of the sweep"});
  return out;
}

class Sweep {
 public:
  Sweep(const Arguments& arguments, const SweepPlan& plan, const std::optional<SweepShard>& shard,
        std::vector<SweepOutput> outputs)
      : plan_(plan), outputs_(std::move(outputs)), quiet_(arguments.has("quiet")), result_{plan, {}, shard} {
    const auto cores = static_cast<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()));
    workers_ = static_cast<std::size_t>(arguments.integer("workers", 1, 1024).value_or(cores));
    if (const auto seconds = arguments.integer("timeout", 1, 10'000'000)) timeout_ = std::chrono::seconds(*seconds);
    result_.max_memory_bytes = arguments.size("max-memory").value_or(RunOptions{}.max_memory_bytes);
    mode_ = arguments.has("resume") ? SweepJournal::Mode::resume : SweepJournal::Mode::fresh;
    result_.results.resize(plan.points.size());
  }

  int run() {
    const std::string journal_path = outputs_.front().path + kJournalSuffix;
    if (mode_ == SweepJournal::Mode::resume && ::access(journal_path.c_str(), F_OK) != 0) {
      if (const auto finished = finished_outputs()) {
        if (!quiet_) std::cout << printable(outputs_.front().path) << " holds all points already\n";
        return finished->points_ok == finished->points ? kExitGood : kExitRunFailed;
      }
    }
    SweepJournal journal(journal_path,
                         {{"format", "podsim-sweep-journal"},
                          {"schema", 1},
                          {"version", version()},
                          {"commit", commit()},
                          {"max_memory_bytes", result_.max_memory_bytes},
                          {"shard", result_.shard.value_or(SweepShard{}).text()},
                          {"sweep_hash", plan_.hash}},
                         mode_);
    const std::vector<std::size_t> open = open_points(journal);
    const InterruptGuard guard;
    simulate(open, journal);
    return conclude(journal);
  }

 private:
  /// What is in the outputs, if all of them hold everything.
  std::optional<FinishedSweep> finished_outputs() const {
    std::optional<FinishedSweep> out;
    for (const SweepOutput& output : outputs_) {
      out = finished_sweep(output.path, output.is_csv, plan_, result_.shard);
      if (!out) break;
    }
    return out;
  }

  /// Takes over what is known already.
  /// \return the points that have to be simulated
  std::vector<std::size_t> open_points(const SweepJournal& journal) {
    std::vector<std::size_t> open;
    for (const std::size_t n : result_.points()) {
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
    Json limits{{"max_memory_bytes", result_.max_memory_bytes}};
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
    const auto total = static_cast<std::int64_t>(result_.points().size());
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
    if (writes) write_files();
    if (complete || finished_ == 0) journal.remove();

    report_bad_points(result_);
    const std::size_t points = result_.points().size();
    if (!complete) {
      const std::size_t open = result_.count("not_run");
      std::cerr << "podsim: interrupted; " << counted(static_cast<std::int64_t>(open), "point") << " of " << points
                << (writes ? " not run; --resume goes on" : " not run; nothing is written") << '\n';
      return kExitRunFailed;
    }
    if (!quiet_) report_outputs(result_, outputs_);
    return result_.count("ok") == points ? kExitGood : kExitRunFailed;
  }

  void write_files() const {
    try {
      write_sweep(outputs_, result_);
    } catch (const Error& error) {
      std::vector<Issue> issues = error.issues();
      for (Issue& issue : issues) {
        issue.hint = "what is finished is safe in " + outputs_.front().path + kJournalSuffix + "; --resume goes on";
      }
      throw Error(error.kind(), issues);
    }
  }

  const SweepPlan& plan_;
  std::vector<SweepOutput> outputs_;
  bool quiet_;
  std::size_t workers_ = 1;
  std::optional<std::chrono::seconds> timeout_;
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
  parser.value("shard", "i/n", "only every n-th point, from the i-th on; podsim merge puts the shards together");
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
  std::optional<SweepShard> shard;
  if (const auto text = parsed->value("shard")) shard = parse_shard(*text);
  const SweepPlan plan = make_sweep_plan(read_sweep_spec(read_json_file(file)));
  std::vector<SweepOutput> outputs =
      checked_sweep_outputs(output_paths(*parsed, file, shard), inputs_of(plan, file), kJournalSuffix);
  if (shard && std::all_of(outputs.begin(), outputs.end(), [](const SweepOutput& each) { return each.is_csv; })) {
    throw Error(ErrorKind::bad_input, {{"-o", {}, "must name an HDF5 file with --shard: a CSV cannot be merged", {}}});
  }
  return Sweep(*parsed, plan, shard, std::move(outputs)).run();
}

}  // namespace podsim
