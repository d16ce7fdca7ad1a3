// What is said of the phases of a run by a file, and what may be asserted of one.
//
// SPDX-License-Identifier: Apache-2.0
#include "phases.h"

#include <gmock/gmock.h>

#include "judge.h"

namespace ringmq::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kMillisecondNs = 1'000'000;

// Two seconds at 100/s with a fast broker, then one at 200/s with a slow one that loses ten.
class PhasesOfARun : public ::testing::Test {
 protected:
  PhasesOfARun() {
    phases_ = {{.name = "calm", .duration_s = 2, .from_per_s = 100, .to_per_s = 100},
               {.name = "storm", .duration_s = 1, .from_per_s = 200, .to_per_s = 200}};
    outcome_.measured_s = 3;
    outcome_.sent_in_all = 400;
    outcome_.expected_in_all = 400;
    outcome_.findings.phases.resize(2);
    Fill(outcome_.findings.phases[0], 200, 200, 1 * kMillisecondNs);
    Fill(outcome_.findings.phases[1], 200, 190, 50 * kMillisecondNs);
    result_.qos = 1;
    result_.integrity.lost = 10;
    // The second phase got ten of the first one's messages in its time.
    for (const uint64_t received : {50u, 100u, 90u, 200u}) {
      result_.series.push_back(
          {.at_s = static_cast<double>(result_.series.size()), .sent = 100, .received = received});
    }
  }

  static void Fill(load::PhaseTally& phase, uint64_t sent, uint64_t received, int64_t time_ns) {
    phase.offered = phase.sent = sent;
    phase.received = phase.integrity.received = received;
    phase.response.Record(time_ns, received);
  }

  void Conclude() {
    result_.load_phases = LoadPhasesOf(phases_, outcome_);
    ConcludePhases(phases_, result_);
  }

  std::vector<PhaseSettings> phases_;
  load::Outcome outcome_;
  report::Result result_;
};

TEST_F(PhasesOfARun, HaveTheirOwnTimesAndLosses) {
  Conclude();
  ASSERT_EQ(result_.load_phases.size(), 2u);
  const report::LoadPhase& calm = result_.load_phases[0];
  const report::LoadPhase& storm = result_.load_phases[1];
  EXPECT_EQ(calm.integrity.lost, 0u);
  EXPECT_EQ(storm.integrity.lost, 10u);
  EXPECT_EQ(storm.integrity.lost_permitted, 0u);
  EXPECT_EQ(storm.from_s, 2);
  EXPECT_LT(calm.histograms[report::Metric::kResponse].max(), 2 * kMillisecondNs);
  EXPECT_GT(storm.histograms[report::Metric::kResponse].min(), 40 * kMillisecondNs);
}

// The warm-up's second is of none of them.
TEST_F(PhasesOfARun, HaveTheRatesOfTheirSeconds) {
  Conclude();
  EXPECT_DOUBLE_EQ(result_.load_phases[0].rates.received_per_s, 95);
  EXPECT_DOUBLE_EQ(result_.load_phases[0].rates.sent_per_s, 100);
  EXPECT_DOUBLE_EQ(result_.load_phases[0].rates.offered_per_s, 100);
  EXPECT_DOUBLE_EQ(result_.load_phases[1].rates.received_per_s, 200);
  EXPECT_DOUBLE_EQ(result_.load_phases[1].rates.offered_per_s, 200);
}

TEST_F(PhasesOfARun, DoNotCountWhatCameTwiceAsWhatCame) {
  load::PhaseTally& calm = outcome_.findings.phases[0];
  calm.integrity.duplicates = 3;
  calm.integrity.too_old = 1;
  result_.qos = 0;
  result_.integrity = {.lost_permitted = 14};
  Conclude();
  EXPECT_EQ(result_.load_phases[0].integrity.lost_permitted, 4u);
  EXPECT_EQ(result_.load_phases[0].integrity.lost, 0u);
}

// After a connection was lost, say: what is missing is no loss of a phase if it is none of the run.
TEST_F(PhasesOfARun, HaveNoMoreLossesThanTheRun) {
  result_.integrity = {.lost = 3, .lost_unpromised = 7};
  Conclude();
  EXPECT_EQ(result_.load_phases[0].integrity.lost_unpromised, 0u);
  EXPECT_EQ(result_.load_phases[1].integrity.lost, 3u);
  EXPECT_EQ(result_.load_phases[1].integrity.lost_unpromised, 7u);
}

TEST_F(PhasesOfARun, AreJudgedEachByItsOwnAssertions) {
  phases_[0].assertions = {"p50(e2e)<5ms", "rate>100"};
  phases_[1].assertions = {"p50(e2e)<5ms", "loss==10"};
  Conclude();
  const auto holds = [](const report::LoadPhase& phase) {
    std::vector<bool> all;
    for (const report::Asserted& each : phase.assertions) all.push_back(each.holds && each.known);
    return all;
  };
  EXPECT_THAT(holds(result_.load_phases[0]), ElementsAre(true, false));
  EXPECT_THAT(holds(result_.load_phases[1]), ElementsAre(false, true));
  EXPECT_FALSE(report::AssertionsHold(result_));
  EXPECT_THAT(result_.load_phases[1].assertions[0].text, HasSubstr("50"));
}

// Ended after half a second: of the second phase nobody can say anything, least of all that it had
// no losses.
TEST_F(PhasesOfARun, AreNotKnownIfTheRunDidNotComeToThem) {
  phases_[0].assertions = phases_[1].assertions = {"loss==0"};
  outcome_.measured_s = 0.5;
  outcome_.findings.phases[1] = {};
  Conclude();
  EXPECT_DOUBLE_EQ(result_.load_phases[0].duration_s, 0.5);
  EXPECT_TRUE(result_.load_phases[0].assertions[0].known);
  EXPECT_EQ(result_.load_phases[1].duration_s, 0);
  EXPECT_FALSE(result_.load_phases[1].assertions[0].known);
  EXPECT_FALSE(report::AssertionsHold(result_));
}

TEST_F(PhasesOfARun, HaveASentenceEach) {
  result_.series[3].errors = 2;
  phases_[1].to_per_s = 400;
  Conclude();
  const std::vector<std::string> sentences = PhaseSentences(result_);
  ASSERT_EQ(sentences.size(), 2u);
  EXPECT_THAT(sentences[0],
              HasSubstr("phase calm (2.0s, 100/s): sent 200, delivered 200, p50 1.0"));
  EXPECT_THAT(sentences[1],
              HasSubstr("phase storm (1.0s, 200/s to 400/s): sent 200, delivered 190"));
  EXPECT_THAT(sentences[1], HasSubstr("errors 2"));
}

TEST(AssertionsOfPhases, AreAboutWhatIsKnownOfOne) {
  for (const auto& [text, is_of_phase] : {std::pair("p99(e2e)<5ms", true),
                                          {"max(service)<1s", true},
                                          {"mean(lag)<1ms", true},
                                          {"p50(ack)<1ms", true},
                                          {"loss==0", true},
                                          {"loss_unpromised==0", true},
                                          {"rate>5", true},
                                          {"offered_rate>5", true},
                                          {"p99(connect)<5ms", false},
                                          {"cpu_per_million<1", false},
                                          {"corrupt==0", false},
                                          {"errors==0", false},
                                          {"retained_per_s>1", false}}) {
    const auto assertions = ParseAssertions({text});
    ASSERT_TRUE(assertions.ok()) << text;
    EXPECT_EQ(IsOfPhase(assertions->front()), is_of_phase) << text;
  }
}

}  // namespace
}  // namespace ringmq::bench
