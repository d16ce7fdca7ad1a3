// SPDX-License-Identifier: Apache-2.0
#include "codec/topic.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringmq::codec {
namespace {

std::vector<std::string> Levels(const std::string& topic) {
  std::vector<std::string> levels(1);
  for (const char c : topic) {
    if (c == '/') {
      levels.emplace_back();
    } else {
      levels.back() += c;
    }
  }
  return levels;
}

// Level by level, as the standard puts it.
bool NaiveIsFilter(const std::string& filter) {
  if (filter.empty()) return false;
  const auto levels = Levels(filter);
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].find('#') != std::string::npos && (levels[i] != "#" || i + 1 != levels.size())) {
      return false;
    }
    if (levels[i].find('+') != std::string::npos && levels[i] != "+") return false;
  }
  return true;
}

template <typename Check>
void ForEachText(size_t size_max, Check check) {
  constexpr char kAlphabet[] = {'a', '/', '+', '#'};
  for (size_t size = 0; size <= size_max; ++size) {
    for (size_t code = 0; code < size_t{1} << (2 * size); ++code) {
      std::string text;
      for (size_t i = 0; i < size; ++i) text += kAlphabet[code >> (2 * i) & 3];
      check(text);
    }
  }
}

// All texts of up to nine characters of "a/+#": past the width that is read at once.
// [MQTT-4.7.0-1] [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-3.3.2-2]
TEST(Topic, AgreesWithTheGrammarOnEverythingShort) {
  ForEachText(9, [](const std::string& text) {
    const bool has_wildcard = text.find_first_of("+#") != std::string::npos;
    ASSERT_EQ(IsValidTopicName(text), !text.empty() && !has_wildcard) << text;
    ASSERT_EQ(IsValidTopicFilter(text), NaiveIsFilter(text)) << text;
    ASSERT_EQ(TopicLevelCount(text), Levels(text).size()) << text;
  });
}

// [MQTT-4.8.2-1] [MQTT-4.8.2-2]
TEST(Topic, ParsesSharedFiltersAsTheGrammarSays) {
  ForEachText(6, [](const std::string& text) {
    const std::string shared = "$share/" + text;
    const size_t slash = text.find('/');
    bool good = slash != std::string::npos && slash > 0;
    if (good) {
      good = text.substr(0, slash).find_first_of("+#") == std::string::npos &&
             NaiveIsFilter(text.substr(slash + 1));
    }
    const auto parsed = ParseSharedFilter(shared);
    ASSERT_EQ(parsed.has_value(), good) << shared;
    ASSERT_EQ(IsValidSubscriptionFilter(shared), good) << shared;
    if (good) {
      ASSERT_EQ(parsed->share_name, text.substr(0, slash));
      ASSERT_EQ(parsed->filter, text.substr(slash + 1));
    }
  });
}

TEST(Topic, TakesOnlyTheExactPrefixAsShared) {
  EXPECT_FALSE(IsSharedFilter("$share"));
  EXPECT_FALSE(IsSharedFilter("$shared/g/a"));
  EXPECT_FALSE(ParseSharedFilter("a/b").has_value());
  EXPECT_TRUE(IsValidSubscriptionFilter("$share"));
  EXPECT_TRUE(IsValidSubscriptionFilter("a/+"));
}

}  // namespace
}  // namespace ringmq::codec
