// SPDX-License-Identifier: Apache-2.0
// The 84 published runs of "Scale-out Systolic Arrays" (arXiv 2203.11540).
#include <algorithm>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/interrupt.hpp"
#include "podsim/sim/commands/progress_bar.hpp"
#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/published_causes.hpp"
#include "podsim/sim/published_comparison.hpp"
#include "podsim/sim/published_raw_results.hpp"
#include "podsim/sim/studies/study.hpp"

namespace podsim {
namespace {

using published::RawResult;

/// Keeps the runs for which `key` is one of the texts given, if any are.
void filter(std::vector<RawResult>& runs, const Arguments& arguments, const std::string& option,
            const std::function<std::string(const RawResult&)>& key, std::vector<Issue>& issues) {
  const std::vector<std::string> wanted = arguments.values(option);
  if (wanted.empty()) return;
  std::vector<std::string> known;
  for (const RawResult& run : published::raw_results()) {
    if (std::count(known.begin(), known.end(), key(run)) == 0) known.push_back(key(run));
  }
  for (const std::string& text : wanted) {
    if (std::count(known.begin(), known.end(), text) > 0) continue;
    issues.push_back({"--" + option,
                      {},
                      "no published run has \"" + text + "\" (allowed: " + join(known) + ")",
                      did_you_mean(text, known)});
  }
  runs.erase(
      std::remove_if(runs.begin(), runs.end(),
                     [&](const RawResult& run) { return std::count(wanted.begin(), wanted.end(), key(run)) == 0; }),
      runs.end());
}

std::vector<RawResult> chosen_runs(const Arguments& arguments) {
  std::vector<RawResult> runs = published::raw_results();
  std::vector<Issue> issues;
  filter(
      runs, arguments, "network", [](const RawResult& run) { return run.network; }, issues);
  filter(
      runs, arguments, "interconnect", [](const RawResult& run) { return run.interconnect; }, issues);
  filter(
      runs, arguments, "pods", [](const RawResult& run) { return std::to_string(run.pods); }, issues);
  if (arguments.has("causes") && arguments.has("quick")) {
    issues.push_back({"command line", {}, "--causes needs podsim's own machine, which --quick leaves out", {}});
  }
  if (!issues.empty()) throw Error(ErrorKind::bad_input, issues);
  return runs;
}

enum class Format { csv, json };

/// \throws Error (bad_input) if the name tells no format or the file cannot be written
Format checked_format(const std::string& path) {
  if (path.empty()) {
    throw Error(ErrorKind::bad_input, {{"-o", {}, "must be the name of a file or \"-\", got an empty string", {}}});
  }
  if (path == "-") return Format::json;
  // A dot of a folder is none of the file.
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  const std::string extension = dot == std::string::npos ? "" : name.substr(dot + 1);
  if (extension != "csv" && extension != "json") {
    const std::string found =
        extension.empty() ? "has no extension to tell its format" : "unknown output format \"." + extension + "\"";
    throw Error(ErrorKind::bad_input, {{path, {}, found + " (known: .csv, .json)", {}}});
  }
  check_writable(path);
  return extension == "csv" ? Format::csv : Format::json;
}

std::string name_of(const RawResult& run) {
  return run.network + " on " + run.interconnect + " with " + std::to_string(run.pods) + " pods";
}

class PublishedRuns final : public Study {
 public:
  const char* about() const override {
    return "Repeats the 84 published runs of the authors' tool (seven networks at image 299, four interconnects; 32, "
           "128\n"
           "and 256 pods of 32x32 PEs) by its own rules, compares all its figures, and shows beside them how many "
           "cycles\n"
           "podsim's own machine takes. Exit code 0 only if all figures are equal.\n"
           "Ctrl-C stops it and still writes the runs that are done, marked as partial.\n";
  }

  void declare(OptionParser& parser) const override {
    parser.repeated("network", "NAME", "only this network, e.g. resnet50; repeatable");
    parser.repeated("interconnect", "NAME", "only crossbar, butterfly-1, butterfly-2 or benes-copy; repeatable");
    parser.repeated("pods", "N", "only 32, 128 or 256 pods; repeatable");
    parser.flag("quick", "leave out podsim's own machine");
    parser.flag("causes", "say what makes podsim's own machine take other cycles, cause by cause");
    parser.value("output,o", "FILE", "write all figures; .csv or .json, -: JSON on standard output");
    parser.flag("quiet,q", "no table and no progress bar");
  }

  int run(const Arguments& arguments) const override {
    const std::vector<RawResult> runs = chosen_runs(arguments);
    const std::optional<std::string> path = arguments.value("output");
    const Format format = path ? checked_format(*path) : Format::json;
    const bool quiet = arguments.has("quiet") || path == "-";

    const bool explains = arguments.has("causes");
    const Done done = explains ? repeat(runs, quiet,
                                        [](const RawResult& raw, const RunOptions& options, Done& out) {
                                          out.causes.push_back(explain_published(raw, options));
                                        })
                               : repeat(runs, quiet, [&](const RawResult& raw, const RunOptions& options, Done& out) {
                                   out.rows.push_back(compare_with_published(raw, !arguments.has("quick"), options));
                                 });
    if (!quiet) std::cout << (explains ? causes_table(done.causes) : published_table(done.rows));
    if (path && done.count() > 0) {
      const bool csv = format == Format::csv;
      const RunsWanted wanted{runs.size(), done.stopped_because};
      const std::string content = explains ? (csv ? causes_csv(done.causes) : causes_json(done.causes, wanted))
                                           : (csv ? published_csv(done.rows) : published_json(done.rows, wanted));
      if (path == "-") {
        std::cout << content;
      } else {
        write_file(*path, content);
      }
    }
    return verdict(runs.size(), done, path.has_value(), quiet);
  }

 private:
  /// The runs that were done; one of the lists is empty.
  struct Done {
    std::vector<PublishedComparison> rows;
    std::vector<PublishedCauses> causes;
    std::string stopped_because;  ///< empty if nothing stopped them
    std::size_t count() const { return rows.size() + causes.size(); }
  };

  static Done repeat(const std::vector<RawResult>& runs, bool quiet,
                     const std::function<void(const RawResult&, const RunOptions&, Done&)>& one) {
    const InterruptGuard guard;
    RunOptions options;
    options.stop = InterruptGuard::interrupted;
    ProgressBar bar(!quiet);
    if (bar.enabled()) options.progress = [&bar](const RunProgress& progress) { bar.update(progress); };
    Done done;
    for (const RawResult& raw : runs) {
      bar.begin_part(std::to_string(done.count() + 1) + "/" + std::to_string(runs.size()) + " ");
      try {
        one(raw, options, done);
      } catch (const Error&) {
        if (!InterruptGuard::interrupted()) throw;
        done.stopped_because = "interrupted";
        break;
      }
    }
    bar.clear();
    return done;
  }

  static int verdict(std::size_t wanted, const Done& done, bool writes, bool quiet) {
    std::size_t unequal = 0;
    const auto judge = [&unequal](const auto& run) {
      const std::vector<std::string> differences = run.differences();
      if (differences.empty()) return;
      ++unequal;
      std::cerr << "podsim: " << name_of(run.raw) << " differs in " << join(differences)
                << (run.ours.failure.empty() ? "" : ": " + run.ours.failure) << '\n';
    };
    for (const PublishedComparison& row : done.rows) judge(row);
    for (const PublishedCauses& run : done.causes) judge(run);
    if (done.count() < wanted) {
      std::cerr << "podsim: " << done.stopped_because << "; partial: " << done.count() << " of " << wanted << " runs"
                << (writes && done.count() == 0 ? "; nothing is written" : "") << '\n';
      return kExitRunFailed;
    }
    if (!quiet) {
      std::cout << '\n' << wanted - unequal << " of " << wanted << " runs equal the published ones in all figures\n";
    }
    return unequal == 0 ? kExitGood : kExitRunFailed;
  }
};

const Registered<NoParameters> entry{study_registry(), "published",
                                     "84 runs of the authors' tool behind the SOSA paper, to the cycle",
                                     [](const NoParameters&) { return std::make_unique<PublishedRuns>(); }};

}  // namespace
}  // namespace podsim
