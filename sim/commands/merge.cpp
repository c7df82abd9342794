// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>
#include <vector>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/commands/progress_bar.hpp"
#include "podsim/sim/commands/sweep_outputs.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/sweep/sweep_merge.hpp"

namespace podsim {
namespace {

constexpr const char* kUsage =
    "Usage: podsim merge -o ALL.h5 SHARD.h5 SHARD.h5 ... [options]\n"
    "\n"
    "Puts the results of podsim sweep --shard i/n together: the same files, byte for byte, as if the whole sweep had\n"
    "been run at once. Neither the spec nor the networks are needed, and the order of the shards does not matter.\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  podsim sweep sizes.json --shard 1/2            on one machine; writes sizes-1-of-2.h5\n"
    "  podsim sweep sizes.json --shard 2/2            on another one\n"
    "  podsim merge sizes-*-of-2.h5 -o sizes.h5 -o sizes.csv\n"
    "\n"
    "Exit codes: 0 all points are good, 1 some are not or have not been run (--partial), 2 bad input: shards are\n"
    "missing, not finished, damaged, or of different sweeps or podsim versions.\n";

constexpr std::size_t kMostFiles = 1'000'000;

}  // namespace

int merge_command(const std::vector<std::string>& arguments) {
  OptionParser parser(kUsage, kExamples, kMostFiles);
  parser.repeated("output,o", "FILE", "write this file, .h5, .hdf5 or .csv; repeatable");
  parser.flag("partial", "points that are missing or not finished are written as \"not_run\"");
  parser.flag("quiet,q", "neither result line nor progress bar");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  const std::vector<std::string>& files = parsed->positional();
  IssueList issues;
  if (files.empty()) {
    issues.add({"command line", {}, "merge needs the files of shards", "podsim merge --help shows an example"});
  }
  if (!parsed->has("output")) issues.add({"command line", {}, "merge needs an output", "-o ALL.h5"});
  issues.throw_if_any();
  std::vector<SweepInput> inputs;
  for (const std::string& file : files) inputs.push_back({file, "is one of the shards"});
  const std::vector<SweepOutput> outputs = checked_sweep_outputs(parsed->values("output"), inputs);

  const bool quiet = parsed->has("quiet");
  SweepMerge merge;
  {
    ProgressBar bar(!quiet);
    for (std::size_t n = 0; n < files.size(); ++n) {
      bar.update_count(static_cast<std::int64_t>(n), static_cast<std::int64_t>(files.size()), "files");
      try {
        merge.add(files[n]);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::bad_input) throw;
        for (const Issue& issue : error.issues()) issues.add(issue);
      }
    }
  }
  issues.throw_if_any();
  const MergedSweep merged = merge.finish(parsed->has("partial"));
  const SweepResult sweep{merged.plan, merged.results};
  write_sweep(outputs, sweep);
  report_bad_points(sweep);
  if (const std::size_t open = sweep.count("not_run"); open > 0) {
    std::cerr << "podsim: " << counted(static_cast<std::int64_t>(open), "point") << " of " << sweep.results.size()
              << " not run\n";
  }
  if (!quiet) report_outputs(sweep, outputs);
  return sweep.count("ok") == sweep.results.size() ? kExitGood : kExitRunFailed;
}

}  // namespace podsim
