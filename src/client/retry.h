// When to connect again, or whether to at all: backoff with full jitter, and what ends it.
//
// Pure: the caller has the clock and the randomness.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/time.h"
#include "ringmq/expected.h"
#include "ringmq/options.h"

namespace ringmq::client {

class Retry {
 public:
  // A connection that has lasted so long was a success.
  static constexpr Duration kSteady = 5 * kSecond;

  explicit Retry(const Backoff& backoff) : backoff_(backoff) {}

  // How many attempts have begun since the last success.
  [[nodiscard]] uint32_t attempt() const { return attempt_; }
  void OnAttempt() { ++attempt_; }
  // The server has taken us. More than once changes nothing.
  void OnUp(Instant now) {
    if (up_since_ == Instant::Max()) up_since_ = now;
  }
  // The attempt failed, or the connection ended.
  void OnDown(Instant now);
  // Once after OnDown(): how long to wait, or nothing where it is no use to come back.
  [[nodiscard]] std::optional<std::chrono::milliseconds> Next(const Error& cause,
                                                              base::Random& random);

 private:
  [[nodiscard]] bool IsWorthwhile(const Error& cause);

  const Backoff backoff_;
  uint32_t attempt_ = 0;
  Instant up_since_ = Instant::Max();  // Max: not connected.
  bool was_too_large_ = false;         // A packet ended a connection since the last success.
};

}  // namespace ringmq::client
