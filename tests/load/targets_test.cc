// Connections that go to several targets in turns.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "broker_fixture.h"

namespace ringmq::load {
namespace {

class Targets : public WithBroker {};

// Method: two brokers that do not know each other, so that who is at the wrong one is missed.
TEST_F(Targets, TakeTheConnectionsInTurns) {
  Broker other = Start();
  for (const uint32_t threads : {1u, 2u}) {
    const uint64_t here = broker_.counters().connections_accepted;
    const uint64_t there = other.counters().connections_accepted;
    Plan plan = MakePlan(Qos::kAtLeastOnce);
    plan.threads = threads;
    plan.rate_per_s = 20'000;
    plan.messages_max = 200;
    plan.targets.push_back(plan.targets.front());
    auto* in = reinterpret_cast<sockaddr_in*>(&plan.targets.back().address);
    in->sin_port = htons(other.ports().front());
    // Of six the first two subscribe: one at each broker, which has every second publisher.
    AddFanOut(plan, 4, 2);
    plan.sources = {htonl(INADDR_LOOPBACK), htonl(INADDR_LOOPBACK + 1)};
    RunTimes times = kShort;
    times.warmup_s = 0;
    times.measure_s = 60;
    times.drain_max_s = 0.1;
    const Outcome outcome = Execute(plan, times, {});
    EXPECT_THAT(outcome.findings.errors, ::testing::IsEmpty());
    EXPECT_EQ(broker_.counters().connections_accepted - here, 3u);
    EXPECT_EQ(other.counters().connections_accepted - there, 3u);
    EXPECT_EQ(outcome.findings.integrity.received, 200u);
    EXPECT_EQ(outcome.findings.integrity.lost, 200u);
  }
}

}  // namespace
}  // namespace ringmq::load
