// What is made of the findings of runs that are more than traffic, and of those of several parts.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/stateful_outcome.h"

#include <gmock/gmock.h>

namespace ringmq::load {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kMillisecondNs = 1'000'000;
constexpr int64_t kSecondNs = 1'000'000'000;

// A thousand connects a second, three thousand of them.
Plan MakeRamp() {
  Plan plan;
  plan.is_about_connects = true;
  plan.is_ramp_asked_for = true;
  plan.connects_per_s = 1000;
  plan.threads = 3;
  Role client{.client_id = "c{i}", .topic = "", .filter = ""};
  client.count = 3000;
  plan.roles.push_back(client);
  return plan;
}

struct Ramp {
  int64_t took_ns = 2'999 * kMillisecondNs;
  uint64_t in_time = 1000;
  uint64_t blocked = 0;
  int64_t lag_ns = 2'000;
  double busy_share = 0.2;
};

// Of a thousand clients.
Outcome PartOf(const Ramp& ramp, uint32_t thread) {
  Outcome outcome;
  outcome.connected = 1000;
  Findings& all = outcome.findings;
  all.connect.Record(5 * kMillisecondNs, 1000);
  all.connect_lag.Record(ramp.lag_ns, 1000);
  all.connects_in_time = ramp.in_time;
  all.connects_blocked = ramp.blocked;
  all.came = {.begin_ns = 77 * kSecondNs,
              .end_ns = 77 * kSecondNs + ramp.took_ns,
              .busy = {.share = ramp.busy_share, .thread = thread}};
  return outcome;
}

Outcome JoinRamps(const Ramp& first, const Ramp& second, const Ramp& third) {
  const Outcome parts[] = {PartOf(first, 0), PartOf(second, 1), PartOf(third, 2)};
  return Join(MakeRamp(), parts);
}

TEST(RampOfParts, IsMetIfTheLastOfAllIsReadyInTime) {
  // The first had its last client before; its own rate means nothing.
  const Outcome whole = JoinRamps({.took_ns = 2'100 * kMillisecondNs}, {}, {});
  EXPECT_EQ(whole.verdict.text, "VALID");
  EXPECT_EQ(whole.connected, 3000u);
  EXPECT_DOUBLE_EQ(whole.scalars.at("connected_all_s"), 2.999);
  EXPECT_NEAR(whole.scalars.at("connects_per_s"), 1000, 1);
}

TEST(RampOfParts, IsTheBrokersLimitIfSomeWaitedForIt) {
  const Ramp late = {.took_ns = 4'000 * kMillisecondNs, .in_time = 700};
  const Ramp blocked = {.took_ns = 4'000 * kMillisecondNs, .blocked = 300};
  for (const Ramp& one : {late, blocked}) {
    const Outcome whole = JoinRamps({}, one, {});
    EXPECT_EQ(whole.verdict.text, "VALID, target-limited at 750/s connects");
    EXPECT_DOUBLE_EQ(whole.scalars.at("connects_per_s"), 750);
  }
}

TEST(RampOfParts, IsTheToolsLimitIfOnePartOfItWasLate) {
  const Outcome late = JoinRamps({}, {}, {.in_time = 700, .lag_ns = 2 * kMillisecondNs});
  EXPECT_EQ(late.verdict.kind, measure::Verdict::kGeneratorLimited);
  EXPECT_THAT(late.verdict.text, HasSubstr("connect lag"));
  const Outcome busy =
      JoinRamps({}, {.took_ns = 4'000 * kMillisecondNs, .in_time = 700, .busy_share = 0.99}, {});
  EXPECT_THAT(busy.verdict.text, StartsWith("INVALID, generator-limited (thread 1 at 99"));
}

// However the findings of a run lie in its parts.
TEST(RampOfParts, IsJudgedAsThatOfOneProcess) {
  for (const Ramp& ramp : {Ramp{}, Ramp{.took_ns = 5'000 * kMillisecondNs, .in_time = 500},
                           Ramp{.lag_ns = 9 * kMillisecondNs}}) {
    const Outcome parts[] = {PartOf(ramp, 0), PartOf(ramp, 0), PartOf(ramp, 0)};
    const Outcome one[] = {Join(MakeRamp(), parts)};
    const Outcome whole = Join(MakeRamp(), parts);
    const Outcome again = Join(MakeRamp(), one);
    EXPECT_EQ(whole.verdict.text, again.verdict.text);
    EXPECT_EQ(whole.scalars, again.scalars);
  }
}

TEST(RetainedOfParts, HaveTheRateOfTheTimeThatAllTook) {
  Plan plan;
  plan.script = Script::kRetain;
  plan.keeps = true;
  Outcome parts[2];
  for (int64_t i = 0; i < 2; ++i) {
    Findings& all = parts[i].findings;
    parts[i].sent_in_all = 500;
    all.received = 1000;
    all.fill = {.begin_ns = (i + 1) * kSecondNs, .end_ns = (i + 3) * kSecondNs, .busy = {}};
    all.kept = {.begin_ns = (i + 7) * kSecondNs, .end_ns = (i + 8) * kSecondNs, .busy = {}};
  }
  const Outcome whole = Join(plan, parts);
  EXPECT_DOUBLE_EQ(whole.scalars.at("retained_per_s"), 1000);
  EXPECT_DOUBLE_EQ(whole.scalars.at("retained_all_s"), 2);
  EXPECT_DOUBLE_EQ(whole.scalars.at("loaded_per_s"), 1000. / 3);
  EXPECT_EQ(whole.verdict.text, "VALID");
}

}  // namespace
}  // namespace ringmq::load
