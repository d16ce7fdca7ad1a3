// SPDX-License-Identifier: Apache-2.0
#include "measure/rate_profile.h"

#include <gtest/gtest.h>

#include "measure/schedule.h"

namespace ringmq::measure {
namespace {

constexpr double kS = 1e9;

RateProfile Profile(std::initializer_list<RatePiece> pieces) {
  RateProfile profile;
  for (const RatePiece& piece : pieces) profile.Append(piece);
  return profile;
}

// Messages up to a time by adding up small steps, as a child would.
double CountUntil(std::initializer_list<RatePiece> pieces, double until_s) {
  constexpr double kStepS = 1e-4;
  double sum = 0;
  double begin_s = 0;
  for (const RatePiece& piece : pieces) {
    for (double s = 0; s < piece.duration_s && begin_s + s < until_s; s += kStepS) {
      const double share = (s + kStepS / 2) / piece.duration_s;
      sum += kStepS * (piece.from_per_s + share * (piece.to_per_s - piece.from_per_s));
    }
    begin_s += piece.duration_s;
  }
  return sum;
}

TEST(RateProfile, AgreesWithAddingUpSmallSteps) {
  const std::initializer_list<RatePiece> pieces = {
      {2, 100, 100}, {3, 100, 900}, {1, 0, 0}, {2, 0, 50}, {4, 700, 10}};
  const RateProfile profile = Profile(pieces);
  EXPECT_DOUBLE_EQ(profile.duration_s(), 12);
  EXPECT_DOUBLE_EQ(profile.messages(), 200 + 1500 + 0 + 50 + 1420);
  for (double messages = 1; messages < profile.messages(); messages += 13.7) {
    const double s = profile.TimeNs(messages) / kS;
    EXPECT_NEAR(CountUntil(pieces, s), messages, 0.2) << s;
  }
}

TEST(RateProfile, NobodySendsInAPauseOrBehindTheEnd) {
  const RateProfile profile = Profile({{1, 10, 10}, {5, 0, 0}, {1, 10, 10}});
  EXPECT_DOUBLE_EQ(profile.TimeNs(9), 0.9 * kS);
  EXPECT_DOUBLE_EQ(profile.TimeNs(10), 6 * kS);
  EXPECT_DOUBLE_EQ(profile.TimeNs(19), 6.9 * kS);
  EXPECT_DOUBLE_EQ(profile.TimeNs(20), RateProfile::kNever);
}

TEST(RateProfile, TimesNeverGoBack) {
  const RateProfile profile = Profile({{1, 0, 1000}, {1, 1000, 0}, {2, 3, 3.0000001}});
  double before = -1;
  for (double messages = 0; messages < profile.messages(); messages += 0.5) {
    const double now = profile.TimeNs(messages);
    ASSERT_GE(now, before) << messages;
    before = now;
  }
  EXPECT_LE(before, 4 * kS);
}

// Of each arrival: all parts together send what the profile says, where it says so.
TEST(RateProfile, ASchedulesPartsFollowItTogether) {
  const RateProfile profile = Profile({{1, 1000, 1000}, {2, 0, 0}, {1, 1000, 5000}});
  for (const Arrival arrival : {Arrival::kConstant, Arrival::kBurst, Arrival::kPoisson}) {
    int in_first = 0;
    int in_pause = 0;
    int in_last = 0;
    for (uint32_t part = 0; part < 3; ++part) {
      Schedule schedule({.profile = &profile,
                         .arrival = arrival,
                         .burst = 10,
                         .start_ns = 5,
                         .part = part,
                         .parts = 3});
      for (; schedule.next_due() < 1'000'000'000'000; schedule.Advance()) {
        const double s = static_cast<double>(schedule.next_due() - 5) / kS;
        ++(s < 1 ? in_first : s < 3 ? in_pause : in_last);
      }
    }
    const int tolerance = arrival == Arrival::kPoisson ? 200 : 0;
    EXPECT_NEAR(in_first, 1000, tolerance);
    EXPECT_EQ(in_pause, 0);
    EXPECT_NEAR(in_last, 3000, 2 * tolerance);
  }
}

}  // namespace
}  // namespace ringmq::measure
