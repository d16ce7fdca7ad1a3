// Which packet identifiers are in use, by PUBLISH, SUBSCRIBE and UNSUBSCRIBE together.
//
// One in use is never given out again before it is returned [MQTT-2.2.1-3] [MQTT-2.2.1-4]; the next
// one is looked for behind the last, so that a late answer rarely meets a new owner.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/check.h"
#include "codec/packets.h"

namespace ringmq::client {

class PacketIds {
 public:
  // Zero: all of them are in use.
  [[nodiscard]] codec::PacketId Take() {
    if (in_use_ == kIdsMax) return 0;
    if (used_.empty()) used_.resize(kIdsMax + 1);
    do {
      next_ = next_ == kIdsMax ? 1 : static_cast<codec::PacketId>(next_ + 1);
    } while (used_[next_]);
    used_[next_] = true;
    ++in_use_;
    return next_;
  }

  // Of a session that was restored. Requires: not in use.
  void Claim(codec::PacketId id) {
    if (used_.empty()) used_.resize(kIdsMax + 1);
    RMQ_CHECK(id != 0);
    RMQ_CHECK(!used_[id]);
    used_[id] = true;
    ++in_use_;
  }

  // Requires: in use.
  void Return(codec::PacketId id) {
    RMQ_CHECK(id != 0);
    RMQ_CHECK(used_[id]);
    used_[id] = false;
    --in_use_;
  }

  [[nodiscard]] bool in_use(codec::PacketId id) const { return !used_.empty() && used_[id]; }
  [[nodiscard]] uint32_t count() const { return in_use_; }

 private:
  static constexpr uint32_t kIdsMax = 65'535;
  std::vector<bool> used_;  // 8 KiB, from the first one on.
  uint32_t in_use_ = 0;
  codec::PacketId next_ = 0;
};

}  // namespace ringmq::client
