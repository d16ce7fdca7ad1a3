// One turn of the loop: what it asks of the ring, and on which thread it may happen.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "base/poison.h"
#include "client/hub.h"
#include "client/loop.h"
#include "peer.h"
#include "reactor/features.h"

namespace ringmq::client {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// A real one that counts.
class CountingRing final : public reactor::Ring {
 public:
  CountingRing(int& sends, int& wakes) : sends_(sends), wakes_(wakes) {
    std::string notice;
    ring_ = *reactor::MakeRing(reactor::IoBackend::kEpoll, {}, &notice);
  }

  std::span<const reactor::Completion> Enter(std::span<const reactor::Op> ops, Instant deadline,
                                             std::span<reactor::Completion> storage) override {
    for (const reactor::Op& op : ops) sends_ += op.code == reactor::OpCode::kSend ? 1 : 0;
    return ring_->Enter(ops, deadline, storage);
  }
  std::span<uint8_t> Buffer(uint16_t buffer_id) override { return ring_->Buffer(buffer_id); }
  void ReleaseBuffer(uint16_t buffer_id) override { ring_->ReleaseBuffer(buffer_id); }
  Instant Now() override { return ring_->Now(); }
  void Wake() override {
    ++wakes_;
    ring_->Wake();
  }
  [[nodiscard]] int PollDescriptor() const override { return ring_->PollDescriptor(); }

 private:
  std::unique_ptr<reactor::Ring> ring_;
  int& sends_;
  int& wakes_;
};

struct Stage {
  explicit Stage(Options with = {})
      : options(Served(std::move(with))),
        loop(options, std::make_unique<CountingRing>(sends, wakes), 1, Duration{}) {}

  Options Served(Options with) const {
    with.servers = peer.OptionsForIt().servers;
    return with;
  }
  // Polls and pumps until `done`, for as long as that may take on a busy machine.
  testing::AssertionResult Until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return testing::AssertionFailure();
      peer.Pump();
      Turn();
    }
    return testing::AssertionSuccess();
  }
  void Turn() {
    const auto batch = loop.Poll(milliseconds(1));
    ASSERT_TRUE(batch.ok());
    for (Event& event : *batch) {
      connected |= event.get<Connected>() != nullptr;
      if (on_event) on_event(event);
    }
  }
  void Publish(Qos qos) {
    auto [promise, handle] = MakePending<Delivery>(loop.hub().attention());
    loop.hub().Publish({.message = codec::MessageRef::Make({.topic = "a", .qos = qos}),
                        .promise = std::move(promise),
                        .size_bytes = 100,
                        .qos = qos});
  }

  Peer peer;
  int sends = 0;
  int wakes = 0;
  bool connected = false;
  std::function<void(Event&)> on_event;
  const Options options;
  Loop loop;
};

// Whatever was published since the last turn leaves in one write.
TEST(ClientTurn, FlushesOnceForManyPublishes) {
  Stage stage;
  ASSERT_TRUE(stage.Until([&] { return stage.connected; }));
  const int before = stage.sends;
  for (int i = 0; i < 500; ++i) stage.Publish(static_cast<Qos>(i % 2));
  stage.Turn();
  EXPECT_EQ(stage.sends, before + 1);
  ASSERT_TRUE(stage.Until([&] { return stage.peer.publishes == 500; }));
  EXPECT_EQ(stage.sends, before + 1);
}

// Whoever just polls hears of it then, and no call is spent on it.
TEST(ClientTurn, IsNotWokenByItsOwnThread) {
  Stage stage;
  ASSERT_TRUE(stage.Until([&] { return stage.connected; }));
  stage.Publish(Qos::kAtMostOnce);
  stage.Turn();
  stage.Publish(Qos::kAtMostOnce);
  EXPECT_EQ(stage.wakes, 0);
}

// A foreign loop has set up what it waits for before the next callback of its own publishes.
TEST(ClientTurn, TellsItsDescriptorOfCallsOnItsOwnThread) {
  Stage stage;
  pollfd entry{.fd = stage.loop.descriptor(), .events = POLLIN, .revents = 0};
  ASSERT_TRUE(stage.Until([&] { return stage.connected; }));
  ASSERT_TRUE(stage.Until([&] { return poll(&entry, 1, 0) == 0; }));
  const int before = stage.wakes;
  for (int i = 0; i < 5; ++i) stage.Publish(Qos::kAtMostOnce);
  EXPECT_EQ(stage.wakes, before + 1);
  EXPECT_EQ(poll(&entry, 1, 5000), 1);
  ASSERT_TRUE(stage.Until([&] { return stage.peer.publishes == 5; }));
}

using ClientTurnDeathTest = ::testing::Test;

TEST_F(ClientTurnDeathTest, EndsTheProgramThatPollsOnTwoThreads) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Stage stage;
        stage.Turn();
        std::thread([&] { (void)stage.loop.Poll(milliseconds(0)); }).join();
      },
      "loop.cc:[0-9]+: check failed: owner");
}

// Two messages: nobody takes the first one's acknowledgement, or it is dropped; the second is
// given.
class ClientUnusedAcks : public ::testing::TestWithParam<bool> {
 protected:
  // What the server hears of both.
  static std::vector<std::pair<codec::PacketId, ReasonCode>> Heard(UnusedAcks unused,
                                                                   size_t expected) {
    Stage stage({.acks = Acks::kManual, .unused_acks = unused});
    stage.on_event = [&](Event& event) {
      Message* const message = event.get<Message>();
      if (message == nullptr) return;
      if (message->packet_id() == 2) {
        message->TakeAck().Send();
      } else if (GetParam()) {
        const Ack dropped = message->TakeAck();
      }
    };
    EXPECT_TRUE(stage.Until([&] { return stage.connected; }));
    for (const codec::PacketId id : {codec::PacketId{1}, codec::PacketId{2}}) {
      stage.peer.Give(codec::Publish{.topic = "a", .qos = Qos::kAtLeastOnce, .packet_id = id});
    }
    EXPECT_TRUE(stage.Until([&] { return stage.peer.acks.size() >= expected; }));
    for (int i = 0; i < 3; ++i) {
      stage.Turn();
      stage.peer.Pump();
    }
    return stage.peer.acks;
  }
};

TEST_P(ClientUnusedAcks, AreSent) {
  EXPECT_THAT(Heard(UnusedAcks::kSend, 2),
              ElementsAre(Pair(1, ReasonCode::kSuccess), Pair(2, ReasonCode::kSuccess)));
}

TEST_P(ClientUnusedAcks, RefuseTheMessage) {
  EXPECT_THAT(Heard(UnusedAcks::kRefuse, 2),
              ElementsAre(Pair(1, ReasonCode::kUnspecifiedError), Pair(2, ReasonCode::kSuccess)));
}

TEST_P(ClientUnusedAcks, AreLeftOutAndHoldUpNobody) {
  EXPECT_THAT(Heard(UnusedAcks::kLeave, 1), ElementsAre(Pair(2, ReasonCode::kSuccess)));
}

INSTANTIATE_TEST_SUITE_P(, ClientUnusedAcks, ::testing::Bool(),
                         [](const auto& taken) { return taken.param ? "Dropped" : "NeverTaken"; });

// A view that is kept beyond its batch shows poison, where debug checks are on.
TEST(ClientTurn, PoisonsTheViewsOfTheLastBatch) {
  if (RMQ_DEBUG_CHECKS == 0) GTEST_SKIP() << "debug checks are off";
  Stage stage;
  std::string_view kept;
  stage.on_event = [&](Event& event) {
    if (const Message* const message = event.get<Message>()) kept = message->payload();
  };
  ASSERT_TRUE(stage.Until([&] { return stage.connected; }));
  const std::string payload = "0123456789";
  stage.peer.Give(codec::Publish{.topic = "a", .payload = AsBytes(payload)});
  ASSERT_TRUE(stage.Until([&] { return !kept.empty(); }));
  EXPECT_EQ(kept, payload);
  stage.Turn();
  EXPECT_EQ(kept, std::string(payload.size(), static_cast<char>(base::kPoison)));
}

}  // namespace
}  // namespace ringmq::client
