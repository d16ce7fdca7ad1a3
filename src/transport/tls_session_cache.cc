// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_session_cache.h"

#include <utility>

namespace ringmq::transport {

void TlsSessionCache::Put(const std::string& key, TlsSession session) {
  std::deque<TlsSession> dropped;  // Freed outside the lock.
  const bool reusable = !IsSingleUse(session.get());
  const std::lock_guard lock(mutex_);
  const auto [found, added] = entries_.try_emplace(key);
  Entry& entry = found->second;
  if (added) {
    entry.use = uses_.insert(uses_.begin(), key);
  } else {
    uses_.splice(uses_.begin(), uses_, entry.use);
  }
  // One that can be used again and again leaves no use for those before it.
  if (reusable) std::swap(dropped, entry.sessions);
  entry.sessions.push_back(std::move(session));
  if (entry.sessions.size() > kSessionsPerKeyMax) entry.sessions.pop_front();
  if (entries_.size() > kKeysMax) {
    entries_.erase(uses_.back());
    uses_.pop_back();
  }
}

TlsSession TlsSessionCache::Take(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  std::deque<TlsSession>& sessions = found->second.sessions;
  if (sessions.empty()) return nullptr;
  // A copy, since a connection writes into its session.
  if (!IsSingleUse(sessions.back().get()))
    return TlsSession(SSL_SESSION_dup(sessions.back().get()));
  TlsSession session = std::move(sessions.back());
  sessions.pop_back();
  return session;
}

bool TlsSessionCache::IsSingleUse(const SSL_SESSION* session) const {
  return !tickets_reused_ && SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

}  // namespace ringmq::transport
