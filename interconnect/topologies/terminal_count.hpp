#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The range of sizes that all topologies share.

#include <string>

#include "podsim/sim/core/error.hpp"

namespace podsim {

/// Terminals fit 16 bits, which halves the tables that schedulers hit most.
constexpr int kMaximumTerminals = 65536;

/// \returns `terminals`
/// \throws Error (bad_input) unless it is in [1, kMaximumTerminals]
inline int checked_terminals(const std::string& topology, int terminals) {
  if (terminals < 1 || terminals > kMaximumTerminals) {
    throw Error(ErrorKind::bad_input,
                {Issue{"topology " + topology,
                       {},
                       "the number of terminals must be in [1, " + std::to_string(kMaximumTerminals) + "], got " +
                           std::to_string(terminals),
                       {}}});
  }
  return terminals;
}

}  // namespace podsim
