// The oracle itself: a judge that errs costs more than none.
//
// SPDX-License-Identifier: Apache-2.0
#include "sim/oracle.h"

#include <string>

#include <gtest/gtest.h>

#include "sim/world.h"

namespace ringmq::sim {
namespace {

// One session that asked for "a/+", dropped it, asked again, and asked once more before UNSUBACK
// of the first came. The last SUBSCRIBE may be lost with its connection.
class OracleTest : public ::testing::Test {
 protected:
  OracleTest() {
    const size_t first = oracle_.OnSubscribeSent(session_, "a/+", Qos::kAtMostOnce, false);
    oracle_.OnSuback(session_, first);
    const size_t asked_before = oracle_.OnUnsubscribeSent(session_, "a/+");
    const size_t second = oracle_.OnSubscribeSent(session_, "a/+", Qos::kAtMostOnce, false);
    oracle_.OnSuback(session_, second);
    (void)oracle_.OnSubscribeSent(session_, "a/+", Qos::kAtMostOnce, true);
    oracle_.OnUnsuback(session_, "a/+", asked_before);
  }

  void DeliverNewMessageOf(const std::string& publisher) {
    const MessageNumber number =
        oracle_.NewMessage(publisher, "a/2", Qos::kAtMostOnce, /*retain=*/false);
    oracle_.OnSent(number);
    const std::string payload = oracle_.PayloadOf(number);
    oracle_.OnDelivery(session_, {.topic = "a/2", .payload = payload});
  }

  World world_{1};
  Oracle oracle_{world_};
  SessionNumber session_ = oracle_.NewSession("c");
};

using OracleDeathTest = OracleTest;

// The session's own message: only the subscription before the one with No Local allows it.
TEST_F(OracleTest, UnsubackDoesNotEndWhatWasAskedForBehindTheUnsubscribe) {
  DeliverNewMessageOf("c");
  EXPECT_EQ(oracle_.deliveries(), 1u);
}

TEST_F(OracleDeathTest, NothingMayComeAfterUnsubackOfEverySubscription) {
  const size_t asked_before = oracle_.OnUnsubscribeSent(session_, "a/+");
  oracle_.OnUnsuback(session_, "a/+", asked_before);
  EXPECT_EXIT(DeliverNewMessageOf("d"), ::testing::ExitedWithCode(1), "did not ask for");
}

}  // namespace
}  // namespace ringmq::sim
