// What gives way when more is published than the queue holds, before the loop has heard of it.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "ringmq/client.h"

namespace ringmq {
namespace {

using ::testing::ElementsAre;

constexpr std::chrono::milliseconds kAtOnce(0);
constexpr size_t kLarge = 400;

// Nobody answers it, so that nothing is ever sent.
ClientPair Unconnected(OutboundLimits limits) {
  Options options = *Options::FromUrl("mqtt://127.0.0.1:1");
  options.outbound = limits;
  options.backoff = {.first = std::chrono::hours(1), .cap = std::chrono::hours(1)};
  return *MakeClient(std::move(options));
}

// One letter each: '.' still waits, 'o' kOverflow, 'w' kWouldBlock.
std::string OutcomesOf(const std::vector<PublishHandle>& handles) {
  std::string letters;
  for (const PublishHandle& handle : handles) {
    const std::optional<Delivery> delivery = handle.Poll();
    letters += !delivery.has_value()                       ? '.'
               : delivery->outcome == Outcome::kOverflow   ? 'o'
               : delivery->outcome == Outcome::kWouldBlock ? 'w'
                                                           : '?';
  }
  return letters;
}

// One publish for each letter: '0' and '1' are its QoS, 'L' is a large one at QoS 0.
std::vector<PublishHandle> PublishAll(const Client& client, std::string_view letters) {
  std::vector<PublishHandle> handles;
  for (const char letter : letters) {
    const Qos qos = letter == '1' ? Qos::kAtLeastOnce : Qos::kAtMostOnce;
    const std::string payload(letter == 'L' ? kLarge : 1, 'x');
    handles.push_back(client.Publish("a", payload, {.qos = qos}));
  }
  return handles;
}

TEST(ClientOverflow, DropsTheOldestOfABurst) {
  for (const bool polled : {false, true}) {
    auto [client, loop] =
        Unconnected({.bytes = 1 << 20, .messages = 3, .overflow = Overflow::kDropOldest});
    if (polled) ASSERT_TRUE(loop.Poll(kAtOnce).ok());  // The loop's own thread.
    const auto handles = PublishAll(client, "111111");
    EXPECT_EQ(OutcomesOf(handles), "ooo...");
    ASSERT_TRUE(loop.Poll(kAtOnce).ok());
    EXPECT_EQ(OutcomesOf(handles), "ooo...");
    EXPECT_EQ(client.stats().queued_messages, 3u);
  }
}

TEST(ClientOverflow, DropsWhatTheLoopHasHeardOfBeforeWhatItHasNot) {
  auto [client, loop] =
      Unconnected({.bytes = 1 << 20, .messages = 3, .overflow = Overflow::kDropOldest});
  const auto first = PublishAll(client, "111");
  ASSERT_TRUE(loop.Poll(kAtOnce).ok());
  const auto second = PublishAll(client, "11");
  ASSERT_TRUE(loop.Poll(kAtOnce).ok());
  EXPECT_EQ(OutcomesOf(first), "oo.");
  EXPECT_EQ(OutcomesOf(second), "..");
}

TEST(ClientOverflow, DropsByBytesToo) {
  auto [client, loop] =
      Unconnected({.bytes = 1000, .messages = 1000, .overflow = Overflow::kDropOldest});
  const auto handles = PublishAll(client, "LLLL");
  EXPECT_TRUE(OutcomesOf(handles) == "oo.." || OutcomesOf(handles) == "ooo.");
  const auto alone = client.Publish("a", std::string(5000, 'x'));
  ASSERT_TRUE(loop.Poll(kAtOnce).ok());
  EXPECT_EQ(OutcomesOf(handles), "oooo");
  EXPECT_FALSE(alone.done()) << "larger than the budget, it goes alone";
}

TEST(ClientOverflow, DropsTheOldestAtQos0OfABurst) {
  auto [client, loop] =
      Unconnected({.bytes = 1 << 20, .messages = 3, .overflow = Overflow::kDropOldestQos0});
  const auto handles = PublishAll(client, "101011");
  EXPECT_EQ(OutcomesOf(handles), ".o.o.w");
  ASSERT_TRUE(loop.Poll(kAtOnce).ok());
  EXPECT_EQ(OutcomesOf(handles), ".o.o.w");
  EXPECT_EQ(client.Publish("a", "x").Poll()->outcome, Outcome::kWouldBlock);
}

TEST(ClientOverflow, RefusesWhereDroppingQos0MakesTooLittleRoom) {
  auto [client, loop] =
      Unconnected({.bytes = 2000, .messages = 100, .overflow = Overflow::kDropOldestQos0});
  const auto large = client.Publish("a", std::string(1500, 'x'), {.qos = Qos::kAtLeastOnce});
  const auto small = client.Publish("a", "x");
  EXPECT_EQ(client.Publish("a", std::string(1500, 'x')).Poll()->outcome, Outcome::kWouldBlock);
  EXPECT_FALSE(small.done()) << "it would have been dropped for nothing";
  EXPECT_FALSE(large.done());
}

TEST(ClientOverflow, CallsBackOnTheLoopsThreadOnly) {
  auto [client, loop] =
      Unconnected({.bytes = 1 << 20, .messages = 1, .overflow = Overflow::kDropOldest});
  std::vector<Outcome> called;
  client.Publish("a", "1").OnComplete(
      [&](const Delivery& delivery) { called.push_back(delivery.outcome); });
  const auto next = PublishAll(client, "111");
  EXPECT_EQ(OutcomesOf(next), "oo.");
  EXPECT_TRUE(called.empty());
  ASSERT_TRUE(loop.Poll(kAtOnce).ok());
  EXPECT_THAT(called, ElementsAre(Outcome::kOverflow));
}

TEST(ClientOverflow, CallsBackWhenTheLoopEndsFirst) {
  std::vector<Outcome> called;
  {
    auto [client, loop] =
        Unconnected({.bytes = 1 << 20, .messages = 1, .overflow = Overflow::kDropOldest});
    for (int i = 0; i < 2; ++i) {
      client.Publish("a", "1").OnComplete(
          [&](const Delivery& delivery) { called.push_back(delivery.outcome); });
    }
  }
  EXPECT_THAT(called, ElementsAre(Outcome::kOverflow, Outcome::kShutdown));
}

// However bursts and polls mix, what stays is what a plain queue would have kept.
TEST(ClientOverflow, KeepsWhatAPlainQueueKeeps) {
  constexpr size_t kMessages = 5;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    base::Random random(seed);
    auto [client, loop] = Unconnected(
        {.bytes = 1 << 20, .messages = kMessages, .overflow = Overflow::kDropOldestQos0});
    struct Expected {
      bool is_qos0 = false;
      size_t index = 0;
    };
    std::deque<Expected> queue;
    std::vector<PublishHandle> handles;
    std::string wanted;
    for (int i = 0; i < 400; ++i) {
      if (random.Below(10) == 0) ASSERT_TRUE(loop.Poll(kAtOnce).ok());
      const bool is_qos0 = random.Below(4) != 0;
      handles.push_back(PublishAll(client, is_qos0 ? "0" : "1").front());
      wanted += '.';
      if (queue.size() == kMessages) {
        const auto oldest = std::find_if(queue.begin(), queue.end(),
                                         [](const Expected& one) { return one.is_qos0; });
        if (oldest == queue.end()) {
          wanted.back() = 'w';
          continue;
        }
        wanted[oldest->index] = 'o';
        queue.erase(oldest);
      }
      queue.push_back({is_qos0, handles.size() - 1});
    }
    ASSERT_TRUE(loop.Poll(kAtOnce).ok());
    EXPECT_EQ(OutcomesOf(handles), wanted) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ringmq
