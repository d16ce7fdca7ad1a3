// Host names into addresses without stopping the loop: getaddrinfo() on a thread of its own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reactor/ring.h"
#include "ringmq/expected.h"

namespace ringmq::client {

struct Address {
  sockaddr_storage storage{};
  socklen_t size_bytes = 0;

  [[nodiscard]] int family() const { return storage.ss_family; }
};

// "127.0.0.1:1883", "[::1]:1883", or the path.
[[nodiscard]] std::string NameOf(const Address& address);

// A path, or "@name" for an abstract one. Nothing: too long.
[[nodiscard]] std::optional<Address> UnixAddress(const std::string& path);

// Families in turn, so that one that is broken does not hold up the other. RFC 8305 section 4
[[nodiscard]] std::vector<Address> Interleave(std::vector<Address> addresses);

// One lookup at a time. Owned by the loop; the thread outlives it if getaddrinfo() hangs.
class Resolver {
 public:
  // `ring` is woken when an answer is there, and outlives the resolver.
  explicit Resolver(reactor::Ring& ring) : ring_(ring) {}
  ~Resolver() { Forget(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Numbers are answered at once. Forgets a lookup that is under way.
  void Start(const std::string& host, uint16_t port);
  // The answer, once it is there.
  [[nodiscard]] std::optional<Expected<std::vector<Address>>> Take();
  void Forget();

 private:
  struct Lookup;

  reactor::Ring& ring_;
  Lookup* lookup_ = nullptr;
};

}  // namespace ringmq::client
