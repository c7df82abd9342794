#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Lets long computations be stopped from outside, however deep they are.

#include <functional>

namespace podsim {

/// While it lives, `poll()` on this thread calls `body` now and then; it may throw to end the computation. Scopes nest:
/// the innermost counts.
class PollScope {
 public:
  explicit PollScope(std::function<void()> body);
  ~PollScope();
  PollScope(const PollScope&) = delete;
  PollScope& operator=(const PollScope&) = delete;

 private:
  friend void poll();
  std::function<void()> body_;
  PollScope* outer_;
};

/// Called in every loop that may take long: once per tile, round or part. Cheap; does nothing without a PollScope.
/// \throws what the body of the scope throws
void poll();

}  // namespace podsim
