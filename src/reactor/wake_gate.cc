// SPDX-License-Identifier: Apache-2.0
#include "reactor/wake_gate.h"

#include <unistd.h>

namespace ringmq::reactor {

WakeGate::~WakeGate() { close(event_fd_); }

void WakeGate::Signal() const {
  const uint64_t one = 1;
  // It fails only when the counter is full, and then the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = write(event_fd_, &one, sizeof(one));
}

void WakeGate::Drain() const {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = read(event_fd_, &count, sizeof(count));
}

}  // namespace ringmq::reactor
