#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A run as a trace in the Chrome trace event format, as Perfetto and chrome://tracing show it.

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "podsim/models/run_probe.hpp"

namespace podsim {

/// Which part of a run a trace holds.
struct TraceOptions {
  /// Events that reach into these cycles, both included.
  std::int64_t first_cycle = 0;
  std::int64_t last_cycle = std::numeric_limits<std::int64_t>::max();
  /// At most so many events; those that begin last are left out, and the trace says from which cycle on.
  std::size_t most_events = 120000;
};

/// Collects events: tile operations by pod, circuits by fabric and by the bank or unit that sends, passes by
/// post-processor, DRAM transfers. One cycle is one microsecond of the trace. A multicast is one event.
class ChromeTrace final : public RunProbe {
 public:
  explicit ChromeTrace(TraceOptions options = {}) : options_(options) {}

  void begin(const Program& program) override;
  void operation(int pod, std::uint32_t op, std::int64_t start, std::int64_t rows) override;
  void pass(int post_processor, std::uint32_t pass, std::int64_t start, std::int64_t rows) override;
  void dram(DramMove move, std::int64_t bytes, std::int64_t begin, std::int64_t end) override;
  void circuit(FabricId fabric, const Transfer& transfer) override;

  /// The trace as JSON: {"traceEvents": [...], "otherData": {...}}. By track, then by time.
  std::string text();

 private:
  struct Event {
    std::int64_t start = 0;
    std::int64_t cycles = 0;
    std::uint32_t track = 0;     ///< within its group
    std::uint32_t id = 0;        ///< tile operation, pass; of a circuit: what is carried; of DRAM: a count
    std::uint32_t layer = 0;     ///< index into layers_
    std::int64_t bytes = 0;      ///< of circuits and DRAM
    std::uint16_t other = 0;     ///< of a circuit: the terminal that receives; of a multicast: one of them
    std::uint8_t group = 0;      ///< 0: pods, 1 … 7: fabrics, 8: post-processors, 9: DRAM
    std::uint8_t kind = 0;       ///< of a pass or a DRAM transfer
    std::uint32_t branches = 1;  ///< of a circuit: receivers
  };

  void add(const Event& event);
  void cut();
  void merge_multicasts();
  void give_lanes();
  std::string event_text(const Event& event) const;

  TraceOptions options_;
  const Program* program_ = nullptr;  ///< while the run goes; not afterwards
  std::string network_;
  double clock_mhz_ = 0;
  std::vector<std::string> layers_;
  std::vector<Event> events_;
  std::array<std::vector<std::size_t>, kFabrics> last_;               ///< per sender: its last event, plus one
  std::int64_t cut_from_ = std::numeric_limits<std::int64_t>::max();  ///< events from here on are left out
  std::int64_t left_out_ = 0;
};

}  // namespace podsim
