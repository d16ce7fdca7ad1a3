// SPDX-License-Identifier: Apache-2.0
#include "broker/peer_address.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include <fmt/format.h>

namespace ringmq::broker {

namespace {

struct Peer {
  base::IpAddress address;
  uint16_t port = 0;
};

std::optional<Peer> PeerOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size_bytes = sizeof(storage);
  void* const any = &storage;
  if (fd < 0 || ::getpeername(fd, static_cast<sockaddr*>(any), &size_bytes) != 0) {
    return std::nullopt;
  }
  if (storage.ss_family == AF_INET) {
    sockaddr_in from{};
    std::memcpy(&from, &storage, sizeof(from));
    std::array<uint8_t, base::IpAddress::kV4Bytes> bytes{};
    std::memcpy(bytes.data(), &from.sin_addr, bytes.size());
    return Peer{base::IpAddress::FromV4(bytes), ntohs(from.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 from{};
    std::memcpy(&from, &storage, sizeof(from));
    std::array<uint8_t, base::IpAddress::kV6Bytes> bytes{};
    std::memcpy(bytes.data(), &from.sin6_addr, bytes.size());
    return Peer{base::IpAddress::FromV6(bytes), ntohs(from.sin6_port)};
  }
  return std::nullopt;
}

}  // namespace

std::string PeerAddressOf(int fd) {
  const std::optional<Peer> peer = PeerOf(fd);
  if (!peer.has_value()) return {};
  const std::string text = peer->address.ToString();
  return peer->address.is_v4() ? fmt::format("{}:{}", text, peer->port)
                               : fmt::format("[{}]:{}", text, peer->port);
}

std::optional<base::IpAddress> PeerIpOf(int fd) {
  const std::optional<Peer> peer = PeerOf(fd);
  if (!peer.has_value()) return std::nullopt;
  return peer->address;
}

bool IsUnixSocket(int fd) {
  int family = 0;
  socklen_t size_bytes = sizeof(family);
  return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size_bytes) == 0 && family == AF_UNIX;
}

}  // namespace ringmq::broker
