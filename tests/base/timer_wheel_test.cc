// The wheel against a multimap, and the promises of its header one by one.
//
// SPDX-License-Identifier: Apache-2.0
#include "base/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <vector>

#include "base/random.h"

namespace ringmq::base {
namespace {

constexpr Duration kTick = 10 * kMillisecond;
constexpr Instant kStart{5 * kSecond.ns};

TEST(TimerWheel, WithoutTimersThereIsNoDeadline) {
  TimerWheel wheel(kStart, kTick);
  EXPECT_EQ(wheel.NextDeadline(), Instant::Max());
  TimerNode node;
  wheel.Arm(node, kStart + kSecond);
  wheel.Disarm(node);
  wheel.Disarm(node);
  EXPECT_EQ(wheel.NextDeadline(), Instant::Max());
  wheel.Expire(kStart + 2 * kSecond, [](TimerNode&) { FAIL(); });
}

TEST(TimerWheel, FiresNeverEarlyAndAtMostOneTickLate) {
  for (const int64_t ms : {1, 10, 11, 639, 640, 641, 41'000, 3'000'000, 400'000'000}) {
    TimerWheel wheel(kStart, kTick);
    TimerNode node;
    const Instant due = kStart + ms * kMillisecond;
    wheel.Arm(node, due);
    int fired = 0;
    wheel.Expire(due - kNanosecond, [&](TimerNode&) { ++fired; });
    EXPECT_EQ(fired, 0) << ms;
    EXPECT_LT(wheel.NextDeadline(), due + kTick) << ms;
    wheel.Expire(due + kTick, [&](TimerNode&) { ++fired; });
    EXPECT_EQ(fired, 1) << ms;
    EXPECT_FALSE(node.armed());
  }
}

TEST(TimerWheel, ATimerThatIsAlwaysFarAwayNeverFiresAndCostsFewTurns) {
  TimerWheel wheel(kStart, kTick);
  TimerNode node;
  wheel.Arm(node, Instant::Max());
  wheel.Expire(kStart + 100'000'000 * kSecond, [](TimerNode&) { FAIL(); });
  EXPECT_TRUE(node.armed());
  wheel.Disarm(node);
}

TEST(TimerWheel, ACallbackMayArmItselfAgain) {
  TimerWheel wheel(kStart, kTick);
  TimerNode node;
  wheel.Arm(node, kStart);
  int fired = 0;
  for (int i = 0; i < 10; ++i) {
    wheel.Expire(kStart + i * kTick, [&](TimerNode& self) {
      ++fired;
      wheel.Arm(self, kStart);  // Due at once: with the next tick, not in a loop for ever.
    });
  }
  EXPECT_EQ(fired, 10);
  wheel.Disarm(node);
}

TEST(TimerWheel, ACallbackMayDisarmAndMoveOthersOfTheSameTick) {
  TimerWheel wheel(kStart, kTick);
  TimerNode first;
  TimerNode second;
  TimerNode third;
  for (TimerNode* node : {&first, &second, &third}) wheel.Arm(*node, kStart + kTick);
  std::vector<TimerNode*> fired;
  const auto record = [&](TimerNode& node) {
    fired.push_back(&node);
    if (&node != &first) return;
    wheel.Disarm(second);
    wheel.Arm(third, kStart + 5 * kTick);
  };
  wheel.Expire(kStart + kTick, record);
  EXPECT_EQ(fired, (std::vector<TimerNode*>{&first}));
  wheel.Expire(kStart + 5 * kTick, record);
  EXPECT_EQ(fired, (std::vector<TimerNode*>{&first, &third}));
}

TEST(TimerWheel, TheCookieComesBack) {
  TimerWheel wheel(kStart, kTick);
  TimerNode node;
  node.cookie = 77;
  wheel.Arm(node, kStart);
  wheel.Expire(kStart, [](TimerNode& fired) { EXPECT_EQ(fired.cookie, 77u); });
  EXPECT_FALSE(node.armed());
}

// The differential: random arms, disarms and steps of all sizes; after each step what fired is
// what a multimap says, give or take the tick.
class Twin {
 public:
  explicit Twin(uint64_t seed) : random_(seed) {
    for (auto& node : nodes_) node = std::make_unique<TimerNode>();
  }
  ~Twin() {
    for (auto& node : nodes_) wheel_.Disarm(*node);
  }

  void Step() {
    for (uint64_t i = random_.Below(8); i > 0; --i) ArmOrDisarm();
    now_ = now_ + Duration{static_cast<int64_t>(random_.Next() >> (26 + random_.Below(30)))};
    CheckDeadline();
    wheel_.Expire(now_, [this](TimerNode& node) { OnFired(node); });
    // What is a tick overdue must have fired, unless it was armed during this very step.
    for (const auto& [due, node] : twin_) ASSERT_GT(due + kTick + kTick, now_);
    ASSERT_EQ(wheel_.size(), twin_.size());
  }

 private:
  void ArmOrDisarm() {
    TimerNode& node = *nodes_[random_.Below(nodes_.size())];
    Forget(node);
    if (random_.Chance(1, 4)) return wheel_.Disarm(node);
    const auto distance = static_cast<int64_t>(random_.Next() >> (20 + random_.Below(40)));
    const Instant due = now_ + Duration{distance};
    wheel_.Arm(node, due);
    twin_.emplace(due, &node);
  }
  void CheckDeadline() {
    if (twin_.empty()) {
      ASSERT_EQ(wheel_.NextDeadline(), Instant::Max());
    } else {
      ASSERT_LT(wheel_.NextDeadline(), twin_.begin()->first + kTick);
    }
  }
  void OnFired(TimerNode& node) {
    const Instant due = Forget(node);
    ASSERT_LE(due, now_) << "early";
    if (random_.Chance(1, 4)) ArmOrDisarm();
  }
  Instant Forget(const TimerNode& node) {
    const auto found = std::find_if(twin_.begin(), twin_.end(),
                                    [&](const auto& entry) { return entry.second == &node; });
    if (found == twin_.end()) return Instant::Max();
    const Instant due = found->first;
    twin_.erase(found);
    return due;
  }

  Random random_;
  Instant now_ = kStart;
  TimerWheel wheel_{kStart, kTick};
  std::array<std::unique_ptr<TimerNode>, 100> nodes_;
  std::multimap<Instant, TimerNode*> twin_;
};

TEST(TimerWheel, DoesWhatAMultimapDoes) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Twin twin(seed);
    for (int step = 0; step < 2000; ++step) {
      ASSERT_NO_FATAL_FAILURE(twin.Step());
    }
  }
}

}  // namespace
}  // namespace ringmq::base
