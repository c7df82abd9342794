// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/serve_request.hpp"

#include <limits>
#include <utility>

namespace podsim {

ServeRequest read_serve_request(const JsonDocument& document) {
  IssueList issues;
  JsonReader reader(document, issues);
  if (!reader.expect_object()) issues.throw_if_any();
  reader.ignore("id");
  ServeRequest out;
  out.options.max_cycles = reader.optional_integer("max_cycles", 0, {0, std::numeric_limits<std::int64_t>::max()});
  out.options.max_memory_bytes = reader.optional_integer("max_memory_bytes", out.options.max_memory_bytes,
                                                         {1, std::numeric_limits<std::int64_t>::max()});
  out.is_brief = reader.optional_choice("report", "full", {"full", "brief"}) == "brief";
  if (auto experiment = reader.required_member("experiment")) {
    try {
      out.experiment = read_experiment({document.file, experiment->value()});
      if (out.experiment.workloads().empty()) experiment->fail_at("workload", "the key \"workload\" is missing");
      if (out.experiment.workload == "-") {
        experiment->fail_at("workload", "cannot be \"-\": requests arrive on standard input");
      }
      if (!out.experiment.outputs.empty()) {
        experiment->fail_at("outputs", "must be empty: serve writes no files, the answer carries the report");
      }
    } catch (const Error& error) {
      for (Issue issue : error.issues()) {
        issue.pointer = experiment->pointer() + (issue.pointer == "/" ? "" : issue.pointer);
        issues.add(std::move(issue));
      }
    }
  }
  reader.finish();
  issues.throw_if_any();
  return out;
}

}  // namespace podsim
