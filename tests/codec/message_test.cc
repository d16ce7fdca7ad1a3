// SPDX-License-Identifier: Apache-2.0
#include "codec/message.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "codec/byte_reader.h"
#include "wire/corpus.h"

namespace ringmq::codec {
namespace {

MessageRef Example() {
  return MessageRef::Make({.topic = "a/b",
                           .payload = AsBytes("payload"),
                           .forwardable = {},
                           .qos = Qos::kAtLeastOnce,
                           .retain = true,
                           .expires = Instant{42},
                           .publisher = 7});
}

void ExpectExample(const MessageRef& message) {
  EXPECT_EQ(message.topic(), "a/b");
  EXPECT_EQ(AsText(message.payload()), "payload");
  EXPECT_EQ(message.properties().size(), 0u);
  EXPECT_EQ(message.qos(), Qos::kAtLeastOnce);
  EXPECT_TRUE(message.retain());
  EXPECT_EQ(message.expires(), Instant{42});
  EXPECT_EQ(message.publisher(), 7u);
}

TEST(Message, KeepsItsContent) {
  ExpectExample(Example());
  EXPECT_LE(Example().size_bytes(), 64u + 3 + 7);
}

TEST(Message, CountsItsReferences) {
  MessageRef first = Example();
  MessageRef second = first;
  EXPECT_EQ(first, second);
  first = {};
  EXPECT_FALSE(first);
  ExpectExample(second);
  second = MessageRef(second);
  MessageRef third = std::move(second);
  EXPECT_FALSE(second);  // NOLINT: moved-from is empty by promise.
  ExpectExample(third);
}

TEST(Message, DropsHopPropertiesWhenAskedTo) {
  const auto list = wire::ParseBytes("02 0000003c 26 \"k\" \"v\" 23 0001");
  const MessageRef message =
      MessageRef::Make({.topic = "t", .forwardable = list, .filter_hop_properties = true});
  const auto kept = wire::ParseBytes("26 \"k\" \"v\"");
  EXPECT_EQ(std::vector<uint8_t>(message.properties().begin(), message.properties().end()), kept);
}

TEST(SharedMessage, OutlivesTheHomeCoresReferences) {
  MessageRef home = Example();
  SharedMessage shared = SharedMessage::Share(home);
  home = {};
  const MessageRef away = shared.Adopt();
  EXPECT_FALSE(shared);
  ExpectExample(away);
  SharedMessage back = SharedMessage::Share(away);
  ExpectExample(back.Adopt());
}

TEST(SharedMessage, DiesUnadopted) {
  const MessageRef home = Example();
  SharedMessage first = SharedMessage::Share(home);
  SharedMessage second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT: moved-from is empty by promise.
  second = SharedMessage::Share(home);
}

// Many messages, many cores: each adopts, copies, passes on and drops. The thread sanitizer sees
// whether a count is shared that must not be.
TEST(SharedMessage, CrossesThreads) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 2'000;
  std::vector<std::vector<SharedMessage>> lanes(kThreads);
  for (int i = 0; i < kMessages; ++i) {
    const MessageRef home = Example();
    for (auto& lane : lanes) lane.push_back(SharedMessage::Share(home));
  }
  std::vector<std::thread> threads;
  for (auto& lane : lanes) {
    threads.emplace_back([&lane] {
      for (SharedMessage& shared : lane) {
        MessageRef mine = shared.Adopt();
        const MessageRef copy = mine;
        SharedMessage onward = SharedMessage::Share(copy);
        mine = {};
        if (copy.topic() != "a/b") std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Message, LeavesAReferencedPayloadWhereItIsAndLetsGoOnce) {
  static int releases = 0;
  releases = 0;
  const std::vector<uint8_t> payload(100, 7);
  int owner = 0;
  {
    const MessageRef message = MessageRef::MakeReferencing({.topic = "a", .payload = payload},
                                                           &owner, [](void*) { ++releases; });
    const MessageRef copy = message;
    EXPECT_EQ(copy.payload().data(), payload.data());
    EXPECT_EQ(copy.payload().size(), 100u);
    EXPECT_GE(copy.size_bytes(), 100u);
    SharedMessage shared = SharedMessage::Share(message);
    EXPECT_EQ(shared.Adopt().payload().data(), payload.data());
    EXPECT_EQ(releases, 0);
  }
  EXPECT_EQ(releases, 1);
}

}  // namespace
}  // namespace ringmq::codec
