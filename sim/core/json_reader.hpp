#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Strict JSON input: every mistake is an Issue with file, JSON pointer, what was found and what is allowed.

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "podsim/sim/core/error.hpp"

namespace podsim {

using Json = nlohmann::ordered_json;

/// A parsed JSON text and the name by which errors call it.
struct JsonDocument {
  std::string file;
  Json root;
};

/// Parses strict JSON: no comments, no duplicate keys, no trailing text, valid UTF-8, at most 256 levels deep.
/// \throws Error (bad_input) naming file, line and column
JsonDocument parse_json(const std::string& text, const std::string& file);

/// Reads and parses a file; "-" is standard input.
/// \throws Error (bad_input) if it cannot be read or parsed
JsonDocument read_json_file(const std::string& path);

/// Reads a whole file into memory; "-" is standard input.
/// \throws Error (bad_input) if it cannot be read or is larger than `limit_bytes`
std::string read_text_file(const std::string& path, std::int64_t limit_bytes = std::int64_t{1} << 31);

/// Appends a key to a JSON pointer (RFC 6901), escaping '~' and '/'.
std::string pointer_append(const std::string& pointer, const std::string& key);

/// A closed range of numbers, and how it reads in an error.
template <class Number>
struct Range {
  Number lowest = std::numeric_limits<Number>::lowest();
  Number highest = std::numeric_limits<Number>::max();
};

/// A cursor on one JSON value. Mistakes are added to the shared IssueList; reading goes on with the default, so
/// that one pass finds them all. Keys of an object that nobody asked for are reported by `finish()`.
class JsonReader {
 public:
  /// \param document and \param issues must outlive the reader and all readers made from it
  JsonReader(const JsonDocument& document, IssueList& issues);
  JsonReader(const Json& value, std::string file, std::string pointer, IssueList& issues);

  const Json& value() const { return *value_; }
  const std::string& file() const { return file_; }
  const std::string& pointer() const { return pointer_; }
  IssueList& issues() const { return *issues_; }

  /// True if the value is an object; otherwise adds an issue.
  bool expect_object();
  /// True if the value is an array; otherwise adds an issue.
  bool expect_array();
  bool has(const std::string& key) const;

  // Members of an object. A missing required key is an issue; a missing optional key gives the default.
  std::int64_t required_integer(const std::string& key, Range<std::int64_t> range = {});
  std::int64_t optional_integer(const std::string& key, std::int64_t otherwise, Range<std::int64_t> range = {});
  double optional_number(const std::string& key, double otherwise, Range<double> range = {});
  bool optional_boolean(const std::string& key, bool otherwise);
  std::string required_string(const std::string& key);
  std::string optional_string(const std::string& key, const std::string& otherwise);
  /// A string out of `choices`; anything else is an issue with a suggestion.
  std::string optional_choice(const std::string& key, const std::string& otherwise,
                              const std::vector<std::string>& choices);
  /// A reader on the member, or nothing if it is absent.
  std::optional<JsonReader> optional_member(const std::string& key);
  /// A reader on the member; adds an issue and returns nothing if it is absent.
  std::optional<JsonReader> required_member(const std::string& key);

  // The value itself.
  std::optional<std::int64_t> integer(Range<std::int64_t> range = {});
  std::optional<double> number(Range<double> range = {});
  std::optional<bool> boolean();
  std::optional<std::string> string();
  /// One reader per element of an array; adds an issue and returns none if it is no array.
  std::vector<JsonReader> elements();

  /// Adds an issue at this value.
  void fail(const std::string& message, const std::string& hint = {}) const;
  /// Adds an issue at a member of this value.
  void fail_at(const std::string& key, const std::string& message, const std::string& hint = {}) const;
  /// Marks a key as known without reading it.
  void ignore(const std::string& key) { asked_.insert(key); }
  /// Reports the keys that nobody asked for. Call once, after the last member was read.
  void finish();

  /// What a value is, for error messages: `the string "x"`, "the number 3.5", "an object", …
  static std::string describe(const Json& value);

 private:
  const Json* value_;
  std::string file_;
  std::string pointer_;
  IssueList* issues_;
  std::set<std::string> asked_;
};

}  // namespace podsim
