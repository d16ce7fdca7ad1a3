// SPDX-License-Identifier: Apache-2.0
#include "interruption.h"

#include <time.h>

#include <initializer_list>

namespace ringmq::bench {

Interruption::Interruption() {
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    sigaction(number, nullptr, &action);
    // What whoever started us wants to be ignored would come through if it were blocked.
    if (action.sa_handler != SIG_IGN) sigaddset(&signals_, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
}

Interruption::~Interruption() { pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }

bool Interruption::Asked() {
  if (asked_) return true;
  const timespec at_once{};
  if (sigtimedwait(&signals_, nullptr, &at_once) < 0) return false;
  asked_ = true;
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return true;
}

}  // namespace ringmq::bench
