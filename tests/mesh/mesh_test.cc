// SPDX-License-Identifier: Apache-2.0
#include "mesh/mesh.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ringmq::mesh {
namespace {

TEST(LaneTest, KeepsOrderRefusesWhenFullAndLeavesTheItemAlone) {
  Lane<std::unique_ptr<int>> lane(4);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(lane.TryPush(std::make_unique<int>(i)));
    auto fifth = std::make_unique<int>(4);
    EXPECT_FALSE(lane.TryPush(std::move(fifth)));
    ASSERT_NE(fifth, nullptr);
    std::vector<int> got;
    EXPECT_EQ(lane.Drain(3, [&](std::unique_ptr<int>&& item) { got.push_back(*item); }), 3u);
    EXPECT_TRUE(lane.TryPush(std::move(fifth)));
    EXPECT_EQ(lane.Drain(SIZE_MAX, [&](std::unique_ptr<int>&& item) { got.push_back(*item); }), 2u);
    EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4}));
    EXPECT_TRUE(lane.empty());
  }
}

TEST(LaneTest, CarriesEverythingInOrderBetweenTwoThreads) {
  constexpr uint64_t kItems = 200'000;
  Lane<uint64_t> lane(64);
  std::thread producer([&lane] {
    for (uint64_t i = 1; i <= kItems; ++i) {
      uint64_t item = i;
      while (!lane.TryPush(std::move(item))) std::this_thread::yield();
    }
  });
  uint64_t expected = 1;
  while (expected <= kItems) {
    const size_t count =
        lane.Drain(SIZE_MAX, [&](uint64_t&& item) { ASSERT_EQ(item, expected++); });
    if (count == 0) std::this_thread::yield();
  }
  producer.join();
}

// What a core sleeps on, with a condition variable for a kernel.
class SleepingRing final : public reactor::Ring {
 public:
  std::span<const reactor::Completion> Enter(std::span<const reactor::Op>, Instant,
                                             std::span<reactor::Completion>) override {
    std::unique_lock lock(mutex_);
    woken_.wait(lock, [this] { return signalled_; });
    signalled_ = false;
    return {};
  }
  std::span<uint8_t> Buffer(uint16_t) override { return {}; }
  void ReleaseBuffer(uint16_t) override {}
  Instant Now() override { return {}; }
  void Wake() override {
    {
      const std::lock_guard lock(mutex_);
      signalled_ = true;
      ++wakes;
    }
    woken_.notify_one();
  }
  [[nodiscard]] int PollDescriptor() const override { return -1; }

  int wakes = 0;

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  bool signalled_ = false;
};

// Two cores throw one ball to each other and sleep in between: one lost wake-up, and it hangs.
TEST(MeshTest, NoWakeUpIsLost) {
  constexpr int kThrows = 20'000;
  Mesh<int> mesh(2, 8);
  SleepingRing rings[2];
  mesh.SetWaker(0, &rings[0]);
  mesh.SetWaker(1, &rings[1]);
  const auto play = [&](CoreId self) {
    const auto other = static_cast<CoreId>(1 - self);
    int ball = self == 0 ? 0 : -1;
    int thrown = 0;
    while (thrown < kThrows) {
      if (ball >= 0) {
        EXPECT_TRUE(mesh.TrySend(self, other, int{ball}));
        mesh.Flush(self);
        ball = -1;
        ++thrown;
      }
      if (thrown == kThrows && self == 1) break;
      if (mesh.PrepareSleep(self)) (void)rings[self].Enter({}, Instant::Max(), {});
      mesh.Awake(self);
      mesh.Drain(self, SIZE_MAX, [&](CoreId from, int&& got) {
        EXPECT_EQ(from, other);
        ball = got + 1;
      });
      if (thrown == kThrows) break;
    }
  };
  std::thread one(play, CoreId{0});
  std::thread two(play, CoreId{1});
  one.join();
  two.join();
}

TEST(MeshTest, WakesOnlyWhoSleepsAndOnlyOnce) {
  Mesh<int> mesh(3, 8);
  SleepingRing rings[3];
  for (CoreId core = 0; core < 3; ++core) mesh.SetWaker(core, &rings[core]);
  ASSERT_TRUE(mesh.PrepareSleep(1));
  EXPECT_TRUE(mesh.TrySend(0, 1, 7));
  EXPECT_TRUE(mesh.TrySend(0, 1, 8));
  EXPECT_TRUE(mesh.TrySend(0, 2, 9));
  mesh.Flush(0);
  mesh.Flush(0);
  EXPECT_EQ(rings[1].wakes, 1);
  EXPECT_EQ(rings[2].wakes, 0);
  EXPECT_FALSE(mesh.PrepareSleep(1));  // Something is there.
  EXPECT_FALSE(mesh.Empty(2));
  EXPECT_EQ(mesh.Drain(1, 1, [](CoreId, int&&) {}), 1u);
}

}  // namespace
}  // namespace ringmq::mesh
