// SPDX-License-Identifier: Apache-2.0
#include "broker/filter_match.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringmq::broker {
namespace {

bool Covers(std::string_view rule, std::string_view filter) {
  return FilterCovers(rule, {}, filter);
}
bool Overlap(std::string_view a, std::string_view b) { return FiltersOverlap(a, {}, b); }

TEST(FilterCovers, MatchesTopicsAsTheStandardSays) {  // [MQTT-4.7.1-1] [MQTT-4.7.2-1]
  EXPECT_TRUE(Covers("a/b", "a/b"));
  EXPECT_TRUE(Covers("a/+", "a/b"));
  EXPECT_TRUE(Covers("a/+", "a/"));
  EXPECT_TRUE(Covers("+/+", "/a"));
  EXPECT_TRUE(Covers("a/#", "a"));
  EXPECT_TRUE(Covers("a/#", "a/b/c"));
  EXPECT_TRUE(Covers("#", "a//b"));
  EXPECT_TRUE(Covers("$SYS/#", "$SYS/broker/x"));
  EXPECT_FALSE(Covers("a/+", "a"));
  EXPECT_FALSE(Covers("a/+", "a/b/c"));
  EXPECT_FALSE(Covers("a", "a/"));
  EXPECT_FALSE(Covers("a/b", "a"));
  EXPECT_FALSE(Covers("ab", "a"));
  EXPECT_FALSE(Covers("a", "ab"));
  EXPECT_FALSE(Covers("#", "$SYS/x"));
  EXPECT_FALSE(Covers("+/x", "$SYS/x"));
  EXPECT_FALSE(Covers("A", "a"));
}

TEST(FilterCovers, SubstitutesInsideLevels) {
  const Substitution who = {.client_id = "dev1", .username = "ann"};
  EXPECT_TRUE(FilterCovers("c/%c/u/%u", who, "c/dev1/u/ann"));
  EXPECT_TRUE(FilterCovers("x%c-%u/#", who, "xdev1-ann/a"));
  EXPECT_TRUE(FilterCovers("%c%c", who, "dev1dev1"));
  EXPECT_FALSE(FilterCovers("%c", who, "dev"));
  EXPECT_FALSE(FilterCovers("%c", who, "dev12"));
  EXPECT_FALSE(FilterCovers("%c", who, "%c"));
  EXPECT_TRUE(FilterCovers("100%/%d", who, "100%/%d"));
}

TEST(FilterCovers, AnIdThatBeginsWithDollarGainsNoDollarTopics) {
  EXPECT_FALSE(FilterCovers("%c/x", {.client_id = "$SYS", .username = ""}, "$SYS/x"));
}

TEST(IsValidRuleFilter, KeepsWildcardsAlone) {  // [MQTT-4.7.1-1] [MQTT-4.7.1-2]
  for (const char* good : {"a", "/", "#", "+", "+/+/#", "a//b", "%c/#", "a b"}) {
    EXPECT_TRUE(IsValidRuleFilter(good)) << good;
  }
  for (const char* bad : {"", "a#", "#/a", "a+", "+a", "a/#/b", "##", "++", "a/b+/c"}) {
    EXPECT_FALSE(IsValidRuleFilter(bad)) << bad;
  }
  EXPECT_TRUE(IsValidRuleFilter(std::string(65'535, 'a')));
  EXPECT_FALSE(IsValidRuleFilter(std::string(65'536, 'a')));
  EXPECT_FALSE(IsValidRuleFilter(std::string_view("a\0b", 3)));
}

// All topics of up to three levels over a small alphabet, and all filters over it.
std::vector<std::string> Paths(const std::vector<std::string>& levels) {
  std::vector<std::string> paths = levels;
  for (size_t begin = 0, depth = 1; depth < 3; ++depth) {
    const size_t end = paths.size();
    for (; begin < end; ++begin) {
      for (const std::string& level : levels) paths.push_back(paths[begin] + "/" + level);
    }
  }
  return paths;
}

// Exhaustive: the two relations against their definition over all topics one level deeper than
// any filter here, so that "#" has something to match beyond.
TEST(FilterRelations, AgreeWithTheirDefinitionsOverASmallSpace) {
  std::vector<std::string> topics = Paths({"a", "b", "$", ""});
  const size_t shallow_count = topics.size();
  for (size_t i = 0; i < shallow_count; ++i) topics.push_back(topics[i] + "/z");
  // A level that no filter names stands for all the levels there are.
  for (const std::string& path : Paths({"a", "b", "z"})) topics.push_back(path);
  for (const std::string& path : Paths({"a", "$", "z"})) {
    topics.push_back(path);
    topics.push_back("$z/" + path);
  }
  std::vector<std::string> filters;
  for (std::string& path : Paths({"a", "$", "+", "#"})) {
    if (IsValidRuleFilter(path)) filters.push_back(std::move(path));
  }
  for (const std::string& rule : filters) {
    for (const std::string& filter : filters) {
      bool covers = true;
      bool overlap = false;
      for (const std::string& topic : topics) {
        if (topic.empty() || !Covers(filter, topic)) continue;
        covers = covers && Covers(rule, topic);
        overlap = overlap || Covers(rule, topic);
      }
      EXPECT_EQ(Overlap(rule, filter), overlap) << rule << " and " << filter;
      EXPECT_EQ(Overlap(filter, rule), overlap) << rule << " and " << filter;
      EXPECT_EQ(Covers(rule, filter), covers) << rule << " over " << filter;
    }
  }
}

TEST(FilterRelations, LongInputsTakeOneWalk) {
  std::string deep;
  for (int i = 0; i < 32'767; ++i) deep += "a/";
  EXPECT_TRUE(Covers("#", deep));
  EXPECT_TRUE(Covers(deep, deep));
  EXPECT_FALSE(Covers(deep + "a", deep));
  EXPECT_TRUE(Overlap(deep, deep));
}

}  // namespace
}  // namespace ringmq::broker
