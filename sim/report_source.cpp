// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_source.hpp"

#include <utility>

#include "podsim/sim/report.hpp"

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

void check_report(const JsonDocument& document, IssueList& issues) {
  JsonReader reader(document, issues);
  if (!reader.expect_object()) return;
  const std::string hint = "reports are written by podsim run -o FILE.json or FILE.h5";
  if (!reader.has("format") || document.root["format"] != "podsim-report") {
    reader.fail("is not a podsim report: \"format\" must be \"podsim-report\"", hint);
    return;
  }
  const std::int64_t schema = reader.required_integer("schema");
  if (reader.has("schema") && schema != Report::kSchema) {
    reader.fail_at("schema", "must be " + std::to_string(Report::kSchema) + ", got " + std::to_string(schema));
    return;
  }
  reader.required_string("config_hash");
  if (auto complete = reader.required_member("complete")) complete->boolean();
  if (auto network = reader.required_member("network")) {
    if (network->expect_object()) network->required_string("name");
  }
  for (const char* key : {"experiment", "totals", "cycle_classes", "lower_bounds"}) {
    if (auto member = reader.required_member(key)) member->expect_object();
  }
  if (auto layers = reader.required_member("layers")) {
    for (JsonReader& layer : layers->elements()) {
      if (!layer.expect_object()) continue;
      layer.required_string("name");
      layer.required_integer("cycles");
    }
  }
}

}  // namespace podsim
