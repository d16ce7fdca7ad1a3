// SPDX-License-Identifier: Apache-2.0
#include "client/retry.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ringmq::client {
namespace {

using std::chrono::milliseconds;

constexpr Backoff kBackoff{.first = milliseconds(100), .cap = milliseconds(1000)};

Error Lost() { return Error(Errc::kConnectionLost); }
Error TooLarge() { return Error(Errc::kPacketTooLarge); }

struct Stage {
  // One attempt that fails, or that is up for so long.
  std::optional<milliseconds> Fail(const Error& cause = Lost(),
                                   std::optional<Duration> up = std::nullopt) {
    retry.OnAttempt();
    if (up.has_value()) {
      retry.OnUp(now);
      now = now + *up;
      retry.OnUp(now);  // The loop says so again and again.
    }
    retry.OnDown(now);
    return retry.Next(cause, random);
  }

  Retry retry{kBackoff};
  base::Random random{1};
  Instant now = Instant{} + kSecond;
};

// Over many clients: the longest wait doubles up to the cap, and the waits fill all the room below.
TEST(Retry, DoublesUpToTheCapWithFullJitter) {
  constexpr int64_t kLongest[] = {100, 200, 400, 800, 1000, 1000, 1000};
  constexpr int kClients = 2000;
  int64_t least[std::size(kLongest)];
  int64_t most[std::size(kLongest)] = {};
  int64_t sum[std::size(kLongest)] = {};
  std::fill(std::begin(least), std::end(least), int64_t{1} << 40);
  for (int client = 0; client < kClients; ++client) {
    Stage stage;
    stage.random = base::Random(static_cast<uint64_t>(client));
    for (size_t i = 0; i < std::size(kLongest); ++i) {
      const int64_t wait = stage.Fail()->count();
      least[i] = std::min(least[i], wait);
      most[i] = std::max(most[i], wait);
      sum[i] += wait;
    }
  }
  for (size_t i = 0; i < std::size(kLongest); ++i) {
    EXPECT_LE(most[i], kLongest[i]) << i;
    EXPECT_GE(most[i], kLongest[i] * 9 / 10) << i;
    EXPECT_GE(least[i], 0) << i;
    EXPECT_LE(least[i], kLongest[i] / 10) << i;
    EXPECT_NEAR(static_cast<double>(sum[i]) / kClients, static_cast<double>(kLongest[i]) / 2,
                static_cast<double>(kLongest[i]) / 20)
        << i;
  }
}

TEST(Retry, NeverOverflowsHoweverLongItGoesOn) {
  Backoff vast{.first = milliseconds(int64_t{1} << 45), .cap = milliseconds(int64_t{1} << 46)};
  Retry retry(vast);
  base::Random random(1);
  for (int i = 0; i < 100; ++i) {
    retry.OnAttempt();
    retry.OnDown({});
    const int64_t wait = retry.Next(Lost(), random)->count();
    ASSERT_GE(wait, 0);
    ASSERT_LE(wait, vast.cap.count());
  }
}

// What is waited for at most tells which attempt it takes itself for.
TEST(Retry, StartsAnewOnlyAfterAConnectionThatLasted) {
  Stage stage;
  for (uint32_t i = 1; i <= 5; ++i) {
    EXPECT_EQ(stage.retry.attempt(), i - 1);
    stage.Fail(Lost(), Retry::kSteady - Duration{1});
  }
  EXPECT_EQ(stage.retry.attempt(), 5u);
  for (int i = 0; i < 100; ++i) {
    ASSERT_LE(stage.Fail(Lost(), Retry::kSteady)->count(), kBackoff.first.count());
    ASSERT_EQ(stage.retry.attempt(), 0u);
  }
}

TEST(Retry, GivesUpAfterItsLastAttempt) {
  Backoff three = kBackoff;
  three.attempts_max = 3;
  Stage stage{.retry = Retry(three)};
  EXPECT_TRUE(stage.Fail().has_value());
  EXPECT_TRUE(stage.Fail().has_value());
  EXPECT_FALSE(stage.Fail().has_value());
}

TEST(Retry, GivesUpWhereItIsNoUse) {
  Stage stage;
  const Error banned = Error(Errc::kConnectionRefused).WithReason(ReasonCode::kBanned);
  EXPECT_FALSE(stage.Fail(banned).has_value());
  EXPECT_TRUE(
      stage.Fail(Error(Errc::kConnectionRefused).WithReason(ReasonCode::kServerBusy)).has_value());
}

// Whatever fails in between, the second one in a row is the server's that keeps it.
TEST(Retry, ComesBackOnceAfterAPacketThatIsTooLarge) {
  Stage stage;
  EXPECT_TRUE(stage.Fail(TooLarge(), Duration{}).has_value());
  EXPECT_TRUE(stage.Fail(Lost()).has_value());
  EXPECT_TRUE(stage.Fail(Lost(), kSecond).has_value());
  EXPECT_FALSE(stage.Fail(TooLarge(), kSecond).has_value());
}

TEST(Retry, ComesBackAfterEachPacketThatIsTooLargeWhenAllWentWellBetween) {
  Stage stage;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(stage.Fail(TooLarge(), i == 0 ? Duration{} : Retry::kSteady).has_value());
  }
}

}  // namespace
}  // namespace ringmq::client
