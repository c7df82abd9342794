// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/sweep/sweep_shard.hpp"

#include <charconv>

#include "podsim/sim/core/error.hpp"
#include "podsim/sim/core/text.hpp"
#include "podsim/sim/sweep/sweep_plan.hpp"

namespace podsim {
namespace {

/// The number that is all of the text; 0 if there is none.
std::int64_t number_of(const char* begin, const char* end) {
  std::int64_t out = 0;
  const auto parsed = std::from_chars(begin, end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end ? out : 0;
}

}  // namespace

SweepShard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  SweepShard out{0, 0};
  if (slash != std::string::npos) {
    const char* begin = text.data();
    const char* end = begin + text.size();
    out = {number_of(begin, begin + slash), number_of(begin + slash + 1, end)};
  }
  if (out.number >= 1 && out.number <= out.count && out.count <= kMostSweepPoints) return out;
  throw Error(ErrorKind::bad_input, {{"command line",
                                      {},
                                      "--shard must be i/n with 1 <= i <= n <= " + with_thousands(kMostSweepPoints) +
                                          ", got \"" + text + "\"",
                                      "for example --shard 1/4, and 2/4, 3/4, 4/4 elsewhere"}});
}

}  // namespace podsim
