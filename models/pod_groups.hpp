#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Which group of pods carries out which operation.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "podsim/models/hardware_config.hpp"
#include "podsim/sim/core/wide.hpp"
#include "podsim/workloads/lowering.hpp"

namespace podsim {

/// What a GEMM operation takes if all of it runs on one group.
struct GroupEstimate {
  Wide rounds = 0;                ///< if they are full
  std::int64_t round_cycles = 0;  ///< length of one
  std::int64_t drain_cycles = 0;  ///< until the sums of the last one are out
};

/// Chooses a group of pods for every operation. A GEMM that `wanted` names, by its layer or by "*", goes to the group
/// that it says. The others are taken in their order. On every group, one would begin in the round in which what it
/// depends on and what was sent to that group before is done. Rounds are common to all groups and as long as the
/// longest of what runs in them; so the operation adds rounds, or makes some longer. It goes where it adds the fewest
/// cycles, of equals where it is done in the earlier round, of equals to the first group. A vector operation, which no
/// pod carries out, belongs to the group of the first operation whose result it reads, or to the first group: it is cut
/// as the tiles of that group are. \param dependencies per operation: the operations whose results it reads \param
/// wanted names of layers, or "*", to names of groups \param layers_overlap false: an operation begins after all before
/// it \return per operation: the group \throws Error (bad_input) naming /mapping/pod_groups, if a layer or group is
/// unknown
std::vector<int> choose_groups(const LoweredNetwork& network, const std::vector<std::vector<int>>& dependencies,
                               const HardwareConfig& hardware, const std::map<std::string, std::string>& wanted,
                               bool layers_overlap,
                               const std::function<GroupEstimate(int operation, int group)>& estimate);

/// Adds an issue for every group that `wanted` names and the machine does not have.
/// \param pointer where the mapping of groups lies in the file
void check_group_names(const HardwareConfig& hardware, const std::map<std::string, std::string>& wanted,
                       const std::string& file, const std::string& pointer, IssueList& issues);

}  // namespace podsim
