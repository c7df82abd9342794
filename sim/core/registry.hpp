#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Plug-ins: a name, a summary, parameters and a factory, registered by the file that implements them.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "podsim/sim/core/fields.hpp"

namespace podsim {

/// What `podsim list` and `podsim describe` need to know of a plug-in.
struct PluginInfo {
  std::string name;
  std::string summary;
  /// A configuration with the plug-in's defaults.
  std::function<std::unique_ptr<Configurable>()> make_config;
};

/// The part of a registry that does not depend on the kind of plug-in.
class RegistryBase {
 public:
  /// \param kind the word users know, e.g. "topology"
  explicit RegistryBase(std::string kind) : kind_(std::move(kind)) {}
  RegistryBase(const RegistryBase&) = delete;
  RegistryBase& operator=(const RegistryBase&) = delete;

  const std::string& kind() const { return kind_; }
  /// All names, sorted.
  std::vector<std::string> names() const;
  /// The plug-in, or nullptr.
  const PluginInfo* find(const std::string& name) const;
  /// The default choice with all its parameters.
  PluginConfig default_config(const std::string& name) const;
  /// `unknown topology "buterfly" (allowed: …)`, with suggestion, as an Issue without a place.
  Issue unknown(const std::string& name) const;

 protected:
  ~RegistryBase() = default;
  /// \throws Error (internal) if the name is taken
  void insert(PluginInfo info);

 private:
  std::string kind_;
  std::map<std::string, PluginInfo> plugins_;
};

/// The plug-ins that implement `Interface`; `Args` are handed to every factory.
template <class Interface, class... Args>
class Registry final : public RegistryBase {
 public:
  using RegistryBase::RegistryBase;
  using Factory = std::function<std::unique_ptr<Interface>(const Configurable&, Args...)>;

  void add(PluginInfo info, Factory factory) {
    const std::string name = info.name;
    insert(std::move(info));
    factories_.emplace(name, std::move(factory));
  }

  /// Makes the plug-in that `config` names.
  /// \throws Error (bad_input) if there is none of that name or a parameter is wrong
  std::unique_ptr<Interface> make(const PluginConfig& config, Args... args) const {
    const PluginInfo* info = find(config.type);
    if (info == nullptr) throw Error(ErrorKind::bad_input, {unknown(config.type)});
    const auto parameters = info->make_config();
    IssueList issues;
    ReadFields fields(JsonReader(config.parameters, kind() + " " + config.type, {}, issues));
    parameters->fields(fields);
    fields.finish({"type"});
    issues.throw_if_any();
    return factories_.at(config.type)(*parameters, std::forward<Args>(args)...);
  }

 private:
  std::map<std::string, Factory> factories_;
};

/// Parameters of a plug-in that has none.
struct NoParameters {
  void fields(Fields&) {}
};

/// Wraps a parameter struct for type-erased use.
template <class Config>
struct ConfigHolder final : Configurable {
  Config value;
  void fields(Fields& f) override { value.fields(f); }
};

/// A plug-in registers itself by a constant of this type in its own .cpp file:
/// \code
/// const Registered<BusConfig> entry{topology_registry(), "bus", "one source per round",
///     [](const BusConfig& config, int terminals) { return std::make_unique<Bus>(config, terminals); }};
/// \endcode
template <class Config>
struct Registered {
  template <class Interface, class... Args, class Make>
  Registered(Registry<Interface, Args...>& registry, const char* name, const char* summary, Make make) {
    registry.add(PluginInfo{name, summary, [] { return std::make_unique<ConfigHolder<Config>>(); }},
                 [make](const Configurable& config, Args... args) -> std::unique_ptr<Interface> {
                   return make(static_cast<const ConfigHolder<Config>&>(config).value, std::forward<Args>(args)...);
                 });
  }
};

}  // namespace podsim
