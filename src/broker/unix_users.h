// Which user of this machine is at the other end of a Unix socket.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace ringmq::broker {

// Any thread. The system's user database may be slow to answer, so each user is looked up once.
class UnixUsers {
 public:
  // The user whose process connected the socket `fd`: a name, or the number of one that has none.
  // None: the kernel does not say.
  [[nodiscard]] std::optional<std::string> PeerOf(int fd);
  // Names may have changed.
  void Forget();

 private:
  std::mutex mutex_;
  absl::flat_hash_map<unsigned, std::string> names_;  // By user id; guarded by mutex_.
};

}  // namespace ringmq::broker
