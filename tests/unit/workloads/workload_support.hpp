#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Helpers of the workload tests: networks from JSON text, and looking for issues.

#include <string>
#include <vector>

#include "podsim/sim/core/error.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim::test {

/// Reads workload JSON with the format plug-in of that name.
inline Network read_workload(const std::string& text, const std::string& format = "native_json",
                             const std::string& file = "net.json", const LoadOptions& options = {}) {
  Network network = workload_format_registry().make({format, Json::object()})->read(text, file, options);
  network.infer();
  return network;
}

/// The issues of the error that `action` throws; none if it throws nothing.
template <class Action>
std::vector<Issue> issues_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::bad_input ? error.issues()
                                                : std::vector<Issue>{{"", "", "not bad_input", error.what()}};
  }
  return {};
}

/// True if there is an issue at that pointer whose text contains the fragment.
inline bool has_issue(const std::vector<Issue>& issues, const std::string& pointer, const std::string& fragment) {
  for (const Issue& issue : issues) {
    if (issue.pointer == pointer && issue.text().find(fragment) != std::string::npos) return true;
  }
  return false;
}

/// All issues, for the log of a failed test.
inline std::string text_of(const std::vector<Issue>& issues) {
  std::string out;
  for (const Issue& issue : issues) out += issue.text() + "\n";
  return out;
}

}  // namespace podsim::test
