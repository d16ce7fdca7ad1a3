// The commands that are more than publishers and subscribers, against a broker in the same process.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "broker_fixture.h"

namespace ringmq::load {
namespace {

using ::testing::IsEmpty;

class Stateful : public WithBroker {
 protected:
  static void AddRequestResponse(Plan& plan, uint32_t requesters, uint32_t responders) {
    plan.publishers = requesters;
    plan.asks = true;
    Role answers{.client_id = "r{i}", .topic = "", .filter = "$share/g/ask/+"};
    answers.duty = Duty::kAnswer;
    answers.count = responders;
    plan.roles.push_back(answers);
    Role asks{.client_id = "q{i}", .topic = "ask/{i}", .filter = "ask/{i}/answer"};
    asks.hears_count = 1;
    asks.hears_one = true;
    asks.is_unordered = responders > 1;
    asks.count = requesters;
    plan.roles.push_back(asks);
  }
};

TEST_F(Stateful, EveryRequestIsAnsweredOnce) {
  for (const ProtocolVersion version : {ProtocolVersion::kV311, ProtocolVersion::kV5}) {
    for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
      Plan plan = MakePlan(qos);
      plan.version = version;
      plan.threads = 2;
      AddRequestResponse(plan, 3, 2);
      const Outcome outcome = Execute(plan, kShort, {});
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_TRUE(outcome.drained);
      EXPECT_EQ(outcome.sent_in_all, 700u);
      EXPECT_EQ(outcome.findings.integrity.received, 700u);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      EXPECT_EQ(outcome.findings.response.count(), 600u);
      EXPECT_EQ(outcome.findings.acked, qos == Qos::kAtMostOnce ? 0u : 600u);
    }
  }
}

// In a closed loop a requester has so many open requests, whatever is acknowledged.
TEST_F(Stateful, ARequesterWaitsForItsAnswers) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.rate_per_s = 0;
  plan.in_flight = 1;
  plan.messages_max = 300;
  AddRequestResponse(plan, 2, 1);
  RunTimes times = kShort;
  times.warmup_s = 0;
  times.measure_s = 30;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_TRUE(outcome.drained);
  EXPECT_EQ(outcome.findings.integrity.received, 300u);
  EXPECT_TRUE(outcome.findings.integrity.sound());
  EXPECT_EQ(outcome.findings.response.count(), 0u);
}

TEST_F(Stateful, UnansweredRequestsAreLost) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddRequestResponse(plan, 2, 1);
  plan.roles[0].filter = "ask/1";  // Nobody listens to the other.
  RunTimes times = kShort;
  times.drain_max_s = 0.3;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_EQ(outcome.findings.integrity.lost, 350u);
}

}  // namespace
}  // namespace ringmq::load
