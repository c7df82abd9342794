#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The options of a command: declared once, for parsing, for help and for suggestions.

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace podsim {

/// A parsed command line.
class Arguments {
 public:
  bool has(const std::string& option) const { return values_.count(option) != 0; }
  /// All values of an option, in order.
  std::vector<std::string> values(const std::string& option) const;
  /// The value of an option that is given once at most.
  std::optional<std::string> value(const std::string& option) const;
  /// \throws Error (bad_input) if the value is no integer in the range
  std::optional<std::int64_t> integer(const std::string& option, std::int64_t lowest,
                                      std::int64_t highest = std::numeric_limits<std::int64_t>::max()) const;
  /// A number of bytes with optional unit: 4096, 512M, 4GiB (powers of 1024), 2GB (powers of 1000).
  /// \throws Error (bad_input)
  std::optional<std::int64_t> size(const std::string& option) const;
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  friend class OptionParser;
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> positional_;
};

/// Declares options and parses them. Options are spelled "name" or "name,n".
class OptionParser {
 public:
  /// \param usage the first lines of the help
  /// \param examples its last lines
  /// \param positional how many arguments without option are allowed
  OptionParser(std::string usage, std::string examples, std::size_t positional);
  ~OptionParser();
  OptionParser(const OptionParser&) = delete;
  OptionParser& operator=(const OptionParser&) = delete;

  void flag(const std::string& option, const std::string& description);
  void value(const std::string& option, const std::string& value_name, const std::string& description);
  void repeated(const std::string& option, const std::string& value_name, const std::string& description);

  /// Nothing if help was asked for and printed on standard output.
  /// \throws Error (bad_input)
  std::optional<Arguments> parse(const std::vector<std::string>& arguments) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace podsim
