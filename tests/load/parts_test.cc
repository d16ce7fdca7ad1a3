// Runs by several processes: parts that follow somebody who leads, and what they found together.
//
// Method: the parts are on threads instead of in processes; what they share is the same, and
// nothing of it knows the difference. tests/system/test_bench_processes.py has real ones.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "broker_fixture.h"
#include "load/shared.h"
#include "load/stateful_outcome.h"

namespace ringmq::load {
namespace {

using ::testing::IsEmpty;

constexpr RunTimes kTimes = {
    .connect_max_s = 20, .warmup_s = 0, .measure_s = 0.1, .drain_max_s = 5};

class Parts : public WithBroker {
 protected:
  // As many as the plan has threads.
  std::vector<Outcome> Execute(const Plan& plan, const RunTimes& times = kTimes) {
    Shared shared(plan);
    std::vector<Outcome> outcomes(plan.threads);
    std::vector<std::thread> parts;
    for (uint32_t i = 0; i < plan.threads; ++i) {
      parts.emplace_back([&, i] {
        const Part part = {.first = i, .count = 1, .processes = plan.threads};
        outcomes[i] = ExecutePart(plan, times, {}, shared, part);
      });
    }
    static_cast<void>(Lead(plan, times, {}, shared));
    for (std::thread& part : parts) part.join();
    return outcomes;
  }

  // Of `script`, by three processes.
  [[nodiscard]] Plan MakeParts(Script script, Qos qos) const {
    Plan plan = MakePlan(qos);
    plan.rate_per_s = 0;
    plan.script = script;
    plan.threads = 3;
    return plan;
  }
};

TEST_F(Parts, EachRetainedMessageComesOnceToEachSubscriber) {
  Plan plan = MakeParts(Script::kRetain, Qos::kAtLeastOnce);
  AddRetained(plan, 301, 4);
  const Outcome whole = Join(plan, Execute(plan));
  ASSERT_THAT(whole.findings.errors, IsEmpty());
  EXPECT_TRUE(whole.drained);
  EXPECT_EQ(whole.connected, 2u);
  EXPECT_EQ(whole.sent_in_all, 301u);
  EXPECT_EQ(whole.findings.integrity.received, 4 * 301u);
  EXPECT_TRUE(whole.findings.integrity.sound());
  EXPECT_EQ(whole.findings.last_message.count(), 4u);
  // Nobody asks before everything is stored, whoever stored it.
  EXPECT_GT(whole.findings.kept.begin_ns, whole.findings.fill.end_ns);
  EXPECT_GT(whole.findings.clear.begin_ns, whole.findings.kept.end_ns);
  EXPECT_NEAR(whole.scalars.at("retained_per_s") * whole.measured_s, 4 * 301, 0.5);
  EXPECT_EQ(broker_.counters().retained_messages, 0);
}

TEST_F(Parts, SessionsGetWhatPublishersOfOtherPartsSend) {
  Plan plan = MakeParts(Script::kSession, Qos::kExactlyOnce);
  plan.session_expiry_s = 60;
  plan.messages_max = 200;
  AddFanOut(plan, 2, 5);
  plan.roles.front().duty = Duty::kKept;
  const Outcome whole = Join(plan, Execute(plan));
  ASSERT_THAT(whole.findings.errors, IsEmpty());
  EXPECT_TRUE(whole.drained);
  EXPECT_EQ(whole.findings.integrity.received, 5 * 200u);
  EXPECT_TRUE(whole.findings.integrity.sound());
  EXPECT_GT(whole.findings.fill.begin_ns, whole.findings.away.end_ns);
  EXPECT_GT(whole.findings.back.begin_ns, whole.findings.fill.end_ns);
  EXPECT_EQ(broker_.counters().sessions, 0);
}

TEST_F(Parts, WillsAreKnownToTheWatchersOfOtherParts) {
  Plan plan = MakeParts(Script::kWill, Qos::kAtLeastOnce);
  AddWills(plan);
  const Outcome whole = Join(plan, Execute(plan));
  ASSERT_THAT(whole.findings.errors, IsEmpty());
  EXPECT_TRUE(whole.drained);
  EXPECT_EQ(whole.sent_in_all, 50u);
  EXPECT_EQ(whole.findings.will.count(), 100u);
  EXPECT_TRUE(whole.findings.integrity.sound());
  EXPECT_EQ(whole.scalars.at("wills_early"), 0);
  EXPECT_DOUBLE_EQ(whole.scalars.at("cuts_per_s"), 500);
}

TEST_F(Parts, AStormIsOverWhenTheLastOfAllPartsIsThere) {
  Plan plan = MakeParts(Script::kStorm, Qos::kAtMostOnce);
  plan.is_about_connects = true;
  Role client{.client_id = "c{i}", .topic = "", .filter = "own/{i}"};
  client.count = 100;
  plan.roles.push_back(client);
  const std::vector<Outcome> parts = Execute(plan);
  const Outcome whole = Join(plan, parts);
  ASSERT_THAT(whole.findings.errors, IsEmpty());
  EXPECT_EQ(whole.connected, 100u);
  EXPECT_EQ(whole.findings.connect.count(), 200u);
  EXPECT_EQ(broker_.counters().connections_accepted, 200u);
  for (const Outcome& part : parts) {
    // All begin at the same time, and those who return not before the last one was cut.
    EXPECT_EQ(part.findings.came.begin_ns, whole.findings.came.begin_ns);
    EXPECT_GT(part.findings.away.begin_ns, whole.findings.came.end_ns);
    EXPECT_GT(part.findings.came_back.begin_ns, whole.findings.away.end_ns);
  }
  EXPECT_NEAR(whole.scalars.at("connects_per_s") * whole.scalars.at("connected_all_s"), 100, 0.5);
}

TEST_F(Parts, FollowOneRamp) {
  Plan plan = MakeParts(Script::kTraffic, Qos::kAtMostOnce);
  plan.connects_per_s = 1000;
  plan.is_about_connects = true;
  plan.is_ramp_asked_for = true;
  Role client{.client_id = "c{i}", .topic = "", .filter = ""};
  client.count = 200;
  plan.roles.push_back(client);
  const Outcome whole = Join(plan, Execute(plan));
  ASSERT_THAT(whole.findings.errors, IsEmpty());
  EXPECT_EQ(whole.connected, 200u);
  EXPECT_GE(whole.scalars.at("connected_all_s"), 0.199);
  EXPECT_LE(whole.scalars.at("connects_per_s"), 1006);
  EXPECT_EQ(whole.findings.connect_lag.count() + whole.findings.connects_blocked, 200u);
  EXPECT_LE(whole.findings.connects_in_time, 200u);
  // On a machine that is busy it may be any verdict but one of a closed loop.
  EXPECT_THAT(whole.verdict.text, ::testing::Not(::testing::HasSubstr("closed loop")));
}

// Nobody gets so far that it could.
TEST_F(Parts, DoNotTakeAStepIfSomebodyCannotConnect) {
  Plan plan = MakeParts(Script::kStorm, Qos::kAtMostOnce);
  plan.is_about_connects = true;
  Role client{.client_id = "c{i}", .topic = "", .filter = "{i}#"};  // No filter at all.
  client.count = 3;
  plan.roles.push_back(client);
  const Outcome whole = Join(plan, Execute(plan));
  EXPECT_EQ(whole.failed, 3u);
  EXPECT_EQ(whole.findings.away.begin_ns, 0);
  EXPECT_EQ(broker_.counters().connections_accepted, 3u);
}

}  // namespace
}  // namespace ringmq::load
