#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The cases of the property tests: a random network and a random machine per seed.

#include <cstdlib>
#include <string>

#include "support/catch.hpp"
#include "support/random_case.hpp"

namespace podsim::test {

inline std::int64_t from_environment(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoll(text);
}

/// A network, a machine, and a text to repeat it with.
struct Case {
  Network network;
  Setup setup;
  std::string text;
};

/// The largest number of tile operations a case may have: thousands of cases must not take hours.
inline constexpr std::uint32_t kMostOps = 3000;

inline Case random_case(std::uint64_t seed) {
  RandomStream random(seed, "property tests");
  Case out;
  out.setup = random_setup(random);
  RandomStream conventions(seed, "conventions of property tests");
  draw_conventions(out.setup, conventions);
  std::int64_t side = 1;
  for (int g = 0; g < out.setup.hardware.pod_group_count(); ++g) {
    const PodConfig& pods = out.setup.hardware.pod_group(g);
    side = std::max<std::int64_t>({side, pods.rows, pods.cols});
  }
  for (std::int64_t largest = side <= 4 ? 12 : side <= 12 ? 32 : 80;; largest = largest / 2 + 1) {
    out.network = random_network(random, largest);
    if (cut(out.network, out.setup).op_count <= kMostOps) break;
  }
  out.text = "seed " + std::to_string(seed) + "\n" + to_text(out.network) + to_json(out.setup.hardware).dump() + "\n" +
             to_json(out.setup.tiling).dump() + " " + Json(out.setup.tiling.pod_groups).dump() + "\n" +
             out.setup.scheduler.type + " " + out.setup.scheduler.parameters.dump();
  return out;
}

/// Makes the program. If the banks are too small, takes the capacity that the error advises, which must do.
inline std::unique_ptr<Program> make_or_advise(Case& random) {
  const auto error = error_of([&] { make(random.network, random.setup); });
  if (error) {
    INFO(error->what());
    REQUIRE(error->kind() == ErrorKind::run_failed);
    REQUIRE(error->issues().size() == 1);
    const Issue& issue = error->issues().front();
    REQUIRE(issue.pointer == "/hardware/banks/capacity_kib");
    REQUIRE(issue.hint.rfind("at least ", 0) == 0);
    random.setup.hardware.banks.capacity_kib = std::stoll(issue.hint.substr(9));
  }
  return make(random.network, random.setup);
}

}  // namespace podsim::test
