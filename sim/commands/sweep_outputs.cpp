// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/sweep_outputs.hpp"

#include <algorithm>
#include <iostream>

#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {

std::string extension_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(dot);
}

std::vector<SweepOutput> checked_sweep_outputs(const std::vector<std::string>& paths,
                                               const std::vector<SweepInput>& inputs, const std::string& also) {
  IssueList issues;
  std::vector<SweepOutput> out;
  for (const std::string& path : paths) {
    const std::string extension = extension_of(path);
    const auto input = std::find_if(inputs.begin(), inputs.end(),
                                    [&path](const SweepInput& each) { return is_same_file(path, each.path); });
    if (path.empty() || path == "-") {
      issues.add({"-o", {}, "must be the name of a file, got \"" + path + "\"", {}});
    } else if (extension != ".h5" && extension != ".hdf5" && extension != ".csv") {
      issues.add(
          {path,
           {},
           (extension.empty() ? "has no extension to tell its format" : "unknown output format \"" + extension + "\"") +
               std::string(" (known: .csv, .h5, .hdf5)"),
           did_you_mean(extension, {".csv", ".h5", ".hdf5"})});
    } else if (input != inputs.end()) {
      issues.add({path, {}, input->what + "; the result would replace it", {}});
    } else if (std::any_of(out.begin(), out.end(),
                           [&](const SweepOutput& other) { return is_same_file(path, other.path); })) {
      issues.add({path, {}, "is written twice", {}});
    } else {
      out.push_back({path, extension == ".csv"});
    }
  }
  issues.throw_if_any();
  std::vector<std::string> written;
  if (!also.empty()) written.push_back(out.front().path + also);
  for (const SweepOutput& output : out) written.push_back(output.path);
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

void write_sweep(const std::vector<SweepOutput>& outputs, const SweepResult& sweep) {
  std::vector<NamedContent> files;
  for (const SweepOutput& output : outputs) {
    files.push_back({output.path, output.is_csv ? sweep_csv(sweep) : sweep_hdf5(sweep)});
  }
  write_files(files);
}

void report_bad_points(const SweepResult& sweep) {
  constexpr std::size_t kShown = 10;
  std::size_t bad = 0;
  for (const std::size_t n : sweep.points()) {
    const PointResult& result = sweep.results[n];
    if (result.status == "ok" || result.status == "not_run" || ++bad > kShown) continue;
    const std::string where = label(sweep.plan, sweep.plan.points[n]);
    std::cerr << "podsim: point " << n << (where.empty() ? "" : " (" + printable(where) + ")") << ": " << result.status
              << (result.message.empty() ? "" : ": " + printable(result.message)) << '\n';
  }
  if (bad > kShown) std::cerr << "podsim: and " << bad - kShown << " more; see the column status\n";
}

void report_outputs(const SweepResult& sweep, const std::vector<SweepOutput>& outputs) {
  std::cout << sweep.count("ok") << " of " << counted(static_cast<std::int64_t>(sweep.points().size()), "point")
            << " ok";
  for (const SweepOutput& output : outputs) std::cout << ", " << printable(output.path);
  std::cout << '\n';
}

}  // namespace podsim
