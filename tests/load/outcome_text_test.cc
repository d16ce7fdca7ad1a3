// What a process hands over is what its parent reads.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/outcome_text.h"

#include <gtest/gtest.h>

namespace ringmq::load {
namespace {

Outcome Sample() {
  Outcome outcome;
  outcome.connected = 7;
  outcome.failed = 1;
  outcome.sent_in_all = UINT64_MAX;
  outcome.measured_s = 0.1;
  outcome.busiest_share = 0.75;
  outcome.busiest_thread = 3;
  outcome.interrupted = true;
  Findings& all = outcome.findings;
  all.response.Record(1'234'567, 5);
  all.own_lag.Record(-1);
  all.will.Record(99);
  all.missing = UINT64_MAX;  // One thread's may be below zero.
  all.integrity.lost = 4;
  all.integrity.foreign = 5;
  all.wills_early = 6;
  all.integrity.lost_unpromised = 21;
  all.reconnects = 22;
  all.connections_ended = 23;
  all.tries_failed = 24;
  all.ends = {{"receive: reset", 23}};
  all.cpu_ns = 8;
  all.load_busy_ns = -9;
  all.came = {.begin_ns = 10, .end_ns = 11, .busy = {.share = 0.125, .thread = 2}};
  all.errors = {{"connect: \"no\" 5 ", 2}, {"", 1}};
  all.by_reason = {{0x97, 12}};
  all.engine = "epoll";
  return outcome;
}

TEST(OutcomeText, IsReadAsItWasWritten) {
  const std::string text = ToText(Sample());
  const std::optional<Outcome> read = OutcomeFromText(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ToText(*read), text);
  EXPECT_EQ(read->sent_in_all, UINT64_MAX);
  EXPECT_EQ(read->measured_s, 0.1);
  EXPECT_EQ(read->busiest_thread, 3u);
  EXPECT_TRUE(read->interrupted);
  EXPECT_FALSE(read->drained);
  const Findings& all = read->findings;
  EXPECT_EQ(all.response.count(), 5u);
  EXPECT_EQ(all.own_lag.negative(), 1u);
  EXPECT_EQ(all.integrity.foreign, 5u);
  EXPECT_EQ(all.load_busy_ns, -9);
  EXPECT_EQ(all.came.busy.share, 0.125);
  EXPECT_EQ(all.errors, Sample().findings.errors);
  EXPECT_EQ(all.integrity.lost_unpromised, 21u);
  EXPECT_EQ(all.reconnects, 22u);
  EXPECT_EQ(all.connections_ended, 23u);
  EXPECT_EQ(all.tries_failed, 24u);
  EXPECT_EQ(all.ends, Sample().findings.ends);
  EXPECT_EQ(all.by_reason, Sample().findings.by_reason);
  EXPECT_EQ(all.engine, "epoll");
}

// A process may die while it writes.
TEST(OutcomeText, IsNothingIfAnyOfItsEndIsMissing) {
  const std::string text = ToText(Sample());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(OutcomeFromText(std::string_view(text).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(OutcomeFromText(text + "0 ").has_value());
  EXPECT_FALSE(OutcomeFromText("h1;0;0;0;0;0;0; x ").has_value());
}

}  // namespace
}  // namespace ringmq::load
