// SPDX-License-Identifier: Apache-2.0
#include "broker/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include <fmt/format.h>

namespace ringmq::broker {

std::string PeerAddressOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size_bytes = sizeof(storage);
  void* const any = &storage;
  if (fd < 0 || ::getpeername(fd, static_cast<sockaddr*>(any), &size_bytes) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof(address));
    if (::inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text)) == nullptr) return {};
    return fmt::format("{}:{}", text, ntohs(address.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof(address));
    if (::inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text)) == nullptr) return {};
    return fmt::format("[{}]:{}", text, ntohs(address.sin6_port));
  }
  return {};
}

}  // namespace ringmq::broker
