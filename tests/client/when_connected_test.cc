// Client::WhenConnected(): waiting for a connection, with and without coroutines.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "peer.h"
#include "ringmq/coroutine.h"

namespace ringmq::client {
namespace {

using std::chrono::milliseconds;

struct Stage {
  explicit Stage(Options options) : pair(*MakeClient(std::move(options))) {}

  [[nodiscard]] Client& client() { return pair.first; }

  // Polls and pumps until `done`, for as long as that may take on a busy machine.
  testing::AssertionResult Until(Peer& peer, const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return testing::AssertionFailure();
      peer.Pump();
      const auto batch = pair.second.Poll(milliseconds(1));
      if (!batch.ok()) return testing::AssertionFailure() << Describe(batch.error());
      for (const Event& event : *batch) disconnects += event.get<Disconnected>() != nullptr ? 1 : 0;
    }
    return testing::AssertionSuccess();
  }

  ClientPair pair;
  int disconnects = 0;
};

TEST(WhenConnected, IsThereWithTheNextConnectionAndAtOnceWhileItLasts) {
  Peer peer;
  peer.connack.assigned_client_id = "given";
  Stage stage(peer.OptionsForIt());
  const ConnectHandle first = stage.client().WhenConnected();
  EXPECT_FALSE(first.done());
  ASSERT_TRUE(stage.Until(peer, [&] { return first.done(); }));
  EXPECT_TRUE(first.Poll()->ok());
  EXPECT_FALSE(first.Poll()->session_present);
  EXPECT_EQ(first.Poll()->client_id, "given");
  EXPECT_TRUE(stage.client().WhenConnected().done());

  peer.Drop();
  peer.connack.session_present = true;
  ASSERT_TRUE(stage.Until(peer, [&] { return stage.disconnects == 1; }));
  const ConnectHandle second = stage.client().WhenConnected();
  EXPECT_FALSE(second.done());
  ASSERT_TRUE(stage.Until(peer, [&] { return second.done(); }));
  EXPECT_TRUE(second.Poll()->session_present);
  EXPECT_EQ(peer.connections, 2);
}

TEST(WhenConnected, OutlastsAttemptsThatFail) {
  uint16_t dead = 0;
  { dead = Peer().port(); }
  Peer peer;
  Options options = peer.OptionsForIt();
  options.servers.insert(options.servers.begin(), {.host = "127.0.0.1", .port = dead});
  Stage stage(std::move(options));
  const ConnectHandle handle = stage.client().WhenConnected();
  ASSERT_TRUE(stage.Until(peer, [&] { return handle.done(); }));
  EXPECT_TRUE(handle.Poll()->ok());
  EXPECT_EQ(stage.disconnects, 1);
}

Detached PublishOnceConnected(Client client, std::optional<Delivery>& delivery) {
  const ConnectResult connection = co_await client.WhenConnected();
  if (connection.ok()) delivery = co_await client.Publish("a", "x", {.qos = Qos::kAtLeastOnce});
}

TEST(WhenConnected, ResumesACoroutineThatGoesOnToPublish) {
  Peer peer;
  Stage stage(peer.OptionsForIt());
  std::optional<Delivery> delivery;
  PublishOnceConnected(stage.client(), delivery);
  ASSERT_TRUE(stage.Until(peer, [&] { return delivery.has_value(); }));
  EXPECT_TRUE(delivery->ok());
}

Detached WaitUntilStopped(Client client, std::stop_token token, std::string& said) {
  said = "waits";
  const auto connection = co_await Until(client.WhenConnected(), token);
  said = connection.has_value() ? NameOf(connection->outcome) : "stopped";
}

TEST(WhenConnected, NeedNotBeWaitedFor) {
  Peer peer;
  Stage stage(peer.OptionsForIt());
  std::stop_source stop;
  std::string stopped;
  std::string patient;
  WaitUntilStopped(stage.client(), stop.get_token(), stopped);
  WaitUntilStopped(stage.client(), {}, patient);
  EXPECT_EQ(stopped, "waits");
  stop.request_stop();
  EXPECT_EQ(stopped, "stopped");
  EXPECT_EQ(patient, "waits");
  ASSERT_TRUE(stage.Until(peer, [&] { return patient != "waits"; }));
  EXPECT_EQ(patient, "acknowledged");
  EXPECT_EQ(stopped, "stopped");
}

TEST(WhenConnected, EndsWithTheLoop) {
  Peer peer;
  std::optional<Client> survivor;
  ConnectHandle waits;
  ConnectHandle had;
  {
    Stage never(peer.OptionsForIt());
    waits = never.client().WhenConnected();
    Stage stage(peer.OptionsForIt());
    had = stage.client().WhenConnected();
    ASSERT_TRUE(stage.Until(peer, [&] { return had.done(); }));
    survivor = stage.client();
  }
  EXPECT_EQ(waits.Poll()->outcome, Outcome::kShutdown);
  EXPECT_TRUE(had.Poll()->ok());
  ASSERT_TRUE(survivor->WhenConnected().done());
  EXPECT_EQ(survivor->WhenConnected().Poll()->outcome, Outcome::kShutdown);
}

}  // namespace
}  // namespace ringmq::client
