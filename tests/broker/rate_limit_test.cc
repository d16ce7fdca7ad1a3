// SPDX-License-Identifier: Apache-2.0
#include "broker/rate_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace ringmq::broker {
namespace {

constexpr Instant kBegin{5'000'000'000};

int TakenAt(RateLimit& limit, uint32_t per_second, Instant now) {
  int taken = 0;
  while (taken < 1'000'000 && limit.TryTake(per_second, now)) ++taken;
  return taken;
}

TEST(RateLimit, LetsOneGoAndATenthOfASecondsWorthAtOnce) {
  for (const auto& [per_second, burst] :
       {std::pair{1u, 1}, std::pair{10u, 1}, std::pair{100u, 10}, std::pair{1'000'000u, 100'000}}) {
    RateLimit limit;
    EXPECT_EQ(TakenAt(limit, per_second, kBegin), burst) << per_second;
  }
}

TEST(RateLimit, GoesOnEvenly) {
  RateLimit limit;
  ASSERT_EQ(TakenAt(limit, 4, kBegin), 1);
  EXPECT_EQ(limit.NextAt(4), kBegin + 250 * kMillisecond);
  EXPECT_FALSE(limit.TryTake(4, kBegin + 249 * kMillisecond));
  EXPECT_TRUE(limit.TryTake(4, kBegin + 250 * kMillisecond));
  EXPECT_FALSE(limit.TryTake(4, kBegin + 250 * kMillisecond));
}

// However eagerly it is asked: never more than the rate and a tenth in any second, and no less.
TEST(RateLimit, KeepsTheRateOverTime) {
  for (const uint32_t per_second : {1u, 7u, 30u, 999u}) {
    RateLimit limit;
    int taken = 0;
    for (int ms = 0; ms <= 10'000; ++ms) {
      taken += TakenAt(limit, per_second, kBegin + ms * kMillisecond);
    }
    EXPECT_GE(taken, static_cast<int>(10 * per_second));
    EXPECT_LE(taken, static_cast<int>(10 * per_second + per_second / 10 + 1));
  }
}

TEST(RateLimit, WhatWasNotUsedIsNotSaved) {
  RateLimit limit;
  ASSERT_EQ(TakenAt(limit, 100, kBegin), 10);
  EXPECT_EQ(TakenAt(limit, 100, kBegin + 3'600 * kSecond), 10);
}

TEST(RateLimit, ThreadsShareOneBudget) {
  RateLimit limit;
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { taken += TakenAt(limit, 100'000, kBegin); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 10'000);
}

}  // namespace
}  // namespace ringmq::broker
