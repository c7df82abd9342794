#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A request line of `serve`, read and checked.

#include "podsim/sim/experiment.hpp"
#include "podsim/sim/simulator.hpp"

namespace podsim {

struct ServeRequest {
  Experiment experiment;
  RunOptions options;     ///< only the limits are set
  bool is_brief = false;  ///< the report without layers and statistics
};

/// \throws Error (bad_input) with all mistakes; pointers are those of the request
ServeRequest read_serve_request(const JsonDocument& document);

}  // namespace podsim
