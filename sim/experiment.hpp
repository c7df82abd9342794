#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file What a run needs to know: workload, hardware, mapping, outputs, seed. Read and checked once.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "podsim/models/energy/technology.hpp"
#include "podsim/models/hardware_config.hpp"
#include "podsim/models/memory_plan.hpp"
#include "podsim/models/tiling.hpp"
#include "podsim/sim/tenancy/tenant_config.hpp"

namespace podsim {

/// How work is mapped to the hardware.
struct MappingConfig {
  PluginConfig scheduler;  ///< default sosa_greedy
  TilingConfig tiling;
  std::string weights = "cold";  ///< "cold" or "warm"
  PluginConfig tenancy;          ///< how tenants share the machine; default mix

  WeightResidency residency() const;

  MappingConfig();
  void fields(Fields& f);
};

/// What a run's energy is worked out by. Nothing but energy, power and area depends on it.
struct PowerConfig {
  std::string technology = kDefaultTechnology;  ///< a name of the build, or the path of a file: load_technology
  double tdp_watts = 400;                       ///< power budget that throughput is scaled to

  void fields(Fields& f);
};

/// One run, complete with all defaults.
struct Experiment {
  std::string workload;               ///< file, "-" or "zoo:NAME[:key=value,…]"
  std::vector<TenantConfig> tenants;  ///< several networks at once, in place of `workload`
  bool allow_unmodelled = false;
  HardwareConfig hardware;
  MappingConfig mapping;
  PowerConfig power;
  std::vector<std::string> outputs;
  int repeat = 1;        ///< inferences, one behind the other
  int decode_steps = 0;  ///< tokens to decode, each a run of its own; 0: just the workload
  std::uint64_t seed = 1;

  /// The networks it runs: that of `workload`, or of the tenants; none if it names none.
  std::vector<std::string> workloads() const;
};

/// Reads an experiment. A "preset" inside "hardware" (or the default preset) is the base that the other keys change.
/// \throws Error (bad_input) with all mistakes
Experiment read_experiment(const JsonDocument& document);

/// Changes one value of an experiment's JSON before it is read, as `--set /hardware/pods/rows=64` does. The text after
/// '=' is JSON if it parses as such, otherwise a string. Objects on the way are made as needed.
/// \throws Error (bad_input) naming "--set" if the assignment has no '=' or no JSON pointer
void apply_assignment(Json& experiment, const std::string& assignment);

/// The experiment with every default written out, in the form read_experiment takes.
Json to_json(const Experiment& experiment);

/// 16 hexadecimal digits over everything that influences the result (outputs do not).
std::string config_hash(const Experiment& experiment);
/// The same from the experiment's complete JSON, without outputs.
std::string config_hash(const Json& echo);

/// A named machine: a complete or partial "hardware" object, and keys of "mapping" if its figures rest on them. Presets
/// register themselves in sim/presets/.
struct MachinePreset {
  Json hardware;
  Json mapping = Json::object();
};
using MachinePresetRegistry = Registry<MachinePreset>;
MachinePresetRegistry& machine_preset_registry();
/// The preset that is used when an experiment names none.
inline constexpr const char* kDefaultPreset = "sosa-256x32x32-butterfly2";

}  // namespace podsim
