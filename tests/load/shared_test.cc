// When messages were sent, as one thread tells the others.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/shared.h"

#include <gtest/gtest.h>

namespace ringmq::load {
namespace {

using Slots = std::vector<std::atomic<uint64_t>>;

TEST(SentTimes, KnowsWhenEachOfTheLastMessagesWasSent) {
  Slots slots(8);
  SentTimes times(slots);
  for (uint64_t sequence = 0; sequence < 100; ++sequence) {
    times.Set(sequence, 1'000 + static_cast<int64_t>(sequence));
    for (uint64_t back = 0; back < 8 && back <= sequence; ++back) {
      const auto sent_ns = 1'000 + static_cast<int64_t>(sequence - back);
      EXPECT_EQ(times.Get(sequence - back, 990), sent_ns);
    }
  }
}

// Another message's time would make the service time of this one too short.
TEST(SentTimes, SaysNothingOfMessagesThatItHasForgottenOrNotSeen) {
  Slots slots(8);
  SentTimes times(slots);
  EXPECT_EQ(times.Get(0, 1), std::nullopt);
  times.Set(0, 500);
  EXPECT_EQ(times.Get(8, 1), std::nullopt);
  times.Set(8, 600);
  EXPECT_EQ(times.Get(0, 1), std::nullopt);
  EXPECT_EQ(times.Get(8, 1), 600);
}

TEST(SentTimes, AreRightWhenTheClockHasManyDays) {
  constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;
  Slots slots(8);
  SentTimes times(slots);
  for (int64_t day = 0; day < 400; ++day) {
    const auto sequence = static_cast<uint64_t>(day);
    times.Set(sequence, day * kDayNs + 7);
    EXPECT_EQ(times.Get(sequence, day * kDayNs), day * kDayNs + 7);
    // Due in the near past, sent after a long stall.
    EXPECT_EQ(times.Get(sequence, day * kDayNs - kDayNs), day * kDayNs + 7);
  }
}

// A compact stamp rounds: it may say that a message was due just after it was sent.
TEST(SentTimes, KnowsMessagesThatSeemToHaveBeenSentBeforeTheyWereDue) {
  Slots slots(8);
  SentTimes times(slots);
  times.Set(3, 1'000);
  EXPECT_EQ(times.Get(3, 1'001), 1'000);
  EXPECT_EQ(times.Get(3, 1'000), 1'000);
}

TEST(SentTimes, KeepTwiceWhatMayBeOnItsWayButLittleForAMillion) {
  Plan plan;
  plan.qos = Qos::kAtLeastOnce;
  plan.in_flight = 3'000;
  plan.publishers = 2;
  EXPECT_EQ(plan.SentTimesEach(), 8'192u);
  plan.publishers = 1'000'000;
  EXPECT_EQ(plan.SentTimesEach(), 8u);
  plan.in_flight = 20;
  plan.publishers = 0;
  EXPECT_EQ(plan.SentTimesEach(), 1'024u);
}

}  // namespace
}  // namespace ringmq::load
