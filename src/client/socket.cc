// SPDX-License-Identifier: Apache-2.0
#include "client/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace ringmq::client {
namespace {

Error Refused(const std::string& what) {
  return Error(Errc::kSystem, what).WithErrno(errno).WithPhase(Phase::kDial);
}

bool Set(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

Expected<void> Bind(int fd, int family, const std::string& address) {
  sockaddr_storage storage{};
  socklen_t size_bytes = 0;
  if (family == AF_INET) {
    auto* in = reinterpret_cast<sockaddr_in*>(&storage);
    in->sin_family = AF_INET;
    size_bytes = sizeof(*in);
    if (inet_pton(AF_INET, address.c_str(), &in->sin_addr) != 1) size_bytes = 0;
  } else {
    auto* in = reinterpret_cast<sockaddr_in6*>(&storage);
    in->sin6_family = AF_INET6;
    size_bytes = sizeof(*in);
    if (inet_pton(AF_INET6, address.c_str(), &in->sin6_addr) != 1) size_bytes = 0;
  }
  if (size_bytes == 0) {
    errno = EADDRNOTAVAIL;
    return Refused("bind_address '" + address + "' is not of the server's family");
  }
  if (bind(fd, reinterpret_cast<const sockaddr*>(&storage), size_bytes) < 0) {
    return Refused("bind_address '" + address + "'");
  }
  return {};
}

Expected<void> SetTcpOptions(int fd, int family, const SocketOptions& options) {
  if (options.no_delay && !Set(fd, IPPROTO_TCP, TCP_NODELAY, 1)) return Refused("TCP_NODELAY");
  const auto user_timeout = static_cast<int>(options.user_timeout.count());
  if (user_timeout > 0 && !Set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout)) {
    return Refused("user_timeout");
  }
  if (options.keep_alive && !Set(fd, SOL_SOCKET, SO_KEEPALIVE, 1)) return Refused("keep_alive");
  if (!options.bind_device.empty() &&
      setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options.bind_device.data(),
                 static_cast<socklen_t>(options.bind_device.size())) < 0) {
    return Refused("bind_device '" + options.bind_device + "'");
  }
  if (!options.bind_address.empty()) return Bind(fd, family, options.bind_address);
  return {};
}

}  // namespace

bool IsAddress(const std::string& text) {
  in6_addr address{};  // Room for either family.
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

Expected<int> OpenSocket(const Address& address, const SocketOptions& options) {
  const int fd = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Refused("socket");
  Expected<void> set;
  const auto send_bytes = static_cast<int>(options.send_buffer_bytes);
  const auto receive_bytes = static_cast<int>(options.receive_buffer_bytes);
  if (send_bytes > 0 && !Set(fd, SOL_SOCKET, SO_SNDBUF, send_bytes)) {
    set = Refused("send_buffer_bytes");
  } else if (receive_bytes > 0 && !Set(fd, SOL_SOCKET, SO_RCVBUF, receive_bytes)) {
    set = Refused("receive_buffer_bytes");
  } else if (address.family() != AF_UNIX) {
    set = SetTcpOptions(fd, address.family(), options);
  }
  if (!set.ok()) {
    close(fd);
    return set.error();
  }
  return fd;
}

}  // namespace ringmq::client
