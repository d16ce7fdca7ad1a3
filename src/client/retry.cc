// SPDX-License-Identifier: Apache-2.0
#include "client/retry.h"

#include <algorithm>
#include <utility>

namespace ringmq::client {

void Retry::OnDown(Instant now) {
  // A server that takes us and throws us out at once is not to be hammered.
  if (up_since_ != Instant::Max() && now - up_since_ >= kSteady) {
    attempt_ = 0;
    was_too_large_ = false;
  }
  up_since_ = Instant::Max();
}

bool Retry::IsWorthwhile(const Error& cause) {
  if (backoff_.attempts_max != 0 && attempt_ >= backoff_.attempts_max) return false;
  // Nobody may have kept the packet: a passing message must not stop a client for good. A server
  // that has kept it (3.1.1 does not know our limit) sends it first thing, again and again.
  if (cause.code() == Errc::kPacketTooLarge) return !std::exchange(was_too_large_, true);
  return cause.is_transient();
}

std::optional<std::chrono::milliseconds> Retry::Next(const Error& cause, base::Random& random) {
  if (!IsWorthwhile(cause)) return std::nullopt;
  const int64_t first_ms = std::max<int64_t>(backoff_.first.count(), 1);
  const int64_t cap_ms = std::max<int64_t>(backoff_.cap.count(), 1);
  constexpr uint32_t kDoublingsMax = 20;
  const uint32_t doublings = std::min(attempt_ == 0 ? 0 : attempt_ - 1, kDoublingsMax);
  const int64_t longest_ms = first_ms >= cap_ms >> doublings ? cap_ms : first_ms << doublings;
  return std::chrono::milliseconds(random.Below(static_cast<uint64_t>(longest_ms) + 1));
}

}  // namespace ringmq::client
