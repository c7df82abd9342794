// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <new>

#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/commands/serve_request.hpp"
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

/// What requests of a session share.
struct Session {
  MachinePool machines;
  NetworkCache networks;
};

/// File names need not be UTF-8; an answer has to be.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string answer_to(const std::string& line, const std::string& name, Session& session) {
  Json id = nullptr;
  try {
    const JsonDocument document = parse_json(line, name);
    if (document.root.is_object()) id = document.root.value("id", Json());
    const ServeRequest request = read_serve_request(document);
    const Report report = run_experiment(request.experiment, request.options, &session.machines, &session.networks);
    Json json = to_json(report);
    if (request.is_brief) {
      json.erase("layers");
      json.erase("statistics");
    }
    // As text: a Json object that grows copies what is in it.
    return R"({"id":)" + text_of(id) + R"(,"status":"ok","report":)" + text_of(json) + "}";
  } catch (const Error& error) {
    return text_of(error_answer(id, error));
  } catch (const std::bad_alloc&) {
    return text_of(error_answer(id, Error::run_failed("out of memory")));
  } catch (const std::exception& error) {
    return text_of(error_answer(id, Error::internal("serve", error.what())));
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
      "                 optional: \"max_cycles\", \"max_memory_bytes\",\n"
      "                 \"report\": \"brief\" (without layers and statistics)\n"
      "  good answer    {\"id\": 1, \"status\": \"ok\", \"report\": {...}}\n"
      "  bad answer     {\"id\": 1, \"status\": \"error\", \"kind\": \"bad_input\", \"issues\": [{...}]}\n"
      "                 kind: bad_input, run_failed or internal\n"
      "\n"
      "The report is what podsim run -o FILE.json writes. A line that is no request gets an error with id null.\n",
      "Example:\n"
      "  echo '{\"id\": 1, \"experiment\": {\"workload\": \"zoo:resnet50\"}}' | podsim serve\n",
      0);
  if (!parser.parse(arguments)) return kExitGood;
  Session session;
  std::string line;
  for (std::int64_t number = 1; std::getline(std::cin, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::cout << answer_to(line, "line " + std::to_string(number), session) << '\n' << std::flush;
    if (!std::cout) break;  // nobody listens any more
  }
  return kExitGood;
}

}  // namespace podsim
