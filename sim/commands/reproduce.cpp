// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/studies/study.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {
namespace {

std::string help_text() {
  Table table({Table::Align::left, Table::Align::left});
  for (const std::string& name : study_registry().names()) table.row({name, study_registry().find(name)->summary});
  return "Usage: podsim reproduce STUDY [options]\n"
         "\n"
         "Repeats known results and says whether they are met. --STUDY does the same.\n"
         "\n" +
         table.text("  ") +
         "\n"
         "podsim reproduce STUDY --help explains a study.\n";
}

}  // namespace

StudyRegistry& study_registry() {
  static StudyRegistry registry("study");
  return registry;
}

int reproduce_command(const std::vector<std::string>& arguments) {
  const std::vector<std::string> names = study_registry().names();
  // "published" in front, or "--published" anywhere.
  std::vector<std::string> rest = arguments;
  auto chosen = std::find_if(rest.begin(), rest.end(), [&names](const std::string& argument) {
    return argument.compare(0, 2, "--") == 0 && std::count(names.begin(), names.end(), argument.substr(2)) > 0;
  });
  if (chosen == rest.end() && !rest.empty() && rest.front().compare(0, 1, "-") != 0) chosen = rest.begin();
  if (chosen == rest.end()) {
    const bool wants_help =
        std::count(rest.begin(), rest.end(), "--help") + std::count(rest.begin(), rest.end(), "-h") > 0;
    if (wants_help) {
      std::cout << help_text();
      return kExitGood;
    }
    throw Error(ErrorKind::bad_input,
                {{"command line", {}, "reproduce needs a study (allowed: " + join(names) + ")", {}}});
  }
  const std::string name = chosen->compare(0, 2, "--") == 0 ? chosen->substr(2) : *chosen;
  rest.erase(chosen);
  if (study_registry().find(name) == nullptr) {
    Issue issue = study_registry().unknown(name);
    issue.file = "command line";
    throw Error(ErrorKind::bad_input, {issue});
  }
  const auto study = study_registry().make({name, Json::object()});
  OptionParser parser("Usage: podsim reproduce " + name + " [options]\n\n" + study->about(), "", 0);
  study->declare(parser);
  const auto parsed = parser.parse(rest);
  return parsed ? study->run(*parsed) : kExitGood;
}

}  // namespace podsim
