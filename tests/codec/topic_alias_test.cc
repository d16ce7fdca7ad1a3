// SPDX-License-Identifier: Apache-2.0
#include "codec/topic_alias.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <string>

namespace ringmq::codec {
namespace {

TEST(OutboundAliases, GivesNoneWhenThePeerAllowsNone) {  // [MQTT-3.1.2-27]
  OutboundAliases aliases(0);
  EXPECT_EQ(aliases.Use("some/topic").alias, 0);
}

TEST(OutboundAliases, LeavesTopicsAloneThatAreNotWorthIt) {
  OutboundAliases aliases(10);
  EXPECT_EQ(aliases.Use("abc").alias, 0);
  EXPECT_EQ(aliases.Use(std::string(OutboundAliases::kTopicBytesMax + 1, 'a')).alias, 0);
  EXPECT_EQ(aliases.Use(std::string(OutboundAliases::kTopicBytesMax, 'a')).alias, 1);
}

TEST(OutboundAliases, ReplacesTheLeastRecentlyUsed) {
  OutboundAliases aliases(2);
  EXPECT_TRUE(aliases.Use("topic/1").is_new);
  EXPECT_TRUE(aliases.Use("topic/2").is_new);
  EXPECT_FALSE(aliases.Use("topic/1").is_new);
  const auto third = aliases.Use("topic/3");
  EXPECT_TRUE(third.is_new);
  EXPECT_EQ(third.alias, 2);
  EXPECT_FALSE(aliases.Use("topic/1").is_new);
  EXPECT_TRUE(aliases.Use("topic/2").is_new);
}

TEST(OutboundAliases, ForgetsWhatWasNotWritten) {
  OutboundAliases aliases(2);
  const auto first = aliases.Use("topic/1");
  aliases.Forget(first.alias);
  EXPECT_TRUE(aliases.Use("topic/1").is_new);
}

// Against a naive twin, and against a peer that knows only what was sent: whatever is used, the
// peer resolves it to the right topic. [MQTT-3.1.2-26] [MQTT-3.2.2-17]
TEST(OutboundAliases, IsAlwaysUnderstoodByThePeer) {
  for (const uint16_t maximum : std::initializer_list<uint16_t>{1, 2, 7, 64, 500}) {
    std::mt19937 random(maximum);
    OutboundAliases aliases(maximum);
    InboundAliases peer(maximum);
    std::list<std::string> recent;  // Newest first.
    const size_t capacity = std::min(maximum, OutboundAliases::kAliasesMax);
    for (int i = 0; i < 20'000; ++i) {
      const std::string topic = "topic/" + std::to_string(random() % 100);
      const bool known = std::ranges::find(recent, topic) != recent.end();
      const auto assigned = aliases.Use(topic);
      ASSERT_GE(assigned.alias, 1);
      ASSERT_LE(assigned.alias, capacity);
      ASSERT_EQ(assigned.is_new, !known);
      recent.remove(topic);
      if (!known && recent.size() == capacity) recent.pop_back();  // Even if taken back below.
      if (random() % 8 == 0) {
        aliases.Forget(assigned.alias);
        continue;
      }
      recent.push_front(topic);
      if (assigned.is_new) {
        ASSERT_TRUE(peer.Set(assigned.alias, topic));
      }
      ASSERT_EQ(peer.Resolve(assigned.alias), topic);
    }
  }
}

TEST(InboundAliases, RefusesZeroAndWhatIsAboveTheMaximum) {  // [MQTT-3.3.2-8] [MQTT-3.3.2-9]
  InboundAliases aliases(3);
  EXPECT_FALSE(aliases.Set(0, "a"));
  EXPECT_FALSE(aliases.Set(4, "a"));
  EXPECT_TRUE(aliases.Set(3, "a"));
  EXPECT_EQ(aliases.Resolve(3), "a");
  EXPECT_EQ(aliases.Resolve(2), std::nullopt);
  EXPECT_EQ(aliases.Resolve(0), std::nullopt);
  EXPECT_EQ(aliases.Resolve(4), std::nullopt);
  EXPECT_TRUE(aliases.Set(3, "b"));
  EXPECT_EQ(aliases.Resolve(3), "b");
  InboundAliases none(0);
  EXPECT_FALSE(none.Set(1, "a"));  // [MQTT-3.2.2-18]
}

}  // namespace
}  // namespace ringmq::codec
