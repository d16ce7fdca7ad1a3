// SPDX-License-Identifier: Apache-2.0
#include "broker/unix_users.h"

#include <pwd.h>
#include <sys/socket.h>

#include <array>

namespace ringmq::broker {
namespace {

std::string NameOf(uid_t user) {
  std::array<char, 4096> strings;  // NOLINT: filled by the call.
  passwd entry{};
  passwd* found = nullptr;
  (void)getpwuid_r(user, &entry, strings.data(), strings.size(), &found);
  return found != nullptr ? std::string(found->pw_name) : std::to_string(user);
}

}  // namespace

std::optional<std::string> UnixUsers::PeerOf(int fd) {
  ucred peer{};
  socklen_t size_bytes = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size_bytes) != 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = names_.try_emplace(peer.uid);
  if (is_new) entry->second = NameOf(peer.uid);
  return entry->second;
}

void UnixUsers::Forget() {
  const std::lock_guard lock(mutex_);
  names_.clear();
}

}  // namespace ringmq::broker
