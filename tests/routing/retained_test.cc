// SPDX-License-Identifier: Apache-2.0
#include "routing/retained.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "routing/naive_match.h"
#include "routing/random_topics.h"

namespace ringmq::routing {
namespace {

codec::MessageRef Make(std::string_view topic, std::string_view payload,
                       Instant expires = Instant::Max()) {
  return codec::MessageRef::Make(
      {.topic = topic,
       .payload = {reinterpret_cast<const uint8_t*>(payload.data()), payload.size()},
       .expires = expires});
}

std::string TextOf(const codec::MessageRef& message) {
  return {reinterpret_cast<const char*>(message.payload().data()), message.payload().size()};
}

std::map<std::string, std::string> All(RetainedStore& store, std::string_view filter,
                                       uint32_t visits_max = 1000, uint32_t matches_max = 1000,
                                       Instant now = {}) {
  std::map<std::string, std::string> found;
  RetainedStore::Cursor cursor;
  for (int step = 0; step < 100'000 && !cursor.done; ++step) {
    store.Match(filter, cursor, visits_max, matches_max, now,
                [&](const codec::MessageRef& message) {
                  const bool is_new = found.emplace(message.topic(), TextOf(message)).second;
                  EXPECT_TRUE(is_new) << "twice: " << message.topic();
                  return true;
                });
  }
  EXPECT_TRUE(cursor.done);
  return found;
}

TEST(RetainedStoreTest, KeepsTheNewestAndClearsWithAnEmptyPayload) {
  RetainedStore store;
  EXPECT_EQ(store.Put(Make("a", "")), RetainedStore::PutResult::kNothing);
  EXPECT_EQ(store.Put(Make("a", "1")), RetainedStore::PutResult::kStored);
  EXPECT_EQ(store.Put(Make("a", "2")), RetainedStore::PutResult::kReplaced);  // [MQTT-3.3.1-5]
  EXPECT_EQ(All(store, "a"), (std::map<std::string, std::string>{{"a", "2"}}));
  EXPECT_TRUE(store.Has("a"));
  EXPECT_EQ(store.Put(Make("a", "")), RetainedStore::PutResult::kCleared);  // [MQTT-3.3.1-6]
  EXPECT_EQ(store.count(), 0u);                                             // [MQTT-3.3.1-7]
  EXPECT_EQ(store.bytes(), 0u);
}

TEST(RetainedStoreTest, AgreesWithTheNaiveMatcherInStepsOfAnySize) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    base::Random random(seed);
    RetainedStore store;
    std::set<std::string> topics;
    for (int i = 0; i < 120; ++i) {
      const std::string topic = RandomTopic(random);
      (void)store.Put(Make(topic, topic));
      topics.insert(topic);
    }
    ASSERT_EQ(store.count(), topics.size());
    for (int i = 0; i < 60; ++i) {
      const std::string filter = RandomFilter(random);
      std::set<std::string> expected;
      for (const std::string& topic : topics) {
        if (NaiveMatches(filter, topic)) expected.insert(topic);
      }
      std::set<std::string> found;
      const auto visits = static_cast<uint32_t>(1 + random.Below(5));
      const auto matches = static_cast<uint32_t>(1 + random.Below(3));
      for (const auto& [topic, payload] : All(store, filter, visits, matches)) found.insert(topic);
      ASSERT_EQ(found, expected) << "seed " << seed << " filter " << filter;
    }
  }
}

// What is there from beginning to end is found exactly once, whatever comes and goes meanwhile.
TEST(RetainedStoreTest, ACursorSurvivesChangesBetweenSteps) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    base::Random random(seed);
    RetainedStore store;
    std::set<std::string> lasting;
    for (int i = 0; i < 50; ++i) {
      const std::string topic = "keep/" + std::to_string(i);
      (void)store.Put(Make(topic, "x"));
      lasting.insert(topic);
    }
    std::multiset<std::string> found;
    RetainedStore::Cursor cursor;
    while (!cursor.done) {
      store.Match("#", cursor, 3, 2, {}, [&](const codec::MessageRef& message) {
        found.insert(std::string(message.topic()));
        return true;
      });
      const std::string passing = "pass/" + std::to_string(random.Below(20));
      (void)store.Put(Make(passing, random.Chance(1, 2) ? "y" : ""));
      (void)store.Put(Make(*lasting.begin(), std::to_string(random.Next())));
    }
    for (const std::string& topic : lasting) EXPECT_EQ(found.count(topic), 1u) << topic;
  }
}

TEST(RetainedStoreTest, DoesNotGiveOutWhatHasExpiredAndRemovesItInSteps) {
  RetainedStore store;
  (void)store.Put(Make("a", "1", Instant{100}));
  (void)store.Put(Make("b", "2", Instant{200}));
  (void)store.Put(Make("c", "3"));
  EXPECT_EQ(All(store, "+", 10, 10, Instant{150}).size(), 2u);
  EXPECT_EQ(All(store, "a", 10, 10, Instant{150}).size(), 0u);
  size_t removed = 0;
  for (int i = 0; i < 10; ++i) removed += store.RemoveExpired(Instant{250}, 1);
  EXPECT_EQ(removed, 2u);
  EXPECT_EQ(store.count(), 1u);
}

TEST(RetainedStoreTest, WildcardsAtTheFrontLeaveDollarTopicsAlone) {
  RetainedStore store;
  (void)store.Put(Make("$SYS/x", "1"));
  (void)store.Put(Make("a/x", "2"));
  (void)store.Put(Make("~/x", "3"));
  EXPECT_EQ(All(store, "#").size(), 2u);  // [MQTT-4.7.2-1]
  EXPECT_EQ(All(store, "+/x").size(), 2u);
  EXPECT_EQ(All(store, "$SYS/#").size(), 1u);
}

}  // namespace
}  // namespace ringmq::routing
