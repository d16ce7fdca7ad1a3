// Whose timer a TimerNode is: a kind and, for objects in slabs, their handle, packed into the
// node's cookie.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/check.h"
#include "base/slab.h"

namespace ringmq::broker {

enum class TimerKind : uint8_t { kConnection = 1, kSession, kHousekeeping, kSys };

struct Cookie {
  TimerKind kind = TimerKind::kHousekeeping;
  uint32_t index = 0;
  uint32_t generation = 0;
};

inline constexpr int kCookieKindShift = 60;

inline uint64_t MakeCookie(TimerKind kind) {
  return uint64_t{static_cast<uint8_t>(kind)} << kCookieKindShift;
}

template <typename T>
uint64_t MakeCookie(TimerKind kind, base::Handle<T> handle) {
  RMQ_CHECK(handle.index < 1u << (kCookieKindShift - 32));
  return MakeCookie(kind) | handle.Pack();
}

inline Cookie ReadCookie(uint64_t cookie) {
  return {.kind = static_cast<TimerKind>(cookie >> kCookieKindShift),
          .index = static_cast<uint32_t>(cookie >> 32) & ((1u << (kCookieKindShift - 32)) - 1),
          .generation = static_cast<uint32_t>(cookie)};
}

template <typename T>
base::Handle<T> HandleIn(const Cookie& cookie) {
  return {cookie.index, cookie.generation};
}

}  // namespace ringmq::broker
