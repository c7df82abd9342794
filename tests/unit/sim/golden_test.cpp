// SPDX-License-Identifier: Apache-2.0
// Cycle counts as they were when tests/golden was written last. They guard against unnoticed change and prove nothing.
#include <filesystem>
#include <string>

#include "podsim/sim/simulator.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("golden: cycles per layer are those of the golden files", "[sim]") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(PODSIM_SOURCE_DIR) + "/tests/golden")) {
    const std::string path = entry.path().string();
    INFO(path << "; if the change is meant: scripts/update_golden.py, and say why in CHANGELOG under Results changed");
    const JsonDocument golden = read_json_file(path);
    const Report report = run_experiment(read_experiment({path, golden.root["experiment"]}), {});
    CHECK(report.result.cycles == golden.root["cycles"].get<std::int64_t>());
    const Json& layers = golden.root["layers"];
    REQUIRE(report.layers.size() == layers.size());
    for (std::size_t n = 0; n < layers.size(); ++n) {
      INFO(report.layers[n].name);
      CHECK(report.layers[n].name == layers[n][0].get<std::string>());
      CHECK(report.layers[n].result.cycles == layers[n][1].get<std::int64_t>());
    }
    ++files;
  }
  CHECK(files >= 7);
}

}  // namespace
}  // namespace podsim
