// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/report_page/page_input.hpp"

#include <utility>

#include "podsim/sim/core/trial.hpp"
#include "podsim/sim/report_hdf5.hpp"
#include "podsim/sim/report_source.hpp"

namespace podsim {
namespace {

Json attributes_of(const Hdf5Reader& reader) {
  Json out = Json::object();
  for (const auto& [name, value] : reader.attributes("/")) {
    out[name] = std::visit([](const auto& held) { return Json(held); }, value);
  }
  return out;
}

/// What the table of an HDF5 report calls "energy_macs_mj" is "energy_mj": {"macs": …} in the JSON form.
void unflatten(Json& layer, const std::string& prefix, const std::string& suffix, const std::string& name) {
  Json inner = Json::object();
  for (const auto& [key, value] : layer.items()) {
    const bool fits = key.size() > prefix.size() + suffix.size() && key.compare(0, prefix.size(), prefix) == 0 &&
                      key.compare(key.size() - suffix.size(), suffix.size(), suffix) == 0;
    if (fits) inner[key.substr(prefix.size(), key.size() - prefix.size() - suffix.size())] = value;
  }
  if (!inner.empty()) layer[name] = std::move(inner);
}

void add_run(JsonDocument document, Hdf5Table rounds, Hdf5Table pods, PageFiles& out) {
  IssueList issues;
  check_report(document, issues);
  issues.throw_if_any();
  for (Json& layer : document.root["layers"]) {
    if (!member_of(layer, "stall_cycles").is_object()) unflatten(layer, "stall_", "_cycles", "stall_cycles");
    if (!member_of(layer, "energy_mj").is_object()) unflatten(layer, "energy_", "_mj", "energy_mj");
  }
  // Lists are JSON text in HDF5.
  for (const auto& [group, name] : {std::pair("", "assumptions"), std::pair("network", "unmodelled"),
                                    std::pair("machine", "pod_groups"), std::pair("tenancy", "tenants")}) {
    if (*group != '\0' && !document.root.contains(group)) continue;
    Json& holder = *group == '\0' ? document.root : document.root[group];
    const Json& text = member_of(holder, name);
    if (!text.is_string()) continue;
    Json parsed = Json::parse(text.get<std::string>(), nullptr, false);
    if (parsed.is_array()) holder[name] = std::move(parsed);
  }
  out.runs.push_back({document.file, std::move(document.root), std::move(rounds), std::move(pods)});
}

void add_hdf5(const std::string& content, const std::string& file, PageFiles& out) {
  const auto read = [](const Hdf5Reader& reader, PageFiles& into) {
    const Json about = attributes_of(reader);
    const auto table = [&reader](const char* path) { return reader.has(path) ? reader.table(path) : Hdf5Table(); };
    const std::string format = text_of(about, "format");
    if (format == "podsim-sweep") {
      SweepFile sweep{reader.file(), about, table("/points")};
      if (sweep.points.columns.empty()) {
        throw Error(ErrorKind::bad_input, {{reader.file(), {}, "is a sweep without a table /points", {}}});
      }
      into.sweeps.push_back(std::move(sweep));
    } else if (format == "podsim-report") {
      add_run(report_document(reader), table("/rounds"), table("/pods"), into);
    } else {
      const std::string found = format.empty() ? "there is none" : "it is \"" + format + "\"";
      throw Error(ErrorKind::bad_input,
                  {{reader.file(),
                    {},
                    "is neither a report nor a sweep: the attribute \"format\" must be \"podsim-report\" or "
                    "\"podsim-sweep\"; " +
                        found,
                    "these files are written by podsim run -o FILE.h5 and podsim sweep -o FILE.h5"}});
    }
  };
  // HDF5 1.10 dies of some damaged files.
  if (!survives([&] {
        PageFiles ignored;
        read(Hdf5Reader(content, file), ignored);
      })) {
    throw Error(ErrorKind::bad_input, {{file, {}, "is damaged: the HDF5 library cannot read it", {}}});
  }
  read(Hdf5Reader(content, file), out);
}

}  // namespace

PageFiles read_page_files(const std::vector<std::string>& files) {
  PageFiles out;
  std::vector<Issue> issues;
  for (const std::string& path : files) {
    try {
      const std::string content = read_text_file(path);
      const std::string file = path == "-" ? "standard input" : path;
      if (is_hdf5(content)) {
        add_hdf5(content, file, out);
      } else {
        add_run(parse_json(content, file), {}, {}, out);
      }
    } catch (const Error& error) {
      issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    }
  }
  if (!issues.empty()) throw Error(ErrorKind::bad_input, std::move(issues));
  return out;
}

const Json& member_of(const Json& object, const std::string& key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

double number_of(const Json& object, const std::string& key, double otherwise) {
  const Json& value = member_of(object, key);
  return value.is_number() ? value.get<double>() : otherwise;
}

std::string text_of(const Json& object, const std::string& key) {
  const Json& value = member_of(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace podsim
