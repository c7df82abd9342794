// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/energy/granularity.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "podsim/models/energy/power.hpp"
#include "podsim/workloads/workload_source.hpp"
#include "support/catch.hpp"

namespace podsim {
namespace {

using Networks = std::vector<std::vector<CountedGemm>>;

/// The networks of the SOSA paper: three BERTs at ten lengths.
Networks berts() {
  Networks out;
  for (const char* size : {"medium", "base", "large"}) {
    for (const int length : {10, 20, 40, 60, 80, 100, 200, 300, 400, 500}) {
      const std::string name = "zoo:bert_" + std::string(size) + ":sequence=" + std::to_string(length);
      out.push_back(counted_gemms(lower(load_network(name))));
    }
  }
  return out;
}

/// Seven CNNs at three image sizes.
Networks cnns() {
  Networks out;
  for (const char* name :
       {"densenet121", "densenet169", "densenet201", "inception_v3", "resnet50", "resnet101", "resnet152"}) {
    for (const int image : {224, 256, 299}) {
      out.push_back(counted_gemms(lower(load_network("zoo:" + std::string(name) + ":image=" + std::to_string(image)))));
    }
  }
  return out;
}

/// Harmonic mean of the networks' TOPS per watt of peak power.
double tops_per_watt(const Networks& networks, int rows, int cols, const IsoPower& iso) {
  double inverse = 0;
  for (const auto& gemms : networks) {
    const double operations = 2 * static_cast<double>(macs(gemms));
    const double nanoseconds = static_cast<double>(analytic_cycles(gemms, rows, cols, iso.pods));
    inverse += iso.watts / (operations / nanoseconds * 1e-3);
  }
  return static_cast<double>(networks.size()) / inverse;
}

TEST_CASE("granularity: cycles are rounds of tiles", "[models][energy]") {
  const std::vector<CountedGemm> one{{{33, 64, 65, 1}, 3}};
  // 2 x 2 x 3 tiles of 32 rows; on 5 pods 3 rounds, on 12 one.
  CHECK(analytic_cycles(one, 32, 32, 5) == 3 * 3 * 32);
  CHECK(analytic_cycles(one, 32, 32, 12) == 3 * 32);
  CHECK(analytic_cycles(one, 32, 32, 11) == 3 * 2 * 32);
  CHECK(macs(one) == 3 * 33 * 64 * 65);
}

TEST_CASE("granularity: counted GEMMs hold all MACs of a network", "[models][energy]") {
  for (const char* name : {"zoo:mobilenet_v2", "zoo:bert_medium", "zoo:resnet50"}) {
    const LoweredNetwork network = lower(load_network(name));
    CHECK(macs(counted_gemms(network)) == network.macs());
  }
}

// SOSA (arXiv 2203.11540), design space of array sizes at 400 W and batch 1: the optimum is 20x128 for BERT, 66x32 for
// CNNs, 20x32 for both (harmonic mean of the two); figures in TOPS per watt of peak power. Here sizes around the
// optima, and others up to 256.
TEST_CASE("granularity: the published optima of the analytic design space are met", "[models][energy]") {
  const Networks bert = berts(), cnn = cnns();
  const Technology technology = *technology_registry().make({"sosa28", Json::object()});
  struct Best {
    double value = 0;
    int rows = 0, cols = 0;
    void take(double other, int r, int c) {
      if (other > value) *this = {other, r, c};
    }
  };
  Best best_bert, best_cnn, best_mix;
  std::vector<int> sizes;
  for (int size = 8; size <= 138; size += 2) sizes.push_back(size);
  sizes.push_back(256);
  struct Known {
    int rows, cols;
    double mix;
  };
  std::vector<Known> known{{8, 8, 0.622},   {16, 16, 0.939}, {20, 32, 1.100},   {32, 32, 1.052},
                           {64, 64, 0.795}, {66, 32, 0.786}, {128, 128, 0.474}, {256, 256, 0.249}};
  std::size_t met = 0;
  for (const int rows : sizes) {
    for (const int cols : sizes) {
      HardwareConfig hardware;
      hardware.pods.rows = rows;
      hardware.pods.cols = cols;
      const IsoPower iso = iso_power(hardware, technology, 400);
      const double b = tops_per_watt(bert, rows, cols, iso);
      const double c = tops_per_watt(cnn, rows, cols, iso);
      const double mix = 2 / (1 / b + 1 / c);
      best_bert.take(b, rows, cols);
      best_cnn.take(c, rows, cols);
      best_mix.take(mix, rows, cols);
      for (const Known& row : known) {
        if (row.rows != rows || row.cols != cols) continue;
        INFO(rows << "x" << cols);
        CHECK(std::abs(mix - row.mix) <= 0.0005 + 1e-9);
        ++met;
      }
    }
  }
  CHECK(met == known.size());
  CHECK(std::array<int, 2>{best_bert.rows, best_bert.cols} == std::array<int, 2>{20, 128});
  CHECK(std::array<int, 2>{best_cnn.rows, best_cnn.cols} == std::array<int, 2>{66, 32});
  CHECK(std::array<int, 2>{best_mix.rows, best_mix.cols} == std::array<int, 2>{20, 32});
  CHECK(std::abs(best_bert.value - 0.962) <= 0.0005);
}

}  // namespace
}  // namespace podsim
