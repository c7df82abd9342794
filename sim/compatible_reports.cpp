// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/compatible_reports.hpp"

#include <utility>

namespace podsim {

Registry<CompatibleReports>& compatible_reports_registry() {
  static Registry<CompatibleReports> registry("set of reports");
  return registry;
}

CompatibleOutput compatible_output(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  CompatibleOutput out;
  out.name = argument.substr(0, equals);
  if (compatible_reports_registry().find(out.name) == nullptr) {
    Issue issue = compatible_reports_registry().unknown(out.name);
    issue.file = "--compat";
    throw Error(ErrorKind::bad_input, {std::move(issue)});
  }
  std::string folder = equals == std::string::npos ? "." : argument.substr(equals + 1);
  if (folder.empty()) {
    throw Error(ErrorKind::bad_input, {{"--compat", {}, "the folder after \"" + out.name + "=\" is missing", {}}});
  }
  if (folder.back() != '/') folder += '/';
  for (const std::string& name : compatible_reports_registry().make({out.name, Json::object()})->file_names()) {
    out.paths.push_back(folder == "./" ? name : folder + name);
    check_writable(out.paths.back());
  }
  return out;
}

void check_compatible(const CompatibleOutput& output, const HardwareConfig& hardware) {
  compatible_reports_registry().make({output.name, Json::object()})->check(hardware);
}

void write_compatible(const CompatibleOutput& output, const Report& report) {
  std::vector<std::string> contents =
      compatible_reports_registry().make({output.name, Json::object()})->contents(report);
  std::vector<NamedContent> files;
  for (std::size_t n = 0; n < output.paths.size(); ++n) files.push_back({output.paths[n], std::move(contents.at(n))});
  write_files(files);
}

}  // namespace podsim
