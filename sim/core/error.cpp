// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/error.hpp"

#include <utility>

namespace podsim {

std::string Issue::text() const {
  std::string out = file;
  if (!pointer.empty()) {
    if (!out.empty()) out += ':';
    out += pointer;
  }
  if (!out.empty()) out += ": ";
  out += message;
  if (!hint.empty()) out += "; " + hint;
  return out;
}

Error::Error(ErrorKind kind, std::vector<Issue> issues) : kind_(kind), issues_(std::move(issues)) {
  for (const Issue& issue : issues_) {
    if (!what_.empty()) what_ += '\n';
    what_ += issue.text();
  }
}

Error Error::bad_input(std::string message, std::string hint) {
  return Error(ErrorKind::bad_input, {Issue{{}, {}, std::move(message), std::move(hint)}});
}

Error Error::run_failed(std::string message, std::string hint) {
  return Error(ErrorKind::run_failed, {Issue{{}, {}, std::move(message), std::move(hint)}});
}

Error Error::internal(const std::string& module, const std::string& message) {
  return Error(ErrorKind::internal, {Issue{{}, {}, "internal error in " + module + ": " + message, {}}});
}

void IssueList::throw_if_any() const {
  if (!issues_.empty()) throw Error(ErrorKind::bad_input, issues_);
}

}  // namespace podsim
