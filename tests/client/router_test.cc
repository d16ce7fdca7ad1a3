// SPDX-License-Identifier: Apache-2.0
#include "ringmq/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "client/message_builder.h"
#include "client/text.h"
#include "codec/properties.h"
#include "codec/topic.h"

namespace ringmq {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

Message About(std::string_view topic, std::string_view properties = {}) {
  return client::MessageBuilder::Make(
      {.topic = topic, .payload = {}, .property_bytes = properties});
}

// The rules of 5.0 s4.7 as a person would write them down, over lists of levels.
bool NaiveMatch(const std::string& filter, const std::string& topic) {
  const auto split = [](const std::string& text) {
    std::vector<std::string> levels(1);
    for (const char c : text) {
      if (c == '/') {
        levels.emplace_back();
      } else {
        levels.back().push_back(c);
      }
    }
    return levels;
  };
  const auto f = split(filter);
  const auto t = split(topic);
  if (topic[0] == '$' && (f[0] == "#" || f[0] == "+")) return false;
  for (size_t i = 0; i < f.size(); ++i) {
    if (f[i] == "#") return true;
    if (i >= t.size() || (f[i] != "+" && f[i] != t[i])) return false;
    if (i + 1 == t.size() && i + 2 == f.size() && f[i + 1] == "#") return true;
  }
  return f.size() == t.size();
}

std::string RandomText(base::Random& random, bool wild) {
  static const std::vector<std::string> kLevels = {"", "a", "b", "$s", "+"};
  std::string text;
  const uint64_t levels = 1 + random.Below(4);
  for (uint64_t i = 0; i < levels; ++i) {
    if (i > 0) text += "/";
    text += kLevels[random.Below(wild ? 5 : 4)];
  }
  if (wild && random.Chance(1, 3)) text += "/#";
  if (wild && random.Chance(1, 20)) text = "#";
  return text;
}

TEST(Router, FindsWhatANaiveMatcherFinds) {
  base::Random random(3);
  for (int round = 0; round < 300; ++round) {
    Router router;
    std::set<std::string> filters;
    std::set<std::string> called;
    for (int i = 0; i < 12; ++i) {
      const std::string filter = RandomText(random, true);
      if (!codec::IsValidTopicFilter(filter)) continue;
      filters.insert(filter);
      ASSERT_NE(router.Add(filter, [&called, filter](Message&) { called.insert(filter); }), 0u);
    }
    for (int i = 0; i < 3 && !filters.empty(); ++i) {
      const std::string gone = *filters.begin();
      filters.erase(gone);
      ASSERT_TRUE(router.Remove(gone));
      ASSERT_FALSE(router.Remove(gone));
    }
    ASSERT_EQ(router.size(), filters.size());
    for (int i = 0; i < 50; ++i) {
      const std::string topic = RandomText(random, false);
      if (!codec::IsValidTopicName(topic)) continue;
      std::set<std::string> expected;
      for (const std::string& filter : filters) {
        ASSERT_EQ(TopicMatches(filter, topic), NaiveMatch(filter, topic)) << filter << " " << topic;
        if (NaiveMatch(filter, topic)) expected.insert(filter);
      }
      called.clear();
      Message message = About(topic);
      ASSERT_EQ(router.Dispatch(message), expected.size());
      ASSERT_EQ(called, expected) << topic;
    }
  }
}

TEST(Router, GoesByTheIdentifierWhereThereIsOne) {
  Router router;
  std::vector<std::string> calls;
  const uint32_t first = router.Add("a/#", [&](Message&) { calls.push_back("first"); });
  router.Add("a/+", [&](Message&) { calls.push_back("second"); });
  std::vector<uint8_t> properties;
  codec::PropertyWriter(properties).Number(codec::PropertyId::kSubscriptionId, first);
  Message message = About("a/b", client::AsText(properties));
  EXPECT_EQ(router.Dispatch(message), 1u);
  EXPECT_THAT(calls, ElementsAre("first"));
}

TEST(Router, SharedFiltersMatchByTheirFilter) {
  Router router;
  std::vector<std::string> calls;
  router.Add("$share/g/a/+", [&](Message&) { calls.push_back("shared"); });
  router.Add("a/+", [&](Message&) { calls.push_back("own"); });
  Message message = About("a/b");
  router.Dispatch(message);
  EXPECT_THAT(calls, UnorderedElementsAre("shared", "own"));
  EXPECT_TRUE(router.Remove("$share/g/a/+"));
  calls.clear();
  router.Dispatch(message);
  EXPECT_THAT(calls, ElementsAre("own"));
}

TEST(Router, HandlersMayAddAndRemove) {
  Router router;
  int calls = 0;
  router.Add("a", [&](Message&) {
    ++calls;
    router.Remove("a");
    router.Add("+", [&](Message&) { calls += 10; });
  });
  Message message = About("a");
  EXPECT_EQ(router.Dispatch(message), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(router.Dispatch(message), 1u);
  EXPECT_EQ(calls, 11);
}

TEST(Router, RefusesWhatIsNoFilter) {
  Router router;
  EXPECT_EQ(router.Add("a#", [](Message&) {}), 0u);
  EXPECT_EQ(router.Add("", [](Message&) {}), 0u);
  EXPECT_EQ(router.size(), 0u);
}

}  // namespace
}  // namespace ringmq
