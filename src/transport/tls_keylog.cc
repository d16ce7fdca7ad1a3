// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_keylog.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace ringmq::transport {

absl::StatusOr<std::unique_ptr<TlsKeyLog>> TlsKeyLog::Open(const std::string& path) {
  constexpr mode_t kOwnerOnly = 0600;
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (fd < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write the key log ", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<TlsKeyLog>(new TlsKeyLog(fd));
}

TlsKeyLog::~TlsKeyLog() { close(fd_); }

void TlsKeyLog::Write(std::string_view line) const {
  const std::string bytes = absl::StrCat(absl::string_view(line.data(), line.size()), "\n");
  // A full disk must not end connections: then a line is missing.
  [[maybe_unused]] const ssize_t written = write(fd_, bytes.data(), bytes.size());
}

}  // namespace ringmq::transport
