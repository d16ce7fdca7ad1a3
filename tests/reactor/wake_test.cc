// Waking a ring from other threads. Run under ThreadSanitizer: the plain counters below are
// shared only in the way that ring.h allows.
//
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "reactor/ring_fixture.h"

namespace ringmq::reactor {
namespace {

TEST_P(RingTest, AWakeInFrontOfAnEnterEndsItAtOnceAndManyCountAsOne) {
  for (int i = 0; i < 3; ++i) ring_->Wake();
  EXPECT_TRUE(Turn({}, ring_->Now() + 3600 * kSecond).empty());
  // The second is not cut short.
  const Instant deadline = ring_->Now() + kMillisecond;
  EXPECT_TRUE(Turn({}, deadline).empty());
  EXPECT_GE(ring_->Now(), deadline);
}

TEST_P(RingTest, AWakeIsSeenByAnEnterThatHasOtherThingsToDo) {
  const SocketPair pair;
  pair.Feed("x");
  ring_->Wake();
  const auto seen = Collect({Recv(pair.near(), 1)}, 1);
  EXPECT_EQ(Take(seen[0]), "x");
}

// Method: two threads take turns. Each step needs the wake-up of the step before; the ring would
// sleep for an hour if one were lost.
TEST_P(RingTest, LosesNoWakeUpInManyHandovers) {
  constexpr int kRounds = 3000;
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;
  std::thread other([&] {
    for (int i = 1; i <= kRounds; ++i) {
      asked.store(i, std::memory_order_relaxed);
      ring_->Wake();
      while (answered.load(std::memory_order_acquire) < i) std::this_thread::yield();
    }
  });
  int turns = 0;
  while (answered.load(std::memory_order_relaxed) < kRounds) {
    EXPECT_TRUE(Turn({}, ring_->Now() + 3600 * kSecond).empty());
    answered.store(asked.load(std::memory_order_relaxed), std::memory_order_release);
    ++turns;
  }
  other.join();
  EXPECT_GE(turns, 1);
}

// What was written in front of Wake() is there after the Enter() that it ended: no lock needed.
TEST_P(RingTest, WakePublishesWhatWasWrittenBefore) {
  constexpr int kRounds = 2000;
  int parcel = 0;  // Plain on purpose; it goes back and forth.
  std::atomic<bool> full = false;
  std::atomic<bool> taken = true;
  std::thread other([&] {
    for (int i = 1; i <= kRounds; ++i) {
      while (!taken.load(std::memory_order_acquire)) std::this_thread::yield();
      taken.store(false, std::memory_order_relaxed);
      parcel = i;
      full.store(true, std::memory_order_relaxed);
      ring_->Wake();
    }
  });
  int got = 0;
  while (got < kRounds) {
    Turn({}, ring_->Now() + 3600 * kSecond);
    if (!full.load(std::memory_order_relaxed)) continue;
    full.store(false, std::memory_order_relaxed);
    ASSERT_EQ(parcel, ++got);
    taken.store(true, std::memory_order_release);
  }
  other.join();
}

TEST_P(RingTest, ManyThreadsWakeOneRing) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 500;
  std::atomic<int> sum = 0;
  std::vector<std::thread> others;
  for (int t = 0; t < kThreads; ++t) {
    others.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        sum.fetch_add(1, std::memory_order_relaxed);
        ring_->Wake();
      }
    });
  }
  while (sum.load(std::memory_order_relaxed) < kThreads * kRounds) {
    Turn({}, ring_->Now() + 3600 * kSecond);
  }
  for (std::thread& other : others) other.join();
}

}  // namespace
}  // namespace ringmq::reactor
