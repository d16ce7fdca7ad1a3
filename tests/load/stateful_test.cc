// The commands that are more than publishers and subscribers, against a broker in the same process.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "broker_fixture.h"
#include "load/churn.h"

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

// Clients that come and go beside a publisher and two subscribers: 500 a second for 0.35 s.
class Churned : public Stateful {
 protected:
  Churned() : plan_(MakePlan(Qos::kAtLeastOnce)) {
    AddFanOut(plan_, 1, 2);
    plan_.churn.per_s = 500;
    Role client{.client_id = "c{i}", .topic = "", .filter = "own/{i}", .duty = Duty::kChurn};
    client.count = 20;
    plan_.roles.push_back(client);
    client.client_id += "b";
    client.is_late = true;
    client.count = SparePlaces(plan_.churn.per_s, 2);
    plan_.roles.push_back(client);
  }

  Plan plan_;
};

TEST_F(Churned, LosesNothingOfTheTrafficBeside) {
  for (const bool is_abrupt : {false, true}) {
    for (const uint32_t threads : {1u, 2u}) {
      plan_.churn.is_abrupt = is_abrupt;
      plan_.threads = threads;
      const uint64_t accepted_before = broker_.counters().connections_accepted;
      const Outcome outcome = Execute(plan_, kShort, {});
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_TRUE(outcome.drained);
      EXPECT_EQ(outcome.connected, 23u);
      EXPECT_EQ(outcome.sent_in_all, 700u);
      EXPECT_EQ(outcome.findings.integrity.received, 1400u);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      // Those of the measured 0.3 s, each of its steps known.
      EXPECT_EQ(outcome.findings.connects_offered, 150u);
      EXPECT_EQ(outcome.findings.connect.count(), 150u);
      EXPECT_EQ(outcome.findings.connect.negative(), 0u);
      EXPECT_GE(outcome.findings.suback.count(), 100u);
      EXPECT_EQ(outcome.findings.connects_failed, 0u);
      EXPECT_EQ(broker_.counters().connections_accepted - accepted_before, 23u + 175u);
      EXPECT_DOUBLE_EQ(outcome.scalars.at("connects_offered_per_s"), 500);
    }
  }
}

// Everything else being the same, the packets differ by the DISCONNECT of 175 clients.
TEST_F(Churned, LeavesAsItIsTold) {
  plan_.keep_alive_s = 0;
  uint64_t packets[2] = {};
  for (const bool is_abrupt : {false, true}) {
    plan_.churn.is_abrupt = is_abrupt;
    const uint64_t before = broker_.counters().packets_received;
    EXPECT_TRUE(Execute(plan_, kShort, {}).drained);
    packets[is_abrupt ? 1 : 0] = broker_.counters().packets_received - before;
  }
  EXPECT_NEAR(static_cast<double>(packets[0]) - static_cast<double>(packets[1]), 175, 10);
}

TEST_F(Churned, SaysWhyNobodyCanCome) {
  plan_.roles.erase(plan_.roles.begin(), plan_.roles.begin() + 2);
  plan_.publishers = 0;
  Observer observer;
  observer.broker = [this]() -> std::optional<BrokerSample> {
    broker_.Stop();  // Asked for the first time when the load begins.
    return std::nullopt;
  };
  const Outcome outcome = Execute(plan_, kShort, observer);
  EXPECT_GT(outcome.findings.connects_failed, 0u);
  EXPECT_THAT(outcome.findings.errors,
              ::testing::Contains(::testing::Key("connect: Connection refused")));
}

// With hardly any room for a connection that the broker has not let go of yet.
TEST_F(Churned, IsLimitedByABrokerThatDoesNotLetGo) {
  plan_.roles.erase(plan_.roles.begin(), plan_.roles.begin() + 2);
  plan_.publishers = 0;
  plan_.roles.back().count = 2;
  plan_.churn.per_s = 20'000;
  const Outcome outcome = Execute(plan_, kShort, {});
  EXPECT_GT(outcome.findings.connects_blocked, 0u);
  EXPECT_LE(outcome.findings.connects_offered, 6'000u);
  EXPECT_NE(outcome.verdict.kind, measure::Verdict::kValid);
}

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
