// SPDX-License-Identifier: Apache-2.0
#include "load/intervals.h"

#include <gmock/gmock.h>

#include "broker_fixture.h"

namespace ringmq::load {
namespace {

using report::Metric;

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kStartNs = 77 * kSecondNs;

measure::Histogram Sum(const std::vector<report::Interval>& intervals, Metric metric) {
  measure::Histogram sum;
  for (const report::Interval& interval : intervals) {
    if (interval.histograms[metric].empty()) continue;
    const auto one = measure::Histogram::Decode(interval.histograms[metric]);
    EXPECT_TRUE(one.ok()) << one.status();
    if (one.ok()) sum.Merge(*one);
  }
  return sum;
}

// By buckets: the ends of one interval are known as exactly as their bucket.
void ExpectSame(const measure::Histogram& found, const measure::Histogram& expected) {
  EXPECT_EQ(found.count(), expected.count());
  EXPECT_EQ(found.negative(), expected.negative());
  EXPECT_DOUBLE_EQ(found.mean(), expected.mean());
  using Buckets = std::vector<std::pair<int64_t, uint64_t>>;
  const auto buckets_of = [](const measure::Histogram& histogram) {
    Buckets buckets;
    histogram.ForEachBucket(
        [&](int64_t low_ns, int64_t, uint64_t count) { buckets.emplace_back(low_ns, count); });
    return buckets;
  };
  EXPECT_EQ(buckets_of(found), buckets_of(expected));
}

class IntervalsOf : public ::testing::Test {
 protected:
  void Post(uint32_t part, double at_s) {
    board_.Post(part, tallies_[part], kStartNs + static_cast<int64_t>(at_s * kSecondNs));
  }
  std::vector<report::Interval> Finish(double at_s) {
    Tally all;
    all.Merge(tallies_[1]);
    all.Merge(tallies_[2]);
    return intervals_.Finish(all, kStartNs, kStartNs + static_cast<int64_t>(at_s * kSecondNs));
  }

  Board board_{4};
  Tally tallies_[4];
  Intervals intervals_{1, 2, 1.5};  // Threads 1 and 2, 1.5 s of warm-up.
};

TEST_F(IntervalsOf, ASecondIsWhatAllThreadsHaveGrownBy) {
  Post(1, 0.001);
  Post(2, 0.001);
  intervals_.Take(board_, kStartNs);
  tallies_[1].response.Record(1'000'000, 3);
  tallies_[2].response.Record(2'000'000, 4);
  tallies_[2].ack.Record(5'000);
  Post(1, 1.0001);
  intervals_.Take(board_, kStartNs);
  Post(2, 1.2);  // Looked at later than the other.
  tallies_[1].response.Record(9'000'000);
  Post(1, 2);
  intervals_.Take(board_, kStartNs);
  tallies_[2].lag.Record(-1);  // Nobody posts it.
  const std::vector<report::Interval> intervals = Finish(2.5);
  ASSERT_EQ(intervals.size(), 3u);
  EXPECT_DOUBLE_EQ(intervals[0].at_s, -0.5);
  EXPECT_DOUBLE_EQ(intervals[1].at_s, 0.5);
  EXPECT_DOUBLE_EQ(intervals[2].at_s, 1.5);
  EXPECT_EQ(Sum({intervals[0]}, Metric::kResponse).count(), 7u);
  EXPECT_EQ(Sum({intervals[0]}, Metric::kAck).count(), 1u);
  EXPECT_EQ(Sum({intervals[1]}, Metric::kResponse).count(), 1u);
  EXPECT_TRUE(intervals[1].histograms[Metric::kAck].empty());
  EXPECT_EQ(Sum({intervals[2]}, Metric::kSendLag).negative(), 1u);
}

TEST_F(IntervalsOf, OtherThreadsAndQuietSecondsAreLeftOut) {
  tallies_[0].response.Record(1'000);
  tallies_[3].response.Record(1'000);
  for (double at_s = 1; at_s < 6; ++at_s) {
    for (const uint32_t part : {0u, 1u, 2u, 3u}) Post(part, at_s);
    intervals_.Take(board_, kStartNs);
  }
  EXPECT_THAT(Finish(6), ::testing::IsEmpty());
}

class IntervalsOfRun : public WithBroker {};

TEST_F(IntervalsOfRun, AddUpToTheRun) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  plan.threads = 2;
  AddFanOut(plan, 2, 2);
  RunTimes times = kShort;
  times.measure_s = 2;
  Observer observer;
  observer.tick_ns = 100'000'000;
  observer.keeps_intervals = true;
  const Outcome outcome = Execute(plan, times, observer);
  EXPECT_GE(outcome.intervals.size(), 2u);
  const Findings& all = outcome.findings;
  EXPECT_GT(all.response.count(), 0u);
  ExpectSame(Sum(outcome.intervals, Metric::kResponse), all.response);
  ExpectSame(Sum(outcome.intervals, Metric::kService), all.service);
  ExpectSame(Sum(outcome.intervals, Metric::kAck), all.ack);
  ExpectSame(Sum(outcome.intervals, Metric::kSendLag), all.lag);
}

TEST_F(IntervalsOfRun, AreNotKeptUnlessAskedFor) {
  Plan plan = MakePlan(Qos::kAtMostOnce);
  AddFanOut(plan, 1, 1);
  EXPECT_THAT(Execute(plan, kShort, {}).intervals, ::testing::IsEmpty());
}

}  // namespace
}  // namespace ringmq::load
