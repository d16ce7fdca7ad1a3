// Ctrl-C and SIGTERM while a run is under way: the first asks it to end early and to report, the
// second ends the process as usual.
//
// Made before the threads of the run, since they have to leave the signals to this one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

namespace ringmq::bench {

class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Whether somebody has asked; costs a system call until it is so. The thread that made it.
  [[nodiscard]] bool Asked();

 private:
  sigset_t signals_;
  sigset_t mask_before_;
  bool asked_ = false;
};

}  // namespace ringmq::bench
