// What a client remembers of servers to shorten its next handshake with them.
//
// Shared by all threads that use one TlsClientContext. Bounded: the key that was used longest ago
// is forgotten first.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "transport/tls_handles.h"

namespace ringmq::transport {

class TlsSessionCache {
 public:
  static constexpr size_t kKeysMax = 256;
  static constexpr size_t kSessionsPerKeyMax = 8;  // A session is about 1.5 KB, more with a chain.

  // `tickets_reused`: give out the tickets of TLS 1.3 more than once.
  explicit TlsSessionCache(bool tickets_reused) : tickets_reused_(tickets_reused) {}

  void Put(const std::string& key, TlsSession session);
  // The newest session for the key, or null. Nobody else has it, so it may be changed.
  [[nodiscard]] TlsSession Take(const std::string& key);

 private:
  struct Entry {
    std::deque<TlsSession> sessions;  // Newest last.
    std::list<std::string>::iterator use;
  };

  [[nodiscard]] bool IsSingleUse(const SSL_SESSION* session) const;

  const bool tickets_reused_;
  std::mutex mutex_;  // Guards what follows.
  absl::flat_hash_map<std::string, Entry> entries_;
  std::list<std::string> uses_;  // Latest first.
};

}  // namespace ringmq::transport
