// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/json_pointer.hpp"

#include <algorithm>
#include <utility>

namespace podsim {
namespace {

std::optional<std::size_t> array_index(const std::string& key, std::size_t size) {
  if (key.empty() || key.size() > 9 || key.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const std::size_t index = std::stoul(key);
  return index < size ? std::optional<std::size_t>(index) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> pointer_keys(const std::string& pointer) {
  if (pointer.size() < 2 || pointer[0] != '/') return std::nullopt;
  std::vector<std::string> keys;
  for (std::size_t begin = 1; begin <= pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    std::string key;
    for (std::size_t at = begin; at < end; ++at) {
      if (pointer[at] != '~') {
        key += pointer[at];
      } else if (at + 1 < end && (pointer[at + 1] == '0' || pointer[at + 1] == '1')) {
        key += pointer[++at] == '0' ? '~' : '/';
      } else {
        return std::nullopt;
      }
    }
    if (key.empty()) return std::nullopt;
    keys.push_back(key);
    begin = end + 1;
  }
  return keys;
}

const Json* find_value(const Json& root, const std::vector<std::string>& keys) {
  const Json* at = &root;
  for (const std::string& key : keys) {
    if (at->is_array()) {
      const auto index = array_index(key, at->size());
      if (!index) return nullptr;
      at = &(*at)[*index];
    } else {
      if (!at->is_object()) return nullptr;
      const auto found = at->find(key);
      if (found == at->end()) return nullptr;
      at = &*found;
    }
  }
  return at;
}

std::string set_value(Json& root, const std::vector<std::string>& keys, Json value) {
  if (root.is_null()) root = Json::object();
  Json* at = &root;
  std::string path;
  for (const std::string& key : keys) {
    if (at->is_array()) {
      const auto index = array_index(key, at->size());
      if (!index) {
        return "\"" + path + "\" has " + std::to_string(at->size()) + " elements; \"" + key + "\" is none of them";
      }
      at = &(*at)[*index];
    } else {
      // null on the way is a value that was never set.
      if (at->is_null()) *at = Json::object();
      if (!at->is_object()) {
        return "\"" + path + "\" is " + JsonReader::describe(*at) + ", not an object: it has no \"" + key + "\"";
      }
      at = &(*at)[key];
    }
    path = pointer_append(path, key);
  }
  *at = std::move(value);
  return {};
}

}  // namespace podsim
