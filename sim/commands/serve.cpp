// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <new>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/report_json.hpp"
#include "podsim/sim/simulator.hpp"

namespace podsim {
namespace {

const char* kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input:
      return "bad_input";
    case ErrorKind::run_failed:
      return "run_failed";
    case ErrorKind::internal:
      break;
  }
  return "internal";
}

Json error_answer(const Json& id, const Error& error) {
  Json answer{{"id", id}, {"status", "error"}, {"kind", kind_name(error.kind())}};
  Json& issues = answer["issues"] = Json::array();
  for (const Issue& issue : error.issues()) {
    issues.push_back(
        {{"file", issue.file}, {"pointer", issue.pointer}, {"message", issue.message}, {"hint", issue.hint}});
  }
  return answer;
}

/// A request, read and checked.
struct Request {
  Experiment experiment;
  RunOptions options;
};

Request read_request(const JsonDocument& document) {
  IssueList issues;
  JsonReader reader(document, issues);
  if (!reader.expect_object()) issues.throw_if_any();
  reader.ignore("id");
  Request out;
  out.options.max_cycles = reader.optional_integer("max_cycles", 0, {0, std::numeric_limits<std::int64_t>::max()});
  out.options.max_memory_bytes = reader.optional_integer("max_memory_bytes", out.options.max_memory_bytes,
                                                         {1, std::numeric_limits<std::int64_t>::max()});
  if (auto experiment = reader.required_member("experiment")) {
    try {
      out.experiment = read_experiment({document.file, experiment->value()});
      if (out.experiment.workload.empty()) experiment->fail_at("workload", "the key \"workload\" is missing");
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

Json answer_to(const std::string& line, const std::string& name) {
  Json id = nullptr;
  try {
    const JsonDocument document = parse_json(line, name);
    if (document.root.is_object()) id = document.root.value("id", Json());
    const Request request = read_request(document);
    const Report report = run_experiment(request.experiment, request.options);
    return Json{{"id", id}, {"status", "ok"}, {"report", to_json(report)}};
  } catch (const Error& error) {
    return error_answer(id, error);
  } catch (const std::bad_alloc&) {
    return error_answer(id, Error::run_failed("out of memory"));
  } catch (const std::exception& error) {
    return error_answer(id, Error::internal("serve", error.what()));
  }
}

}  // namespace

int serve_command(const std::vector<std::string>& arguments) {
  OptionParser parser(
      "Usage: podsim serve\n"
      "\n"
      "Reads one request a line from standard input and answers each with one line on standard output, in order,\n"
      "until the input ends.\n"
      "\n"
      "  request        {\"id\": 1, \"experiment\": {\"workload\": \"zoo:resnet50\"}}\n"
      "                 optional: \"max_cycles\", \"max_memory_bytes\"\n"
      "  good answer    {\"id\": 1, \"status\": \"ok\", \"report\": {...}}\n"
      "  bad answer     {\"id\": 1, \"status\": \"error\", \"kind\": \"bad_input\", \"issues\": [{...}]}\n"
      "                 kind: bad_input, run_failed or internal\n"
      "\n"
      "The report is what podsim run -o FILE.json writes. A line that is no request gets an error with id null.\n",
      "Example:\n"
      "  echo '{\"id\": 1, \"experiment\": {\"workload\": \"zoo:resnet50\"}}' | podsim serve\n",
      0);
  if (!parser.parse(arguments)) return kExitGood;
  std::string line;
  for (std::int64_t number = 1; std::getline(std::cin, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    // File names need not be UTF-8; an answer has to be.
    std::cout << answer_to(line, "line " + std::to_string(number)).dump(-1, ' ', false, Json::error_handler_t::replace)
              << '\n'
              << std::flush;
    if (!std::cout) break;  // nobody listens any more
  }
  return kExitGood;
}

}  // namespace podsim
