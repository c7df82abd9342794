// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

std::string dashed(const std::string& study) {
  return "--" + study;
}

Error unknown_study(const std::string& name) {
  Issue issue = study_registry().unknown(name);
  issue.file = "command line";
  return Error(ErrorKind::bad_input, {issue});
}

std::unique_ptr<Study> make_study(const std::string& name) {
  return study_registry().make({name, Json::object()});
}

/// Tells help from mistakes where no study is named.
/// \return the exit code, if help was all that was wanted
int without_study(const std::vector<std::string>& arguments) {
  if (std::count(arguments.begin(), arguments.end(), "--help") + std::count(arguments.begin(), arguments.end(), "-h") >
      0) {
    std::cout << help_text();
    return kExitGood;
  }
  if (!arguments.empty() && arguments.front().compare(0, 1, "-") != 0) throw unknown_study(arguments.front());
  const std::vector<std::string> names = study_registry().names();
  // An option is unknown if no study has it.
  std::optional<Error> wrong_option;
  bool understood = false;
  for (const std::string& name : names) {
    OptionParser parser(help_text(), "", 1);
    for (const std::string& study : names) parser.flag(study, study_registry().find(study)->summary);
    make_study(name)->declare(parser);
    std::optional<Arguments> parsed;
    try {
      parsed = parser.parse(arguments);
    } catch (const Error& error) {
      wrong_option = error;
      continue;
    }
    if (!parsed) return kExitGood;
    if (!parsed->positional().empty()) throw unknown_study(parsed->positional().front());
    understood = true;
  }
  if (wrong_option && !understood) throw *wrong_option;
  throw Error(ErrorKind::bad_input,
              {{"command line", {}, "reproduce needs a study (allowed: " + join(names) + ")", {}}});
}

}  // namespace

StudyRegistry& study_registry() {
  static StudyRegistry registry("study");
  return registry;
}

int reproduce_command(const std::vector<std::string>& arguments) {
  const std::vector<std::string> names = study_registry().names();
  // "published" or "--published", wherever it stands.
  std::vector<std::string> rest = arguments;
  std::string name;
  const auto chosen = std::find_if(rest.begin(), rest.end(), [&](const std::string& argument) {
    const auto known = std::find_if(names.begin(), names.end(), [&argument](const std::string& study) {
      return argument == study || argument == dashed(study);
    });
    if (known != names.end()) name = *known;
    return known != names.end();
  });
  if (chosen == rest.end()) return without_study(rest);
  rest.erase(chosen);
  // Saying it twice does no harm.
  rest.erase(std::remove(rest.begin(), rest.end(), dashed(name)), rest.end());
  const auto study = make_study(name);
  OptionParser parser("Usage: podsim reproduce " + name + " [options]\n\n" + study->about(), "", 0);
  study->declare(parser);
  const auto parsed = parser.parse(rest);
  return parsed ? study->run(*parsed) : kExitGood;
}

}  // namespace podsim
