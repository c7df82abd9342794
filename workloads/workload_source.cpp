// SPDX-License-Identifier: Apache-2.0
#include "podsim/workloads/workload_source.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

constexpr std::string_view kZooPrefix = "zoo:";

/// A number if the text is one, otherwise a string: the JSON type that a parameter's reader expects.
Json parameter_value(const std::string& text) {
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, integer);
  if (!text.empty() && parsed.ec == std::errc{} && parsed.ptr == end) return integer;
  if (text == "true" || text == "false") return text == "true";
  return text;
}

/// "image=299,variant=v1" -> {"image": 299, "variant": "v1"}
Json zoo_parameters(const std::string& source, std::string_view text, IssueList& issues) {
  Json parameters = Json::object();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string item(text.substr(begin, end - begin));
    begin = end + 1;
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      issues.add({source, {}, "expected key=value, got \"" + item + "\"", {}});
      continue;
    }
    const std::string key = item.substr(0, equals);
    if (parameters.contains(key)) {
      issues.add({source, {}, "the parameter \"" + key + "\" is given twice", {}});
      continue;
    }
    parameters[key] = parameter_value(item.substr(equals + 1));
  }
  return parameters;
}

}  // namespace

bool is_zoo_source(const std::string& source) {
  return source.compare(0, kZooPrefix.size(), kZooPrefix) == 0;
}

PluginConfig read_zoo_source(const std::string& source) {
  const std::string rest = source.substr(kZooPrefix.size());
  const std::size_t colon = rest.find(':');
  PluginConfig config{rest.substr(0, colon), Json::object()};
  IssueList issues;
  const PluginInfo* info = zoo_registry().find(config.type);
  if (info == nullptr) {
    Issue issue = zoo_registry().unknown(config.type);
    issue.file = source;
    issues.add(std::move(issue));
    issues.throw_if_any();
  }
  if (colon != std::string::npos) config.parameters = zoo_parameters(source, rest.substr(colon + 1), issues);
  // Checked here, not by the registry, so that errors name the source as the user wrote it.
  const auto parameters = info->make_config();
  ReadFields fields(JsonReader(config.parameters, source, {}, issues));
  parameters->fields(fields);
  fields.finish();
  issues.throw_if_any();
  WriteFields complete;
  parameters->fields(complete);
  return {config.type, complete.result()};
}

std::string zoo_source(const PluginConfig& network) {
  std::string source(kZooPrefix);
  source += network.type;
  bool first = true;
  for (const auto& [key, value] : network.parameters.items()) {
    source += first ? ':' : ',';
    first = false;
    source += key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return source;
}

namespace {

Network load_zoo(const std::string& source) {
  const PluginConfig config = read_zoo_source(source);
  try {
    Network network = zoo_registry().make(config)->build();
    network.file = source;
    return network;
  } catch (const Error& error) {
    std::vector<Issue> named = error.issues();
    for (Issue& issue : named) {
      if (issue.file.empty()) issue.file = source;
    }
    throw Error(error.kind(), std::move(named));
  }
}

/// The name of a network of the zoo without its prefix is a likely slip.
std::string read_workload_file(const std::string& source) {
  try {
    return read_text_file(source);
  } catch (const Error& error) {
    const std::vector<std::string> names = zoo_registry().names();
    const std::string name = source.substr(0, source.find(':'));
    const bool is_known = zoo_registry().find(name) != nullptr;
    const std::string rest = is_known ? source.substr(name.size()) : std::string{};
    const std::string closest = is_known ? name : closest_match(name, names);
    if (closest.empty() || source.find('/') != std::string::npos) throw;
    Issue issue = error.issues().front();
    issue.hint = "did you mean \"" + std::string(kZooPrefix) + closest + rest + "\"?";
    throw Error(error.kind(), {issue});
  }
}

Network read_text(const std::string& text, const std::string& file, const LoadOptions& options) {
  const std::string_view first_bytes = std::string_view(text).substr(0, 4096);
  for (const std::string& name : workload_format_registry().names()) {
    const auto format = workload_format_registry().make({name, Json::object()});
    if (format->probe(file, first_bytes)) return format->read(text, file, options);
  }
  throw Error(ErrorKind::bad_input,
              {{file,
                {},
                "is not a workload in any known format (known: " + join(workload_format_registry().names()) + ")",
                {}}});
}

}  // namespace

Registry<WorkloadFormat>& workload_format_registry() {
  static Registry<WorkloadFormat> registry("workload format");
  return registry;
}

Registry<ZooNetwork>& zoo_registry() {
  static Registry<ZooNetwork> registry("zoo network");
  return registry;
}

Network load_network(const std::string& source, const LoadOptions& options) {
  if (options.batch && (*options.batch < 1 || *options.batch > kMaximumBatch)) {
    throw Error::bad_input("the batch must be in [1, " + std::to_string(kMaximumBatch) + "], got " +
                           std::to_string(*options.batch));
  }
  if (source.empty()) throw Error::bad_input("the workload is an empty string; expected a file, \"-\" or zoo:NAME");
  Network network = is_zoo_source(source)
                        ? load_zoo(source)
                        : read_text(read_workload_file(source), source == "-" ? "standard input" : source, options);
  // Totals stated in a file were checked with the file's own batch.
  if (options.batch) network.batch = *options.batch;
  network.infer();
  return network;
}

}  // namespace podsim
