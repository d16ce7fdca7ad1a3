// Where acknowledgements go: from any thread to the event loop. Counted, because an Ack may outlive
// the loop.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "ringmq/message.h"

namespace ringmq::client {

class AckSink {
 public:
  AckSink() = default;
  virtual ~AckSink() = default;
  AckSink(const AckSink&) = delete;
  AckSink& operator=(const AckSink&) = delete;

  // Any thread each.
  virtual void Send(uint64_t ticket, ReasonCode reason) noexcept = 0;
  // The Ack died without having been used.
  virtual void Unused(uint64_t ticket) noexcept = 0;
  virtual void Release(uint64_t ticket) noexcept = 0;

  void RefCount() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  // True: that was the last one. Release and acquire: every use happens before the end.
  [[nodiscard]] bool UnrefCount() noexcept {
    return references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

 private:
  std::atomic<uint32_t> references_{1};
};

}  // namespace ringmq::client
