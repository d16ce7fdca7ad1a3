// SPDX-License-Identifier: Apache-2.0
#include "payload_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace ringmq::cli {
namespace {

constexpr size_t kReadBytes = 64 << 10;

Error Unreadable(const std::string& what, int system_errno) {
  return Error(Errc::kSystem, what + ": " + std::strerror(system_errno)).WithErrno(system_errno);
}

// Appends up to `size` bytes; zero: the end.
Expected<size_t> ReadSome(int fd, const std::string& name, std::string& out) {
  const size_t before = out.size();
  out.resize(before + kReadBytes);
  ssize_t got = 0;
  do {
    got = read(fd, out.data() + before, kReadBytes);
  } while (got < 0 && errno == EINTR);
  const int system_errno = errno;
  out.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  if (got < 0) return Unreadable(name, system_errno);
  return static_cast<size_t>(got);
}

Expected<SharedBytes> ReadAll(int fd, const std::string& name) {
  std::string bytes;
  while (true) {  // Ends with the input, or when it is too long for MQTT.
    const Expected<size_t> got = ReadSome(fd, name, bytes);
    if (!got.ok()) return got.error();
    if (bytes.size() > kPayloadBytesMax) {
      return Error(Errc::kSystem,
                   name + ": longer than 268435455 bytes, the most that MQTT carries");
    }
    if (*got == 0) return SharedBytes::Take(std::move(bytes));
  }
}

}  // namespace

Expected<SharedBytes> ReadPayload(const PublishSettings& settings) {
  switch (settings.source) {
    case PayloadSource::kArgument:
      return SharedBytes::Copy(settings.payload);
    case PayloadSource::kStdin:
      return ReadAll(STDIN_FILENO, "standard input");
    case PayloadSource::kFile: {
      const int fd = open(settings.payload.c_str(), O_RDONLY | O_CLOEXEC);
      if (fd < 0) return Unreadable(settings.payload, errno);
      Expected<SharedBytes> bytes = ReadAll(fd, settings.payload);
      close(fd);
      return bytes;
    }
    case PayloadSource::kNone:
    case PayloadSource::kLines:
    case PayloadSource::kEmpty:
      break;
  }
  return SharedBytes();
}

std::optional<std::string> LineReader::Next() {
  const size_t end = bytes_.find('\n', searched_);
  if (end == std::string::npos) {
    searched_ = bytes_.size();
    if (!has_ended_ || at_ == bytes_.size()) return std::nullopt;
    std::string last = bytes_.substr(at_);
    at_ = bytes_.size();
    return last;
  }
  std::string line = bytes_.substr(at_, end - at_);
  at_ = searched_ = end + 1;
  return line;
}

bool LineReader::needs_input() const {
  return !has_ended_ && bytes_.find('\n', searched_) == std::string::npos;
}

Expected<void> LineReader::Read() {
  bytes_.erase(0, at_);
  searched_ -= at_;
  at_ = 0;
  const Expected<size_t> got = ReadSome(fd_, "standard input", bytes_);
  if (!got.ok()) return got.error();
  if (*got == 0) has_ended_ = true;
  if (bytes_.size() > kPayloadBytesMax + kReadBytes) {
    return Error(Errc::kSystem, "standard input: a line is longer than 268435455 bytes");
  }
  return {};
}

}  // namespace ringmq::cli
