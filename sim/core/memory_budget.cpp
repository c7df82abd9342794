// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/memory_budget.hpp"

#include <algorithm>
#include <limits>

#include "podsim/sim/core/text.hpp"
#include "podsim/sim/core/wide.hpp"

namespace podsim {

std::string memory_text(std::int64_t bytes) {
  constexpr std::int64_t kKibibyte = 1024;
  constexpr std::int64_t kMebibyte = 1024 * kKibibyte;
  auto rounded_up = [bytes](std::int64_t unit) { return with_thousands(bytes / unit + (bytes % unit != 0 ? 1 : 0)); };
  if (bytes < kKibibyte) return with_thousands(bytes) + (bytes == 1 ? " byte" : " bytes");
  if (bytes < kMebibyte) return rounded_up(kKibibyte) + " KiB";
  return rounded_up(kMebibyte) + " MiB";
}

void MemoryBudget::take(std::int64_t count, std::int64_t bytes_each, const std::string& what) {
  const Wide wanted = static_cast<Wide>(taken_) + static_cast<Wide>(count) * bytes_each;
  taken_ = static_cast<std::int64_t>(std::min<Wide>(wanted, std::numeric_limits<std::int64_t>::max()));
  if (taken_ <= bytes_) return;
  throw Error::run_failed(
      what + " would need about " + memory_text(taken_) + " of memory; allowed are " + memory_text(bytes_),
      "use a smaller batch, or raise --max-memory");
}

}  // namespace podsim
