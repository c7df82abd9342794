#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Refuses work that would need more memory than is allowed, before it is allocated.

#include <cstdint>
#include <string>

#include "podsim/sim/core/error.hpp"

namespace podsim {

/// "512 bytes", "12 KiB" or "1,234 MiB"; rounded up, so that what is needed never reads like what is allowed.
std::string memory_text(std::int64_t bytes);

/// What RunOptions and `--max-memory` allow unless told otherwise.
inline constexpr std::int64_t kDefaultMemoryBytes = std::int64_t{4} << 30;

/// Counts bytes that are about to be allocated.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t bytes) : bytes_(bytes) {}

  /// \param count how many items of `bytes_each` are about to be allocated
  /// \param what they are, for the error: "\"resnet50\", views"
  /// \throws Error (run_failed) if all that was taken is more than is allowed
  void take(std::int64_t count, std::int64_t bytes_each, const std::string& what);

 private:
  std::int64_t bytes_;
  std::int64_t taken_ = 0;
};

}  // namespace podsim
