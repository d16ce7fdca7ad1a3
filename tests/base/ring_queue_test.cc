// SPDX-License-Identifier: Apache-2.0
#include "base/ring_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <utility>

#include "base/random.h"

namespace ringmq::base {
namespace {

// Differential; values that own memory, so that a sanitizer sees a lost or doubled one.
TEST(RingQueue, DoesWhatADequeDoes) {
  Random random(1);
  RingQueue<std::unique_ptr<uint64_t>> queue;
  std::deque<uint64_t> twin;
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t kind = random.Below(8);
    if (kind < 4) {
      queue.push_back(std::make_unique<uint64_t>(step));
      twin.push_back(static_cast<uint64_t>(step));
    } else if (kind < 7 && !twin.empty()) {
      ASSERT_EQ(*queue.front(), twin.front());
      queue.pop_front();
      twin.pop_front();
    } else if (!twin.empty()) {
      ASSERT_EQ(*queue.back(), twin.back());
      queue.pop_back();
      twin.pop_back();
    }
    ASSERT_EQ(queue.size(), twin.size());
    if (twin.empty()) continue;
    const size_t index = random.Below(twin.size());
    ASSERT_EQ(*queue[index], twin[index]);
  }
}

TEST(RingQueue, StartsAfreshAfterShrinking) {
  RingQueue<int> queue;
  queue.ShrinkIfEmpty();
  for (int i = 0; i < 100; ++i) queue.push_back(i);
  queue.ShrinkIfEmpty();
  EXPECT_EQ(queue.size(), 100u);
  queue.clear();
  queue.ShrinkIfEmpty();
  EXPECT_TRUE(queue.empty());
  queue.push_back(7);
  EXPECT_EQ(queue.front(), 7);
}

TEST(RingQueue, MovesWithWhatItHolds) {
  RingQueue<std::unique_ptr<int>> queue;
  queue.push_back(std::make_unique<int>(1));
  RingQueue<std::unique_ptr<int>> other(std::move(queue));
  EXPECT_EQ(*other.front(), 1);
  RingQueue<std::unique_ptr<int>> third;
  third.push_back(std::make_unique<int>(2));
  third = std::move(other);
  EXPECT_EQ(*third.front(), 1);
}

TEST(RingQueueDeathTest, PoppingFromAnEmptyOneIsABug) {
  RingQueue<int> queue;
  EXPECT_DEATH(queue.pop_front(), "check failed");
  EXPECT_DEATH(queue.pop_back(), "check failed");
  EXPECT_DEATH((void)queue[0], "check failed");
}

}  // namespace
}  // namespace ringmq::base
