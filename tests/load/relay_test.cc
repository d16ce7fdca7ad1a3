// What threads show arrives in another process as they have it.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/relay.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmq::load {
namespace {

constexpr uint32_t kThreads = 3;

class Relayed : public ::testing::Test {
 protected:
  // More of everything, as a thread that goes on.
  void Work(Tally& tally) {
    for (const auto histogram : {&Tally::response, &Tally::service, &Tally::lag, &Tally::own_lag}) {
      const uint64_t samples = random_.Below(300);
      for (uint64_t i = 0; i < samples; ++i) {
        (tally.*histogram).Record(static_cast<int64_t>(random_.Below(50'000'000)) - 10);
      }
    }
    tally.sent += random_.Below(100);
    tally.missing += random_.Below(3) - 1;  // Below zero, as of one thread it may be.
    tally.turns += 7;
    tally.cpu_ns += 123;
    tally.integrity.received += 5;
  }

  static void ExpectSame(const Board& one, const Board& other) {
    std::vector<Posting> postings;
    one.ForEach([&](uint32_t, const Posting& posting) { postings.push_back(posting); });
    other.ForEach([&](uint32_t part, const Posting& posting) {
      const Posting& expected = postings[part];
      EXPECT_EQ(posting.at_ns, expected.at_ns);
      for (const auto histogram :
           {&Tally::response, &Tally::service, &Tally::lag, &Tally::own_lag}) {
        EXPECT_EQ((posting.tally.*histogram).Encode(), (expected.tally.*histogram).Encode());
      }
      EXPECT_EQ(posting.tally.sent, expected.tally.sent);
      EXPECT_EQ(posting.tally.missing, expected.tally.missing);
      EXPECT_EQ(posting.tally.turns, expected.tally.turns);
      EXPECT_EQ(posting.tally.cpu_ns, expected.tally.cpu_ns);
      EXPECT_EQ(posting.tally.integrity, expected.tally.integrity);
    });
  }

  base::Random random_{17};
  Board theirs_{kThreads};
  Board ours_{kThreads};
  PostingSender sender_{kThreads};
  PostingReceiver receiver_{kThreads};
};

// Some seconds in which not every thread posts.
TEST_F(Relayed, PostingsAreTheSameAfterEverySecond) {
  Tally tallies[kThreads];
  for (int64_t second = 1; second <= 12; ++second) {
    for (uint32_t part = 0; part < kThreads; ++part) {
      Work(tallies[part]);
      if (random_.Below(4) > 0) theirs_.Post(part, tallies[part], second);
    }
    ASSERT_TRUE(receiver_.Take(sender_.News(theirs_), ours_));
    ExpectSame(theirs_, ours_);
  }
}

TEST_F(Relayed, NothingIsSaidTwice) {
  EXPECT_EQ(sender_.News(theirs_), "");
  Tally tally;
  Work(tally);
  theirs_.Post(1, tally, 5);
  const std::string first = sender_.News(theirs_);
  EXPECT_EQ(sender_.News(theirs_), "");
  // A second in which little happened takes little, however much there was before.
  tally.response.Record(1'000'000);
  theirs_.Post(1, tally, 6);
  const std::string second = sender_.News(theirs_);
  EXPECT_LT(second.size(), first.size() / 4);
  EXPECT_LT(second.size(), 300u);
}

TEST_F(Relayed, TextThatIsCutOffIsRefused) {
  Tally tally;
  Work(tally);
  theirs_.Post(2, tally, 9);
  const std::string text = sender_.News(theirs_);
  for (size_t size = 1; size < text.size(); size += 7) {
    PostingReceiver receiver(kThreads);
    EXPECT_FALSE(receiver.Take(text.substr(0, size), ours_)) << size;
  }
  EXPECT_FALSE(PostingReceiver(2).Take(text, ours_));  // There is no such thread.
}

TEST(RelayedSeconds, AddUpWithThoseOfOtherProcesses) {
  Series series;
  for (const int64_t ns : {2'000'000, 3'000'000}) {
    LiveSecond second;
    second.response.Record(ns, 200);
    second.offered = second.sent = 200;
    second.errors = 1;
    ASSERT_TRUE(AddSecond(SecondToText(4, second), series));
    EXPECT_FALSE(AddSecond(SecondToText(4, second).substr(5), series));
  }
  const std::map<int64_t, LiveSecond> seconds = series.Take(5);
  ASSERT_EQ(seconds.size(), 1u);
  const LiveSecond& both = seconds.at(4);
  EXPECT_EQ(both.response.count(), 400u);
  EXPECT_EQ(both.response.max(), 3'000'000);
  EXPECT_EQ(both.sent, 400u);
  EXPECT_EQ(both.errors, 2u);
}

}  // namespace
}  // namespace ringmq::load
