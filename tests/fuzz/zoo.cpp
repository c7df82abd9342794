// SPDX-License-Identifier: Apache-2.0
// What follows "zoo:": a name and parameters, up to the tiles.
#include "cut.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim::fuzz {
namespace {

void run(const std::string& input) {
  accepted([&] { cut(load_network("zoo:" + input)); });
}

const Registered entry{"zoo", run};

}  // namespace
}  // namespace podsim::fuzz
