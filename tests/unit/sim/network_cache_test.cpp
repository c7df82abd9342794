// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/network_cache.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "podsim/sim/report_json.hpp"
#include "podsim/sim/simulator.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

TEST_CASE("network cache: zoo networks are kept by their source, the last used ones longest", "[sim]") {
  NetworkCache cache(2);
  const auto one = cache.load("zoo:resnet20", false);
  CHECK(one->network == load_network("zoo:resnet20"));
  CHECK(cache.load("zoo:resnet20", false) == one);
  const auto two = cache.load("zoo:resnet20:batch=2", false);
  CHECK(two->network.batch == 2);
  CHECK(two->hash != one->hash);
  CHECK(cache.load("zoo:resnet20", false) == one);
  cache.load("zoo:resnet20:batch=3", false);
  CHECK(cache.load("zoo:resnet20", false) == one);
  const auto again = cache.load("zoo:resnet20:batch=2", false);
  CHECK(again != two);
  CHECK(again->network == two->network);
}

TEST_CASE("network cache: a file that changes under its name is read again", "[sim]") {
  const std::string file =
      (std::filesystem::temp_directory_path() / ("podsim-cache-" + std::to_string(getpid()) + ".csv")).string();
  NetworkCache cache;
  std::ofstream(file) << "Layer, M, N, K,\none, 32, 32, 32,\n";
  const auto before = cache.load(file, false);
  std::ofstream(file) << "Layer, M, N, K,\none, 32, 32, 64,\n";
  const auto after = cache.load(file, false);
  std::remove(file.c_str());
  CHECK(before->network.totals().macs == 32 * 32 * 32);
  CHECK(after->network.totals().macs == 32 * 32 * 64);
  CHECK(before->hash != after->hash);
}

TEST_CASE("network cache: reports are the same with and without", "[sim]") {
  Experiment experiment;
  experiment.workload = "zoo:resnet20";
  experiment.hardware.pods.count = 16;
  const std::string without = to_json(run_experiment(experiment, {})).dump();
  MachinePool machines;
  NetworkCache networks;
  for (int n = 0; n < 2; ++n) CHECK(to_json(run_experiment(experiment, {}, &machines, &networks)).dump() == without);
  RunOptions functional;
  functional.functional.emplace();
  const Report values = run_experiment(experiment, functional, &machines, &networks);
  CHECK(values.functional.is_equal());
  CHECK(to_json(run_experiment(experiment, {}, &machines, &networks)).dump() == without);
}

}  // namespace
}  // namespace podsim
