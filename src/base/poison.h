// Bytes that nobody may look at any more, made visible: whoever still has a view of them reads
// 0xdd. Only where RMQ_DCHECK is on; elsewhere it is nothing.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "base/check.h"

namespace ringmq::base {

inline constexpr uint8_t kPoison = 0xdd;

inline void Poison([[maybe_unused]] std::span<uint8_t> bytes) {
#if RMQ_DEBUG_CHECKS
  if (!bytes.empty()) std::memset(bytes.data(), kPoison, bytes.size());
#endif
}

}  // namespace ringmq::base
