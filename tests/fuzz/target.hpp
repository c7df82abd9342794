#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Fuzz targets: entry points that take any bytes and may refuse them only by podsim::Error.

#include <functional>
#include <string>
#include <vector>

#include "podsim/sim/core/error.hpp"

namespace podsim::fuzz {

/// What readers may allocate for one input. Inputs are short, so anything near this is a finding.
constexpr std::int64_t kMemoryBytes = std::int64_t{64} << 20;

/// A function that is given bytes from anywhere. It returns, whatever they are; anything else is a finding.
struct Target {
  const char* name;
  void (*run)(const std::string& input);
};

/// Those whose files are linked into the program.
std::vector<Target>& targets();

/// A target registers itself by a constant of this type in its own .cpp file.
struct Registered {
  Registered(const char* name, void (*run)(const std::string& input)) { targets().push_back({name, run}); }
};

/// Runs `body`; refusals are good. An internal error is not: it aborts, so that the fuzzer keeps the input.
/// \return true if the body came to its end
bool accepted(const std::function<void()>& body);

/// Aborts with a message, so that the fuzzer keeps the input.
[[noreturn]] void finding(const std::string& what);

}  // namespace podsim::fuzz
