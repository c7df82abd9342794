// SPDX-License-Identifier: Apache-2.0
// Two reports, separated by a line "---"; without one, a report and itself.
#include "podsim/sim/comparison.hpp"
#include "podsim/sim/core/json_reader.hpp"
#include "target.hpp"

namespace podsim::fuzz {
namespace {

void run(const std::string& input) {
  accepted([&] {
    const std::string separator = "\n---\n";
    const std::size_t at = input.find(separator);
    const JsonDocument a = parse_json(input.substr(0, at), "a.json");
    const JsonDocument b = at == std::string::npos ? a : parse_json(input.substr(at + separator.size()), "b.json");
    (void)compare_reports(a, b, true);
  });
}

const Registered entry{"compare", run};

}  // namespace
}  // namespace podsim::fuzz
