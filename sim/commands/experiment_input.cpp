// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/experiment_input.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

constexpr const char* kPresetPrefix = "preset:";

/// Where a part of the experiment was written.
struct Origin {
  std::string pointer;   ///< of the part, in the experiment
  std::string file;      ///< what errors call its source
  bool is_root = false;  ///< the part is the root of that source: pointers are relative to it
};

bool lies_in(const std::string& pointer, const std::string& part) {
  return pointer == part || (pointer.compare(0, part.size(), part) == 0 && pointer[part.size()] == '/');
}

/// Names the place where the user wrote it; the last of nested origins wins.
Issue located(Issue issue, const std::vector<Origin>& origins) {
  for (auto origin = origins.rbegin(); origin != origins.rend(); ++origin) {
    if (!lies_in(issue.pointer, origin->pointer)) continue;
    issue.file = origin->file;
    if (origin->is_root) {
      issue.pointer = issue.pointer.substr(origin->pointer.size());
      if (issue.pointer.empty()) issue.pointer = "/";
    }
    break;
  }
  return issue;
}

bool has_any(const Json& object, const Json& keys) {
  return std::any_of(keys.items().begin(), keys.items().end(),
                     [&object](const auto& item) { return object.contains(item.key()); });
}

/// A file behind -c is a whole experiment, or the "hardware" of one.
bool is_hardware(const Json& root) {
  if (!root.is_object()) return false;
  const Json experiment = to_json(Experiment{});
  if (has_any(root, experiment) || root.contains("workload")) return false;
  return root.contains("preset") || has_any(root, experiment["hardware"]);
}

/// The shortest prefix of a pointer that leads nowhere yet; all of it if every part exists.
std::string first_absent(const Json& root, const std::string& pointer) {
  for (std::size_t slash = pointer.find('/', 1); slash != std::string::npos; slash = pointer.find('/', slash + 1)) {
    const std::string prefix = pointer.substr(0, slash);
    try {
      if (!root.contains(Json::json_pointer(prefix))) return prefix;
    } catch (const Json::exception&) {
      return pointer;  // no JSON pointer; apply_assignment says so
    }
  }
  return pointer;
}

void check_standard_input(const Arguments& arguments) {
  std::vector<std::string> users;
  for (const std::string& path : arguments.positional()) {
    if (path == "-") users.emplace_back("the experiment");
  }
  for (const char* option : {"config", "workload", "schedule-in"}) {
    if (arguments.has(option) && arguments.value(option) == "-") users.push_back("--" + std::string(option));
  }
  if (users.size() > 1) {
    throw Error(
        ErrorKind::bad_input,
        {{"command line", {}, "standard input can be read once only, got \"-\" for " + join(users, " and "), {}}});
  }
}

/// A preset without its prefix is a likely slip.
JsonDocument read_config(const std::string& config) {
  try {
    return read_json_file(config);
  } catch (const Error& error) {
    std::error_code none;
    const std::string closest = closest_match(config, machine_preset_registry().names());
    if (closest.empty() || std::filesystem::exists(config, none)) throw;
    Issue issue = error.issues().front();
    issue.hint = "did you mean \"" + std::string(kPresetPrefix) + closest + "\"?";
    throw Error(error.kind(), {issue});
  }
}

/// Files of other kinds are told by name instead of by all the keys that an experiment does not have.
void check_kind(const JsonDocument& document, bool is_config) {
  if (!document.root.is_object()) return;
  auto fail = [&document](const std::string& what, const std::string& hint) {
    throw Error(ErrorKind::bad_input, {{document.file, {}, "is " + what + ", not an experiment", hint}});
  };
  const auto format = document.root.find("format");
  if (format != document.root.end() && format->is_string()) {
    if (*format == "dnn-workload") fail("a workload", "podsim run -w " + document.file);
    if (*format == "podsim-schedule") fail("a schedule", "use --schedule-in " + document.file);
    if (*format == "podsim-report") fail("a report", "its \"experiment\" is one; save that as a file of its own");
  }
  if (!is_config && is_hardware(document.root)) fail("a machine", "use -c " + document.file);
}

class Assembly {
 public:
  explicit Assembly(const Arguments& arguments) : arguments_(arguments) {}

  Experiment read() {
    check_standard_input(arguments_);
    if (!arguments_.positional().empty()) {
      document_ = read_json_file(arguments_.positional().front());
      check_kind(document_, false);
    }
    if (const auto config = arguments_.value("config")) add_config(*config);
    if (const auto workload = arguments_.value("workload")) set("workload", "-w", *workload);
    if (arguments_.has("allow-unmodelled")) set("allow_unmodelled", "--allow-unmodelled", true);
    if (const auto seed = arguments_.integer("seed", 0)) set("seed", "--seed", *seed);
    if (arguments_.has("warm-weights")) set_in("mapping", "weights", "--warm-weights", "warm");
    if (const auto repeat = arguments_.integer("repeat", 1)) set("repeat", "--repeat", *repeat);
    if (const auto steps = arguments_.integer("decode-steps", 1)) set("decode_steps", "--decode-steps", *steps);
    if (const auto technology = arguments_.value("technology"))
      set_in("power", "technology", "--technology", *technology);
    if (const auto tdp = arguments_.value("tdp")) {
      const Json number = Json::parse(*tdp, nullptr, false);
      set_in("power", "tdp_watts", "--tdp", number.is_number() ? number : Json(*tdp));
    }
    const std::vector<std::string> outputs = arguments_.values("output");
    if (!outputs.empty()) set("outputs", "-o", outputs);
    for (const std::string& assignment : arguments_.values("set")) {
      const std::string pointer = assignment.substr(0, assignment.find('='));
      const std::string made = first_absent(document_.root, pointer);
      apply_assignment(document_.root, assignment);
      origins_.push_back({made, "--set", false});
    }
    try {
      return read_experiment(document_);
    } catch (const Error& error) {
      std::vector<Issue> issues;
      for (const Issue& issue : error.issues()) issues.push_back(located(issue, origins_));
      throw Error(error.kind(), std::move(issues));
    }
  }

 private:
  void set(const std::string& key, const std::string& option, Json value) {
    if (value.is_string() && utf8_fault(value.get_ref<const std::string&>()) != std::string::npos) {
      throw Error(ErrorKind::bad_input, {{option,
                                          {},
                                          "the name \"" + printable(value.get<std::string>()) +
                                              "\" is not valid UTF-8, so that no report could tell it",
                                          "rename the file, or read it from standard input: -w -"}});
    }
    if (!document_.root.is_object()) return;  // read_experiment says so
    document_.root[key] = std::move(value);
    origins_.push_back({"/" + key, option, false});
  }

  void set_in(const std::string& group, const std::string& key, const std::string& option, Json value) {
    if (!document_.root.is_object()) return;
    Json& members = document_.root[group];
    if (members.is_null()) members = Json::object();
    if (!members.is_object()) return;
    members[key] = std::move(value);
    origins_.push_back({"/" + group + "/" + key, option, false});
  }

  void add_config(const std::string& config) {
    if (config.compare(0, std::string(kPresetPrefix).size(), kPresetPrefix) == 0) {
      const std::string name = config.substr(std::string(kPresetPrefix).size());
      if (machine_preset_registry().find(name) == nullptr) {
        Issue issue = machine_preset_registry().unknown(name);
        issue.file = "-c";
        throw Error(ErrorKind::bad_input, {issue});
      }
      set("hardware", "-c", Json{{"preset", name}});
      return;
    }
    JsonDocument document = read_config(config);
    check_kind(document, true);
    if (is_hardware(document.root)) {
      if (!document_.root.is_object()) return;
      document_.root["hardware"] = std::move(document.root);
      origins_.push_back({"/hardware", document.file, true});
    } else if (arguments_.positional().empty()) {
      document_ = std::move(document);
    } else {
      throw Error(ErrorKind::bad_input, {{document.file,
                                          {},
                                          "is a second experiment; beside an experiment file, -c takes a \"hardware\" "
                                          "object or preset:NAME",
                                          {}}});
    }
  }

  const Arguments& arguments_;
  JsonDocument document_{"command line", Json::object()};
  std::vector<Origin> origins_;
};

}  // namespace

void add_experiment_options(OptionParser& parser) {
  parser.value("workload,w", "WORKLOAD", "network to run: a file, - for standard input, or zoo:NAME[:key=value,...]");
  parser.value("config,c", "CONFIG",
               "machine: preset:NAME, or a JSON file with a \"hardware\" object or a whole experiment");
  parser.repeated("set", "/PTR=VALUE", "change one value of the experiment, e.g. /hardware/pods/rows=64; repeatable");
  parser.flag("warm-weights", "the weights that fit lie in their banks when the run starts");
  parser.value("repeat", "N", "N inferences back to back: latency of the first, and steady-state throughput");
  parser.value("decode-steps", "N",
               "decode N tokens one after the other, with a growing cache (zoo:gpt2_small_decode)");
  parser.value("technology,t", "NAME",
               "what energy is worked out by: podsim list technologies, or a file; default sosa28");
  parser.value("tdp", "WATTS", "power budget that throughput is scaled to; default 400");
  parser.value("seed", "N", "seed of all random choices");
  parser.flag("allow-unmodelled", "go on with layers podsim does not model: they cost nothing and are listed");
}

Experiment experiment_input(const Arguments& arguments) {
  return Assembly(arguments).read();
}

void require_workload(const Experiment& experiment) {
  if (!experiment.workloads().empty()) return;
  throw Error(ErrorKind::bad_input,
              {{{},
                "/workload",
                "no workload is given: an experiment needs the key \"workload\", or the command line -w",
                "try -w zoo:resnet50; podsim list networks shows more"}});
}

}  // namespace podsim
