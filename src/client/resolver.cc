// SPDX-License-Identifier: Apache-2.0
#include "client/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

namespace ringmq::client {
namespace {

Expected<std::vector<Address>> LookUp(const std::string& host, uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (result != 0) {
    Error error(Errc::kResolveFailed, "'" + host + "': " + gai_strerror(result));
    if (result == EAI_SYSTEM) error.WithErrno(errno);
    return error.WithPhase(Phase::kResolve);
  }
  std::vector<Address> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Address address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size_bytes = one->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  return Interleave(std::move(addresses));
}

}  // namespace

std::string NameOf(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.family() == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(in->sin_port));
  }
  if (address.family() == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(in->sin6_port));
  }
  const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
  if (un->sun_path[0] != '\0') return un->sun_path;
  return "@" +
         std::string(un->sun_path + 1, address.size_bytes - offsetof(sockaddr_un, sun_path) - 1);
}

std::optional<Address> UnixAddress(const std::string& path) {
  Address address;
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.empty() || path.size() >= sizeof(un->sun_path)) return std::nullopt;
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.data(), path.size());
  const bool is_abstract = path[0] == '@';
  if (is_abstract) un->sun_path[0] = '\0';
  // An abstract name is exactly as long as it says; a path ends with a zero.
  address.size_bytes =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  return address;
}

std::vector<Address> Interleave(std::vector<Address> addresses) {
  std::vector<Address> first;
  std::vector<Address> second;
  for (const Address& address : addresses) {
    (address.family() == addresses.front().family() ? first : second).push_back(address);
  }
  std::vector<Address> mixed;
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

// Shared by the loop and the thread; whoever lets go last deletes it.
struct Resolver::Lookup {
  std::mutex mutex;  // Guards all below.
  int holders = 1;
  reactor::Ring* ring = nullptr;  // Null: nobody waits any more.
  std::optional<Expected<std::vector<Address>>> answer;

  void Drop() {
    bool last = false;
    {
      const std::lock_guard lock(mutex);
      last = --holders == 0;
    }
    if (last) delete this;
  }
};

void Resolver::Forget() {
  Lookup* const lookup = std::exchange(lookup_, nullptr);
  if (lookup == nullptr) return;
  {
    const std::lock_guard lock(lookup->mutex);
    lookup->ring = nullptr;
  }
  lookup->Drop();
}

void Resolver::Start(const std::string& host, uint16_t port) {
  Forget();
  lookup_ = new Lookup;
  Expected<std::vector<Address>> number = LookUp(host, port, AI_NUMERICHOST);
  if (number.ok()) {
    lookup_->answer = std::move(number);
    return;
  }
  lookup_->ring = &ring_;
  lookup_->holders = 2;
  std::thread([lookup = lookup_, host, port] {
    Expected<std::vector<Address>> answer = LookUp(host, port, AI_ADDRCONFIG);
    {
      const std::lock_guard lock(lookup->mutex);
      lookup->answer = std::move(answer);
      if (lookup->ring != nullptr) lookup->ring->Wake();
    }
    lookup->Drop();
  }).detach();
}

std::optional<Expected<std::vector<Address>>> Resolver::Take() {
  if (lookup_ == nullptr) return std::nullopt;
  std::optional<Expected<std::vector<Address>>> answer;
  {
    const std::lock_guard lock(lookup_->mutex);
    answer = std::exchange(lookup_->answer, std::nullopt);
  }
  if (answer.has_value()) Forget();
  return answer;
}

}  // namespace ringmq::client
