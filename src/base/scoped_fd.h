// A descriptor that is closed at the end of its scope.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

namespace ringmq::base {

class ScopedFd {
 public:
  // Negative: none.
  explicit ScopedFd(int fd) : fd_(fd) {}
  ~ScopedFd() {
    if (fd_ >= 0) close(fd_);
  }
  ScopedFd(const ScopedFd&) = delete;
  ScopedFd& operator=(const ScopedFd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace ringmq::base
