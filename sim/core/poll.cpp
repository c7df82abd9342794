// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/core/poll.hpp"

#include <utility>

namespace podsim {
namespace {

thread_local PollScope* innermost = nullptr;
thread_local unsigned calls = 0;

}  // namespace

PollScope::PollScope(std::function<void()> body) : body_(std::move(body)), outer_(innermost) {
  innermost = this;
}

PollScope::~PollScope() {
  innermost = outer_;
}

void poll() {
  constexpr unsigned kCallsPerLook = 64;
  if (innermost == nullptr || ++calls % kCallsPerLook != 0) return;
  if (innermost->body_) innermost->body_();
}

}  // namespace podsim
