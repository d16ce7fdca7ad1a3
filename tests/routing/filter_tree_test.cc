// SPDX-License-Identifier: Apache-2.0
#include "routing/filter_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "routing/naive_match.h"
#include "routing/random_topics.h"

namespace ringmq::routing {
namespace {

std::set<std::string> MatchesOf(FilterTree& tree, std::string_view topic) {
  std::set<std::string> found;
  tree.Match(topic, [&](NodeId node) {
    const bool is_new = found.insert(tree.FilterOf(node)).second;
    EXPECT_TRUE(is_new) << "visited twice";
  });
  return found;
}

TEST(FilterTreeTest, MatchesTheExamplesOfTheStandard) {
  FilterTree tree;
  for (const char* filter : {"sport/tennis/player1/#", "sport/#", "#", "sport/tennis/+", "sport/+",
                             "+", "+/+", "/+", "+/monitor/Clients", "$SYS/#", "$SYS/monitor/+"}) {
    (void)tree.Add(filter);
  }
  using Set = std::set<std::string>;
  // [MQTT-4.7.1-1] "#" also stands for the parent level.
  EXPECT_EQ(MatchesOf(tree, "sport/tennis/player1"),
            (Set{"sport/tennis/player1/#", "sport/#", "#", "sport/tennis/+"}));
  EXPECT_EQ(MatchesOf(tree, "sport"), (Set{"sport/#", "#", "+"}));
  EXPECT_EQ(MatchesOf(tree, "sport/"), (Set{"sport/#", "#", "sport/+", "+/+"}));
  // [MQTT-4.7.1-2] "+" stands for exactly one level.
  EXPECT_EQ(MatchesOf(tree, "/finance"), (Set{"#", "+/+", "/+"}));
  // [MQTT-4.7.2-1] wildcards do not match a first level that begins with "$".
  EXPECT_EQ(MatchesOf(tree, "$SYS/monitor/Clients"), (Set{"$SYS/#", "$SYS/monitor/+"}));
  // [MQTT-4.7.3-4] no normalisation: case and empty levels count.
  EXPECT_EQ(MatchesOf(tree, "Sport"), (Set{"#", "+"}));
}

TEST(FilterTreeTest, AgreesWithTheNaiveMatcherWhileFiltersComeAndGo) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    base::Random random(seed);
    FilterTree tree;
    std::multimap<std::string, NodeId> added;
    for (int step = 0; step < 400; ++step) {
      if (added.empty() || random.Chance(3, 5)) {
        const std::string filter = RandomFilter(random);
        added.emplace(filter, tree.Add(filter));
      } else {
        auto it = added.begin();
        std::advance(it, static_cast<ptrdiff_t>(random.Below(added.size())));
        tree.Remove(it->second);
        added.erase(it);
      }
      const std::string topic = RandomTopic(random);
      std::set<std::string> expected;
      for (const auto& [filter, node] : added) {
        if (NaiveMatches(filter, topic)) expected.insert(filter);
        ASSERT_EQ(tree.Find(filter), node);
        ASSERT_EQ(tree.FilterOf(node), filter);
      }
      ASSERT_EQ(MatchesOf(tree, topic), expected) << "seed " << seed << " topic " << topic;
    }
    tree.Audit();
    for (const auto& [filter, node] : added) tree.Remove(node);
    EXPECT_EQ(tree.node_count(), 0u);
    tree.Audit();
  }
}

// 65,400 slashes: one level each. Linear, and no recursion to overflow a stack.
TEST(FilterTreeTest, TakesATopicOfNothingButSlashes) {
  FilterTree tree;
  const std::string slashes(65'400, '/');
  const NodeId deep = tree.Add(slashes);
  const NodeId all = tree.Add("#");
  const NodeId plus = tree.Add("+/+");
  EXPECT_EQ(MatchesOf(tree, slashes), (std::set<std::string>{slashes, "#"}));
  tree.Remove(deep);
  tree.Remove(all);
  tree.Remove(plus);
  EXPECT_EQ(tree.node_count(), 0u);
}

TEST(FilterTreeTest, FindsOnlyFiltersThatWereAddedNotTheirPrefixes) {
  FilterTree tree;
  const NodeId node = tree.Add("a/b/c");
  EXPECT_EQ(tree.Find("a/b"), kNoNode);
  EXPECT_EQ(tree.Find("a/b/c"), node);
  EXPECT_EQ(tree.Add("a/b/c"), node);
  tree.Remove(node);
  EXPECT_EQ(tree.Find("a/b/c"), node);  // Added twice.
  tree.Remove(node);
  EXPECT_EQ(tree.Find("a/b/c"), kNoNode);
}

}  // namespace
}  // namespace ringmq::routing
