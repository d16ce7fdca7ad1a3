// SPDX-License-Identifier: Apache-2.0
#include "load/presence.h"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "measure/text.h"

namespace ringmq::load {

// "time on a core, time waiting for one, times on one", in nanoseconds.
std::optional<int64_t> CoreWaitNs() {
  const int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char text[96];
  const ssize_t size = read(fd, text, sizeof(text));
  close(fd);
  if (size <= 0) return std::nullopt;
  std::string_view rest(text, static_cast<size_t>(size));
  static_cast<void>(measure::TakeUntil(' ', rest));
  return measure::ParseNumber<int64_t>(measure::TakeUntil(' ', rest));
}

}  // namespace ringmq::load
