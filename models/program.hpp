#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file A network ready to run on a machine: tiles, schedule and memory plan belong together.

#include <memory>

#include "podsim/models/memory_plan.hpp"

namespace podsim {

/// Immutable once made; may be run any number of times.
struct Program {
  Machine machine;
  TiledWorkload work;
  Schedule schedule;
  RoundOrder order;
  MemoryPlan memory;
};

/// Orders, checks and completes a schedule.
/// \param trusted the schedule comes from our own scheduler: a fault in it is an internal error
/// \throws Error
inline Program make_program(Machine machine, TiledWorkload work, Schedule schedule, bool trusted,
                            WeightResidency residency = WeightResidency::cold) {
  RoundOrder order = order_by_round(schedule);
  check_schedule(schedule, order, work, machine, trusted);
  MemoryPlan memory = plan_memory(work, schedule, order, machine, residency);
  return {std::move(machine), std::move(work), std::move(schedule), std::move(order), std::move(memory)};
}

}  // namespace podsim
