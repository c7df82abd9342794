// SPDX-License-Identifier: Apache-2.0
#include "support/programs.hpp"

#include <utility>

#include "podsim/workloads/network_builder.hpp"

namespace podsim::test {

Setup crossbar_setup(int pods, int rows, int cols) {
  Setup setup;
  setup.hardware.pods.count = pods;
  setup.hardware.pods.rows = rows;
  setup.hardware.pods.cols = cols;
  setup.hardware.interconnect = {"crossbar", Json::object()};
  return setup;
}

TiledWorkload cut(const Network& network, const Setup& setup) {
  TilingConfig tiling = setup.tiling;
  scheduler_registry().make(setup.scheduler)->adjust(tiling);
  return tile(lower(network), Machine(setup.hardware), tiling, std::int64_t{4} << 30);
}

std::unique_ptr<Program> make(const Network& network, const Setup& setup) {
  Machine machine(setup.hardware);
  TiledWorkload work = cut(network, setup);
  Schedule schedule = scheduler_registry().make(setup.scheduler)->schedule(work, machine, {});
  return std::make_unique<Program>(make_program(std::move(machine), std::move(work), std::move(schedule), true));
}

Network one_linear(std::int64_t m, std::int64_t k, std::int64_t n) {
  NetworkBuilder b("one_linear");
  const std::string x = b.input("x", {m, k});
  return b.build({b.linear("fc", x, {k, n, false, {}})});
}

}  // namespace podsim::test
