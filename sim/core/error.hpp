#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The one exception type of podsim, and the list of problems it carries.

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace podsim {

/// One problem: where it is, what was found, what is allowed.
struct Issue {
  std::string file;     ///< file, or "--set", "command line", …; may be empty
  std::string pointer;  ///< JSON pointer (RFC 6901) or "line 7"; may be empty
  std::string message;  ///< what was found and what is allowed
  std::string hint;     ///< e.g. `did you mean "butterfly"?`; may be empty

  /// "file:pointer: message; hint", the form in which a user sees it.
  std::string text() const;
};

/// Who has to act on an error.
enum class ErrorKind {
  bad_input,   ///< the user's file or flag is wrong; exit code 2
  run_failed,  ///< the input is fine, but this run could not be completed; exit code 1
  internal,    ///< podsim broke one of its own promises; exit code 1
};

/// Everything podsim throws. Collects all problems found, so that a user mends them in one go.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::vector<Issue> issues);

  ErrorKind kind() const noexcept { return kind_; }
  const std::vector<Issue>& issues() const noexcept { return issues_; }
  /// All issues, one a line.
  const char* what() const noexcept override { return what_.c_str(); }

  /// An error with one issue that has no place in a file.
  static Error bad_input(std::string message, std::string hint = {});
  static Error run_failed(std::string message, std::string hint = {});
  /// \param module the name of the module that found the broken promise
  static Error internal(const std::string& module, const std::string& message);

 private:
  ErrorKind kind_;
  std::vector<Issue> issues_;
  std::string what_;
};

/// Gathers issues while a file is read, and throws them together.
class IssueList {
 public:
  void add(Issue issue) { issues_.push_back(std::move(issue)); }
  bool empty() const noexcept { return issues_.empty(); }
  const std::vector<Issue>& issues() const noexcept { return issues_; }
  /// \throws Error of kind bad_input with all issues, if there is any
  void throw_if_any() const;

 private:
  std::vector<Issue> issues_;
};

}  // namespace podsim
