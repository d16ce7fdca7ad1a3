// What handles do on the caller's thread, before and without the loop.
//
// SPDX-License-Identifier: Apache-2.0
#include "ringmq/client.h"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <utility>

namespace ringmq {
namespace {

using std::chrono::steady_clock;

// One that nobody polls; the queue takes one message.
ClientPair Unpolled(Overflow overflow = Overflow::kReject) {
  Options options = *Options::FromUrl("mqtt://127.0.0.1");
  options.outbound = {.bytes = 1 << 20, .messages = 1, .overflow = overflow};
  return *MakeClient(std::move(options));
}

// Smaller and larger than what is copied.
const size_t kSizes[] = {1, 100, 8191, 8192, 100'000};

TEST(ClientMovedPayload, IsTakenAndItsMemoryWithIt) {
  for (const size_t size : kSizes) {
    auto [client, loop] = Unpolled();
    std::string payload(size, 'x');
    const PublishHandle handle = client.Publish("a", std::move(payload));
    EXPECT_FALSE(handle.done());
    EXPECT_TRUE(payload.empty()) << size;  // NOLINT(bugprone-use-after-move): that is the contract.
    EXPECT_GE(client.stats().queued_bytes, size);
  }
}

TEST(ClientMovedPayload, ComesBackWhenTheQueueIsFull) {
  for (const Overflow overflow : {Overflow::kReject, Overflow::kDropNewest}) {
    for (const size_t size : kSizes) {
      auto [client, loop] = Unpolled(overflow);
      (void)client.Publish("a", "first");
      std::string payload(size, 'x');
      const char* const bytes = payload.data();
      const PublishHandle handle = client.Publish("a", std::move(payload));
      ASSERT_TRUE(handle.done());
      EXPECT_EQ(handle.Poll()->outcome,
                overflow == Overflow::kReject ? Outcome::kWouldBlock : Outcome::kOverflow);
      EXPECT_EQ(payload, std::string(size, 'x'));  // NOLINT(bugprone-use-after-move)
      EXPECT_EQ(payload.data(), bytes);            // Nothing was copied.
    }
  }
}

TEST(ClientMovedPayload, ComesBackWhenTheTopicIsNotAllowed) {
  auto [client, loop] = Unpolled();
  std::string payload(100'000, 'x');
  EXPECT_EQ(client.Publish("a/#", std::move(payload)).Poll()->outcome, Outcome::kInvalid);
  EXPECT_EQ(payload.size(), 100'000u);  // NOLINT(bugprone-use-after-move)
}

TEST(ClientMovedPayload, ComesBackWhenTheLoopHasEnded) {
  for (const size_t size : kSizes) {
    ClientPair pair = Unpolled();
    const Client client = pair.first;
    { const EventLoop ended = std::move(pair.second); }
    std::string payload(size, 'x');
    EXPECT_EQ(client.Publish("a", std::move(payload)).Poll()->outcome, Outcome::kShutdown);
    EXPECT_EQ(payload.size(), size);  // NOLINT(bugprone-use-after-move)
  }
}

TEST(ClientMovedPayload, ComesBackWhenTheDeadlinePasses) {
  auto [client, loop] = Unpolled();
  (void)client.Publish("a", "first");
  std::string payload(100'000, 'x');
  const auto late = client.PublishUntil(steady_clock::now(), "a", std::move(payload));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), Errc::kTimedOut);
  EXPECT_EQ(payload.size(), 100'000u);  // NOLINT(bugprone-use-after-move)
}

TEST(ClientMovedPayload, IsTakenByPublishUntilWhenThereIsRoom) {
  auto [client, loop] = Unpolled();
  std::string payload(100'000, 'x');
  ASSERT_TRUE(client.PublishUntil(steady_clock::now(), "a", std::move(payload)).ok());
  EXPECT_TRUE(payload.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(ClientMovedPayload, LeavesOtherTextWhereItIs) {
  auto [client, loop] = Unpolled();
  const std::string constant(100'000, 'x');
  std::string named = constant;
  (void)client.Publish("a", named);
  (void)client.Publish("a", constant);
  (void)client.Publish("a", "a literal");
  (void)client.Publish("a", std::string_view("a view"));
  const SharedBytes shared = SharedBytes::Copy(constant);
  EXPECT_EQ(client.Publish("a", shared).Poll()->outcome, Outcome::kWouldBlock);
  EXPECT_EQ(named, constant);
  EXPECT_EQ(shared.view(), constant);
}

// --- Calls that wait.

TEST(ClientUntil, TellsTheLoopsOwnThreadAtOnceThatItWouldWaitForItself) {
  auto [client, loop] = Unpolled();
  ASSERT_TRUE(loop.Poll(std::chrono::milliseconds(0)).ok());
  const auto never = steady_clock::time_point::max();
  const std::string filter = "a";
  const SubscriptionRequest request{.filter = filter};
  EXPECT_EQ(client.SubscribeUntil(never, "a").error().code(), Errc::kDeadlock);
  EXPECT_EQ(client.SubscribeUntil(never, {&request, 1}).error().code(), Errc::kDeadlock);
  EXPECT_EQ(client.UnsubscribeUntil(never, "a").error().code(), Errc::kDeadlock);
  EXPECT_EQ(client.UnsubscribeUntil(never, {&filter, 1}).error().code(), Errc::kDeadlock);
  EXPECT_EQ(client.RequestUntil(never, "a", "x").error().code(), Errc::kDeadlock);
}

TEST(ClientUntil, EndsWithTheDeadlineAlsoIfThatIsLongGone) {
  auto [client, loop] = Unpolled();
  for (const auto deadline : {steady_clock::now(), steady_clock::time_point::min()}) {
    EXPECT_EQ(client.SubscribeUntil(deadline, "a").error().code(), Errc::kTimedOut);
    EXPECT_EQ(client.UnsubscribeUntil(deadline, "a").error().code(), Errc::kTimedOut);
    EXPECT_EQ(client.RequestUntil(deadline, "a", "x").error().code(), Errc::kTimedOut);
    EXPECT_EQ(client.Subscribe("a").WaitUntil(deadline).error().code(), Errc::kTimedOut);
  }
}

TEST(ClientUntil, KnowsALoopThatHasEnded) {
  ClientPair pair = Unpolled();
  const Client client = pair.first;
  { const EventLoop ended = std::move(pair.second); }
  const auto never = steady_clock::time_point::max();
  EXPECT_EQ(client.SubscribeUntil(never, "a").error().code(), Errc::kStopped);
  EXPECT_EQ(client.UnsubscribeUntil(never, "a").error().code(), Errc::kStopped);
  EXPECT_EQ(client.RequestUntil(never, "a", "x").error().code(), Errc::kStopped);
}

TEST(ClientUntil, ReturnsWhatIsNoFilterInTheResult) {
  auto [client, loop] = Unpolled();
  const auto result = client.SubscribeUntil(steady_clock::time_point::max(), "a/#/b");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->outcome, Outcome::kInvalid);
}

TEST(SharedBytesTakeString, GivesTheMemoryToTheLastOwnerOnly) {
  std::string text(1000, 'x');
  const char* const bytes = text.data();
  SharedBytes first = SharedBytes::Take(std::move(text));
  SharedBytes second = first;
  std::string copy = second.TakeString();
  EXPECT_NE(copy.data(), bytes);
  EXPECT_EQ(copy, std::string(1000, 'x'));
  EXPECT_TRUE(second.empty());
  SharedBytes part = first.Slice(first.view().substr(1));
  first = {};
  EXPECT_EQ(part.TakeString().size(), 999u);

  SharedBytes whole = SharedBytes::Take(std::move(copy));
  const char* const before = whole.view().data();
  const std::string back = whole.TakeString();
  EXPECT_EQ(back.data(), before);
  EXPECT_EQ(SharedBytes::Static("abc").TakeString(), "abc");
  EXPECT_EQ(SharedBytes().TakeString(), "");
}

}  // namespace
}  // namespace ringmq
