#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file From a network in memory to a program, without files in between; and the machines tests like.

#include <cstdint>
#include <memory>
#include <string>

#include "podsim/models/program.hpp"
#include "podsim/workloads/network.hpp"

namespace podsim::test {

/// A machine and how work is mapped to it.
struct Setup {
  HardwareConfig hardware;
  TilingConfig tiling;
  PluginConfig scheduler{"sosa_greedy", Json::object()};
};

/// A machine with everything small and simple: one pod of rows x cols, b = f = 16, crossbar.
Setup crossbar_setup(int pods, int rows, int cols);

/// Lowers and cuts.
TiledWorkload cut(const Network& network, const Setup& setup);
/// Lowers, cuts, schedules and plans.
std::unique_ptr<Program> make(const Network& network, const Setup& setup);

/// One linear layer [m, k] -> [m, n].
Network one_linear(std::int64_t m, std::int64_t k, std::int64_t n);

/// The kind of the Error that `action` throws; nothing if it throws nothing.
template <class Action>
std::optional<Error> error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace podsim::test
