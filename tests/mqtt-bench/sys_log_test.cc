// SPDX-License-Identifier: Apache-2.0
#include "sys_log.h"

#include <gmock/gmock.h>

#include <string>

namespace ringmq::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr SysLog::Span kRun = {.from_ns = 10 * kSecondNs, .to_ns = 20 * kSecondNs};

class Broker {
 public:
  explicit Broker(const std::string& pattern = "") : log_(pattern) {}

  void Keeps(const char* topic, const char* payload) { Say(topic, payload, true, 10.0); }
  void Says(double at_s, const char* topic, const char* payload) {
    Say(topic, payload, false, at_s);
  }
  void IsSilent(double at_s) { log_.OnSilence(Ns(at_s)); }
  [[nodiscard]] bool has_looked() const { return log_.has_looked(); }
  report::Result End() {
    report::Result result;
    log_.Conclude(kRun, result);
    return result;
  }

 private:
  static int64_t Ns(double s) { return static_cast<int64_t>(s * kSecondNs); }
  void Say(const char* topic, const char* payload, bool is_kept, double at_s) {
    log_.Hear({.topic = topic, .payload = payload, .is_kept = is_kept, .at_ns = Ns(at_s)});
  }

  SysLog log_;
};

TEST(SysLog, WhatWasKeptIsFromBeforeTheRunAndCountsForNoRate) {
  Broker broker;
  broker.Keeps("$SYS/received", "1000000");  // Of a run before, and by now it is more.
  EXPECT_FALSE(broker.has_looked());
  broker.IsSilent(10.5);
  EXPECT_TRUE(broker.has_looked());
  broker.Says(12, "$SYS/received", "5000000");
  broker.IsSilent(12.5);
  broker.Says(18.5, "$SYS/received", "5000650");
  const report::Result result = broker.End();
  ASSERT_EQ(result.telemetry.size(), 1u);
  const report::Telemetry& telemetry = result.telemetry[0];
  EXPECT_EQ(telemetry.looks, 2u);
  EXPECT_EQ(telemetry.from_s, 2);
  EXPECT_EQ(telemetry.to_s, 8.5);
  ASSERT_EQ(telemetry.counters.size(), 1u);
  EXPECT_EQ(telemetry.counters[0].before, 5'000'000);
  EXPECT_EQ(telemetry.counters[0].per_s, 100);
  EXPECT_EQ(telemetry.counters[0].max_per_s, 100);
  EXPECT_THAT(result.notes,
              ElementsAre(HasSubstr("the first 2.0 s and the last 1.5 s of the run are not in")));
}

TEST(SysLog, WhatWasKeptIsStillSoIfTheNextBurstLeavesItOut) {
  Broker broker;
  broker.Keeps("$SYS/same", "7");
  broker.Keeps("$SYS/later", "100");
  broker.Says(12, "$SYS/other", "1");
  broker.IsSilent(12.5);
  broker.Says(14, "$SYS/later", "300");
  broker.IsSilent(14.5);
  broker.Says(16, "$SYS/other", "1");
  const report::Result result = broker.End();
  ASSERT_EQ(result.telemetry.size(), 1u);
  ASSERT_EQ(result.telemetry[0].counters.size(), 1u);
  EXPECT_EQ(result.telemetry[0].counters[0].before, 100);
  EXPECT_EQ(result.telemetry[0].counters[0].per_s, 50);
  EXPECT_EQ(result.telemetry[0].gauges.size(), 2u);
}

TEST(SysLog, OneLookIsNoDifference) {
  Broker kept;
  kept.Keeps("$SYS/received", "5");
  kept.Says(11, "$SYS/clients/someone/connected", "{}");  // No burst.
  kept.IsSilent(12);
  const report::Result result = kept.End();
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("only said what it had kept")));
  ASSERT_EQ(result.telemetry.size(), 1u);
  EXPECT_EQ(result.telemetry[0].gauges.size(), 1u);
  Broker once;
  once.Keeps("$SYS/received", "5");
  once.Says(12, "$SYS/received", "9");
  EXPECT_THAT(once.End().notes, ElementsAre(HasSubstr("spoke once only")));
}

TEST(SysLog, SaysWhyThereIsNothing) {
  EXPECT_THAT(Broker().End().notes, ElementsAre("--sys: nothing came in $SYS/#."));
  Broker other("nomatch");
  other.Keeps("$SYS/received", "5");
  other.Says(12, "$SYS/received", "9");
  other.IsSilent(13);
  other.Says(14, "$SYS/received", "10");
  const report::Result result = other.End();
  EXPECT_THAT(result.notes,
              ElementsAre(HasSubstr("nothing in $SYS/# fits --scrape-only 'nomatch'")));
  EXPECT_TRUE(result.telemetry.empty());
  Broker still;
  still.Says(12, "$SYS/received", "9");
  still.IsSilent(13);
  still.Says(14, "$SYS/received", "9");
  EXPECT_THAT(still.End().notes,
              ElementsAre(HasSubstr("figures are from"), HasSubstr("no counter rose")));
}

TEST(SysLog, WhatIsStoredIsNotWhatWasCounted) {
  Broker broker;
  const char* const topics[] = {"$SYS/broker/store/messages/bytes",
                                "$SYS/broker/publish/messages/received"};
  for (const char* const topic : topics) broker.Says(12, topic, "100");
  broker.IsSilent(13);
  for (const char* const topic : topics) broker.Says(14, topic, "200");
  const report::Result result = broker.End();
  ASSERT_EQ(result.telemetry.size(), 1u);
  ASSERT_EQ(result.telemetry[0].counters.size(), 1u);
  EXPECT_EQ(result.telemetry[0].counters[0].name, topics[1]);
  ASSERT_EQ(result.telemetry[0].gauges.size(), 1u);
}

}  // namespace
}  // namespace ringmq::bench
