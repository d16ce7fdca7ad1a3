// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "reactor/listen.h"

namespace ringmq::reactor {
namespace {

absl::Status Failed(const std::string& path, const std::string& why) {
  return absl::UnavailableError(absl::StrCat("cannot listen on unix:", path, ": ", why));
}

// A leading '@' becomes the zero byte of the abstract namespace.
socklen_t MakeAddress(const std::string& path, sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const bool is_abstract = path.front() == '@';
  if (is_abstract) address.sun_path[0] = '\0';
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() +
                                (is_abstract ? 0 : 1));
}

// How long a socket of a process that was killed may outlive it: the kernel ends its io_uring
// operations in the background.
constexpr int kAfterlifeMs = 1'000;

// Whether a process accepts connections there: it does not hang up on one that said nothing yet.
bool IsAliveNow(const sockaddr_un& address, socklen_t size_bytes) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return true;
  bool alive = true;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), size_bytes) < 0) {
    alive = errno != ECONNREFUSED;
  } else {
    pollfd end{.fd = fd, .events = POLLIN, .revents = 0};
    alive = poll(&end, 1, kAfterlifeMs) <= 0;
  }
  close(fd);
  return alive;
}

// Asked twice, since a living one may hang up, too: on one connection too many.
bool IsAlive(const sockaddr_un& address, socklen_t size_bytes) {
  return IsAliveNow(address, size_bytes) || IsAliveNow(address, size_bytes);
}

absl::Status RemoveStale(const std::string& path, const sockaddr_un& address,
                         socklen_t size_bytes) {
  struct stat file {};
  if (lstat(path.c_str(), &file) < 0) return absl::OkStatus();  // bind() says what is wrong.
  if (!S_ISSOCK(file.st_mode)) return Failed(path, "the file is there and is no socket");
  if (IsAlive(address, size_bytes)) return Failed(path, "somebody listens there");
  if (unlink(path.c_str()) < 0) return Failed(path, std::strerror(errno));
  return absl::OkStatus();
}

absl::Status SetRights(const std::string& path, const UnixListenOptions& options) {
  uid_t owner = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
  if (!options.owner.empty()) {
    const passwd* const entry = getpwnam(options.owner.c_str());
    if (entry == nullptr) return Failed(path, absl::StrCat("no user '", options.owner, "'"));
    owner = entry->pw_uid;
  }
  if (!options.group.empty()) {
    const struct group* const entry = getgrnam(options.group.c_str());
    if (entry == nullptr) return Failed(path, absl::StrCat("no group '", options.group, "'"));
    group = entry->gr_gid;
  }
  // The owner first: changing it may take rights away. Not asked for, it is not called: sandboxes
  // forbid it.
  const bool changes = !options.owner.empty() || !options.group.empty();
  if (changes && chown(path.c_str(), owner, group) < 0) {
    return Failed(path, absl::StrCat("cannot give it to '", options.owner, "', group '",
                                     options.group, "': ", std::strerror(errno)));
  }
  if (chmod(path.c_str(), options.mode) < 0) return Failed(path, std::strerror(errno));
  return absl::OkStatus();
}

absl::Status BindAndListen(int fd, const std::string& path, const UnixListenOptions& options) {
  sockaddr_un address{};
  const socklen_t size_bytes = MakeAddress(path, address);
  const bool has_file = path.front() != '@';
  if (has_file) {
    if (absl::Status status = RemoveStale(path, address, size_bytes); !status.ok()) return status;
  }
  // Nobody may connect before the rights are set: without listen() the kernel refuses.
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), size_bytes) < 0) {
    return Failed(path, std::strerror(errno));
  }
  if (has_file) {
    if (absl::Status status = SetRights(path, options); !status.ok()) {
      (void)unlink(path.c_str());
      return status;
    }
  }
  if (listen(fd, options.backlog) < 0) return Failed(path, std::strerror(errno));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> ListenUnix(const std::string& path, const UnixListenOptions& options) {
  if (path.size() < 2 || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Failed(path, "expected a path of 2 to 107 bytes");
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Failed(path, std::strerror(errno));
  absl::Status status = BindAndListen(fd, path, options);
  if (status.ok()) return fd;
  close(fd);
  return status;
}

}  // namespace ringmq::reactor
