// Runs whose messages have their stamps elsewhere, or none, and runs that verify less: what is
// known all the same, and that a loss and a duplicate are found as far as they can be.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "broker_fixture.h"

namespace ringmq::load {
namespace {

using ::testing::IsEmpty;

constexpr RunTimes kBrief = {
    .connect_max_s = 20, .warmup_s = 0.05, .measure_s = 0.15, .drain_max_s = 20};
constexpr uint64_t kSent = 400;  // 2000 a second for 0.2 s.
// For runs in which not everything arrives.
constexpr RunTimes kImpatient = {
    .connect_max_s = 20, .warmup_s = 0.05, .measure_s = 0.15, .drain_max_s = 0.2};

class Stamps : public WithBroker {
 protected:
  [[nodiscard]] Plan PlanOf(Qos qos, StampPlace place, size_t payload_bytes) const {
    Plan plan = MakePlan(qos);
    plan.stamp_place = place;
    plan.payload_bytes = payload_bytes;
    return plan;
  }
  [[nodiscard]] Plan PlanOf(Verify verify) const {
    Plan plan = MakePlan(Qos::kAtLeastOnce);
    plan.verify = verify;
    return plan;
  }
  // Who hears all gets every message from one that repeats it, too.
  static void AddRepeater(Plan& plan) {
    plan.version = ProtocolVersion::kV311;  // Answers go to the topic and "/answer".
    Role repeats{.client_id = "r", .topic = "", .filter = "load/+"};
    repeats.duty = Duty::kAnswer;
    plan.roles.push_back(repeats);
  }
};

TEST_F(Stamps, InCorrelationDataAccountForEveryMessageOfAnySize) {
  for (const auto& [qos, payload_bytes] :
       {std::pair(Qos::kAtMostOnce, size_t{0}), std::pair(Qos::kAtLeastOnce, size_t{8}),
        std::pair(Qos::kExactlyOnce, size_t{100})}) {
    Plan plan = PlanOf(qos, StampPlace::kCorrelation, payload_bytes);
    plan.aliases = qos == Qos::kAtLeastOnce;  // The property behind it.
    plan.payload_bytes_max = qos == Qos::kExactlyOnce ? 300 : 0;
    plan.user_properties = {{"a", "b"}};
    AddFanOut(plan, 2, 2);
    const Outcome outcome = Execute(plan, kBrief, {});
    ASSERT_THAT(outcome.findings.errors, IsEmpty());
    EXPECT_TRUE(outcome.drained);
    EXPECT_EQ(outcome.sent_in_all, kSent);
    EXPECT_EQ(outcome.findings.integrity, (measure::IntegrityCounts{.received = 2 * kSent}));
    EXPECT_EQ(outcome.findings.response.count(), outcome.findings.received);
    EXPECT_EQ(outcome.findings.received, 600u);
  }
}

// Lengths that change, and payloads of which nothing is known before.
TEST_F(Stamps, OfTemplatesAccountForEveryMessage) {
  for (const StampPlace place : {StampPlace::kCorrelation, StampPlace::kPayload}) {
    Plan plan = PlanOf(Qos::kAtLeastOnce, place, 0);
    auto made = PayloadTemplate::Parse(R"({"p":{pub},"n":{seq},"v":{rand:1000},"t":{time}})");
    ASSERT_TRUE(made.ok());
    plan.payload_template = *std::move(made);
    plan.payload_bytes = plan.StampedBytes() + plan.payload_template.SizeBytesMin();
    plan.payload_bytes_max = plan.StampedBytes() + plan.payload_template.SizeBytesMax();
    AddFanOut(plan, 2, 2);
    const BrokerCounters before = broker_.counters();
    const Outcome outcome = Execute(plan, kBrief, {});
    ASSERT_THAT(outcome.findings.errors, IsEmpty());
    EXPECT_TRUE(outcome.drained);
    EXPECT_EQ(outcome.findings.integrity, (measure::IntegrityCounts{.received = 2 * kSent}));
    const uint64_t bytes =
        broker_.counters().publish_bytes_received - before.publish_bytes_received;
    EXPECT_GT(bytes, kSent * plan.payload_bytes);
    EXPECT_LT(bytes, kSent * plan.payload_bytes_max);
  }
}

TEST_F(Stamps, InCorrelationDataAreKeptWithRetainedMessages) {
  Plan plan = PlanOf(Qos::kAtLeastOnce, StampPlace::kCorrelation, 5);
  plan.rate_per_s = 0;
  AddRetained(plan, 100, 2);
  const Outcome outcome = Execute(plan, kBrief, {});
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_EQ(outcome.findings.integrity, (measure::IntegrityCounts{.received = 200}));
}

TEST_F(Stamps, OfRequestsComeBackWithTheAnswers) {
  for (const StampPlace place : {StampPlace::kCorrelation, StampPlace::kNowhere}) {
    Plan plan = PlanOf(Qos::kAtLeastOnce, place, 3);
    plan.publishers = 2;
    plan.asks = true;
    Role answers{.client_id = "r", .topic = "", .filter = "ask/+"};
    answers.duty = Duty::kAnswer;
    plan.roles.push_back(answers);
    Role asks{.client_id = "q{i}", .topic = "ask/{i}", .filter = "ask/{i}/answer"};
    asks.hears_count = 1;
    asks.hears_one = true;
    asks.count = 2;
    plan.roles.push_back(asks);
    const Outcome outcome = Execute(plan, kBrief, {});
    ASSERT_THAT(outcome.findings.errors, IsEmpty());
    EXPECT_TRUE(outcome.drained);
    EXPECT_EQ(outcome.findings.integrity, (measure::IntegrityCounts{.received = kSent}));
    // The number of a request says when it was sent, not when it was due.
    EXPECT_EQ(outcome.findings.response.count() > 0, place == StampPlace::kCorrelation);
    EXPECT_GT(outcome.findings.service.count() + outcome.findings.service.negative(), 200u);
  }
}

// What is due at once goes one by one, so much of it after the measured phase.
TEST_F(Stamps, OfNoRequestSayThatItWasDueWhenItWasSent) {
  Plan plan = PlanOf(Qos::kAtLeastOnce, StampPlace::kNowhere, 3);
  plan.publishers = 1;
  plan.asks = true;
  plan.rate_per_s = 20'000;
  plan.arrival = measure::Arrival::kBurst;
  plan.burst = 2000;
  plan.in_flight = 1;
  Role answers{.client_id = "r", .topic = "", .filter = "ask/+"};
  answers.duty = Duty::kAnswer;
  plan.roles.push_back(answers);
  Role asks{.client_id = "q", .topic = "ask/0", .filter = "ask/0/answer", .hears_count = 1};
  plan.roles.push_back(asks);
  const Outcome outcome = Execute(plan, kBrief, {});
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_TRUE(outcome.drained);
  EXPECT_EQ(outcome.findings.received, outcome.findings.sent);
}

TEST_F(Stamps, AreMissedByNobodyWhoOnlyCounts) {
  for (const double rate : {2000.0, 0.0}) {
    for (const ProtocolVersion version : {ProtocolVersion::kV311, ProtocolVersion::kV5}) {
      Plan plan = PlanOf(Qos::kAtMostOnce, StampPlace::kNowhere, 0);
      plan.version = version;
      plan.rate_per_s = rate;
      AddFanOut(plan, 2, 3);
      const Outcome outcome = Execute(plan, kBrief, {});
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_TRUE(outcome.drained);
      EXPECT_GT(outcome.sent_in_all, 0u);
      EXPECT_EQ(outcome.findings.integrity,
                (measure::IntegrityCounts{.received = 3 * outcome.sent_in_all}));
      EXPECT_GT(outcome.findings.received, 0u);
      EXPECT_EQ(outcome.findings.response.count() + outcome.findings.service.count(), 0u);
      EXPECT_EQ(outcome.findings.lag.count() > 0, rate > 0);
    }
  }
}

TEST_F(Stamps, ALossIsFoundInEveryMode) {
  std::vector<Plan> plans = {PlanOf(Qos::kAtLeastOnce, StampPlace::kCorrelation, 0),
                             PlanOf(Qos::kAtLeastOnce, StampPlace::kNowhere, 4),
                             PlanOf(Verify::kFull), PlanOf(Verify::kCounts)};
  for (Plan& plan : plans) {
    AddFanOut(plan, 2, 1);
    plan.roles[0].filter = "load/0";  // And never hears the other.
    const Outcome outcome = Execute(plan, kImpatient, {});
    EXPECT_FALSE(outcome.drained);
    EXPECT_EQ(outcome.findings.integrity,
              (measure::IntegrityCounts{.received = kSent / 2, .lost = kSent / 2}));
  }
}

// What should be a group is none: each of the three gets every message.
TEST_F(Stamps, WhatComesTooOftenIsASurplusOfTheTotals) {
  Plan counts = PlanOf(Verify::kCounts);
  Plan none = PlanOf(Qos::kAtLeastOnce, StampPlace::kNowhere, 4);
  for (Plan* const plan : {&counts, &none}) {
    AddGroup(*plan, 2, 3);
    plan->roles[0].filter = "load/#";
    // The drain ends when as many have come as were to; the rest comes while it leaves.
    const Outcome outcome = Execute(*plan, kBrief, {});
    const measure::IntegrityCounts& found = outcome.findings.integrity;
    EXPECT_GT(found.surplus, kSent);
    EXPECT_EQ(found.received, kSent + found.surplus);
    EXPECT_EQ(found.lost, 0u);
    EXPECT_FALSE(found.sound());
  }
}

// Every message comes again, from one that repeats it under another topic.
TEST_F(Stamps, WhatIsRepeatedIsFoundByStampOrByTheTotals) {
  Plan full = PlanOf(Verify::kFull);
  Plan counts = PlanOf(Verify::kCounts);
  Plan none = PlanOf(Qos::kAtLeastOnce, StampPlace::kNowhere, 4);
  for (Plan* const plan : {&full, &counts, &none}) {
    AddFanOut(*plan, 2, 1);
    AddRepeater(*plan);
    const Outcome outcome = Execute(*plan, kBrief, {});
    const measure::IntegrityCounts& found = outcome.findings.integrity;
    EXPECT_GT(plan == &none ? found.surplus : found.misrouted + found.duplicates, kSent / 2);
    EXPECT_FALSE(found.sound());
  }
}

TEST_F(Stamps, WhatIsMisroutedIsFoundWithoutFlows) {
  Plan plan = PlanOf(Verify::kCounts);
  AddFanOut(plan, 2, 1);
  plan.roles[0].hears_count = 1;
  const Outcome outcome = Execute(plan, kImpatient, {});
  EXPECT_EQ(outcome.findings.integrity.misrouted, kSent / 2);
  EXPECT_EQ(outcome.findings.integrity.lost, 0u);
}

TEST_F(Stamps, WithoutFlowsTheTimesAreThere) {
  for (const Verify verify : {Verify::kCounts, Verify::kOff}) {
    Plan plan = PlanOf(verify);
    plan.threads = 2;
    AddGroup(plan, 2, 3);
    const Outcome outcome = Execute(plan, kBrief, {});
    ASSERT_THAT(outcome.findings.errors, IsEmpty());
    EXPECT_TRUE(outcome.drained);
    EXPECT_EQ(outcome.findings.integrity, (measure::IntegrityCounts{.received = kSent}));
    EXPECT_EQ(outcome.findings.response.count(), 300u);
  }
}

// A closed loop at QoS 0 whose messages all get lost: the window opens again, or nothing more would
// be sent.
TEST_F(Stamps, NobodyWaitsForWhatNobodySeesMissing) {
  Plan plan = PlanOf(Qos::kAtMostOnce, StampPlace::kNowhere, 4);
  plan.rate_per_s = 0;
  plan.in_flight = 10;
  AddFanOut(plan, 1, 1);
  plan.roles[0].filter = "elsewhere";
  RunTimes times = kImpatient;
  times.measure_s = 1.3;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_GE(outcome.sent_in_all, 20u);
  EXPECT_EQ(outcome.findings.integrity,
            (measure::IntegrityCounts{.lost_permitted = outcome.sent_in_all}));
}

}  // namespace
}  // namespace ringmq::load
