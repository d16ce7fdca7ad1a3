// What nobody promised to a subscriber that was away, against a count of every number.
//
// SPDX-License-Identifier: Apache-2.0
#include "measure/absence.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace ringmq::measure {
namespace {

TEST(Absence, CoversNothingBeforeTheFirst) {
  const Absence absence;
  EXPECT_FALSE(absence.Covers(0));
  EXPECT_EQ(absence.Missed(), 0u);
  EXPECT_TRUE(absence.is_over());
}

TEST(Absence, CoversFromTheNextThatWouldHaveComeToWhatWasPublished) {
  Absence absence;
  absence.Leave(5);
  EXPECT_FALSE(absence.is_over());
  EXPECT_FALSE(absence.Covers(4));
  EXPECT_TRUE(absence.Covers(5));
  EXPECT_TRUE(absence.Covers(1'000'000));
  EXPECT_EQ(absence.Missed(20), 15u);  // Never came back.
  absence.Return(9);
  EXPECT_TRUE(absence.Covers(8));
  EXPECT_FALSE(absence.Covers(9));
  EXPECT_EQ(absence.Covered(0, 7), 2u);
  EXPECT_EQ(absence.Covered(9, 12), 0u);
  EXPECT_EQ(absence.Missed(), 4u);
  absence.NoteSeen();
  EXPECT_EQ(absence.Missed(), 3u);
}

// A flow in which any message of an absence may come or not, and all others do.
TEST(Absence, CountsThoseThatNeverCameOverAnyNumberOfThem) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    base::Random random(seed);
    Absence absence;
    uint64_t next = 0;
    uint64_t published = 0;
    std::set<uint64_t> unpromised;
    for (int life = 0; life < 5; ++life) {
      absence.Leave(next);
      const uint64_t begin = next;
      published = std::max(published, next) + random.Below(10);
      absence.Return(published);
      for (uint64_t i = begin; i < published; ++i) unpromised.insert(i);
      for (uint64_t i = begin; i < published; ++i) {
        if (random.Chance(1, 2)) continue;
        EXPECT_TRUE(absence.Covers(i));
        absence.NoteSeen();
        unpromised.erase(i);
        next = i + 1;
      }
      const uint64_t more = random.Below(3);  // Promised ones, which all come.
      if (more > 0) next = published + more;
      published += more;
      EXPECT_EQ(absence.Missed(), unpromised.size());
    }
  }
}

}  // namespace
}  // namespace ringmq::measure
