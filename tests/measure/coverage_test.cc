// SPDX-License-Identifier: Apache-2.0
#include "measure/coverage.h"

#include <gtest/gtest.h>

namespace ringmq::measure {
namespace {

RunCoverage WholeRun() {
  RunCoverage coverage;
  coverage.clients = coverage.connected = 500;
  coverage.measured_s = 10;
  coverage.sent = coverage.acked = coverage.received = 1000;
  return coverage;
}

Verdict GapOf(const RunCoverage& coverage) {
  return FindGap(coverage).value_or(Verdict{Verdict::kValid, "nothing is missing"});
}

TEST(Coverage, OfAWholeRunHasNoGap) {
  EXPECT_FALSE(FindGap(WholeRun()).has_value());
  RunCoverage connects = WholeRun();
  connects.are_connects = true;
  connects.measured_s = 0;
  connects.sent = connects.acked = connects.received = std::nullopt;
  EXPECT_FALSE(FindGap(connects).has_value());
}

TEST(Coverage, IsNothingIfNobodyCouldConnect) {
  RunCoverage coverage = WholeRun();
  coverage.connected = 0;
  coverage.has_begun = false;
  coverage.failure = "connect: Connection refused";
  for (const bool are_connects : {false, true}) {
    coverage.are_connects = are_connects;
    EXPECT_EQ(GapOf(coverage).kind, Verdict::kNotMeasured);
    EXPECT_EQ(GapOf(coverage).text,
              "INVALID, not measured: no client could connect (connect: Connection refused)");
  }
}

TEST(Coverage, IsAPartIfSomeDidNotConnectAndConnectingIsWhatIsMeasured) {
  RunCoverage coverage = WholeRun();
  coverage.connected = 293;
  coverage.has_begun = false;
  coverage.failure = "socket: Too many open files";
  EXPECT_EQ(GapOf(coverage).kind, Verdict::kNotMeasured);
  EXPECT_EQ(GapOf(coverage).text,
            "INVALID, not measured: 207 of 500 clients did not connect (socket: Too many open "
            "files)");
  coverage.are_connects = true;
  EXPECT_EQ(GapOf(coverage).kind, Verdict::kIncomplete);
  EXPECT_EQ(GapOf(coverage).text,
            "INVALID, incomplete: 207 of 500 clients did not connect (socket: Too many open "
            "files)");
}

TEST(Coverage, IsAPartOnceConnectionsWereLost) {
  RunCoverage coverage = WholeRun();
  coverage.lost = 20;
  coverage.lost_at_s = 2.1;
  coverage.loss = "the broker closed the connection";
  EXPECT_EQ(GapOf(coverage).kind, Verdict::kIncomplete);
  EXPECT_EQ(GapOf(coverage).text,
            "INVALID, incomplete: 20 of 500 connections were lost from 2.1s on (the broker closed "
            "the connection)");
  coverage.lost_at_s = -0.5;
  coverage.loss = "";
  EXPECT_EQ(GapOf(coverage).text,
            "INVALID, incomplete: 20 of 500 connections were lost in the warm-up");
}

TEST(Coverage, TellsAnInterruptionFromAFailure) {
  RunCoverage coverage = WholeRun();
  coverage.was_interrupted = true;
  EXPECT_FALSE(FindGap(coverage).has_value());
  coverage.measured_s = 0;
  EXPECT_EQ(GapOf(coverage).text, "INVALID, not measured: interrupted before it began");
  coverage.has_begun = false;
  coverage.connected = coverage.clients = 7;
  EXPECT_EQ(GapOf(coverage).text,
            "INVALID, not measured: interrupted while clients were connecting");
}

TEST(Coverage, IsNothingIfNothingCame) {
  RunCoverage coverage = WholeRun();
  coverage.received = 0;
  EXPECT_EQ(GapOf(coverage).text, "INVALID, not measured: nothing came of 1000 messages");
  coverage.sent = std::nullopt;
  EXPECT_EQ(GapOf(coverage).text, "INVALID, not measured: no message came");
  coverage.sent = 0;
  EXPECT_EQ(GapOf(coverage).text, "INVALID, not measured: no message was sent");
  coverage = WholeRun();
  coverage.acked = 0;
  EXPECT_EQ(GapOf(coverage).text, "INVALID, not measured: none of 1000 messages was acknowledged");
  coverage = WholeRun();
  coverage.measured_s = 0;
  EXPECT_EQ(GapOf(coverage).text, "INVALID, not measured: the measured phase had no time");
  coverage = WholeRun();
  coverage.connects_due = 0;
  EXPECT_EQ(GapOf(coverage).text, "INVALID, not measured: no connect was due");
  EXPECT_EQ(GapOf(coverage).kind, Verdict::kNotMeasured);
}

TEST(Coverage, IsAPartIfConnectsFailedLater) {
  RunCoverage coverage = WholeRun();
  coverage.failed_later = 3;
  coverage.failure = "CONNACK: Server busy";
  EXPECT_EQ(GapOf(coverage).text, "INVALID, incomplete: 3 connects failed (CONNACK: Server busy)");
}

}  // namespace
}  // namespace ringmq::measure
