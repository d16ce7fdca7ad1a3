// SPDX-License-Identifier: Apache-2.0
#include "broker/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>

namespace ringmq::broker {

std::optional<uint64_t> ResidentBytes() {
  const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  char text[256];  // Seven numbers of at most 20 digits.
  const ssize_t size_bytes = ::read(fd, text, sizeof(text));
  ::close(fd);
  if (size_bytes <= 0) return std::nullopt;
  const auto pages = ParseResidentPages({text, static_cast<size_t>(size_bytes)});
  if (!pages) return std::nullopt;
  return *pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<uint64_t> ParseResidentPages(std::string_view statm) {
  const size_t blank = statm.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const char* const end = statm.data() + statm.size();
  uint64_t pages = 0;
  const auto result = std::from_chars(statm.data() + blank + 1, end, pages);
  if (result.ec != std::errc()) return std::nullopt;
  return pages;
}

}  // namespace ringmq::broker
