// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_source.hpp"

#include <utility>

namespace podsim {

Registry<ReportFormat>& report_format_registry() {
  static Registry<ReportFormat> registry("report format");
  return registry;
}

JsonDocument read_report(const std::string& path) {
  std::string content = read_text_file(path);
  const std::string file = path == "-" ? "standard input" : path;
  for (const std::string& name : report_format_registry().names()) {
    const auto format = report_format_registry().make({name, Json::object()});
    if (format->probe(std::string_view(content).substr(0, 4096))) return format->read(std::move(content), file);
  }
  return parse_json(content, file);
}

}  // namespace podsim
