// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "podsim/interconnect/topology.hpp"
#include "podsim/models/dataflow.hpp"
#include "podsim/models/energy/technology.hpp"
#include "podsim/sim/commands/catalogue.hpp"
#include "podsim/sim/commands/command.hpp"
#include "podsim/sim/commands/options.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/experiment.hpp"
#include "podsim/sim/table.hpp"

namespace podsim {
namespace {

/// Every parameter of an experiment, in the order in which it is written out.
std::vector<FieldDescription> parameters() {
  const Experiment defaults = read_experiment({"defaults", Json::object()});
  std::vector<FieldDescription> out;
  out.push_back({"/schema", "integer", "1", "", "1", "version of this format"});
  out.push_back({"/workload", "text or object", "", "", "a file, -, zoo:NAME[:key=value,...]",
                 "network to run; or {\"source\": \"zoo:NAME\", \"key\": value, ...}"});
  DescribeFields root;
  bool allow_unmodelled = defaults.allow_unmodelled;
  root.boolean("allow_unmodelled", allow_unmodelled,
               "go on with layers podsim does not model: they cost nothing and are listed");
  HardwareConfig hardware = defaults.hardware;
  root.group("hardware", "the machine", [&hardware](Fields& f) {
    std::string preset = kDefaultPreset;
    f.choice("preset", preset, machine_preset_registry().names(), "machine that the other keys change");
    hardware.fields(f);
  });
  MappingConfig mapping = defaults.mapping;
  root.group("mapping", "how work is mapped to the machine", [&mapping](Fields& f) { mapping.fields(f); });
  PowerConfig power = defaults.power;
  root.group("power", "what energy is worked out by", [&power](Fields& f) { power.fields(f); });
  std::vector<TenantConfig> tenants;
  root.list("tenants", tenants, {"workload"}, "several networks at once, in place of workload");
  out.insert(out.end(), root.result().begin(), root.result().end());
  out.push_back({"/outputs", "list of texts", "[]", "", "file names",
                 "reports to write, format by extension; - is "
                 "standard output"});
  DescribeFields last;
  std::int64_t repeat = defaults.repeat;
  last.integer("repeat", repeat, {1, 4096}, "inferences", "back to back; their steady-state throughput is reported");
  std::int64_t decode_steps = defaults.decode_steps;
  last.integer("decode_steps", decode_steps, {0, 1 << 20}, "tokens",
               "decode so many tokens one after the other, with a growing context; 0: one run");
  auto seed = static_cast<std::int64_t>(defaults.seed);
  last.integer("seed", seed, {0, std::numeric_limits<std::int64_t>::max()}, "", "seed of all random choices");
  out.insert(out.end(), last.result().begin(), last.result().end());
  return out;
}

std::vector<FieldDescription> plugin_parameters(const PluginInfo& plugin) {
  DescribeFields fields;
  plugin.make_config()->fields(fields);
  std::vector<FieldDescription> out = fields.result();
  for (FieldDescription& field : out) field.pointer.erase(0, 1);
  return out;
}

std::string plain(const std::vector<FieldDescription>& fields) {
  std::string out;
  for (const FieldDescription& field : fields) {
    out += field.pointer + "\n    " + field.description + "\n    " + field.type;
    if (!field.default_text.empty()) out += ", default " + field.default_text;
    if (!field.unit.empty() && field.unit != "1") out += " " + field.unit;
    if (!field.allowed.empty()) out += "; allowed: " + field.allowed;
    out += "\n";
  }
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string markdown(const std::vector<FieldDescription>& fields, const std::string& heading) {
  std::string out = "| " + heading + " | Type | Default | Unit | Allowed | Meaning |\n|---|---|---|---|---|---|\n";
  for (const FieldDescription& field : fields) {
    const std::string fallback = field.default_text.empty() ? "" : "`" + escaped(field.default_text) + "`";
    out += "| `" + escaped(field.pointer) + "` | " + field.type + " | " + fallback + " | " + escaped(field.unit) +
           " | " + escaped(field.allowed) + " | " + escaped(field.description) + " |\n";
  }
  return out;
}

/// What a plug-in can tell beyond its parameters.
std::string details(const Catalogue& catalogue, const std::string& name) {
  const Experiment defaults = read_experiment({"defaults", Json::object()});
  if (catalogue.topic == "presets") {
    const auto preset = machine_preset_registry().make({name, Json::object()});
    std::string out = "\"hardware\": " + preset->hardware.dump(2) + "\n";
    if (!preset->mapping.empty()) out += "\"mapping\": " + preset->mapping.dump(2) + "\n";
    return out;
  }
  if (catalogue.topic == "dataflows") {
    return "With the default pods: " +
           dataflow_registry().make({name, Json::object()})->describe(defaults.hardware.pods) + "\n";
  }
  if (catalogue.topic == "technologies") {
    Table table({Table::Align::left, Table::Align::left, Table::Align::left});
    for (const TechnologyEntry& entry : load_technology(name).entries) {
      table.row({entry.key, entry.value + " " + entry.unit, entry.source});
    }
    return table.text("  ");
  }
  if (catalogue.topic == "topologies") {
    const int terminals = defaults.hardware.terminals();
    return "With " + std::to_string(terminals) +
           " terminals: " + topology_registry().make({name, Json::object()}, terminals)->describe() + "\n";
  }
  return {};
}

std::string markdown_reference() {
  std::string out =
      "# Parameters\n\nGenerated by `podsim describe --markdown`. A parameter has the same address everywhere: in "
      "files, in errors and in `--set`. Parameters of a plug-in follow its name in angle brackets, which is not part "
      "of the address.\n\n## Experiment\n\n" +
      markdown(parameters(), "Parameter");
  for (const Catalogue& catalogue : catalogues()) {
    out += "\n## " + catalogue.title + "\n\n| Name | Summary |\n|---|---|\n";
    for (const std::string& name : catalogue.registry->names()) {
      out += "| `" + catalogue.prefix + name + "` | " + escaped(catalogue.registry->find(name)->summary) + " |\n";
    }
    if (catalogue.topic != "networks") continue;
    for (const std::string& name : catalogue.registry->names()) {
      out += "\n### " + catalogue.prefix + name + "\n\n" +
             markdown(plugin_parameters(*catalogue.registry->find(name)), "Key");
    }
  }
  return out;
}

/// "/hardware/pods" also names "/hardware/pods/rows" and "/hardware/pods/dataflow<...>/...".
bool lies_in(const std::string& pointer, const std::string& part) {
  if (pointer.compare(0, part.size(), part) != 0) return false;
  return pointer.size() == part.size() || part == "/" || pointer[part.size()] == '/' || pointer[part.size()] == '<';
}

std::string describe_pointer(std::string pointer, bool as_markdown) {
  if (pointer.size() > 1 && pointer.back() == '/') pointer.pop_back();
  std::vector<FieldDescription> found;
  std::vector<std::string> known;
  for (const FieldDescription& field : parameters()) {
    known.push_back(field.pointer);
    if (lies_in(field.pointer, pointer)) found.push_back(field);
  }
  if (found.empty()) {
    throw Error(ErrorKind::bad_input,
                {{"command line", {}, "no parameter lies at \"" + pointer + "\"", did_you_mean(pointer, known)}});
  }
  return as_markdown ? markdown(found, "Parameter") : plain(found);
}

std::string describe_plugin(const std::string& name, bool as_markdown) {
  std::string out;
  std::vector<std::string> known;
  for (const Catalogue& catalogue : catalogues()) {
    for (const std::string& candidate : catalogue.registry->names()) {
      known.push_back(catalogue.prefix + candidate);
      if (!catalogue.prefix.empty()) known.push_back(candidate);
      if (name != candidate && name != catalogue.prefix + candidate) continue;
      const PluginInfo& plugin = *catalogue.registry->find(candidate);
      if (!out.empty()) out += "\n";
      out += catalogue.registry->kind() + " " + catalogue.prefix + candidate + ": " + plugin.summary + "\n";
      out += details(catalogue, candidate);
      const std::vector<FieldDescription> fields = plugin_parameters(plugin);
      if (fields.empty()) continue;
      out += "\n" + (as_markdown ? markdown(fields, "Key") : plain(fields));
    }
  }
  if (out.empty()) {
    // "pods" is close to the end of "/hardware/pods", not to all of it.
    for (const FieldDescription& field : parameters()) {
      if (field.pointer.size() > name.size() && !name.empty() &&
          field.pointer.compare(field.pointer.size() - name.size() - 1, std::string::npos, "/" + name) == 0) {
        throw Error(ErrorKind::bad_input, {{"command line",
                                            {},
                                            "\"" + name + "\" is neither a pointer nor the name of a plug-in",
                                            "did you mean \"" + field.pointer + "\"?"}});
      }
    }
    throw Error(ErrorKind::bad_input,
                {{"command line",
                  {},
                  "\"" + name + "\" is neither a parameter (/hardware/...) nor the name of a plug-in",
                  did_you_mean(name, known)}});
  }
  return out;
}

}  // namespace

int describe_command(const std::vector<std::string>& arguments) {
  OptionParser parser(
      "Usage: podsim describe [POINTER | NAME] [options]\n"
      "\n"
      "Explains every parameter: meaning, type, default, unit and allowed values. A pointer narrows it down; the name\n"
      "of a plug-in (a topology, a scheduler, a network, a preset, ...) shows that.\n",
      "Examples:\n"
      "  podsim describe /hardware/pods\n"
      "  podsim describe butterfly\n"
      "  podsim describe preset:tpuv1\n"
      "  podsim describe --markdown > parameters.md\n",
      1);
  parser.flag("markdown", "as Markdown tables");
  const auto parsed = parser.parse(arguments);
  if (!parsed) return kExitGood;
  const bool as_markdown = parsed->has("markdown");
  if (parsed->positional().empty()) {
    std::cout << (as_markdown ? markdown_reference() : plain(parameters()));
    return kExitGood;
  }
  const std::string& what = parsed->positional().front();
  std::cout << (!what.empty() && what[0] == '/' ? describe_pointer(what, as_markdown)
                                                : describe_plugin(what, as_markdown));
  return kExitGood;
}

}  // namespace podsim
