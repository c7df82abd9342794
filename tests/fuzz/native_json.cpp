// SPDX-License-Identifier: Apache-2.0
// A network in podsim's own workload JSON, up to its tiles. What is accepted reads back from its own text.
#include "cut.hpp"
#include "podsim/workloads/workload_source.hpp"

namespace podsim::fuzz {
namespace {

Network read(const std::string& text) {
  LoadOptions options;
  options.allow_unmodelled = true;
  Network network = workload_format_registry().make({"native_json", Json::object()})->read(text, "fuzz.json", options);
  network.infer();
  return network;
}

void run(const std::string& input) {
  accepted([&] {
    const Network network = read(input);
    if (!(read(to_text(network)) == network)) finding("a network reads back from its text as another one");
    cut(network);
  });
}

const Registered entry{"native_json", run};

}  // namespace
}  // namespace podsim::fuzz
