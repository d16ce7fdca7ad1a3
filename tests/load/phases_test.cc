// A run whose rate changes: which of its messages belong to which phase.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "broker_fixture.h"

namespace ringmq::load {
namespace {

class Phased : public WithBroker {
 protected:
  // 1000 a second, then none, then 500 rising to 1500; after a warm-up that is in no phase.
  [[nodiscard]] Plan MakePhases(Qos qos) const {
    Plan plan = MakePlan(qos);
    plan.profile.Append({.duration_s = 0.1, .from_per_s = 1000, .to_per_s = 1000});
    plan.profile.Append({.duration_s = 0.2, .from_per_s = 1000, .to_per_s = 1000});
    plan.profile.Append({.duration_s = 0.1, .from_per_s = 0, .to_per_s = 0});
    plan.profile.Append({.duration_s = 0.2, .from_per_s = 500, .to_per_s = 1500});
    plan.rate_per_s = 800;
    plan.phase_ends_s = {0.2, 0.3, 0.5};
    AddFanOut(plan, 2, 3);
    return plan;
  }

  static constexpr RunTimes kTimes = {
      .connect_max_s = 20, .warmup_s = 0.1, .measure_s = 0.5, .drain_max_s = 20};
};

TEST_F(Phased, EachMessageIsOfThePhaseInWhichItWasDue) {
  for (const measure::StampForm stamp : {measure::StampForm::kFull, measure::StampForm::kCompact}) {
    for (const Qos qos : {Qos::kAtMostOnce, Qos::kExactlyOnce}) {
      Plan plan = MakePhases(qos);
      plan.threads = 2;
      plan.stamp = stamp;
      const Outcome outcome = Execute(plan, kTimes, {});
      ASSERT_TRUE(outcome.drained);
      const std::vector<PhaseTally>& phases = outcome.findings.phases;
      ASSERT_EQ(phases.size(), 3u);
      for (const size_t busy : {0u, 2u}) {
        EXPECT_EQ(phases[busy].offered, 200u);
        EXPECT_EQ(phases[busy].sent, 200u);
        EXPECT_EQ(phases[busy].acked, qos == Qos::kAtMostOnce ? 0u : 200u);
        EXPECT_EQ(phases[busy].received, 600u);
        EXPECT_EQ(phases[busy].integrity.received, 600u);
        EXPECT_TRUE(phases[busy].integrity.sound());
        EXPECT_EQ(phases[busy].response.count(), 600u);
        EXPECT_EQ(phases[busy].lag.count(), 200u);
      }
      EXPECT_EQ(phases[1].offered, 0u);
      EXPECT_EQ(phases[1].response.count(), 0u);
    }
  }
}

// Nothing is in two phases or in none.
TEST_F(Phased, TogetherTheyAreTheMeasuredPhase) {
  Plan plan = MakePhases(Qos::kAtLeastOnce);
  plan.threads = 2;
  const Findings all = Execute(plan, kTimes, {}).findings;
  PhaseTally sum;
  for (const PhaseTally& phase : all.phases) sum.Merge(phase);
  EXPECT_EQ(sum.offered, all.offered);
  EXPECT_EQ(sum.sent, all.sent);
  EXPECT_EQ(sum.acked, all.acked);
  EXPECT_EQ(sum.received, all.received);
  EXPECT_EQ(sum.response.Encode(), all.response.Encode());
  EXPECT_EQ(sum.service.Encode(), all.service.Encode());
  EXPECT_EQ(sum.ack.Encode(), all.ack.Encode());
  EXPECT_EQ(sum.lag.Encode(), all.lag.Encode());
}

TEST_F(Phased, CostNothingWhereNobodyAsks) {
  Plan plan = MakePhases(Qos::kAtLeastOnce);
  plan.phase_ends_s.clear();
  EXPECT_TRUE(Execute(plan, kTimes, {}).findings.phases.empty());
}

}  // namespace
}  // namespace ringmq::load
