// SPDX-License-Identifier: Apache-2.0
#include "measure/flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/random.h"

namespace ringmq::measure {
namespace {

// A network that loses, repeats and holds back; at times it jumps by more than a window.
uint64_t NextArrival(base::Random& random, uint64_t& sent) {
  switch (random.Below(16)) {
    case 0:
      sent += 1 + random.Below(5);
      return sent++;
    case 1:
      return sent - std::min(sent, random.Below(20));
    case 2:
      return sent - std::min(sent, random.Below(400));
    case 3:
      if (random.Chance(1, 20)) sent += random.Below(2 * FlowWindow::kWindow + 3);
      return sent++;
    default:
      return sent++;
  }
}

// Differential against a set that remembers everything.
TEST(FlowWindow, TellsWhatASetTells) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    base::Random random(seed);
    FlowWindow flow;
    std::set<uint64_t> twin;
    uint64_t sent = 0;
    uint64_t greatest = 0;
    uint64_t too_old_but_new = 0;
    for (int i = 0; i < 2'000; ++i) {
      const uint64_t sequence = NextArrival(random, sent);
      sent = std::max(sent, sequence + 1);
      const bool later = twin.empty() || sequence > greatest;
      const bool is_new = twin.insert(sequence).second;
      const FlowVerdict expected = later    ? FlowVerdict::kInOrder
                                   : is_new ? FlowVerdict::kReordered
                                            : FlowVerdict::kDuplicate;
      greatest = std::max(greatest, sequence);
      const FlowVerdict verdict = flow.Observe(sequence);
      if (verdict == FlowVerdict::kTooOldToTell) {
        ASSERT_GE(greatest - sequence, FlowWindow::kWindow);
        too_old_but_new += is_new ? 1 : 0;
      } else {
        ASSERT_EQ(verdict, expected) << "seed " << seed << " step " << i;
      }
    }
    ASSERT_EQ(flow.distinct(), twin.size() - too_old_but_new);
    const uint64_t lost = sent - twin.size();
    const FlowLoss loss = flow.Close(sent);
    ASSERT_LE(lost, loss.lost) << seed;
    ASSERT_LE(loss.lost - loss.uncertain, lost) << seed;
  }
}

TEST(FlowWindow, KnowsAnOldDuplicateWhenNothingWasMissing) {
  FlowWindow flow;
  for (uint64_t i = 0; i < 10'000; ++i) EXPECT_EQ(flow.Observe(i), FlowVerdict::kInOrder);
  EXPECT_EQ(flow.Observe(3), FlowVerdict::kDuplicate);
  EXPECT_EQ(flow.Close(10'000).lost, 0u);
}

TEST(FlowWindow, CannotTellAnOldOneWhenSomethingWasMissing) {
  FlowWindow flow;
  EXPECT_EQ(flow.Observe(1), FlowVerdict::kInOrder);
  for (uint64_t i = 2; i < 1'000; ++i) EXPECT_EQ(flow.Observe(i), FlowVerdict::kInOrder);
  EXPECT_EQ(flow.Observe(0), FlowVerdict::kTooOldToTell);
  EXPECT_EQ(flow.Close(1'000).lost, 1u);
  EXPECT_EQ(flow.Close(1'000).uncertain, 1u);
}

// The edges of the window: 256 numbers back are remembered, 257 are not.
TEST(FlowWindow, RemembersExactlyItsWindow) {
  for (const uint64_t jump : {255u, 256u, 257u, 258u, 1'000u}) {
    FlowWindow flow;
    EXPECT_EQ(flow.Observe(0), FlowVerdict::kInOrder);
    EXPECT_EQ(flow.Observe(jump), FlowVerdict::kInOrder);
    const bool within = jump - 1 < FlowWindow::kWindow;
    EXPECT_EQ(flow.Observe(1), within ? FlowVerdict::kReordered : FlowVerdict::kTooOldToTell)
        << jump;
    EXPECT_EQ(flow.Observe(jump - 1), FlowVerdict::kReordered);
  }
}

TEST(FlowWindow, CountsLossAtTheEndOnlyWhenClosed) {
  FlowWindow flow;
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(flow.Observe(i), FlowVerdict::kInOrder);
  EXPECT_EQ(flow.Close(10).lost, 0u);
  EXPECT_EQ(flow.Close(15).lost, 5u);
  EXPECT_EQ(flow.Close(15).uncertain, 0u);
  EXPECT_EQ(FlowWindow().Close(7).lost, 7u);
}

TEST(FlowWindow, SurvivesNumbersFromTheEndOfTheWorld) {
  FlowWindow flow;
  EXPECT_EQ(flow.Observe(UINT64_MAX - 1), FlowVerdict::kInOrder);
  EXPECT_EQ(flow.Observe(UINT64_MAX - 2), FlowVerdict::kReordered);
  EXPECT_EQ(flow.Observe(0), FlowVerdict::kTooOldToTell);
}

TEST(IntegrityCounts, AddFieldByField) {
  IntegrityCounts sum{.received = 1,
                      .lost = 2,
                      .lost_permitted = 3,
                      .duplicates = 4,
                      .reordered = 5,
                      .too_old = 6,
                      .corrupt = 7,
                      .misrouted = 8,
                      .wrong_qos = 9,
                      .foreign = 10};
  const IntegrityCounts once = sum;
  sum.Add(once);
  EXPECT_EQ(sum, (IntegrityCounts{.received = 2,
                                  .lost = 4,
                                  .lost_permitted = 6,
                                  .duplicates = 8,
                                  .reordered = 10,
                                  .too_old = 12,
                                  .corrupt = 14,
                                  .misrouted = 16,
                                  .wrong_qos = 18,
                                  .foreign = 20}));
}

TEST(IntegrityCounts, CountVerdictsAndJudgeThem) {
  IntegrityCounts counts{.lost_permitted = 5, .foreign = 1};
  counts.Add(FlowVerdict::kInOrder);
  EXPECT_TRUE(counts.sound());
  counts.Add(FlowVerdict::kReordered);
  counts.Add(FlowVerdict::kDuplicate);
  counts.Add(FlowVerdict::kTooOldToTell);
  EXPECT_FALSE(counts.sound());
  EXPECT_EQ(counts, (IntegrityCounts{.received = 4,
                                     .lost_permitted = 5,
                                     .duplicates = 1,
                                     .reordered = 1,
                                     .too_old = 1,
                                     .foreign = 1}));
}

}  // namespace
}  // namespace ringmq::measure
