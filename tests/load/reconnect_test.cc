// Connections that are cut while messages are on their way, and made again: every message is
// accounted for, and nothing waits for what will not come.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/reconnect.h"

#include <gmock/gmock.h>

#include <functional>
#include <memory>

#include "broker_fixture.h"
#include "cutter.h"

namespace ringmq::load {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What is lost is waited for, so the drain is short.
constexpr RunTimes kCutTimes = {
    .connect_max_s = 20, .warmup_s = 0.05, .measure_s = 0.7, .drain_max_s = 1};

class Reconnect : public WithBroker {
 protected:
  // With a cutter of its own, which counts connections from zero.
  [[nodiscard]] Plan MakePlan(Qos qos) {
    cutter_ = std::make_unique<Cutter>(broker_.ports().front());
    Plan plan = WithBroker::MakePlan(qos);
    AddressOf(plan)->sin_port = htons(cutter_->port());
    plan.reconnects = true;
    return plan;
  }
  static void AddRequestResponse(Plan& plan, uint32_t requesters) {
    plan.publishers = requesters;
    plan.asks = true;
    Role answers{.client_id = "r", .topic = "", .filter = "ask/+", .duty = Duty::kAnswer};
    plan.roles.push_back(answers);
    Role asks{.client_id = "q{i}", .topic = "ask/{i}", .filter = "ask/{i}/answer"};
    asks.hears_count = 1;
    asks.hears_one = true;
    asks.count = requesters;
    plan.roles.push_back(asks);
  }
  // Calls `cut` once each time that so many messages more have come.
  Outcome RunAndCut(const Plan& plan, const RunTimes& times, uint64_t each, int cuts,
                    const std::function<void()>& cut) {
    Observer observer;
    observer.tick_ns = 1'000'000;
    uint64_t next = each;
    observer.on_tick = [&](const Tick& tick) {
      last_ = tick;
      last_.seconds = {};  // They were the director's.
      // One that comes with the last message would find nobody to come back.
      const bool is_late = plan.messages_max > 0 && tick.sent > plan.messages_max / 4 * 3;
      if (cuts == 0 || tick.received < next || is_late) return;
      next = tick.received + each;
      --cuts;
      cut();
    };
    return Execute(plan, times, observer);
  }
  // Those that the broker knows of, once it has noticed who left.
  uint64_t Sessions() {
    for (int i = 0; i < 1'000 && broker_.counters().connections > 0; ++i) {
      std::this_thread::yield();
    }
    return broker_.counters().sessions;
  }
  static uint64_t CountOf(const Outcome& outcome, const char* scalar) {
    return static_cast<uint64_t>(outcome.scalars.at(scalar));
  }

  std::unique_ptr<Cutter> cutter_;
  Tick last_;
};

TEST_F(Reconnect, AccountsForEveryMessageThoughAllAreCut) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    for (const uint32_t threads : {1u, 2u}) {
      Plan plan = MakePlan(qos);
      plan.threads = threads;
      AddFanOut(plan, 3, 4);
      const Outcome outcome = RunAndCut(plan, kCutTimes, 700, 2, [this] { cutter_->Cut(); });
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_THAT(outcome.findings.by_reason, IsEmpty());
      EXPECT_GE(CountOf(outcome, "reconnects"), 7u);
      EXPECT_EQ(CountOf(outcome, "reconnects"), CountOf(outcome, "connections_ended"));
      EXPECT_EQ(last_.reconnects, CountOf(outcome, "reconnects"));
      EXPECT_EQ(last_.dropped, last_.reconnects);
      // The schedule is kept: what could not go in time went late.
      EXPECT_EQ(outcome.sent_in_all, 1500u);
      const measure::IntegrityCounts& counts = outcome.findings.integrity;
      EXPECT_TRUE(counts.sound());
      EXPECT_GT(counts.received, 0u);
      EXPECT_EQ(counts.received + counts.lost_unpromised + counts.lost_permitted,
                outcome.expected_in_all);
      if (qos != Qos::kAtMostOnce) {
        EXPECT_EQ(counts.lost_permitted, 0u);
      }
      EXPECT_THAT(outcome.notes, ::testing::Contains(HasSubstr("Connections that ended: ")));
    }
  }
}

// Subscribers connect first, so they are the first four.
TEST_F(Reconnect, WhatIsPublishedWhileASubscriberIsAwayWasNotPromised) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 2, 4);
  const Outcome outcome = RunAndCut(plan, kCutTimes, 700, 1, [this] { cutter_->Cut(0, 3); });
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_EQ(CountOf(outcome, "reconnects"), 3u);
  EXPECT_TRUE(outcome.drained);  // Nobody waits for it.
  EXPECT_EQ(outcome.findings.acked, outcome.findings.sent);
  const measure::IntegrityCounts& counts = outcome.findings.integrity;
  EXPECT_TRUE(counts.sound());
  EXPECT_GT(counts.lost_unpromised, 0u);
  EXPECT_EQ(counts.received + counts.lost_unpromised, outcome.expected_in_all);
}

TEST_F(Reconnect, OfAPublisherOnlyWhatWasNotAcknowledgedMayBeMissing) {
  for (const Qos qos : {Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    Plan plan = MakePlan(qos);
    plan.in_flight = 5;
    AddFanOut(plan, 3, 2);
    const Outcome outcome = RunAndCut(plan, kCutTimes, 500, 1, [this] { cutter_->Cut(2); });
    ASSERT_THAT(outcome.findings.errors, IsEmpty());
    EXPECT_EQ(CountOf(outcome, "reconnects"), 3u);
    EXPECT_EQ(outcome.sent_in_all, 1500u);
    const measure::IntegrityCounts& counts = outcome.findings.integrity;
    EXPECT_TRUE(counts.sound());
    EXPECT_LE(counts.lost_unpromised, 3u * 5 * 2);
    EXPECT_EQ(counts.received + counts.lost_unpromised, outcome.expected_in_all);
  }
}

// One of two publishers: the other one sends what is due meanwhile.
TEST_F(Reconnect, OthersKeepTheScheduleMeanwhile) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 2, 1);
  const Outcome outcome = RunAndCut(plan, kCutTimes, 300, 1, [this] { cutter_->Cut(1, 2); });
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_EQ(outcome.sent_in_all, 1500u);
  EXPECT_GT(outcome.findings.by_publisher[1], outcome.findings.by_publisher[0]);
}

TEST_F(Reconnect, AClosedLoopGoesOn) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce}) {
    for (const size_t first : {size_t{0}, size_t{1}}) {  // All, or all but one subscriber.
      Plan plan = MakePlan(qos);
      plan.rate_per_s = 0;
      plan.messages_max = 5'000;
      plan.threads = 2;
      AddFanOut(plan, 2, 2);
      RunTimes times = kCutTimes;
      times.warmup_s = 0;
      times.measure_s = 60;
      const Outcome outcome = RunAndCut(plan, times, 1'500, 2, [&] { cutter_->Cut(first); });
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_EQ(outcome.sent_in_all, 5'000u);
      EXPECT_LT(outcome.measured_s, 30);
      EXPECT_GE(CountOf(outcome, "reconnects"), 3u);
      EXPECT_TRUE(outcome.findings.integrity.sound());
    }
  }
}

TEST_F(Reconnect, RequestsAreAnsweredAgain) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    for (const double rate : {0.0, 2'000.0}) {
      Plan plan = MakePlan(qos);
      plan.rate_per_s = rate;
      plan.messages_max = 3'000;
      AddRequestResponse(plan, 2);
      RunTimes times = kCutTimes;
      times.warmup_s = 0;
      times.measure_s = 60;
      const Outcome outcome = RunAndCut(plan, times, 200, 2, [this] { cutter_->Cut(); });
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_EQ(outcome.sent_in_all, 3'000u);
      EXPECT_LT(outcome.measured_s, 30);
      EXPECT_GT(outcome.findings.integrity.received, 400u);
      EXPECT_TRUE(outcome.findings.integrity.sound());
    }
  }
}

TEST_F(Reconnect, AGroupGoesOn) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddGroup(plan, 2, 3);
  const Outcome outcome = RunAndCut(plan, kCutTimes, 300, 2, [this] { cutter_->Cut(0, 2); });
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_EQ(outcome.sent_in_all, 1500u);
  EXPECT_EQ(outcome.findings.integrity.lost, 0u);
}

TEST_F(Reconnect, WhatIsRetainedAndComesAgainIsNoDuplicate) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.retain = true;
  AddFanOut(plan, 2, 2);
  const Outcome outcome = RunAndCut(plan, kCutTimes, 300, 2, [this] { cutter_->Cut(0, 2); });
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_EQ(outcome.findings.integrity.duplicates, 0u);
  EXPECT_TRUE(outcome.findings.integrity.sound());
}

TEST_F(Reconnect, WhoIsNotBackAtTheEndHasFailed) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 1, 1);
  RunTimes times = kCutTimes;
  times.drain_max_s = 0.2;
  const Outcome outcome = RunAndCut(plan, times, 100, 1, [this] {
    cutter_->Refuse();
    cutter_->Cut();
  });
  ASSERT_FALSE(outcome.findings.errors.empty());
  EXPECT_THAT(outcome.findings.errors.begin()->first,
              HasSubstr("not connected again when the run ended: "));
  EXPECT_EQ(CountOf(outcome, "reconnects"), 0u);
  EXPECT_EQ(CountOf(outcome, "connections_ended"), 2u);
  EXPECT_EQ(outcome.findings.integrity.lost, 0u);
}

// Sessions that the broker keeps: nothing may be missing, and at QoS 2 nothing may come twice.
TEST_F(Reconnect, NothingIsMissingIfSessionsAreKept) {
  for (const Qos qos : {Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    for (const ProtocolVersion version : {ProtocolVersion::kV311, ProtocolVersion::kV5}) {
      for (const size_t payload_bytes_max : {size_t{0}, size_t{2'000}}) {
        Plan plan = MakePlan(qos);
        plan.version = version;
        plan.threads = 2;
        plan.payload_bytes_max = payload_bytes_max;
        plan.aliases = version == ProtocolVersion::kV5;  // Each connection has its own.
        plan.keeps_sessions = true;
        plan.session_expiry_s = 60;
        AddFanOut(plan, 3, 4);
        RunTimes times = kCutTimes;
        times.drain_max_s = 20;
        const Outcome outcome = RunAndCut(plan, times, 700, 3, [this] { cutter_->Cut(); });
        ASSERT_THAT(outcome.findings.errors, IsEmpty());
        EXPECT_GE(CountOf(outcome, "reconnects"), 7u);
        EXPECT_EQ(CountOf(outcome, "sessions_lost"), 0u);
        EXPECT_TRUE(outcome.drained);
        EXPECT_EQ(outcome.findings.acked, outcome.findings.sent);
        const measure::IntegrityCounts& counts = outcome.findings.integrity;
        EXPECT_TRUE(counts.sound());
        EXPECT_EQ(counts.lost_unpromised, 0u);
        EXPECT_EQ(counts.received, outcome.expected_in_all + counts.duplicates_permitted);
        if (qos == Qos::kExactlyOnce) {
          EXPECT_EQ(counts.duplicates_permitted, 0u);
        }
        EXPECT_EQ(outcome.sent_in_all, 1500u);
        EXPECT_EQ(Sessions(), 0u);  // They are removed in the end.
      }
    }
  }
}

TEST_F(Reconnect, RequestsInSessionsThatAreKeptAreAllAnswered) {
  for (const Qos qos : {Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    for (const double rate : {0.0, 2'000.0}) {
      Plan plan = MakePlan(qos);
      plan.rate_per_s = rate;
      plan.messages_max = 3'000;
      plan.keeps_sessions = true;
      plan.session_expiry_s = 60;
      AddRequestResponse(plan, 2);
      RunTimes times = kCutTimes;
      times.warmup_s = 0;
      times.measure_s = 60;
      times.drain_max_s = 20;
      const Outcome outcome = RunAndCut(plan, times, 200, 3, [this] { cutter_->Cut(); });
      ASSERT_THAT(outcome.findings.errors, IsEmpty());
      EXPECT_EQ(outcome.sent_in_all, 3'000u);
      EXPECT_TRUE(outcome.drained);
      EXPECT_TRUE(outcome.findings.integrity.sound());
      EXPECT_EQ(outcome.findings.integrity.lost_unpromised, 0u);
    }
  }
}

TEST_F(Reconnect, SessionsStayIfAskedTo) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.keeps_sessions = true;
  plan.keeps = true;
  plan.session_expiry_s = 60;
  AddFanOut(plan, 1, 2);
  const Outcome outcome = Execute(plan, kShort, {});
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_EQ(Sessions(), 3u);
}

// The broker that comes back knows of no session, though it should.
TEST_F(Reconnect, WhatASessionThatIsLostShouldHaveHadIsLost) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.keeps_sessions = true;
  plan.session_expiry_s = 60;
  AddFanOut(plan, 2, 2);
  const Outcome outcome = RunAndCut(plan, kCutTimes, 300, 1, [this] {
    Broker other = Start();
    cutter_->GoTo(other.ports().front());
    cutter_->Cut();
    broker_ = std::move(other);
  });
  ASSERT_THAT(outcome.findings.errors, IsEmpty());
  EXPECT_EQ(CountOf(outcome, "sessions_lost"), 4u);
  const measure::IntegrityCounts& counts = outcome.findings.integrity;
  EXPECT_EQ(counts.received + counts.lost + counts.lost_unpromised,
            outcome.expected_in_all + counts.duplicates_permitted);
}

TEST_F(Reconnect, WithoutItACutIsAnError) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.reconnects = false;
  AddFanOut(plan, 1, 1);
  RunTimes times = kCutTimes;
  times.drain_max_s = 0.2;
  const Outcome outcome = RunAndCut(plan, times, 100, 1, [this] { cutter_->Cut(); });
  EXPECT_FALSE(outcome.findings.errors.empty());
  EXPECT_FALSE(outcome.scalars.contains("reconnects"));
}

TEST(Backoff, IsDrawnFromALimitThatDoublesUpToABound) {
  base::Random random(7);
  for (uint32_t failed = 0; failed < 100; ++failed) {
    const int64_t limit_ns = failed < 6 ? kBackoffNsFirst << failed : kBackoffNsMax;
    int64_t least_ns = INT64_MAX;
    int64_t most_ns = 0;
    for (int i = 0; i < 1'000; ++i) {
      const int64_t ns = BackoffNs(failed, random);
      least_ns = std::min(least_ns, ns);
      most_ns = std::max(most_ns, ns);
    }
    EXPECT_GE(least_ns, 0);
    EXPECT_LT(most_ns, limit_ns);
    EXPECT_LT(least_ns, limit_ns / 10);
    EXPECT_GT(most_ns, limit_ns / 10 * 9);
  }
}

}  // namespace
}  // namespace ringmq::load
