// Publishers with more than one topic against a broker in the same process: what stands on the
// wire, and that every message is still accounted for.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "broker_fixture.h"
#include "load/audience.h"

namespace ringmq::load {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Until all are sent.
constexpr RunTimes kAll = {.connect_max_s = 20, .warmup_s = 0, .measure_s = 60, .drain_max_s = 20};

class LoadTopics : public WithBroker {
 protected:
  // Retained, so that in the end there is one message for each topic that was published to.
  [[nodiscard]] Plan MakeVaried(Qos qos, const std::string& topic) const {
    Plan plan = MakePlan(qos);
    plan.retain = true;
    plan.rate_per_s = 20'000;
    plan.messages_max = 400;
    AddFanOut(plan, 2, 2);
    plan.roles[0].is_unordered = true;
    plan.roles[1].topic = topic;
    return plan;
  }
};

TEST_F(LoadTopics, EveryMessageArrivesWhicheverTopicItHas) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    for (const size_t payload_bytes_max : {size_t{0}, size_t{400}}) {
      broker_ = Start();
      Plan plan = MakeVaried(qos, "load/{topic:3}/{i}/{rand:4}");
      plan.payload_bytes_max = payload_bytes_max;
      const Outcome outcome = Execute(plan, kAll, {});
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_TRUE(outcome.drained);
      EXPECT_EQ(outcome.findings.integrity.received, 800u);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      // Two publishers, twelve topics each, with the numbers as they stand there.
      EXPECT_EQ(broker_.counters().retained_messages, 24u);
    }
  }
}

// Method: topics of very different length, and what the broker receives. A wrong alias would go to
// another topic, and be retained there, or be refused.
TEST_F(LoadTopics, EachTopicIsNamedOnceAndHasAnAliasThen) {
  const std::string name(400, 'n');
  for (const std::string place : {"{topic:8}", "{rand:8}"}) {
    uint64_t received_bytes[2] = {};
    for (const bool aliases : {false, true}) {
      broker_ = Start();
      Plan plan = MakeVaried(Qos::kAtLeastOnce, "load/" + name + "/{i}/" + place);
      plan.aliases = aliases;
      const Outcome outcome = Execute(plan, kAll, {});
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_EQ(outcome.findings.integrity.received, 800u);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      EXPECT_THAT(outcome.notes, Not(Contains(HasSubstr("alias"))));
      EXPECT_EQ(broker_.counters().retained_messages, 16u);
      received_bytes[aliases ? 1 : 0] = broker_.counters().bytes_received;
    }
    // 400 messages, of which 16 name their topics.
    EXPECT_NEAR(static_cast<double>(received_bytes[0] - received_bytes[1]),
                384.0 * static_cast<double>(name.size()), 384.0 * 20);
  }
}

TEST_F(LoadTopics, TopicsBeyondTheAliasesAreNamedInEveryMessage) {
  broker_ = Start("[limits]\ntopic_alias_inbound_max = 3\n");
  Plan plan = MakeVaried(Qos::kAtLeastOnce, "load/{i}/{topic:100}");
  plan.aliases = true;
  const Outcome outcome = Execute(plan, kAll, {});
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_TRUE(outcome.drained);
  EXPECT_TRUE(outcome.findings.integrity.sound());
  EXPECT_EQ(broker_.counters().retained_messages, 200u);
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("fewer topic aliases")));
}

// Two groups, of which one hears a part, and subscribers that hear one publisher or nobody.
TEST_F(LoadTopics, SubscribersHearWhatTheirFiltersSay) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce}) {
    for (const double rate_per_s : {0.0, 20'000.0}) {
      Plan plan = MakeVaried(qos, "load/{i}/{topic:3}");
      plan.retain = false;
      plan.threads = 2;
      plan.rate_per_s = rate_per_s;
      Role& hears = plan.roles[0];
      hears.hears_count = 0;
      hears.filters = {"load/{i}/+", "$share/g/#", "$share/g/#", "$share/g/load/1/#", "load/#"};
      hears.count = 10;
      const Topics topics(*TopicPattern::Parse(plan.roles[1].topic), plan.publishers);
      EXPECT_EQ(SetAudience(topics, hears, plan).silent, 1u);
      const Outcome outcome = Execute(plan, kAll, {});
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_TRUE(outcome.drained);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      // The first subscriber hears publisher 0, one group all, one group publisher 1, two all.
      EXPECT_EQ(plan.deliveries, std::vector<uint32_t>(2, 4));
      EXPECT_EQ(outcome.sent_in_all, 400u);
      EXPECT_EQ(outcome.expected_in_all, 1600u);
      EXPECT_EQ(outcome.findings.expected, 1600u);
      EXPECT_EQ(outcome.findings.integrity.received, 1600u);
      EXPECT_EQ(outcome.findings.integrity.lost_permitted, 0u);
    }
  }
}

// Method: subscribers whose filters say something else than what they are thought to hear.
TEST_F(LoadTopics, NoticesWhatAFilterShouldHaveHeard) {
  Plan plan = MakeVaried(Qos::kAtLeastOnce, "load/{i}/{topic:3}");
  plan.retain = false;
  Role& hears = plan.roles[0];
  hears.hears_count = 0;
  hears.filters = {"load/0/#", "$share/g/load/0/+"};
  const Topics topics(*TopicPattern::Parse(plan.roles[1].topic), plan.publishers);
  EXPECT_EQ(SetAudience(topics, hears, plan).silent, 0u);
  hears.filters = {"load/1/#", "$share/g/load/1/+"};
  RunTimes times = kAll;
  times.drain_max_s = 0.1;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_EQ(outcome.findings.integrity.misrouted, 400u);
  EXPECT_EQ(outcome.findings.integrity.lost, 400u);
}

}  // namespace
}  // namespace ringmq::load
