#pragma once
// SPDX-License-Identifier: Apache-2.0
/// \file Ctrl-C: the first asks the run to stop, the second kills.

namespace podsim {

/// While it lives, the first SIGINT or SIGTERM only sets a flag. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool interrupted();
};

}  // namespace podsim
