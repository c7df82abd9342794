// SPDX-License-Identifier: Apache-2.0
// One request line of `podsim serve`, as far as it is read.
#include "podsim/sim/commands/serve_request.hpp"
#include "target.hpp"

namespace podsim::fuzz {
namespace {

void run(const std::string& input) {
  accepted([&] { (void)read_serve_request(parse_json(input, "line 1")); });
}

const Registered entry{"serve", run};

}  // namespace
}  // namespace podsim::fuzz
