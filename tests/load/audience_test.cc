// Who hears whom, against a look at every topic of every publisher.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/audience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmq::load {
namespace {

using ::testing::ElementsAre;

// The rules once more, level by level from the back. Requires: valid ones.
bool Fits(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  while (true) {
    const size_t filter_end = filter.find('/');
    const size_t topic_end = topic.find('/');
    const std::string_view wanted = filter.substr(0, filter_end);
    if (wanted == "#") return true;
    if (wanted != "+" && wanted != topic.substr(0, topic_end)) return false;
    const bool is_filter_over = filter_end == std::string_view::npos;
    const bool is_topic_over = topic_end == std::string_view::npos;
    if (is_topic_over) return is_filter_over || filter.substr(filter_end) == "/#";
    if (is_filter_over) return false;
    filter.remove_prefix(filter_end + 1);
    topic.remove_prefix(topic_end + 1);
  }
}

TopicPattern Parsed(const std::string& text) {
  absl::StatusOr<TopicPattern> pattern = TopicPattern::Parse(text);
  EXPECT_TRUE(pattern.ok()) << text;
  return *std::move(pattern);
}

// By publisher: how many of its topics fit.
std::vector<uint64_t> CountFits(const TopicPattern& pattern, uint32_t publishers,
                                const std::string& filter) {
  std::vector<uint64_t> fits(publishers);
  std::string name;
  for (uint32_t i = 0; i < publishers; ++i) {
    for (uint64_t topic = 0; topic < pattern.topics(); ++topic) {
      pattern.Name(i, topic, name);
      fits[i] += Fits(filter, name) ? 1 : 0;
    }
  }
  return fits;
}

std::string Drawn(base::Random& random, const std::vector<std::string>& levels, size_t most) {
  std::string text;
  const size_t count = 1 + random.Below(most);
  for (size_t i = 0; i < count; ++i) {
    text += (i == 0 ? "" : "/") + levels[random.Below(levels.size())];
  }
  return text;
}

TEST(Audience, IsWhatEachTopicSays) {
  constexpr uint32_t kPublishers = 13;
  const std::vector<std::string> of_topics = {"a",
                                              "{i}",
                                              "x{i}",
                                              "{i}{i}",
                                              "",
                                              "{rand:3}",
                                              "{rand:12}",
                                              "{i}{rand:2}",
                                              "$s",
                                              "{topic:2}{rand:11}",
                                              "{i}-{topic:2}",
                                              "1{i}"};
  const std::vector<std::string> of_filters = {"a",   "+",   "+",    "",   "3",  "12",
                                               "x1",  "x12", "1111", "03", "13", "100",
                                               "110", "$s",  "1-0",  "11", "x"};
  base::Random random(7);
  int heard = 0;
  int partial = 0;
  for (int round = 0; round < 10'000; ++round) {
    const std::string topic = Drawn(random, of_topics, 3);
    std::string filter = Drawn(random, of_filters, 3);
    if (random.Chance(1, 4)) filter = random.Chance(1, 8) ? "#" : filter + "/#";
    if (topic.empty() || filter.empty()) continue;
    const TopicPattern pattern = Parsed(topic);
    const Reach reach = Topics(pattern, kPublishers).ReachOf(filter);
    const std::vector<uint64_t> fits = CountFits(pattern, kPublishers, filter);
    bool is_partial = false;
    for (uint32_t i = 0; i < kPublishers; ++i) {
      const bool is_within = i >= reach.first && i - reach.first < reach.count;
      if (fits[i] > 0) ASSERT_TRUE(is_within) << topic << " | " << filter << " | " << i;
      if (is_within && fits[i] != pattern.topics()) is_partial = true;
    }
    ASSERT_EQ(reach.is_partial, is_partial) << topic << " | " << filter;
    if (reach.count > 0) ++(is_partial ? partial : heard);
  }
  EXPECT_GT(heard, 500);
  EXPECT_GT(partial, 80);
}

TEST(Audience, GivesEachSubscriberItsOwn) {
  const TopicPattern pattern = Parsed("t/{i}/{rand:4}");
  Plan plan;
  plan.publishers = 3;
  Role role{.client_id = "s{i}", .topic = "", .filter = ""};
  role.filters = {"t/{i}/+", "$share/g/t/#", "t/#", "$share/g/t/#", "$share/h/t/0/+", "t/9/+"};
  role.count = 7;  // The last one has the first filter again, and another number.
  const Audience audience = SetAudience(Topics(pattern, plan.publishers), role, plan);
  EXPECT_EQ(audience.silent, 2u);
  EXPECT_EQ(audience.partial, "");
  // Everything to the third and to the first group, and to the second and the first of publisher 0.
  EXPECT_THAT(plan.deliveries, ElementsAre(4u, 2u, 2u));
  EXPECT_EQ(plan.deliveries_sum, 8u);
  EXPECT_EQ(plan.DeliveriesOf(0), 4u);
  ASSERT_EQ(plan.groups.size(), 2u);
  EXPECT_EQ(plan.groups[1].count, 1u);
  EXPECT_TRUE(role.hears());
  EXPECT_TRUE(role.Hears(0, 0));
  EXPECT_FALSE(role.Hears(0, 1));
  EXPECT_FALSE(role.is_member(0));
  EXPECT_TRUE(role.is_member(1));
  EXPECT_EQ(role.group_of(1), role.group_of(3));
  EXPECT_EQ(role.FilterOf(6), "t/6/+");
  EXPECT_EQ(role.count_heard(6), 0u);
}

TEST(Audience, NamesTheFilterThatHearsAPart) {
  Plan plan;
  plan.publishers = 2;
  Role role{.client_id = "s{i}", .topic = "", .filter = ""};
  role.filters = {"t/#", "t/{i}/3"};
  role.count = 2;
  const TopicPattern pattern = Parsed("t/{i}/{topic:4}");
  EXPECT_EQ(SetAudience(Topics(pattern, plan.publishers), role, plan).partial, "t/1/3");
}

// Would take minutes if each subscriber looked at each publisher.
TEST(Audience, OfManySubscribersAndManyPublishersTakesNoTime) {
  constexpr uint32_t kMany = 20'000;
  Plan plan;
  plan.publishers = kMany;
  Role role{.client_id = "s{i}", .topic = "", .filter = ""};
  role.filters = {"plant/+/device-{i}/#"};
  role.count = kMany;
  const TopicPattern pattern = Parsed("plant/{rand:1000}/device-{i}");
  EXPECT_EQ(SetAudience(Topics(pattern, kMany), role, plan).silent, 0u);
  EXPECT_EQ(plan.deliveries_sum, kMany);
  EXPECT_TRUE(role.Hears(17'777, 17'777));
  EXPECT_EQ(role.count_heard(17'777), 1u);
}

TEST(Audience, KnowsWhatSubscribeMayCarry) {
  EXPECT_EQ(KindOf("t/{i}/#"), FilterKind::kPlain);
  EXPECT_EQ(KindOf("$share/g{i}/+"), FilterKind::kShared);
  for (const std::string filter : {"", "t/x{i}+", "#/t", "$share/g", "$share//t", "$share/g/a#"}) {
    EXPECT_EQ(KindOf(filter), FilterKind::kInvalid) << filter;
  }
}

}  // namespace
}  // namespace ringmq::load
