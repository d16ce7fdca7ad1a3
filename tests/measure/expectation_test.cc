// SPDX-License-Identifier: Apache-2.0
#include "measure/expectation.h"

#include <gtest/gtest.h>

namespace ringmq::measure {
namespace {

TEST(Expectation, GivesEverySubscriberEverything) {
  EXPECT_EQ(ExpectedDeliveries(1'000, {.subscribers = 5}), 5'000u);
  EXPECT_EQ(ExpectedDeliveries(1'000, {}), 0u);
  EXPECT_EQ(ExpectedDeliveries(0, {.subscribers = 5, .shared_groups = 2}), 0u);
}

TEST(Expectation, GivesASharedGroupEachMessageOnce) {
  EXPECT_EQ(ExpectedDeliveries(1'000, {.shared_groups = 1}), 1'000u);
  EXPECT_EQ(ExpectedDeliveries(1'000, {.subscribers = 3, .shared_groups = 2}), 5'000u);
}

TEST(Expectation, WithholdsFromThePublisherOnlyWithNoLocal) {
  EXPECT_EQ(ExpectedDeliveries(10, {.subscribers = 4, .own = 1}), 40u);
  EXPECT_EQ(ExpectedDeliveries(10, {.subscribers = 4, .own = 1, .no_local = NoLocal::kOn}), 30u);
  EXPECT_EQ(ExpectedDeliveries(10, {.subscribers = 4, .no_local = NoLocal::kOn}), 40u);
}

TEST(Expectation, LowersTheQosToWhatWasGranted) {
  EXPECT_EQ(ExpectedQos(2, 1), 1);
  EXPECT_EQ(ExpectedQos(0, 2), 0);
  EXPECT_EQ(ExpectedQos(1, 1), 1);
}

}  // namespace
}  // namespace ringmq::measure
