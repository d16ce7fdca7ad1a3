// SPDX-License-Identifier: Apache-2.0
#include "measure/verdict.h"

#include <gtest/gtest.h>

namespace ringmq::measure {
namespace {

RunEvidence GoodRun() {
  return {.offered_per_s = 300'000,
          .achieved_per_s = 299'990,
          .send_lag_p999_ns = 9'000,
          .response_p50_ns = 118'000,
          .busiest_thread_share = 0.4,
          .busiest_thread = 3};
}

TEST(Verdict, IsValidWhenTheScheduleWasMet) {
  const Verdict verdict = Judge(GoodRun());
  EXPECT_EQ(verdict.kind, Verdict::kValid);
  EXPECT_EQ(verdict.text, "VALID");
}

TEST(Verdict, TakesTheLagThatIsAllowedInsteadOfItsOwnRule) {
  RunEvidence evidence = GoodRun();
  evidence.send_lag_p999_ns = 150'000;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kGeneratorLimited);
  EXPECT_TRUE(Judge(evidence).is_only_late);
  evidence.send_lag_allowed_ns = 200'000;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  EXPECT_EQ(Judge(evidence).text, "VALID, with a send lag of up to 200µs allowed");
  evidence.send_lag_p999_ns = 201'000;
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (p99.9 of the send lag 201µs is over the allowed 200µs)");
  evidence.send_lag_p999_ns = 9'000;
  evidence.achieved_per_s = 212'300;
  evidence.window_full_share = 0.3;
  EXPECT_EQ(Judge(evidence).text,
            "VALID, target-limited at 212k/s, with a send lag of up to 200µs allowed");
}

TEST(Verdict, AnAllowedLagMayBeStricter) {
  RunEvidence evidence = GoodRun();
  evidence.send_lag_allowed_ns = 5'000;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kGeneratorLimited);
}

TEST(Verdict, IsNotOnlyLateIfTheScheduleWasNotMetEither) {
  RunEvidence evidence = GoodRun();
  evidence.send_lag_p999_ns = 150'000;
  evidence.achieved_per_s = 212'300;
  EXPECT_FALSE(Judge(evidence).is_only_late);
}

TEST(Verdict, BlamesTheTargetWhenTheWindowOrTheSocketWasFull) {
  RunEvidence evidence = GoodRun();
  evidence.achieved_per_s = 212'300;
  evidence.window_full_share = 0.3;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kTargetLimited);
  EXPECT_EQ(Judge(evidence).text, "VALID, target-limited at 212k/s");
  evidence.window_full_share = 0;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kGeneratorLimited);
  evidence.socket_full_share = 0.02;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kTargetLimited);
}

TEST(Verdict, BlamesABusyThreadEvenWhenTheTargetWasSlowToo) {
  RunEvidence evidence = GoodRun();
  evidence.achieved_per_s = 212'300;
  evidence.window_full_share = 0.3;
  evidence.busiest_thread_share = 0.99;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kGeneratorLimited);
  EXPECT_EQ(Judge(evidence).text, "INVALID, generator-limited (thread 3 at 99 %)");
}

TEST(Verdict, ForgivesABusyThreadThatKeptTheSchedule) {
  RunEvidence evidence = GoodRun();
  evidence.busiest_thread_share = 0.99;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
}

TEST(Verdict, BlamesTheReceiverThatFellBehind) {
  RunEvidence evidence = GoodRun();
  evidence.achieved_per_s = 100'000;
  evidence.socket_full_share = 0.5;
  evidence.receive_backlog_share = 0.2;
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (receiving fell behind in 20 % of the loop turns)");
}

// The two thresholds, just within and just beyond.
TEST(Verdict, TurnsAtItsThresholds) {
  RunEvidence evidence = GoodRun();
  evidence.achieved_per_s = kAchievedShareMin * evidence.offered_per_s;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  evidence.achieved_per_s -= 1;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kGeneratorLimited);
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (sent 297k/s of 300k/s though neither window nor socket "
            "was full)");

  evidence = GoodRun();
  evidence.send_lag_p999_ns = 11'800;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  evidence.send_lag_p999_ns = 11'801;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kGeneratorLimited);
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (p99.9 of the send lag 11.8µs is over 10 % of the median "
            "118µs)");
}

// As with publishers only: with acknowledgements, or with nothing at all.
TEST(Verdict, DoesNotCompareWithAResponseThatNeverCame) {
  RunEvidence evidence = GoodRun();
  evidence.response_p50_ns = 0;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  evidence.send_lag_p999_ns = kSendLagNsMax;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  evidence.send_lag_p999_ns = kSendLagNsMax + 1'000'000;
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (p99.9 of the send lag 11.0ms is over 10.0ms)");
  evidence.ack_p50_ns = 16'000'000;
  evidence.send_lag_p999_ns = 1'600'000;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  evidence.send_lag_p999_ns = 1'700'000;
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (p99.9 of the send lag 1.7ms is over 10 % of the median "
            "acknowledgement 16.0ms)");
}

// A percentile that the table leaves blank is no argument.
TEST(Verdict, QuotesTheLongestLagIfTooFewSupportThePercentile) {
  RunEvidence evidence = GoodRun();
  evidence.send_lag_p999_ns = 1'900'000'000;
  evidence.send_lag_max_ns = 2'000'000'000;
  evidence.has_few_lags = true;
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (a send lag of up to 2.0s is over 10 % of the median "
            "118µs)");
}

TEST(Verdict, BlamesAThreadThatCouldNotRunWhereNoScheduleShowsIt) {
  RunEvidence evidence{.closed_loop = true, .achieved_per_s = 1e6, .window_full_share = 0.9};
  evidence.kept_ns = 1'500'000'000;
  evidence.kept_longest_ns = 1'400'000'000;
  evidence.kept_share = 0.5;
  evidence.kept_thread = 1;
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (thread 1 was kept from running for 50 % of the time, once "
            "for 1.4s; closed loop, service time only)");
  evidence.kept_longest_ns = 0;
  EXPECT_EQ(JudgeUnscheduled(evidence).text,
            "INVALID, generator-limited (thread 1 was kept from running for 50 % of the time)");
  evidence.kept_share = kKeptShareMax;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  evidence.kept_share = 0.5;
  evidence.kept_ns = kKeptNsMin - 1;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
}

TEST(Verdict, SaysThatAClosedLoopHasNoLatencyUnderLoad) {
  RunEvidence evidence{.closed_loop = true, .achieved_per_s = 1e6, .busiest_thread_share = 0.99};
  evidence.window_full_share = 0.9;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kValid);
  EXPECT_EQ(Judge(evidence).text, "VALID, closed loop, service time only");
  evidence.window_full_share = 0;
  EXPECT_EQ(Judge(evidence).kind, Verdict::kGeneratorLimited);
  EXPECT_EQ(Judge(evidence).text,
            "INVALID, generator-limited (thread 0 at 99 %, never waited for the target; closed "
            "loop, service time only)");
}

}  // namespace
}  // namespace ringmq::measure
