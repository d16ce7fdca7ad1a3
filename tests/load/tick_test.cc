// What somebody who looks on while it runs is told, and how a run ends before its time.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/tick.h"

#include <gmock/gmock.h>

#include "broker_fixture.h"

namespace ringmq::load {
namespace {

constexpr RunTimes kLong = {
    .connect_max_s = 20, .warmup_s = 0.5, .measure_s = 60, .drain_max_s = 20};
constexpr int64_t kOften = 10'000'000;

class LoadTick : public WithBroker {};

// Looks on until a tick fits, then ends the run.
class Watcher {
 public:
  template <typename Fits>
  Outcome RunUntil(const Plan& plan, const RunTimes& times, Fits fits) {
    bool has_fit = false;
    Observer observer;
    observer.tick_ns = kOften;
    observer.on_tick = [&](const Tick& tick) {
      if (has_fit || !fits(tick)) return;
      has_fit = true;
      tick_ = tick;
      tick_.seconds = {};  // They were the director's.
    };
    observer.wants_end = [&] { return has_fit; };
    return Execute(plan, times, observer);
  }
  [[nodiscard]] const Tick& tick() const { return tick_; }

 private:
  Tick tick_;
};

TEST_F(LoadTick, TellsWhatWasMeasuredSoFar) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.threads = 2;
  AddFanOut(plan, 2, 3);
  Watcher watcher;
  report::Second last;
  const Outcome outcome = watcher.RunUntil(plan, kLong, [&last](const Tick& tick) {
    if (tick.phase != Phase::kMeasure || tick.seconds.empty()) return false;
    last = tick.seconds.back();
    return tick.so_far.response.p99_ns.has_value() && tick.so_far.verdict.has_value();
  });
  const Tick& tick = watcher.tick();
  EXPECT_DOUBLE_EQ(tick.phase_max_s, 60);
  EXPECT_GT(tick.phase_s, 0);
  EXPECT_EQ(tick.connections, 5u);
  EXPECT_EQ(tick.connected, 5u);
  EXPECT_GT(tick.offered, 1000u);
  EXPECT_LE(tick.acked, tick.sent);
  EXPECT_LE(tick.sent, tick.offered);
  EXPECT_LE(tick.received, 3 * outcome.sent_in_all);
  EXPECT_LE(tick.so_far.response.p50_ns, tick.so_far.response.p99_ns);
  EXPECT_LE(tick.so_far.response.p99_ns, tick.so_far.response.max_ns);
  EXPECT_GE(tick.so_far.response.p50_ns, tick.so_far.service.p50_ns);
  EXPECT_TRUE(tick.so_far.lag.p50_ns.has_value());
  EXPECT_TRUE(tick.so_far.integrity.sound());
  EXPECT_GT(tick.so_far.integrity.received, 0u);
  EXPECT_EQ(tick.so_far.missing, 0u);
  EXPECT_GT(last.received, 0u);
}

TEST_F(LoadTick, AnInterruptedRunReportsWhatWasMeasured) {
  for (const double rate : {0.0, 2000.0}) {
    Plan plan = MakePlan(Qos::kAtLeastOnce);
    plan.rate_per_s = rate;
    plan.threads = 2;
    AddFanOut(plan, 2, 2);
    Watcher watcher;
    const Outcome outcome = watcher.RunUntil(plan, kLong, [](const Tick& tick) {
      return tick.phase == Phase::kMeasure && tick.phase_s > 0.1;
    });
    EXPECT_TRUE(outcome.interrupted);
    EXPECT_TRUE(outcome.drained);
    EXPECT_GE(outcome.measured_s, 0.1);
    EXPECT_LT(outcome.measured_s, 50);
    EXPECT_GT(outcome.findings.sent, 0u);
    EXPECT_EQ(outcome.findings.received, 2 * outcome.findings.sent);
    EXPECT_EQ(outcome.findings.integrity.received, outcome.expected_in_all);
    EXPECT_TRUE(outcome.findings.integrity.sound());
    EXPECT_THAT(outcome.findings.errors, ::testing::IsEmpty());
  }
}

TEST_F(LoadTick, AnInterruptedWarmUpMeasuresNothing) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 1, 1);
  RunTimes times = kLong;
  times.warmup_s = 60;
  Watcher watcher;
  const Outcome outcome = watcher.RunUntil(
      plan, times, [](const Tick& tick) { return tick.phase == Phase::kWarmup && tick.sent > 0; });
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_TRUE(outcome.drained);
  EXPECT_EQ(outcome.measured_s, 0);
  EXPECT_EQ(outcome.findings.sent, 0u);
  EXPECT_GT(outcome.sent_in_all, 0u);
}

// One connection a second: the second one will not be there.
TEST_F(LoadTick, WhoHadNoTimeToConnectHasNotFailed) {
  Plan plan = MakePlan(Qos::kAtMostOnce);
  plan.connects_per_s = 0.001;
  AddFanOut(plan, 1, 1);
  Watcher watcher;
  const Outcome outcome = watcher.RunUntil(plan, kLong, [](const Tick& tick) {
    return tick.phase == Phase::kConnect && tick.connected == 1;
  });
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_EQ(outcome.connected, 1u);
  EXPECT_EQ(outcome.failed, 0u);
  EXPECT_EQ(outcome.measured_s, 0);
}

// One of two publishers is never heard, so nothing is overtaken: only in flight, for ever.
TEST_F(LoadTick, WhatNobodyOvertookIsInFlight) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 2, 1);
  plan.roles[0].filter = "load/0";
  RunTimes times = kLong;
  times.drain_max_s = 0.1;
  Watcher watcher;
  static_cast<void>(
      watcher.RunUntil(plan, times, [](const Tick& tick) { return tick.in_flight > 100; }));
  EXPECT_EQ(watcher.tick().so_far.missing.value_or(0), 0u);
}

TEST_F(LoadTick, NobodyKnowsWhatAMemberOfAGroupMisses) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 1, 2);
  plan.roles[0].filter = "$share/group/load/#";
  plan.roles[0].is_shared = true;
  Watcher watcher;
  static_cast<void>(watcher.RunUntil(plan, kLong, [](const Tick& tick) {
    return tick.phase == Phase::kMeasure && tick.so_far.integrity.received > 0;
  }));
  EXPECT_FALSE(watcher.tick().so_far.missing.has_value());
}

TEST(Quantiles, StayEmptyWithTooFewSamples) {
  measure::Histogram histogram;
  EXPECT_FALSE(QuantilesOf(histogram).max_ns.has_value());
  histogram.Record(5'000, 200);
  const Quantiles few = QuantilesOf(histogram);
  EXPECT_EQ(few.p50_ns, 5'000);
  EXPECT_EQ(few.max_ns, 5'000);
  EXPECT_FALSE(few.p99_ns.has_value());
  histogram.Record(5'000, 10'000);
  EXPECT_EQ(QuantilesOf(histogram).p99_ns, 5'000);
  EXPECT_FALSE(QuantilesOf(histogram).p999_ns.has_value());
}

}  // namespace
}  // namespace ringmq::load
