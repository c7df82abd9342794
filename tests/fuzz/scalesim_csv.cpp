// SPDX-License-Identifier: Apache-2.0
// A SCALE-Sim topology, up to its tiles.
#include "cut.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim::fuzz {
namespace {

void run(const std::string& input) {
  accepted([&] {
    Network network =
        workload_format_registry().make({"scalesim_csv", Json::object()})->read(input, "fuzz.csv", LoadOptions{});
    network.infer();
    (void)to_text(network);
    cut(network);
  });
}

const Registered entry{"scalesim_csv", run};

}  // namespace
}  // namespace podsim::fuzz
