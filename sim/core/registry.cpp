// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/registry.hpp"

#include "podsim/sim/core/text.hpp"

namespace podsim {

std::vector<std::string> RegistryBase::names() const {
  std::vector<std::string> out;
  out.reserve(plugins_.size());
  for (const auto& [name, info] : plugins_) out.push_back(name);
  return out;
}

const PluginInfo* RegistryBase::find(const std::string& name) const {
  const auto found = plugins_.find(name);
  return found == plugins_.end() ? nullptr : &found->second;
}

PluginConfig RegistryBase::default_config(const std::string& name) const {
  const PluginInfo* info = find(name);
  if (info == nullptr) throw Error(ErrorKind::bad_input, {unknown(name)});
  WriteFields writer;
  info->make_config()->fields(writer);
  return PluginConfig{name, writer.result()};
}

Issue RegistryBase::unknown(const std::string& name) const {
  return Issue{
      {}, {}, "unknown " + kind_ + " \"" + name + "\" (allowed: " + join(names()) + ")", did_you_mean(name, names())};
}

void RegistryBase::insert(PluginInfo info) {
  if (plugins_.count(info.name) != 0) {
    throw Error::internal("registry", "the " + kind_ + " \"" + info.name + "\" is registered twice");
  }
  const std::string name = info.name;
  plugins_.emplace(name, std::move(info));
}

}  // namespace podsim
