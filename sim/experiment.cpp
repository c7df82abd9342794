// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/experiment.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "podsim/models/dataflow.hpp"
#include "podsim/models/dram_model.hpp"
#include "podsim/models/pod_groups.hpp"
#include "podsim/sim/core/json_pointer.hpp"
#include "podsim/sim/core/random.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/tenancy/tenancy_policy.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr std::string_view kZooPrefix = "zoo:";

/// Fills in the parameters that a plug-in's configuration leaves out. Unknown types and keys stay as they are: they are
/// reported where they are read.
void complete(PluginConfig& plugin, const RegistryBase& registry) {
  const PluginInfo* info = registry.find(plugin.type);
  if (info == nullptr) return;
  const auto parameters = info->make_config();
  IssueList issues;
  ReadFields fields(JsonReader(plugin.parameters, {}, {}, issues));
  parameters->fields(fields);
  fields.finish({"type"});
  if (!issues.empty()) return;
  WriteFields writer;
  parameters->fields(writer);
  plugin.parameters = writer.result();
}

void complete(HardwareConfig& hardware) {
  complete(hardware.interconnect, topology_registry());
  complete(hardware.pods.dataflow, dataflow_registry());
  complete(hardware.dram.model, dram_model_registry());
  for (PodConfig& group : hardware.pods.groups) complete(group.dataflow, dataflow_registry());
}

/// The hardware of a preset, and its mapping.
struct PresetConfig {
  HardwareConfig hardware;
  MappingConfig mapping;
};
PresetConfig preset_config(const std::string& name) {
  const auto preset = machine_preset_registry().make({name, Json::object()});
  IssueList issues;
  PresetConfig out;
  out.hardware = read_config<HardwareConfig>(JsonReader(preset->hardware, "preset " + name, {}, issues));
  out.mapping = read_config<MappingConfig>(JsonReader(preset->mapping, "preset " + name, {}, issues));
  if (!issues.empty()) throw Error::internal("machine presets", issues.issues().front().text());
  return out;
}

/// Groups of pods and the keys of a single kind exclude each other.
void check_pod_keys(const JsonReader& hardware, const PodsConfig& pods) {
  if (pods.groups.empty() || !hardware.has("pods")) return;
  const Json& given = hardware.value()["pods"];
  if (!given.is_object()) return;
  const std::string pointer = pointer_append(hardware.pointer(), "pods");
  const Json keys_of_a_kind = to_json<PodConfig>(pods);
  for (const auto& [key, value] : keys_of_a_kind.items()) {
    if (!given.contains(key) || key == "name") continue;
    const bool of_preset = !given.contains("groups");
    hardware.issues().add({hardware.file(), pointer_append(pointer, key),
                           "must not be given together with groups: every group has its own",
                           of_preset ? "the preset has groups; add \"groups\": [] for pods of one kind"
                                     : "write it into the groups, or leave them out"});
  }
}

/// Replaces `hardware` and `mapping` by the preset that is named, then applies the other keys of the hardware.
void read_hardware(const JsonReader& given, HardwareConfig& hardware, MappingConfig& mapping) {
  JsonReader reader = given;
  if (!reader.value().is_object()) {
    std::string hint;
    if (reader.value().is_string()) hint = "write {\"preset\": " + reader.value().dump() + "} to use a preset";
    reader.fail("must be an object, got " + JsonReader::describe(reader.value()), hint);
    return;
  }
  if (reader.has("preset")) {
    const std::string name = reader.optional_string("preset", kDefaultPreset);
    if (machine_preset_registry().find(name) != nullptr) {
      PresetConfig preset = preset_config(name);
      hardware = std::move(preset.hardware);
      mapping = std::move(preset.mapping);
    } else if (reader.value()["preset"].is_string()) {
      const Issue issue = machine_preset_registry().unknown(name);
      reader.fail_at("preset", issue.message, issue.hint);
    }
  }
  const std::size_t before = reader.issues().issues().size();
  complete(hardware);
  ReadFields fields(reader);
  hardware.fields(fields);
  fields.finish({"preset"});
  complete(hardware);
  check_pod_keys(reader, hardware.pods);
  if (reader.issues().issues().size() == before) hardware.validate(reader.file(), reader.pointer(), reader.issues());
}

/// {"source": "zoo:resnet50", "image": 299} -> "zoo:resnet50:image=299"
std::string workload_from_object(JsonReader reader) {
  const std::size_t before = reader.issues().issues().size();
  std::string source = reader.required_string("source");
  if (reader.issues().issues().size() != before) return source;
  const bool is_zoo = source.compare(0, kZooPrefix.size(), kZooPrefix) == 0;
  const std::string name =
      is_zoo ? source.substr(kZooPrefix.size(), source.find(':', kZooPrefix.size()) - kZooPrefix.size())
             : std::string{};
  const PluginInfo* info = zoo_registry().find(name);
  if (!is_zoo) {
    reader.finish();  // a file takes no parameters
    return source;
  }
  if (info == nullptr) {
    const Issue issue = zoo_registry().unknown(name);
    reader.fail_at("source", issue.message, issue.hint);
    return source;
  }
  ReadFields fields(reader);
  const auto parameters = info->make_config();
  parameters->fields(fields);
  fields.finish({"source"});
  bool first = source.find(':', kZooPrefix.size()) == std::string::npos;
  for (const auto& [key, value] : reader.value().items()) {
    if (key == "source") continue;
    source += first ? ':' : ',';
    first = false;
    source += key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return source;
}

std::vector<TenantConfig> read_tenants(JsonReader reader) {
  std::vector<TenantConfig> out;
  for (JsonReader& element : reader.elements()) {
    TenantConfig& tenant = out.emplace_back();
    if (!element.expect_object()) continue;
    Json plain = element.value();
    if (auto workload = element.required_member("workload"); workload && workload->value().is_object()) {
      plain["workload"] = workload_from_object(*workload);
    }
    ReadFields fields(JsonReader(plain, element.file(), element.pointer(), element.issues()));
    tenant.fields(fields);
    fields.finish();
  }
  if (reader.issues().empty()) {
    complete_names(out);
    check_tenants(out, reader.file(), reader.pointer(), reader.issues());
  }
  return out;
}

std::vector<std::string> read_outputs(JsonReader reader) {
  std::vector<std::string> out;
  for (JsonReader& element : reader.elements()) {
    const auto path = element.string();
    if (!path) continue;
    if (path->empty()) {
      element.fail("must be the name of a file or \"-\", got an empty string");
    } else if (std::find(out.begin(), out.end(), *path) != out.end()) {
      element.fail("\"" + *path + "\" is listed twice");
    } else {
      out.push_back(*path);
    }
  }
  return out;
}

Json value_of(const std::string& text, const std::string& pointer) {
  try {
    return parse_json(text, "--set").root;
  } catch (const Error& error) {
    // A number that JSON refuses, such as one that does not fit, is no string.
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string::npos &&
                           text.find_first_of("0123456789") != std::string::npos;
    if (is_number) throw Error(ErrorKind::bad_input, {{"--set", pointer, error.issues().front().message, {}}});
    return text;  // not JSON: a string that needs no quotes in a shell
  }
}

}  // namespace

MappingConfig::MappingConfig()
    : scheduler{"sosa_greedy", Json::object()}, tenancy{kDefaultTenancyPolicy, Json::object()} {}

void MappingConfig::fields(Fields& f) {
  f.plugin("scheduler", scheduler, scheduler_registry(), "who places tile operations into rounds");
  f.group("tiling", "how GEMMs are cut", [this](Fields& g) { tiling.fields(g); });
  f.texts("pod_groups", tiling.pod_groups, "auto",
          "names of layers, or * for all others, to the group of pods that carries them out");
  f.choice("weights", weights, {"cold", "warm"},
           "cold: all weights are fetched; warm: those that fit lie in their banks when the run starts, and stay");
  f.plugin("tenancy", tenancy, tenancy_policy_registry(), "how tenants share the machine");
}

void PowerConfig::fields(Fields& f) {
  f.text("technology", technology, "what actions cost in silicon: one of the build, or a file with \"/\" or \".json\"");
  f.number("tdp_watts", tdp_watts, {1e-3, 1e9}, "W", "power budget that throughput is scaled to");
}

WeightResidency MappingConfig::residency() const {
  return weights == "warm" ? WeightResidency::warm : WeightResidency::cold;
}

std::vector<std::string> Experiment::workloads() const {
  std::vector<std::string> out;
  if (!workload.empty()) out.push_back(workload);
  for (const TenantConfig& tenant : tenants) out.push_back(tenant.workload);
  return out;
}

Experiment read_experiment(const JsonDocument& document) {
  IssueList issues;
  JsonReader reader(document, issues);
  Experiment out;
  if (!reader.expect_object()) issues.throw_if_any();

  if (auto schema = reader.optional_member("schema")) {
    const auto number = schema->integer();
    if (number && *number != kSchema) {
      schema->fail("must be " + std::to_string(kSchema) + ", the only schema this version reads, got " +
                   std::to_string(*number));
    }
  }
  if (auto workload = reader.optional_member("workload")) {
    if (workload->value().is_object()) {
      out.workload = workload_from_object(*workload);
    } else if (workload->value().is_string()) {
      out.workload = workload->value().get<std::string>();
    } else {
      workload->fail("must be a string (a file, \"-\" or \"zoo:NAME\") or an object with \"source\", got " +
                     JsonReader::describe(workload->value()));
    }
  }
  if (auto tenants = reader.optional_member("tenants")) {
    out.tenants = read_tenants(*tenants);
    if (!out.tenants.empty() && !out.workload.empty()) {
      tenants->fail("must not be given together with \"workload\"", "make that network a tenant");
    }
  }
  out.allow_unmodelled = reader.optional_boolean("allow_unmodelled", out.allow_unmodelled);

  out.hardware = preset_config(kDefaultPreset).hardware;
  if (auto hardware = reader.optional_member("hardware")) {
    read_hardware(*hardware, out.hardware, out.mapping);
  } else {
    complete(out.hardware);
  }

  complete(out.mapping.scheduler, scheduler_registry());
  complete(out.mapping.tenancy, tenancy_policy_registry());
  if (auto mapping = reader.optional_member("mapping")) {
    if (mapping->expect_object()) {
      ReadFields fields(*mapping);
      out.mapping.fields(fields);
      fields.finish();
      check_group_names(out.hardware, out.mapping.tiling.pod_groups, mapping->file(),
                        pointer_append(mapping->pointer(), "pod_groups"), issues);
    }
  }
  if (auto power = reader.optional_member("power")) {
    if (power->expect_object()) {
      ReadFields fields(*power);
      out.power.fields(fields);
      fields.finish();
      if (!is_technology_file(out.power.technology) && technology_registry().find(out.power.technology) == nullptr) {
        const Issue issue = technology_registry().unknown(out.power.technology);
        power->fail_at("technology", issue.message, issue.hint);
      }
    }
  }
  if (auto outputs = reader.optional_member("outputs")) out.outputs = read_outputs(*outputs);
  out.repeat = static_cast<int>(reader.optional_integer("repeat", out.repeat, {1, 4096}));
  out.decode_steps = static_cast<int>(reader.optional_integer("decode_steps", out.decode_steps, {0, 1 << 20}));
  if (!out.tenants.empty() && (out.repeat > 1 || out.decode_steps > 0)) {
    reader.fail_at(out.repeat > 1 ? "repeat" : "decode_steps", "cannot be given together with \"tenants\"",
                   "a network may be several tenants");
  }
  if (out.repeat > 1 && out.decode_steps > 0) {
    reader.fail_at("repeat",
                   "must be 1 with \"decode_steps\": tokens follow each other, got " + std::to_string(out.repeat));
  }
  out.seed = static_cast<std::uint64_t>(reader.optional_integer("seed", static_cast<std::int64_t>(out.seed),
                                                                {0, std::numeric_limits<std::int64_t>::max()}));
  reader.finish();
  issues.throw_if_any();
  return out;
}

void apply_assignment(Json& experiment, const std::string& assignment) {
  auto fail = [&assignment](const std::string& message, const std::string& hint) {
    return Error(ErrorKind::bad_input, {Issue{"--set", assignment, message, hint}});
  };
  const std::string example = "write for example --set /hardware/pods/rows=64";
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos) throw fail("must be a JSON pointer, '=' and a value; there is no '='", example);
  if (const std::size_t fault = utf8_fault(assignment); fault != std::string::npos) {
    throw fail("is not valid UTF-8", {});
  }
  const std::string pointer = assignment.substr(0, equals);
  const auto keys = pointer_keys(pointer);
  if (!keys) {
    std::string hint = example;
    if (!pointer.empty() && pointer[0] != '/') {
      std::string slashed = "/" + pointer;
      std::replace(slashed.begin(), slashed.end(), '.', '/');
      hint = "did you mean \"" + slashed + "\"?";
    }
    throw fail("\"" + pointer + "\" is not a JSON pointer (/key/key)", hint);
  }
  const std::string problem = set_value(experiment, *keys, value_of(assignment.substr(equals + 1), pointer));
  if (!problem.empty()) throw fail(problem, {});
}

Json to_json(const Experiment& experiment) {
  HardwareConfig hardware = experiment.hardware;
  MappingConfig mapping = experiment.mapping;
  complete(hardware);
  complete(mapping.scheduler, scheduler_registry());
  complete(mapping.tenancy, tenancy_policy_registry());
  Json out = Json::object();
  out["schema"] = kSchema;
  if (!experiment.workload.empty()) out["workload"] = experiment.workload;
  for (const TenantConfig& tenant : experiment.tenants) out["tenants"].push_back(to_json(tenant));
  out["allow_unmodelled"] = experiment.allow_unmodelled;
  out["hardware"] = to_json<HardwareConfig>(hardware);
  out["mapping"] = to_json<MappingConfig>(mapping);
  out["power"] = to_json(experiment.power);
  out["repeat"] = experiment.repeat;
  out["decode_steps"] = experiment.decode_steps;
  out["outputs"] = experiment.outputs;
  out["seed"] = experiment.seed;
  return out;
}

std::string config_hash(const Experiment& experiment) {
  Json json = to_json(experiment);
  json.erase("outputs");
  return config_hash(json);
}

std::string config_hash(const Json& echo) {
  return hash_text(echo.dump(-1, ' ', false, Json::error_handler_t::replace));
}

MachinePresetRegistry& machine_preset_registry() {
  static MachinePresetRegistry registry("machine preset");
  return registry;
}

}  // namespace podsim
