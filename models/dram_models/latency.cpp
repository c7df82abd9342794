// SPDX-License-Identifier: Apache-2.0
// models/dram_models/latency.cpp: channels with a fixed latency and a limited number of outstanding requests each.
// The defaults stand for five stacks of HBM2 (JESD235): 80 pseudo-channels of 64 bit with bursts of 32 bytes; about
// 100 cycles of 1 ns from a request to its first data, controller and PHY included, is an estimate.
#include <algorithm>
#include <deque>
#include <string>

#include "podsim/models/dram_model.hpp"
#include "podsim/sim/core/units.hpp"

namespace podsim {
namespace {

struct LatencyConfig {
  std::int64_t channels = 80;
  std::int64_t latency_cycles = 100;
  std::int64_t queue_depth = 16;
  std::int64_t burst_bytes = 32;
  std::string channel_of = "item";
  std::int64_t interleave_bytes = 1024;

  void fields(Fields& f) {
    f.integer("channels", channels, {1, 4096}, "channels", "each has 1 / channels of the bandwidth");
    f.integer("latency_cycles", latency_cycles, {0, 1 << 20}, "cycles",
              "from issuing a request to its first data on an idle channel");
    f.integer("queue_depth", queue_depth, {1, 1 << 20}, "requests",
              "outstanding at a time per channel, from issue to the last byte");
    f.integer("burst_bytes", burst_bytes, {1, 1 << 16}, "bytes", "a request takes whole bursts");
    f.choice("channel_of", channel_of, {"item", "address"},
             "item: a tile lies in one channel, tiles in turn; address: DRAM is dealt to channels by address");
    f.integer("interleave_bytes", interleave_bytes, {1, 1 << 30}, "bytes",
              "consecutive bytes in one channel, with channel_of \"address\"");
  }
};

class Latency final : public DramModel {
 public:
  Latency(const LatencyConfig& config, const DramTiming& timing) : config_(config), timing_(timing) { reset(); }

  void reset() override { channels_.assign(static_cast<std::size_t>(config_.channels), Channel(timing_, config_)); }

  std::int64_t issue_from(const DramRequest& request) const override {
    std::int64_t from = 0;
    for_each_part(request, [&](std::size_t channel, std::int64_t, std::int64_t parts_of_channel) {
      from = std::max(from, channels_[channel].free_from(parts_of_channel, config_.queue_depth));
    });
    return from;
  }

  DramService issue(const DramRequest& request, std::int64_t now) override {
    DramService all{-1, now};
    for_each_part(request, [&](std::size_t number, std::int64_t bytes, std::int64_t) {
      Channel& channel = channels_[number];
      const std::int64_t whole = ceil_div(bytes, config_.burst_bytes) * config_.burst_bytes;
      const std::int64_t earliest = now + config_.latency_cycles;
      const DramService part = channel.bus.move(whole, earliest);
      channel.ends.push_back(channel.bus.free_from());
      if (static_cast<std::int64_t>(channel.ends.size()) > config_.queue_depth) channel.ends.pop_front();
      ++channel.statistics.requests;
      channel.statistics.bytes += whole;
      channel.statistics.queue_cycles += part.begin - earliest;
      all.begin = all.begin < 0 ? part.begin : std::min(all.begin, part.begin);
      all.end = std::max(all.end, part.end);
    });
    return all;
  }

  std::vector<DramChannelStatistics> channels() const override {
    std::vector<DramChannelStatistics> out;
    for (const Channel& channel : channels_) out.push_back(channel.statistics);
    return out;
  }

 private:
  struct Channel {
    DramBus bus;
    std::deque<std::int64_t> ends;  ///< cycles in which the last requests end, at most as many as the queue is deep
    DramChannelStatistics statistics;

    Channel(const DramTiming& timing, const LatencyConfig& config) : bus(timing, config.channels) {}

    /// From when on `count` more requests have a place in the queue; more than its depth enter when it is empty.
    std::int64_t free_from(std::int64_t count, std::int64_t depth) const {
      const auto waiting = static_cast<std::int64_t>(ends.size());
      const std::int64_t over = waiting + std::min(count, depth) - depth;
      return over > 0 ? ends[static_cast<std::size_t>(over - 1)] : 0;
    }
  };

  /// Calls body(channel, bytes, parts of the request in this channel) for each part of a request.
  template <class Body>
  void for_each_part(const DramRequest& request, Body body) const {
    if (config_.channel_of == "item") {
      body(static_cast<std::size_t>(request.item % config_.channels), request.bytes, 1);
      return;
    }
    const std::int64_t end = request.address + request.bytes;
    const std::int64_t first = request.address / config_.interleave_bytes;
    const std::int64_t blocks = std::max<std::int64_t>(1, ceil_div(end, config_.interleave_bytes) - first);
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t from = std::max(request.address, (first + b) * config_.interleave_bytes);
      const std::int64_t to = std::min(end, (first + b + 1) * config_.interleave_bytes);
      const std::int64_t turn = b % config_.channels;
      body(static_cast<std::size_t>((first + b) % config_.channels), to - from,
           ceil_div(blocks - turn, config_.channels));
    }
  }

  LatencyConfig config_;
  DramTiming timing_;
  std::vector<Channel> channels_;
};

const Registered<LatencyConfig> entry{
    dram_model_registry(), "latency", "channels with latency, bursts and a limited number of outstanding requests",
    [](const LatencyConfig& config, const DramTiming& timing) { return std::make_unique<Latency>(config, timing); }};

}  // namespace
}  // namespace podsim
