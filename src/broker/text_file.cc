// SPDX-License-Identifier: Apache-2.0
#include "broker/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace ringmq::broker {
namespace {

constexpr size_t kQuotedBytesMax = 80;

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status FileError(const std::string& path, int error_number) {
  const std::string reason = std::generic_category().message(error_number);
  const std::string message = fmt::format("{}: cannot be read: {}", path, reason);
  if (error_number == ENOENT) return absl::NotFoundError(message);
  return absl::FailedPreconditionError(message);
}

// The file may grow or shrink while it is read: what counts is what read() returns.
absl::Status ReadAll(const std::string& path, int fd, size_t size_bytes_max, std::string& out) {
  char block[16 * 1024];
  while (true) {  // Ends at the end of the file or at the limit.
    const ssize_t count = ::read(fd, block, sizeof(block));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, errno);
    if (count == 0) return absl::OkStatus();
    out.append(block, static_cast<size_t>(count));
    if (out.size() > size_bytes_max) {
      return absl::FailedPreconditionError(
          fmt::format("{}: expected at most {} bytes, found more", path, size_bytes_max));
    }
  }
}

}  // namespace

absl::StatusOr<TextFile> ReadTextFile(const std::string& path, size_t size_bytes_max) {
  // O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd.get() < 0) return FileError(path, errno);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return FileError(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return absl::FailedPreconditionError(
        fmt::format("{}: expected a regular file, found a directory or device", path));
  }
  TextFile file;
  file.is_readable_by_others = (status.st_mode & S_IROTH) != 0;
  const absl::Status read = ReadAll(path, fd.get(), size_bytes_max, file.text);
  if (!read.ok()) return read;
  return file;
}

bool LineReader::Next() {
  if (rest_.empty()) return false;
  const size_t end = rest_.find('\n');
  line_ = rest_.substr(0, end);
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
  if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
  ++line_number_;
  return true;
}

absl::Status LineError(std::string_view file, size_t line_number, std::string_view message) {
  return absl::InvalidArgumentError(fmt::format("{}:{}: {}", file, line_number, message));
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kQuotedBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  quoted += text.size() > kQuotedBytesMax ? "...\"" : "\"";
  return quoted;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace ringmq::broker
