#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file One declaration of a configuration's parameters serves reading, echoing and documenting them.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

class RegistryBase;

/// A chosen plug-in and its parameters, complete with defaults once it has been read.
struct PluginConfig {
  std::string type;
  Json parameters = Json::object();
};

/// Visits the parameters of a configuration. A configuration struct has one member function
/// `void fields(Fields& f)` that names each parameter once, with default (the member's value), unit and range;
/// ReadFields, WriteFields and DescribeFields do the rest.
class Fields {
 public:
  virtual ~Fields() = default;

  virtual void integer(const char* key, std::int64_t& value, Range<std::int64_t> range, const char* unit,
                       const char* description) = 0;
  /// An integer that may be left out (or null); `automatic` says what is taken then.
  virtual void optional_integer(const char* key, std::optional<std::int64_t>& value, Range<std::int64_t> range,
                                const char* unit, const char* automatic, const char* description) = 0;
  virtual void number(const char* key, double& value, Range<double> range, const char* unit,
                      const char* description) = 0;
  virtual void boolean(const char* key, bool& value, const char* description) = 0;
  virtual void choice(const char* key, std::string& value, const std::vector<std::string>& choices,
                      const char* description) = 0;
  virtual void text(const char* key, std::string& value, const char* description) = 0;
  virtual void group(const char* key, const char* description, const std::function<void(Fields&)>& body) = 0;
  virtual void plugin(const char* key, PluginConfig& value, const RegistryBase& registry, const char* description) = 0;
  /// A plug-in whose "type" and parameters lie in this object itself, among its other keys.
  virtual void variant(PluginConfig& value, const RegistryBase& registry, const char* description) = 0;
  /// A list of groups, empty unless given; see `list`.
  struct Elements {
    std::size_t count = 0;                            ///< how many there are now
    std::function<void(std::size_t)> resize;          ///< makes it as long, with defaults
    std::function<void(std::size_t, Fields&)> visit;  ///< visits the fields of one; of an example beyond the last
    std::vector<std::string> required;                ///< keys that every element must have
  };
  virtual void elements(const char* key, const Elements& list, const char* description) = 0;
  /// An object from any names to texts; left out of the echo while it is empty.
  virtual void texts(const char* key, std::map<std::string, std::string>& values, const char* otherwise,
                     const char* description) = 0;
  /// True if values are being written out, where what is not in force may be left out.
  virtual bool is_echo() const { return false; }

  /// A list of configurations of one type, left out of the echo while it is empty.
  /// \param required keys that every element must give
  template <class Config>
  void list(const char* key, std::vector<Config>& values, std::vector<std::string> required, const char* description) {
    Config example;
    Elements list;
    list.count = values.size();
    list.resize = [&values](std::size_t count) { values.assign(count, Config{}); };
    list.visit = [&values, &example](std::size_t n, Fields& f) { (n < values.size() ? values[n] : example).fields(f); };
    list.required = std::move(required);
    elements(key, list, description);
  }

  /// For members of type int.
  void integer(const char* key, int& value, Range<std::int64_t> range, const char* unit, const char* description) {
    std::int64_t wide = value;
    range.lowest = std::max<std::int64_t>(range.lowest, std::numeric_limits<int>::lowest());
    range.highest = std::min<std::int64_t>(range.highest, std::numeric_limits<int>::max());
    integer(key, wide, range, unit, description);
    value = static_cast<int>(wide);
  }
};

/// Anything with parameters, type erased.
class Configurable {
 public:
  virtual ~Configurable() = default;
  virtual void fields(Fields& f) = 0;
};

/// Reads the parameters from a JSON object; keys that no field asked for are issues.
class ReadFields final : public Fields {
 public:
  explicit ReadFields(JsonReader reader) : reader_(std::move(reader)) {}
  using Fields::integer;
  void integer(const char* key, std::int64_t& value, Range<std::int64_t> range, const char* unit,
               const char* description) override;
  void optional_integer(const char* key, std::optional<std::int64_t>& value, Range<std::int64_t> range,
                        const char* unit, const char* automatic, const char* description) override;
  void number(const char* key, double& value, Range<double> range, const char* unit, const char* description) override;
  void boolean(const char* key, bool& value, const char* description) override;
  void choice(const char* key, std::string& value, const std::vector<std::string>& choices,
              const char* description) override;
  void text(const char* key, std::string& value, const char* description) override;
  void group(const char* key, const char* description, const std::function<void(Fields&)>& body) override;
  void plugin(const char* key, PluginConfig& value, const RegistryBase& registry, const char* description) override;
  void variant(PluginConfig& value, const RegistryBase& registry, const char* description) override;
  void elements(const char* key, const Elements& list, const char* description) override;
  void texts(const char* key, std::map<std::string, std::string>& values, const char* otherwise,
             const char* description) override;
  /// Reports unknown keys. `also_known` are keys that somebody else reads.
  void finish(const std::vector<std::string>& also_known = {});

 private:
  JsonReader reader_;
};

/// Writes the parameters into a JSON object, every one of them: the echo of a configuration.
class WriteFields final : public Fields {
 public:
  using Fields::integer;
  const Json& result() const { return out_; }
  void integer(const char* key, std::int64_t& value, Range<std::int64_t> range, const char* unit,
               const char* description) override;
  void optional_integer(const char* key, std::optional<std::int64_t>& value, Range<std::int64_t> range,
                        const char* unit, const char* automatic, const char* description) override;
  void number(const char* key, double& value, Range<double> range, const char* unit, const char* description) override;
  void boolean(const char* key, bool& value, const char* description) override;
  void choice(const char* key, std::string& value, const std::vector<std::string>& choices,
              const char* description) override;
  void text(const char* key, std::string& value, const char* description) override;
  void group(const char* key, const char* description, const std::function<void(Fields&)>& body) override;
  void plugin(const char* key, PluginConfig& value, const RegistryBase& registry, const char* description) override;
  void variant(PluginConfig& value, const RegistryBase& registry, const char* description) override;
  void elements(const char* key, const Elements& list, const char* description) override;
  void texts(const char* key, std::map<std::string, std::string>& values, const char* otherwise,
             const char* description) override;
  bool is_echo() const override { return true; }

 private:
  Json out_ = Json::object();
};

/// One parameter as the generated reference shows it.
struct FieldDescription {
  std::string pointer;  ///< JSON pointer from the root of the experiment
  std::string type;     ///< integer, number, boolean, choice, text, group, plug-in
  std::string default_text;
  std::string unit;
  std::string allowed;
  std::string description;
};

/// Lists the parameters, those of plug-ins with the plug-in's name in angle brackets.
class DescribeFields final : public Fields {
 public:
  explicit DescribeFields(std::string pointer = {}) : pointer_(std::move(pointer)) {}
  using Fields::integer;
  const std::vector<FieldDescription>& result() const { return out_; }
  void integer(const char* key, std::int64_t& value, Range<std::int64_t> range, const char* unit,
               const char* description) override;
  void optional_integer(const char* key, std::optional<std::int64_t>& value, Range<std::int64_t> range,
                        const char* unit, const char* automatic, const char* description) override;
  void number(const char* key, double& value, Range<double> range, const char* unit, const char* description) override;
  void boolean(const char* key, bool& value, const char* description) override;
  void choice(const char* key, std::string& value, const std::vector<std::string>& choices,
              const char* description) override;
  void text(const char* key, std::string& value, const char* description) override;
  void group(const char* key, const char* description, const std::function<void(Fields&)>& body) override;
  void plugin(const char* key, PluginConfig& value, const RegistryBase& registry, const char* description) override;
  void variant(PluginConfig& value, const RegistryBase& registry, const char* description) override;
  void elements(const char* key, const Elements& list, const char* description) override;
  void texts(const char* key, std::map<std::string, std::string>& values, const char* otherwise,
             const char* description) override;

 private:
  std::string pointer_;
  std::vector<FieldDescription> out_;
};

/// The complete JSON form of a configuration struct.
template <class Config>
Json to_json(Config config) {
  WriteFields writer;
  config.fields(writer);
  return writer.result();
}

/// Reads a configuration struct from an object; absent keys keep the values of `defaults`.
template <class Config>
Config read_config(JsonReader reader, Config defaults = {}, const std::vector<std::string>& also_known = {}) {
  if (!reader.expect_object()) return defaults;
  ReadFields fields(reader);
  defaults.fields(fields);
  fields.finish(also_known);
  return defaults;
}

}  // namespace podsim
