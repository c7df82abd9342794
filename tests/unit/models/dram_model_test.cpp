// SPDX-License-Identifier: Apache-2.0
#include "podsim/models/dram_model.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace podsim {
namespace {

constexpr std::int64_t kGiga = 1000000000;

/// At 1 GHz, with whole bytes per cycle.
std::unique_ptr<DramModel> latency_model(std::int64_t bytes_per_cycle, Json parameters) {
  return dram_model_registry().make({"latency", std::move(parameters)}, {kGiga, bytes_per_cycle * kGiga});
}

/// Issues requests one after the other, each as early as it can be.
std::vector<DramService> serve(DramModel& model, const std::vector<DramRequest>& requests) {
  std::vector<DramService> out;
  std::int64_t now = 0;
  for (const DramRequest& request : requests) {
    now = std::max(now, model.issue_from(request));
    out.push_back(model.issue(request, now));
  }
  return out;
}

std::vector<DramRequest> equal_requests(std::size_t count, std::int64_t bytes) {
  std::vector<DramRequest> out;
  for (std::size_t n = 0; n < count; ++n) out.push_back({bytes, static_cast<std::int64_t>(n), 0});
  return out;
}

TEST_CASE("dram latency: one request takes the latency and its bytes", "[models]") {
  const auto model = latency_model(10, {{"channels", 1}, {"latency_cycles", 37}, {"burst_bytes", 1}});
  const auto done = serve(*model, {{100, 0, 0}});
  CHECK(done[0].begin == 37);
  CHECK(done[0].end == 37 + 100 / 10);
}

TEST_CASE("dram latency: bandwidth follows Little's law below saturation, to the cycle", "[models]") {
  // q requests of b bytes in flight, each for l + b / rate cycles: q b / (l + b / rate) bytes per cycle.
  constexpr std::int64_t kRate = 16;
  for (const std::int64_t q : {1, 2, 5, 8}) {
    for (const std::int64_t b : {64, 1024}) {
      for (const std::int64_t l : {100, 1000}) {
        CAPTURE(q, b, l);
        const auto model =
            latency_model(kRate, {{"channels", 1}, {"latency_cycles", l}, {"queue_depth", q}, {"burst_bytes", 32}});
        const std::int64_t transfer = b / kRate;
        const std::int64_t in_flight = l + transfer;
        const std::size_t groups = 20;
        const auto done = serve(*model, equal_requests(groups * static_cast<std::size_t>(q), b));
        if (q * transfer <= in_flight) {
          // The first of each group of q is issued when the first of the group before is over.
          for (std::size_t g = 0; g < groups; ++g) {
            const DramService& first = done[g * static_cast<std::size_t>(q)];
            REQUIRE(first.end == static_cast<std::int64_t>(g + 1) * in_flight);
          }
        } else {
          // Saturated: the bus never rests once the first data have come.
          for (std::size_t n = 0; n < done.size(); ++n) {
            REQUIRE(done[n].end == l + static_cast<std::int64_t>(n + 1) * transfer);
          }
        }
      }
    }
  }
}

TEST_CASE("dram latency: without latency, one channel and one place in its queue are the bandwidth model", "[models]") {
  for (const std::int64_t rate : {kGiga / 3, 7 * kGiga, 1200 * kGiga}) {
    const DramTiming timing{kGiga, rate};
    const auto plain = dram_model_registry().make({"bandwidth", Json::object()}, timing);
    const auto other = dram_model_registry().make(
        {"latency", {{"channels", 1}, {"latency_cycles", 0}, {"queue_depth", 1}, {"burst_bytes", 1}}}, timing);
    std::int64_t now = 0;
    for (std::int64_t n = 0; n < 200; ++n) {
      const DramRequest request{1 + n * 37 % 101, n, n * 128};
      CAPTURE(rate, n);
      REQUIRE(plain->issue_from(request) == other->issue_from(request));
      now = std::max(now + n % 3, plain->issue_from(request));
      const DramService a = plain->issue(request, now), b = other->issue(request, now);
      REQUIRE(a.begin == b.begin);
      REQUIRE(a.end == b.end);
    }
  }
}

TEST_CASE("dram latency: channels work side by side, each with its share of the bandwidth", "[models]") {
  // 8 bytes per cycle in 4 channels: 2 each. Items 0 to 3 go to different channels, 4 to that of 0.
  const auto model =
      latency_model(8, {{"channels", 4}, {"latency_cycles", 10}, {"queue_depth", 4}, {"burst_bytes", 1}});
  const auto done = serve(*model, equal_requests(5, 100));
  for (std::size_t n = 0; n < 4; ++n) CHECK(done[n].end == 10 + 50);
  CHECK(done[4].end == 10 + 100);
  const auto channels = model->channels();
  REQUIRE(channels.size() == 4);
  CHECK(channels[0].requests == 2);
  CHECK(channels[0].bytes == 200);
  CHECK(channels[0].queue_cycles == 50);  // the second one waits for the first one's data
  CHECK(channels[1].queue_cycles == 0);
}

TEST_CASE("dram latency: a request takes whole bursts", "[models]") {
  const auto model = latency_model(1, {{"channels", 1}, {"latency_cycles", 0}, {"burst_bytes", 32}});
  CHECK(serve(*model, {{1, 0, 0}})[0].end == 32);
  model->reset();
  CHECK(serve(*model, {{33, 0, 0}})[0].end == 64);
}

TEST_CASE("dram latency: by address a tile is spread over channels", "[models]") {
  // 4 channels of 1 byte per cycle, dealt in blocks of 16 bytes.
  const Json parameters{
      {"channels", 4}, {"latency_cycles", 5}, {"burst_bytes", 1}, {"channel_of", "address"}, {"interleave_bytes", 16}};
  const auto aligned = latency_model(4, parameters);
  CHECK(serve(*aligned, {{64, 0, 64}})[0].end == 5 + 16);
  // From address 8: 8 bytes in channel 0, 16 in each of 1 to 3, 8 more in channel 0.
  const auto shifted = latency_model(4, parameters);
  CHECK(serve(*shifted, {{64, 0, 8}})[0].end == 5 + 16);
  CHECK(shifted->channels()[0].requests == 2);
  CHECK(shifted->channels()[1].bytes == 16);
  // Two tiles in different channels do not meet; two in the same one do.
  const auto apart = latency_model(4, parameters);
  const auto done = serve(*apart, {{16, 0, 0}, {16, 1, 16}, {16, 2, 64}});
  CHECK(done[1].end == 5 + 16);
  CHECK(done[2].end == 5 + 32);
}

TEST_CASE("dram latency: a request of more parts than the queue is deep enters an empty queue", "[models]") {
  const auto model = latency_model(1, {{"channels", 1},
                                       {"latency_cycles", 3},
                                       {"queue_depth", 2},
                                       {"burst_bytes", 1},
                                       {"channel_of", "address"},
                                       {"interleave_bytes", 8}});
  const auto done = serve(*model, {{64, 0, 0}, {64, 1, 64}});
  CHECK(done[0].end == 3 + 64);
  CHECK(done[1].begin >= 64);
}

TEST_CASE("dram latency: reset forgets everything", "[models]") {
  const auto model = latency_model(4, {{"channels", 2}, {"latency_cycles", 9}, {"queue_depth", 1}});
  const auto first = serve(*model, equal_requests(9, 40));
  model->reset();
  const auto second = serve(*model, equal_requests(9, 40));
  for (std::size_t n = 0; n < first.size(); ++n) CHECK(first[n].end == second[n].end);
  CHECK(model->channels()[0].requests == 5);
}

}  // namespace
}  // namespace podsim
