// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/core/output_file.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/report_page/report_page.hpp"

namespace podsim {
namespace {

/// More files than this are a matter for a sweep.
constexpr std::size_t kMostInputs = 1000;

/// The page beside the first input: its name with .html for its extension.
std::string default_output(const std::string& input) {
  if (input == "-") return "report.html";
  const std::size_t slash = input.rfind('/');
  const std::size_t dot = input.rfind('.');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  return (dot == std::string::npos || dot <= name ? input : input.substr(0, dot)) + ".html";
}

void check_inputs(const std::vector<std::string>& files, const std::string& output) {
  if (files.empty()) {
    throw Error(ErrorKind::bad_input,
                {{"command line", {}, "report needs at least one report or sweep, got 0", "podsim report RUN.h5"}});
  }
  IssueList issues;
  std::size_t from_standard_input = 0;
  for (const std::string& file : files) {
    if (file == "-" && ++from_standard_input == 2) {
      issues.add({"command line", {}, "standard input can be read once only", {}});
    }
    if (output != "-" && file != "-" && is_same_file(file, output)) {
      issues.add({output, {}, "is an input of this page (" + file + "); writing it would replace that", {}});
    }
  }
  issues.throw_if_any();
  if (output != "-") check_writable(output);
}

}  // namespace

int report_command(const std::vector<std::string>& arguments) {
  OptionParser parser(
      "Usage: podsim report FILE... [options]\n"
      "\n"
      "Shows reports of podsim run (JSON or HDF5) and results of podsim sweep (HDF5) on one page of HTML, which needs\n"
      "no network. HDF5 reports show how the pods were used over time, too. Several runs are compared with the "
      "first.\n",
      "Examples:\n"
      "  podsim run -w zoo:resnet50 -o run.h5 && podsim report run.h5\n"
      "  podsim report base.h5 mesh.h5 -o compared.html\n"
      "  podsim report sweep.h5\n",
      kMostInputs);
  parser.value("output,o", "FILE", "the page; -: standard output; default: the name of the first file with .html");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  const std::vector<std::string>& files = parsed->positional();
  const std::string output = parsed->value("output").value_or(files.empty() ? "" : default_output(files.front()));
  check_inputs(files, output);
  const std::string page = report_page(read_page_files(files));
  if (output == "-") {
    std::cout << page;
    return kExitGood;
  }
  write_file(output, page);
  std::cout << printable(output) << '\n';
  return kExitGood;
}

}  // namespace podsim
