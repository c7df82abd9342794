// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/fields.hpp"

#include "podsim/sim/core/registry.hpp"
#include "podsim/sim/core/text.hpp"

namespace podsim {
namespace {

std::string allowed_text(const Range<std::int64_t>& range) {
  const bool above = range.highest != std::numeric_limits<std::int64_t>::max();
  return above ? std::to_string(range.lowest) + " … " + std::to_string(range.highest)
               : "≥ " + std::to_string(range.lowest);
}

std::string allowed_text(const Range<double>& range) {
  const bool above = range.highest != std::numeric_limits<double>::max();
  return above ? number_text(range.lowest) + " … " + number_text(range.highest) : "≥ " + number_text(range.lowest);
}

}  // namespace

void ReadFields::integer(const char* key, std::int64_t& value, Range<std::int64_t> range, const char*, const char*) {
  value = reader_.optional_integer(key, value, range);
}

void ReadFields::optional_integer(const char* key, std::optional<std::int64_t>& value, Range<std::int64_t> range,
                                  const char*, const char*, const char*) {
  auto member = reader_.optional_member(key);
  if (!member) return;
  if (member->value().is_null()) {
    value.reset();
  } else if (const auto number = member->integer(range)) {
    value = *number;
  }
}

void ReadFields::number(const char* key, double& value, Range<double> range, const char*, const char*) {
  value = reader_.optional_number(key, value, range);
}

void ReadFields::boolean(const char* key, bool& value, const char*) {
  value = reader_.optional_boolean(key, value);
}

void ReadFields::choice(const char* key, std::string& value, const std::vector<std::string>& choices, const char*) {
  value = reader_.optional_choice(key, value, choices);
}

void ReadFields::text(const char* key, std::string& value, const char*) {
  value = reader_.optional_string(key, value);
}

void ReadFields::group(const char* key, const char*, const std::function<void(Fields&)>& body) {
  auto member = reader_.optional_member(key);
  if (!member) return;
  if (!member->expect_object()) return;
  ReadFields inner(*member);
  body(inner);
  inner.finish();
}

void ReadFields::plugin(const char* key, PluginConfig& value, const RegistryBase& registry, const char*) {
  auto member = reader_.optional_member(key);
  if (!member) return;
  std::string type = value.type;
  // A bare string is short for {"type": …} with all defaults.
  if (member->value().is_string()) {
    type = member->value().get<std::string>();
  } else {
    if (!member->expect_object()) return;
    type = member->optional_string("type", type);
  }
  const PluginInfo* info = registry.find(type);
  if (info == nullptr) {
    const Issue issue = registry.unknown(type);
    if (member->value().is_string()) {
      member->fail(issue.message, issue.hint);
    } else {
      member->fail_at("type", issue.message, issue.hint);
    }
    return;
  }
  const auto parameters = info->make_config();
  if (type == value.type) {
    // Keys that are not given keep the value they had, e.g. from the preset.
    IssueList none;
    ReadFields before(JsonReader(value.parameters, {}, {}, none));
    parameters->fields(before);
  }
  if (member->value().is_object()) {
    ReadFields inner(*member);
    parameters->fields(inner);
    inner.finish({"type"});
  }
  WriteFields writer;
  parameters->fields(writer);
  value = PluginConfig{type, writer.result()};
}

void ReadFields::variant(PluginConfig& value, const RegistryBase& registry, const char*) {
  const std::string type = reader_.optional_string("type", value.type);
  const PluginInfo* info = registry.find(type);
  if (info == nullptr) {
    const Issue issue = registry.unknown(type);
    reader_.fail_at("type", issue.message, issue.hint);
    return;
  }
  const auto parameters = info->make_config();
  if (type == value.type) {
    IssueList none;
    ReadFields before(JsonReader(value.parameters, {}, {}, none));
    parameters->fields(before);
  }
  parameters->fields(*this);
  WriteFields writer;
  parameters->fields(writer);
  value = PluginConfig{type, writer.result()};
}

void ReadFields::elements(const char* key, const Elements& list, const char*) {
  auto member = reader_.optional_member(key);
  if (!member) return;
  list.resize(0);
  if (member->value().is_null()) return;
  std::vector<JsonReader> readers = member->elements();
  list.resize(readers.size());
  for (std::size_t n = 0; n < readers.size(); ++n) {
    if (!readers[n].expect_object()) continue;
    for (const std::string& needed : list.required) {
      if (!readers[n].has(needed)) readers[n].fail("the key \"" + needed + "\" is missing");
    }
    ReadFields inner(readers[n]);
    list.visit(n, inner);
    inner.finish();
  }
}

void ReadFields::texts(const char* key, std::map<std::string, std::string>& values, const char* otherwise,
                       const char*) {
  auto member = reader_.optional_member(key);
  if (!member) return;
  values.clear();
  if (member->value().is_null() || member->value() == otherwise) return;
  if (!member->value().is_object()) {
    member->fail("must be \"" + std::string(otherwise) + "\" or an object of texts, got " +
                 JsonReader::describe(member->value()));
    return;
  }
  for (const auto& [name, text] : member->value().items()) {
    if (const auto value = member->optional_member(name)->string()) values[name] = *value;
  }
}

void ReadFields::finish(const std::vector<std::string>& also_known) {
  for (const std::string& key : also_known) reader_.ignore(key);
  reader_.finish();
}

void WriteFields::integer(const char* key, std::int64_t& value, Range<std::int64_t>, const char*, const char*) {
  out_[key] = value;
}

void WriteFields::optional_integer(const char* key, std::optional<std::int64_t>& value, Range<std::int64_t>,
                                   const char*, const char*, const char*) {
  out_[key] = value ? Json(*value) : Json(nullptr);
}

void WriteFields::number(const char* key, double& value, Range<double>, const char*, const char*) {
  out_[key] = value;
}

void WriteFields::boolean(const char* key, bool& value, const char*) {
  out_[key] = value;
}

void WriteFields::choice(const char* key, std::string& value, const std::vector<std::string>&, const char*) {
  out_[key] = value;
}

void WriteFields::text(const char* key, std::string& value, const char*) {
  out_[key] = value;
}

void WriteFields::group(const char* key, const char*, const std::function<void(Fields&)>& body) {
  WriteFields inner;
  body(inner);
  out_[key] = inner.out_;
}

void WriteFields::plugin(const char* key, PluginConfig& value, const RegistryBase&, const char*) {
  Json member = Json::object();
  member["type"] = value.type;
  for (const auto& [name, parameter] : value.parameters.items()) member[name] = parameter;
  out_[key] = member;
}

void WriteFields::variant(PluginConfig& value, const RegistryBase&, const char*) {
  out_["type"] = value.type;
  for (const auto& [name, parameter] : value.parameters.items()) out_[name] = parameter;
}

void WriteFields::elements(const char* key, const Elements& list, const char*) {
  if (list.count == 0) return;
  Json all = Json::array();
  for (std::size_t n = 0; n < list.count; ++n) {
    WriteFields inner;
    list.visit(n, inner);
    all.push_back(inner.out_);
  }
  out_[key] = all;
}

void WriteFields::texts(const char* key, std::map<std::string, std::string>& values, const char*, const char*) {
  if (!values.empty()) out_[key] = values;
}

void DescribeFields::integer(const char* key, std::int64_t& value, Range<std::int64_t> range, const char* unit,
                             const char* description) {
  out_.push_back(
      {pointer_append(pointer_, key), "integer", std::to_string(value), unit, allowed_text(range), description});
}

void DescribeFields::optional_integer(const char* key, std::optional<std::int64_t>& value, Range<std::int64_t> range,
                                      const char* unit, const char* automatic, const char* description) {
  out_.push_back({pointer_append(pointer_, key), "integer or null",
                  value ? std::to_string(*value) : "null (" + std::string(automatic) + ")", unit, allowed_text(range),
                  description});
}

void DescribeFields::number(const char* key, double& value, Range<double> range, const char* unit,
                            const char* description) {
  out_.push_back({pointer_append(pointer_, key), "number", number_text(value), unit, allowed_text(range), description});
}

void DescribeFields::boolean(const char* key, bool& value, const char* description) {
  out_.push_back({pointer_append(pointer_, key), "boolean", value ? "true" : "false", "", "true, false", description});
}

void DescribeFields::choice(const char* key, std::string& value, const std::vector<std::string>& choices,
                            const char* description) {
  out_.push_back({pointer_append(pointer_, key), "choice", value, "", join(choices), description});
}

void DescribeFields::text(const char* key, std::string& value, const char* description) {
  out_.push_back({pointer_append(pointer_, key), "text", value, "", "", description});
}

void DescribeFields::group(const char* key, const char* description, const std::function<void(Fields&)>& body) {
  out_.push_back({pointer_append(pointer_, key), "group", "", "", "", description});
  DescribeFields inner(pointer_append(pointer_, key));
  body(inner);
  out_.insert(out_.end(), inner.out_.begin(), inner.out_.end());
}

void DescribeFields::plugin(const char* key, PluginConfig& value, const RegistryBase& registry,
                            const char* description) {
  const std::string at = pointer_append(pointer_, key);
  out_.push_back({at + "/type", registry.kind(), value.type, "", join(registry.names()), description});
  for (const std::string& name : registry.names()) {
    DescribeFields inner(at + "<" + name + ">");
    registry.find(name)->make_config()->fields(inner);
    out_.insert(out_.end(), inner.out_.begin(), inner.out_.end());
  }
}

void DescribeFields::variant(PluginConfig& value, const RegistryBase& registry, const char* description) {
  out_.push_back({pointer_ + "/type", registry.kind(), value.type, "", join(registry.names()), description});
  for (const std::string& name : registry.names()) {
    DescribeFields inner(pointer_ + "<" + name + ">");
    registry.find(name)->make_config()->fields(inner);
    out_.insert(out_.end(), inner.out_.begin(), inner.out_.end());
  }
}

void DescribeFields::elements(const char* key, const Elements& list, const char* description) {
  const std::string at = pointer_append(pointer_, key);
  out_.push_back({at, "list of groups", list.count == 0 ? "[]" : "", "", "", description});
  DescribeFields inner(at + "/0");
  list.visit(list.count, inner);
  for (FieldDescription& field : inner.out_) {
    for (const std::string& needed : list.required) {
      if (field.pointer == at + "/0/" + needed) field.default_text.clear();
    }
    out_.push_back(field);
  }
}

void DescribeFields::texts(const char* key, std::map<std::string, std::string>&, const char* otherwise,
                           const char* description) {
  out_.push_back({pointer_append(pointer_, key), "object of texts", otherwise, "", "", description});
}

}  // namespace podsim
