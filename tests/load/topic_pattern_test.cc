// SPDX-License-Identifier: Apache-2.0
#include "load/topic_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace ringmq::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TopicPattern Parsed(const std::string& text) {
  absl::StatusOr<TopicPattern> pattern = TopicPattern::Parse(text);
  EXPECT_TRUE(pattern.ok()) << text << ": " << pattern.status();
  return pattern.ok() ? *std::move(pattern) : TopicPattern();
}

std::vector<std::string> NamesOf(const std::string& text, uint32_t i) {
  const TopicPattern pattern = Parsed(text);
  std::vector<std::string> names;
  for (uint64_t topic = 0; topic < pattern.topics(); ++topic) {
    pattern.Name(i, topic, names.emplace_back("what was there before"));
  }
  return names;
}

TEST(TopicPattern, NumbersTheTopicsOfAConnection) {
  EXPECT_THAT(NamesOf("t/{i}", 7), ElementsAre("t/7"));
  EXPECT_THAT(NamesOf("{i}{i}-x", 12), ElementsAre("1212-x"));
  EXPECT_THAT(NamesOf("a/{topic:2}/{i}/{rand:3}z", 5),
              ElementsAre("a/0/5/0z", "a/0/5/1z", "a/0/5/2z", "a/1/5/0z", "a/1/5/1z", "a/1/5/2z"));
  EXPECT_THAT(NamesOf("", 0), ElementsAre(""));
  // One value is no choice, and other braces are text.
  EXPECT_THAT(NamesOf("{rand:1}/{random}/{{i}/{", 3), ElementsAre("0/{random}/{3/{"));
  EXPECT_EQ(Parsed("{rand:1k}").topics(), 1000u);
  EXPECT_EQ(Parsed("a/{rand:1k}/{i}").SizeBytesMax(101), 9u);
}

TEST(TopicPattern, KnowsItsNames) {
  for (const std::string text : {"t/{i}", "a/{topic:2}/{i}/{rand:3}z", "", "plain", "{i}{i}-x"}) {
    const TopicPattern pattern = Parsed(text);
    for (uint64_t topic = 0; topic < pattern.topics(); ++topic) {
      std::string name;
      pattern.Name(12, topic, name);
      EXPECT_TRUE(pattern.IsNamed(12, topic, name)) << name;
      EXPECT_FALSE(pattern.IsNamed(12, topic, name + "x")) << name;
      EXPECT_FALSE(pattern.IsNamed(12, topic, "x" + name)) << name;
      if (!name.empty()) {
        EXPECT_FALSE(pattern.IsNamed(12, topic, name.substr(1))) << name;
        EXPECT_FALSE(pattern.IsNamed(12, topic, name.substr(0, name.size() - 1))) << name;
      }
      if (pattern.topics() > 1) {
        EXPECT_FALSE(pattern.IsNamed(12, (topic + 1) % pattern.topics(), name)) << name;
      }
    }
  }
  EXPECT_FALSE(Parsed("t/{i}").IsNamed(1, 0, "t/2"));
}

TEST(TopicPattern, SaysWhatIsNoPlace) {
  for (const std::string text : {"{rand}", "{rand:}", "{rand:0}", "{rand:-1}", "{rand:1.5}",
                                 "{rand:x}", "{rand:2G}", "a/{topic}", "{i}{topic:0}"}) {
    const auto pattern = TopicPattern::Parse(text);
    ASSERT_FALSE(pattern.ok()) << text;
    EXPECT_THAT(pattern.status().message(), HasSubstr("from 1 to 1G")) << text;
  }
  EXPECT_FALSE(TopicPattern::Parse("{rand:1G}/{rand:1G}/{rand:2}").ok());
}

TEST(TopicPattern, TurnsFollowTheNumberOfTheMessage) {
  const TopicPattern pattern = Parsed("t/{topic:5}");
  for (uint64_t n = 0; n < 20; ++n) EXPECT_EQ(pattern.TopicOf(9, 3, n), n % 5);
  EXPECT_EQ(Parsed("{topic:2}/{topic:3}").TopicOf(1, 0, 5), 1u * 3 + 2);
}

// Method: count how often each value of two places comes, alone and as pairs, and how often the
// next message has the same topic. Each count is within five standard deviations.
TEST(TopicPattern, DrawsEvenlyAndIndependently) {
  constexpr uint64_t kMessages = 40'000;
  const TopicPattern pattern = Parsed("{rand:4}/{i}/{rand:10}");
  std::map<uint64_t, uint64_t> seen;
  uint64_t repeated = 0;
  for (uint64_t n = 0; n < kMessages; ++n) {
    const uint64_t topic = pattern.TopicOf(1, 2, n);
    ++seen[topic];
    repeated += topic == pattern.TopicOf(1, 2, n + 1) ? 1 : 0;
  }
  EXPECT_EQ(seen.size(), 40u);
  for (const auto& [topic, count] : seen)
    EXPECT_NEAR(static_cast<double>(count), 1000, 160) << topic;
  EXPECT_NEAR(static_cast<double>(repeated), 1000, 160);
}

TEST(TopicPattern, DrawsTheSameAgainForTheSameSeedOnly) {
  const TopicPattern pattern = Parsed("{rand:1000000}");
  std::set<uint64_t> different;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    for (uint32_t publisher = 0; publisher < 3; ++publisher) {
      const uint64_t topic = pattern.TopicOf(seed, publisher, 77);
      EXPECT_EQ(pattern.TopicOf(seed, publisher, 77), topic);
      different.insert(topic);
    }
  }
  EXPECT_EQ(different.size(), 9u);
}

}  // namespace
}  // namespace ringmq::load
