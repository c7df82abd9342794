// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/preparation.hpp"

#include <chrono>
#include <utility>

#include "podsim/sim/core/poll.hpp"

namespace podsim {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Prepared prepare_lowered(LoweredNetwork network, const HardwareConfig& hardware, const MappingConfig& mapping,
                         const RunOptions& options, std::vector<Release> releases) {
  Prepared out;
  const auto start = Clock::now();
  const PollScope interruptible([&options] {
    if (options.stop && options.stop()) throw Error::run_failed("interrupted before the simulation");
  });
  Machine machine(hardware);
  const auto scheduler = scheduler_registry().make(mapping.scheduler);
  TilingConfig tiling = mapping.tiling;
  scheduler->adjust(tiling);
  TiledWorkload work = tile(std::move(network), machine, tiling, options.max_memory_bytes);
  work.releases = std::move(releases);
  out.lowering_seconds = seconds_since(start);

  const auto scheduling = Clock::now();
  SchedulerProgress progress;
  if (options.progress || options.stop) {
    progress = [&options](std::int64_t placed, std::int64_t total) {
      if (options.stop && options.stop()) throw Error::run_failed("interrupted while scheduling");
      if (options.progress) options.progress({RunProgress::Phase::scheduling, placed, total, 0});
    };
  }
  Schedule schedule = options.schedule ? schedule_from_json(*options.schedule, work, machine)
                                       : scheduler->schedule(work, machine, progress);
  out.program = std::make_unique<Program>(
      make_program(std::move(machine), std::move(work), std::move(schedule), !options.schedule, mapping.residency()));
  if (options.schedule_sink) options.schedule_sink(schedule_to_json(out.program->schedule, out.program->work));
  out.scheduling_seconds = seconds_since(scheduling);
  return out;
}

}  // namespace podsim
