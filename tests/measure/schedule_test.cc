// SPDX-License-Identifier: Apache-2.0
#include "measure/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace ringmq::measure {
namespace {

constexpr int64_t kHourNs = 3'600'000'000'000;

std::vector<int64_t> FirstDues(const ScheduleOptions& options, size_t count) {
  Schedule schedule(options);
  std::vector<int64_t> dues;
  for (size_t i = 0; i < count; ++i, schedule.Advance()) {
    EXPECT_EQ(schedule.index(), i);
    dues.push_back(schedule.next_due());
  }
  return dues;
}

TEST(Schedule, SpacesConstantArrivalsEvenly) {
  const ScheduleOptions options{.rate_per_s = 4, .start_ns = 1'000};
  EXPECT_EQ(FirstDues(options, 4),
            (std::vector<int64_t>{1'000, 250'001'000, 500'001'000, 750'001'000}));
}

// A third of a nanosecond's error in each period would make 36 ms in ten hours.
TEST(Schedule, DoesNotDriftInTenHours) {
  Schedule schedule({.rate_per_s = 3'000, .start_ns = 5});
  for (int64_t i = 0; i < 10 * 3'600 * 3'000; ++i) schedule.Advance();
  EXPECT_NEAR(static_cast<double>(schedule.next_due() - 5 - 10 * kHourNs), 0, 1);
}

TEST(Schedule, SendsBurstsAtOnceAndKeepsTheRate) {
  const ScheduleOptions options{.rate_per_s = 3'000, .arrival = Arrival::kBurst, .burst = 3};
  EXPECT_EQ(FirstDues(options, 7),
            (std::vector<int64_t>{0, 0, 0, 1'000'000, 1'000'000, 1'000'000, 2'000'000}));
}

// Whatever the number of threads is, together they send the very same schedule.
TEST(Schedule, IsTheSameWhenShared) {
  for (const Arrival arrival : {Arrival::kConstant, Arrival::kBurst}) {
    const ScheduleOptions total{.rate_per_s = 777.7, .arrival = arrival, .burst = 5};
    const std::vector<int64_t> whole = FirstDues(total, 3 * 1'000);
    for (const uint32_t parts : {1u, 2u, 3u, 7u}) {
      std::vector<int64_t> together;
      for (uint32_t part = 0; part < parts; ++part) {
        const uint64_t count = Schedule::ShareOfCount(whole.size(), part, parts);
        const auto dues = FirstDues(Schedule::Share(total, part, parts), count);
        together.insert(together.end(), dues.begin(), dues.end());
      }
      std::sort(together.begin(), together.end());
      EXPECT_EQ(together, whole) << parts;
    }
  }
}

TEST(Schedule, SharesOutEveryMessage) {
  for (const uint64_t total : {0ull, 1ull, 6ull, 7ull, 1'000'000'007ull}) {
    uint64_t sum = 0;
    for (uint32_t part = 0; part < 7; ++part) sum += Schedule::ShareOfCount(total, part, 7);
    EXPECT_EQ(sum, total);
  }
}

// Property with a seed: the gaps of a Poisson process have mean 1/rate and, being exponential, a
// standard deviation that equals the mean; n gaps put the measured mean within a few 1/sqrt(n).
TEST(Schedule, DrawsExponentialGapsOfTheRightRate) {
  const ScheduleOptions total{.rate_per_s = 1e6, .arrival = Arrival::kPoisson, .seed = 9};
  for (uint32_t part = 0; part < 3; ++part) {
    const std::vector<int64_t> dues = FirstDues(Schedule::Share(total, part, 3), 200'000);
    double sum = 0;
    double sum_of_squares = 0;
    for (size_t i = 1; i < dues.size(); ++i) {
      const auto gap = static_cast<double>(dues[i] - dues[i - 1]);
      ASSERT_GE(gap, 0);
      sum += gap;
      sum_of_squares += gap * gap;
    }
    const double mean = sum / static_cast<double>(dues.size() - 1);
    const double variance = sum_of_squares / static_cast<double>(dues.size() - 1) - mean * mean;
    EXPECT_NEAR(mean, 3'000, 30);
    EXPECT_NEAR(std::sqrt(variance), 3'000, 60);
  }
}

TEST(Schedule, RepeatsWithTheSeedAndDiffersAmongParts) {
  const ScheduleOptions total{.rate_per_s = 1e3, .arrival = Arrival::kPoisson, .seed = 2};
  EXPECT_EQ(FirstDues(total, 100), FirstDues(total, 100));
  EXPECT_NE(FirstDues(Schedule::Share(total, 0, 2), 100),
            FirstDues(Schedule::Share(total, 1, 2), 100));
  ScheduleOptions other = total;
  other.seed = 3;
  EXPECT_NE(FirstDues(total, 100), FirstDues(other, 100));
}

TEST(Schedule, StaysInTimeAtAbsurdlyLowRates) {
  Schedule schedule({.rate_per_s = 1e-12, .start_ns = kHourNs});
  schedule.Advance();
  EXPECT_GT(schedule.next_due(), 1'000'000 * kHourNs / 2);
  EXPECT_LT(schedule.next_due(), INT64_MAX / 2);
}

}  // namespace
}  // namespace ringmq::measure
