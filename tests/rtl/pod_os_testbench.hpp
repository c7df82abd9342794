#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file The output-stationary array in SystemVerilog, fed tile operations.

#include <cstdint>
#include <vector>

#include "rtl/pod_testbench.hpp"
#include "support/os_operations.hpp"

namespace podsim::test {

/// Runs the operations through the RTL. Whatever they leave undefined is random: lanes beyond m and n, all data of a
/// cycle in which nothing enters, and what the registers hold at first.
/// \param ops none of them starts before kRtlFirstCycle
RtlRun run_os_rtl(const RtlOsPodKind& kind, const std::vector<OsOperation>& ops, std::uint64_t seed);

}  // namespace podsim::test
