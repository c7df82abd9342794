// SPDX-License-Identifier: Apache-2.0
#include "podsim/sim/commands/interrupt.hpp"

#include <csignal>
#include <initializer_list>

namespace podsim {
namespace {

volatile std::sig_atomic_t flag = 0;

extern "C" void podsim_note_signal(int) {
  flag = 1;
}

void install(void (*handler)(int)) {
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    // After the first signal the default is back: the second one kills.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  flag = 0;
  install(podsim_note_signal);
}

InterruptGuard::~InterruptGuard() {
  install(SIG_DFL);
}

bool InterruptGuard::interrupted() {
  return flag != 0;
}

}  // namespace podsim
