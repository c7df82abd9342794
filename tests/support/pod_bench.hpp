#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The same tile operations through the pod and through an array of PEs (pe_array.hpp).

#include <string>
#include <vector>

#include "support/pod_operations.hpp"

namespace podsim::test {

/// What leaves the array of PEs, cycle by cycle. Operations must be in the order of their cycles.
std::vector<OutputRow> run_pes(const PeGeometry& geometry, const std::vector<PodOperation>& ops);

/// What leaves the pod.
struct PodRun {
  std::vector<OutputRow> rows;
  std::string fault;  ///< "" if there was none
};

PodRun run_pod(const PeGeometry& array, const std::vector<PodOperation>& ops);

/// Fails the test unless all rows are equal. Compares row by row, so that a failure names the first that differs.
void check_equal(const std::vector<OutputRow>& pod, const std::vector<OutputRow>& pes);

}  // namespace podsim::test
