#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file JSON pointers (RFC 6901): reading them, and reaching values by them.

#include <optional>
#include <string>
#include <vector>

#include "podsim/sim/core/json_reader.hpp"

namespace podsim {

/// The keys of a JSON pointer to a member, or nothing if the text is none. The pointer to everything ("") and empty
/// keys count as mistakes: no parameter has them.
std::optional<std::vector<std::string>> pointer_keys(const std::string& pointer);

/// The value that the keys lead to, or nullptr.
const Json* find_value(const Json& root, const std::vector<std::string>& keys);

/// Sets the value that the keys lead to. Objects on the way are made as needed; elements of arrays must be there.
/// \return why it cannot be set; empty if it was
std::string set_value(Json& root, const std::vector<std::string>& keys, Json value);

}  // namespace podsim
