// SPDX-License-Identifier: Apache-2.0
#include "reactor/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringmq::reactor {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Any address of any family.
union AnyAddress {
  sockaddr generic;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_storage storage;
};

absl::StatusOr<Addresses> Resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = host.empty() ? AF_INET : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error =
      getaddrinfo(host.empty() ? nullptr : host.c_str(), absl::StrCat(port).c_str(), &hints, &list);
  if (error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on '", host, "': ", gai_strerror(error)));
  }
  return Addresses(list);
}

bool Set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

bool SwitchOn(int fd, int level, int option) { return Set(fd, level, option, 1); }

// Accepted sockets inherit all of it. 0 or errno.
int SetForAccepted(int fd, const ListenOptions& options) {
  // We send whole turns at once, so Nagle could only delay.
  if (!SwitchOn(fd, IPPROTO_TCP, TCP_NODELAY)) return errno;
  const auto value = [](uint32_t number) { return static_cast<int>(number); };
  if (options.keep_alive_s != 0) {
    if (!SwitchOn(fd, SOL_SOCKET, SO_KEEPALIVE)) return errno;
    if (!Set(fd, IPPROTO_TCP, TCP_KEEPIDLE, value(options.keep_alive_s))) return errno;
  }
  struct Number {
    int level;
    int option;
    uint32_t value;
  };
  for (const Number& number : {Number{IPPROTO_TCP, TCP_USER_TIMEOUT, options.user_timeout_ms},
                               Number{SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes},
                               Number{SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes}}) {
    if (number.value != 0 && !Set(fd, number.level, number.option, value(number.value))) {
      return errno;
    }
  }
  return 0;
}

// 0 or errno.
int BindAndListen(int fd, const addrinfo& address, const ListenOptions& options) {
  if (!SwitchOn(fd, SOL_SOCKET, SO_REUSEADDR)) return errno;
  if (options.reuse_port && !SwitchOn(fd, SOL_SOCKET, SO_REUSEPORT)) return errno;
  if (address.ai_family == AF_INET6 &&
      !Set(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1)) {
    return errno;
  }
  const std::string& device = options.device;
  if (!device.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                    static_cast<socklen_t>(device.size())) != 0) {
    return errno;
  }
  // The window that is announced is decided by the buffer at this time.
  if (const int error = SetForAccepted(fd, options); error != 0) return error;
  if (bind(fd, address.ai_addr, address.ai_addrlen) < 0) return errno;
  if (listen(fd, options.backlog) < 0) return errno;
  return 0;
}

}  // namespace

absl::StatusOr<int> ListenTcp(std::string_view host_name, uint16_t port,
                              const ListenOptions& options) {
  const std::string host(host_name);
  const absl::StatusOr<Addresses> addresses = Resolve(host, port);
  if (!addresses.ok()) return addresses.status();
  const addrinfo& address = **addresses;
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int error = fd < 0 ? errno : 0;
  if (error == 0) error = BindAndListen(fd, address, options);
  if (error == 0) return fd;
  if (fd >= 0) close(fd);
  return absl::UnavailableError(
      absl::StrCat("cannot listen on '", host, "' port ", port, ": ", std::strerror(error)));
}

uint16_t LocalPort(int fd) {
  AnyAddress address{.storage = {}};
  socklen_t size_bytes = sizeof(address);
  if (getsockname(fd, &address.generic, &size_bytes) < 0) return 0;
  if (address.generic.sa_family == AF_INET) return ntohs(address.v4.sin_port);
  if (address.generic.sa_family == AF_INET6) return ntohs(address.v6.sin6_port);
  return 0;
}

std::string PeerName(int fd) {
  AnyAddress address{.storage = {}};
  socklen_t size_bytes = sizeof(address);
  if (getpeername(fd, &address.generic, &size_bytes) < 0) return "?";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.generic.sa_family == AF_INET) {
    inet_ntop(AF_INET, &address.v4.sin_addr, text.data(), text.size());
    return absl::StrCat(text.data(), ":", ntohs(address.v4.sin_port));
  }
  if (address.generic.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &address.v6.sin6_addr, text.data(), text.size());
    return absl::StrCat("[", text.data(), "]:", ntohs(address.v6.sin6_port));
  }
  return address.generic.sa_family == AF_UNIX ? "unix" : "?";
}

}  // namespace ringmq::reactor
