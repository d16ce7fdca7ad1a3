// What a run that only hears makes of other runs' messages.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/others.h"

#include <gtest/gtest.h>

namespace ringmq::load {
namespace {

class OthersTest : public testing::Test {
 protected:
  void Hear(uint64_t sequence, uint32_t publisher = 0, size_t subscriber = 0, uint32_t run = 7) {
    others_.Observe(subscriber, {.run = run, .publisher = publisher, .sequence = sequence}, true,
                    counts_);
  }

  Others others_;
  measure::IntegrityCounts counts_;
};

TEST_F(OthersTest, BeginsWithWhateverComesFirst) {
  for (uint64_t sequence = 1'000; sequence < 1'010; ++sequence) Hear(sequence);
  EXPECT_EQ(counts_.received, 10u);
  EXPECT_TRUE(counts_.sound());
  EXPECT_EQ(counts_.lost, 0u);
}

TEST_F(OthersTest, KeepsRunsPublishersAndSubscribersApart) {
  Hear(5);
  Hear(9, 1);
  Hear(3, 0, 1);
  Hear(2, 0, 0, 8);
  Hear(6);
  EXPECT_EQ(counts_.received, 5u);
  EXPECT_TRUE(counts_.sound());
}

TEST_F(OthersTest, CountsGapsUntilTheyAreFilled) {
  Hear(5);
  Hear(9);
  EXPECT_EQ(counts_.lost, 3u);
  Hear(7);
  EXPECT_EQ(counts_.lost, 2u);
  EXPECT_EQ(counts_.reordered, 1u);
  Hear(7);
  EXPECT_EQ(counts_.duplicates, 1u);
  EXPECT_EQ(counts_.lost, 2u);
}

TEST_F(OthersTest, PermitsGapsAtQos0) {
  others_.Observe(0, {.run = 1, .sequence = 0}, false, counts_);
  others_.Observe(0, {.run = 1, .sequence = 4}, false, counts_);
  EXPECT_EQ(counts_.lost_permitted, 3u);
  EXPECT_TRUE(counts_.sound());
}

TEST_F(OthersTest, SaysNothingOfWhatIsOlderThanTheBeginning) {
  Hear(5);
  Hear(4);
  EXPECT_EQ(counts_.too_old, 1u);
}

TEST_F(OthersTest, BeginsAnewForWhoWasAway) {
  Hear(5);
  Hear(5, 0, 1);
  others_.Forget(0);
  Hear(9);
  EXPECT_EQ(counts_.lost, 0u);
  Hear(9, 0, 1);  // This one was there.
  EXPECT_EQ(counts_.lost, 3u);
}

TEST(OthersLatency, TakesAnotherHostsClockForWhatItIs) {
  constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;
  EXPECT_EQ(Others::LatencyNs(kDayNs, kDayNs + 5), 5);
  EXPECT_LT(Others::LatencyNs(kDayNs, 3 * kDayNs), 0);
  EXPECT_LT(Others::LatencyNs(3 * kDayNs, kDayNs), 0);
}

}  // namespace
}  // namespace ringmq::load
