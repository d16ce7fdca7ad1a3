// The engine of the load tool against a broker in the same process: every message accounted for.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/run.h"

#include <gmock/gmock.h>

#include "broker_fixture.h"

namespace ringmq::load {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class LoadRun : public WithBroker {};

TEST_F(LoadRun, AccountsForEveryMessage) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    for (const uint32_t threads : {1u, 2u}) {
      Plan plan = MakePlan(qos);
      plan.threads = threads;
      AddFanOut(plan, 3, 4);
      const Outcome outcome = Execute(plan, kShort, {});
      ASSERT_THAT(outcome.findings.errors, ::testing::IsEmpty());
      EXPECT_EQ(outcome.connected, 7u);
      EXPECT_TRUE(outcome.drained);
      // Warm-up and measured: 2000 a second for 0.35 s, to the last message.
      EXPECT_EQ(outcome.sent_in_all, 700u);
      EXPECT_EQ(outcome.expected_in_all, 2800u);
      EXPECT_EQ(outcome.findings.integrity.received, 2800u);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      EXPECT_EQ(outcome.findings.sent, 600u);
      EXPECT_EQ(outcome.findings.received, 2400u);
      EXPECT_EQ(outcome.findings.response.count(), 2400u);
      // Known before anybody can receive them, also on the other thread.
      EXPECT_EQ(outcome.findings.service.count() + outcome.findings.service.negative(), 2400u);
      EXPECT_EQ(outcome.findings.sent_times_unknown, 0u);
      EXPECT_EQ(outcome.findings.lag.count(), 600u);
      EXPECT_EQ(outcome.findings.response.negative(), 0u);
      EXPECT_EQ(outcome.findings.acked, qos == Qos::kAtMostOnce ? 0u : 600u);
    }
  }
}

// The compact stamp rounds when a message was due, and without a warm-up the first is due at the
// border. Several times, for whether it falls on this side or that is chance.
TEST_F(LoadRun, BothSidesCountTheSameMessagesWhateverTheStamp) {
  for (int i = 0; i < 6; ++i) {
    Plan plan = MakePlan(Qos::kAtLeastOnce);
    plan.stamp = measure::StampForm::kCompact;
    AddFanOut(plan, 1, 1);
    RunTimes times = kShort;
    times.warmup_s = 0;
    times.measure_s = 0.05;
    const Outcome outcome = Execute(plan, times, {});
    EXPECT_EQ(outcome.findings.sent, 100u);
    EXPECT_EQ(outcome.findings.received, outcome.findings.sent);
  }
}

TEST_F(LoadRun, SharesOutToAGroup) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddGroup(plan, 2, 3);
  const Outcome outcome = Execute(plan, kShort, {});
  EXPECT_TRUE(outcome.drained);
  EXPECT_EQ(outcome.expected_in_all, outcome.sent_in_all);
  EXPECT_EQ(outcome.findings.integrity.received, outcome.sent_in_all);
  EXPECT_EQ(outcome.findings.integrity.lost, 0u);
}

TEST_F(LoadRun, TheSecondsAddUpToTheRun) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.threads = 2;
  AddFanOut(plan, 2, 2);
  int looks = 0;
  const Observer observer = {
      .on_tick = {}, .broker = [&looks] {
        ++looks;
        return std::optional(BrokerSample{.cpu_ns = looks * 500'000'000, .rss_bytes = 77});
      }};
  RunTimes times = kShort;
  times.warmup_s = 0.5;
  times.measure_s = 2;
  const Outcome outcome = Execute(plan, times, observer);
  report::Second all;
  for (const report::Second& second : outcome.series) {
    all.offered += second.offered;
    all.sent += second.sent;
    all.acked += second.acked;
    all.received += second.received;
    all.errors += second.errors;
  }
  EXPECT_EQ(all.offered, outcome.sent_in_all);
  EXPECT_EQ(all.sent, outcome.sent_in_all);
  EXPECT_EQ(all.acked, outcome.sent_in_all);
  EXPECT_EQ(all.received, outcome.expected_in_all);
  EXPECT_EQ(all.errors, 0u);
  ASSERT_GE(outcome.series.size(), 3u);
  EXPECT_DOUBLE_EQ(outcome.series[0].at_s, 0.5);
  EXPECT_GT(outcome.series[0].response_p99_ns, 0);
  EXPECT_DOUBLE_EQ(outcome.series[0].broker_cpu_cores, 0.5);
  EXPECT_EQ(outcome.series[0].broker_rss_bytes, 77u);
  uint64_t heat = 0;
  for (const uint64_t cell : outcome.series[1].heat) heat += cell;
  EXPECT_EQ(heat, outcome.series[1].received);
}

// A window of one message and a rate that no answer comes fast enough for: the target is to blame,
// whether what could not be sent in time is sent while draining or never.
TEST_F(LoadRun, ATargetThatHoldsTheScheduleUpIsTheLimit) {
  for (const double drain_s : {0.0, 20.0}) {
    Plan plan = MakePlan(Qos::kAtLeastOnce);
    plan.rate_per_s = 200'000;
    plan.in_flight = 1;
    AddFanOut(plan, 1, 1);
    RunTimes times = kShort;
    times.drain_max_s = drain_s;
    const Outcome outcome = Execute(plan, times, {});
    EXPECT_EQ(outcome.verdict.kind, measure::Verdict::kTargetLimited) << outcome.verdict.text;
    EXPECT_GT(outcome.findings.sent_meanwhile, 0u);
    EXPECT_LT(outcome.findings.sent_meanwhile, 60'000u);
    // What is due is offered, whether it could be sent or not.
    EXPECT_NEAR(static_cast<double>(outcome.findings.offered), plan.rate_per_s * times.measure_s,
                2);
    EXPECT_LE(outcome.findings.own_lag.count(), outcome.findings.lag.count() / 2);
  }
}

TEST_F(LoadRun, ClosedLoopMeasuresServiceTimeOnly) {
  Plan plan = MakePlan(Qos::kAtMostOnce);
  plan.rate_per_s = 0;
  AddFanOut(plan, 2, 1);
  const Outcome outcome = Execute(plan, kShort, {});
  EXPECT_TRUE(outcome.drained);
  EXPECT_GT(outcome.findings.received, 0u);
  EXPECT_EQ(outcome.findings.response.count(), 0u);
  EXPECT_EQ(outcome.findings.service.count() + outcome.findings.service.negative(),
            outcome.findings.received);
  EXPECT_EQ(outcome.findings.sent_times_unknown, 0u);
  EXPECT_EQ(outcome.findings.integrity.lost_permitted, 0u);
  EXPECT_THAT(outcome.verdict.text, ::testing::HasSubstr("closed loop"));
}

// Two threads, of which one has nothing to send.
TEST_F(LoadRun, OneThreadWithPublishersHasTheWholeSchedule) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.threads = 2;
  AddFanOut(plan, 1, 1);
  const Outcome outcome = Execute(plan, kShort, {});
  EXPECT_EQ(outcome.sent_in_all, 700u);
  EXPECT_TRUE(outcome.drained);
}

TEST_F(LoadRun, StopsAfterSoManyMessages) {
  for (const double rate : {0.0, 5000.0}) {
    Plan plan = MakePlan(Qos::kAtLeastOnce);
    plan.rate_per_s = rate;
    plan.messages_max = 501;
    plan.threads = 2;
    AddFanOut(plan, 3, 2);
    RunTimes times = kShort;
    times.warmup_s = 0;
    times.measure_s = 60;
    const Outcome outcome = Execute(plan, times, {});
    EXPECT_EQ(outcome.sent_in_all, 501u);
    EXPECT_EQ(outcome.findings.integrity.received, 1002u);
    EXPECT_TRUE(outcome.drained);
    EXPECT_LT(outcome.measured_s, 30);
  }
}

TEST_F(LoadRun, PayloadsHaveLengthsOfARange) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.payload_bytes = 40;
  plan.payload_bytes_max = 4000;  // The length field has one byte, or two.
  AddFanOut(plan, 2, 1);
  const BrokerCounters before = broker_.counters();
  const Outcome outcome = Execute(plan, kShort, {});
  EXPECT_TRUE(outcome.drained);
  EXPECT_TRUE(outcome.findings.integrity.sound());
  const double bytes = static_cast<double>(broker_.counters().publish_bytes_received -
                                           before.publish_bytes_received);
  EXPECT_NEAR(bytes / static_cast<double>(outcome.sent_in_all), 2020, 200);
}

// Method: a long topic, and what the broker receives with and without.
TEST_F(LoadRun, AnAliasStandsForTheTopicFromTheSecondMessageOn) {
  const std::string name(400, 'n');
  for (const size_t payload_bytes_max : {size_t{0}, size_t{80}}) {
    uint64_t received_bytes[2] = {};
    for (const bool aliases : {false, true}) {
      Plan plan = MakePlan(Qos::kAtLeastOnce);
      plan.aliases = aliases;
      plan.lag_allowed_ns = kAnyLagNs;
      plan.payload_bytes_max = payload_bytes_max;
      AddFanOut(plan, 2, 2);
      plan.roles[1].topic = "load/" + name + "/{i}";
      const uint64_t before = broker_.counters().bytes_received;
      const Outcome outcome = Execute(plan, kShort, {});
      received_bytes[aliases ? 1 : 0] = broker_.counters().bytes_received - before;
      ASSERT_THAT(outcome.findings.errors, ::testing::IsEmpty());
      EXPECT_TRUE(outcome.drained);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      EXPECT_EQ(outcome.findings.integrity.received, 1400u);
      EXPECT_THAT(outcome.notes, Not(Contains(HasSubstr("alias"))));
    }
    // 700 messages, of which two name the topic; three bytes are the alias.
    EXPECT_GT(received_bytes[0], received_bytes[1] + 690 * (name.size() - 10));
  }
}

TEST_F(LoadRun, SaysThatTheBrokerTakesNoAliases) {
  broker_ = Start("[limits]\ntopic_alias_inbound_max = 0\n");
  Plan plan = MakePlan(Qos::kAtMostOnce);
  plan.aliases = true;
  plan.lag_allowed_ns = kAnyLagNs;
  AddFanOut(plan, 2, 1);
  const Outcome outcome = Execute(plan, kShort, {});
  ASSERT_THAT(outcome.findings.errors, ::testing::IsEmpty());
  EXPECT_TRUE(outcome.drained);
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("no topic aliases")));
}

// A subscriber that should hear half of the publishers, and hears all of them.
TEST_F(LoadRun, NoticesWhatIsMisrouted) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 2, 1);
  plan.roles[0].hears_count = 1;
  RunTimes times = kShort;
  times.drain_max_s = 0.3;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_EQ(outcome.findings.integrity.misrouted, 350u);
  EXPECT_FALSE(outcome.findings.integrity.sound());
}

TEST_F(LoadRun, NoticesWhatIsLost) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 2, 1);
  plan.roles[0].filter = "load/0";  // And never hears the other.
  RunTimes times = kShort;
  times.drain_max_s = 0.3;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_FALSE(outcome.drained);
  EXPECT_EQ(outcome.findings.integrity.lost, 350u);
}

TEST_F(LoadRun, SaysWhyItCannotConnect) {
  Plan plan = MakePlan(Qos::kAtMostOnce);
  AddFanOut(plan, 1, 1);
  broker_.Stop();
  const Outcome outcome = Execute(plan, kShort, {});
  EXPECT_EQ(outcome.connected, 0u);
  EXPECT_EQ(outcome.failed, 2u);
  ASSERT_FALSE(outcome.findings.errors.empty());
  EXPECT_THAT(outcome.findings.errors.begin()->first, ::testing::HasSubstr("Connection refused"));
}

TEST_F(LoadRun, HoldsManyIdleConnectionsFromManyAddresses) {
  Plan plan = MakePlan(Qos::kAtMostOnce);
  plan.threads = 2;
  for (uint32_t i = 0; i < 5; ++i) plan.sources.push_back(htonl(INADDR_LOOPBACK + 1 + i));
  plan.connects_per_s = 100'000;
  Role idle{.client_id = "i{i}", .topic = "", .filter = ""};
  idle.count = 500;
  plan.roles.push_back(idle);
  RunTimes times = kShort;
  times.warmup_s = 0;
  times.measure_s = 0.05;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_EQ(outcome.connected, 500u);
  EXPECT_EQ(outcome.findings.connack.count(), 500u);
  EXPECT_THAT(outcome.findings.errors, ::testing::IsEmpty());
}

}  // namespace
}  // namespace ringmq::load
