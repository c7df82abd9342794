// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/comparison.hpp"

#include <iostream>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/report_source.hpp"

namespace podsim {

int compare_command(const std::vector<std::string>& arguments) {
  OptionParser parser(
      "Usage: podsim compare A B [options]\n"
      "\n"
      "Shows two reports of podsim run (JSON or HDF5) side by side, with the ratio B / A, and what differs in their\n"
      "configuration.\n",
      "Example:\n"
      "  podsim run -w zoo:resnet50 -o a.json\n"
      "  podsim run -w zoo:resnet50 -c preset:tpuv1 -o b.json\n"
      "  podsim compare a.json b.json --layers\n",
      2);
  parser.flag("layers", "compare the cycles of every layer, too");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  const std::vector<std::string>& files = parsed->positional();
  if (files.size() != 2) {
    throw Error(ErrorKind::bad_input, {{"command line",
                                        {},
                                        "compare needs two reports, got " + std::to_string(files.size()),
                                        "podsim compare A.json B.json"}});
  }
  if (files[0] == "-" && files[1] == "-") {
    throw Error(ErrorKind::bad_input, {{"command line", {}, "standard input can be read once only", {}}});
  }
  // Both are read before either is complained about.
  std::vector<Issue> issues;
  std::vector<JsonDocument> documents;
  for (const std::string& file : files) {
    try {
      documents.push_back(read_report(file));
    } catch (const Error& error) {
      issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    }
  }
  if (!issues.empty()) throw Error(ErrorKind::bad_input, issues);
  std::cout << compare_reports(documents[0], documents[1], parsed->has("layers"));
  return kExitGood;
}

}  // namespace podsim
