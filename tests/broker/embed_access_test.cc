// The program around a broker decides who comes in and who may do what.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "broker/embed_fixture.h"
#include "ringmq/broker.h"

namespace ringmq {
namespace {

using testing_support::OnePort;
using testing_support::Peer;
using testing_support::StartOrDie;

constexpr int kRefused = 0x87;

BrokerOptions WithAuthenticate(Authenticate authenticate) {
  BrokerOptions options = OnePort();
  options.authenticate = std::move(authenticate);
  return options;
}

TEST(EmbeddedAuthenticate, DecidesByNamePasswordAndPeer) {
  std::mutex mutex;
  std::vector<std::string> asked;
  const Broker broker = StartOrDie(WithAuthenticate([&](const Login& login, LoginAnswer answer) {
    const std::lock_guard lock(mutex);
    asked.push_back(std::string(login.client_id) + " " + std::string(login.username) + " " +
                    std::string(login.password));
    EXPECT_EQ(login.peer.substr(0, 10), "127.0.0.1:");
    if (login.password == "right") return answer.Accept();
    answer.Refuse(login.username.empty() ? ReasonCode::kNotAuthorized : ReasonCode::kBanned);
  }));
  EXPECT_EQ(Peer(broker.ports()[0], "c1", "ann", "right").connack(), 0);
  EXPECT_EQ(Peer(broker.ports()[0], "c2", "ann", "wrong").connack(), 0x8a);
  EXPECT_EQ(Peer(broker.ports()[0], "c3").connack(), kRefused);  // Loopback or not.
  const std::lock_guard lock(mutex);
  EXPECT_EQ(asked, (std::vector<std::string>{"c1 ann right", "c2 ann wrong", "c3  "}));
}

TEST(EmbeddedAuthenticate, MayAnswerLaterFromAnotherThread) {
  std::thread answerer;
  {
    const Broker broker = StartOrDie(WithAuthenticate([&](const Login&, LoginAnswer answer) {
      answerer = std::thread([later = std::move(answer)]() mutable { later.Accept(); });
    }));
    EXPECT_EQ(Peer(broker.ports()[0], "c").connack(), 0);
  }
  answerer.join();
}

TEST(EmbeddedAuthenticate, RefusesWhenTheAnswerIsDropped) {
  const Broker broker = StartOrDie(WithAuthenticate([](const Login&, const LoginAnswer&) {}));
  EXPECT_EQ(Peer(broker.ports()[0], "c").connack(), kRefused);
}

TEST(EmbeddedAuthenticate, AnAnswerMayOutliveTheBroker) {
  std::optional<LoginAnswer> kept;
  std::atomic<bool> asked{false};
  {
    const Broker broker = StartOrDie(WithAuthenticate([&](const Login&, LoginAnswer answer) {
      kept.emplace(std::move(answer));
      asked.store(true, std::memory_order_release);
      asked.notify_one();
    }));
    std::thread client([&] { EXPECT_EQ(Peer(broker.ports()[0], "c").connack(), -1); });
    asked.wait(false);
    const_cast<Broker&>(broker).Stop();
    client.join();
  }
  kept->Accept();
}

TEST(EmbeddedAuthenticate, TellsSurplusClientsThatItIsBusy) {
  std::mutex mutex;
  std::vector<LoginAnswer> waiting;
  std::atomic<int> asked{0};
  BrokerOptions options = WithAuthenticate([&](const Login&, LoginAnswer answer) {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(answer));
    asked.store(1, std::memory_order_release);
    asked.notify_one();
  });
  options.threads = 1;
  options.configuration = "[auth]\nchecks_pending_max = 1\n";
  const Broker broker = StartOrDie(std::move(options));
  std::thread first([&] { EXPECT_EQ(Peer(broker.ports()[0], "one").connack(), 0); });
  asked.wait(0);
  EXPECT_EQ(Peer(broker.ports()[0], "two").connack(), 0x89);
  {
    const std::lock_guard lock(mutex);
    waiting[0].Accept();
  }
  first.join();
}

TEST(EmbeddedAuthorize, AllowsAndDeniesEachKindOfAccess) {
  BrokerOptions options = OnePort();
  options.authorize = [](const AccessRequest& request) {
    switch (request.access) {
      case Access::kPublish:
        return request.topic != "no/publish";
      case Access::kSubscribe:
        return request.topic != "no/subscribe";
      case Access::kReceive:
        return request.topic != "no/receive" || request.client_id == "other";
    }
    return false;
  };
  const Broker broker = StartOrDie(std::move(options));
  Peer peer(broker.ports()[0], "ann");
  EXPECT_EQ(peer.Subscribe("no/subscribe", 1), kRefused);
  EXPECT_EQ(peer.Subscribe("$share/group/no/subscribe", 1), kRefused);
  EXPECT_EQ(peer.Subscribe("#", 1), 1);
  Peer other(broker.ports()[0], "other");
  EXPECT_EQ(other.Subscribe("#", 1), 1);
  EXPECT_EQ(peer.Publish("no/publish", "x", 1), kRefused);
  EXPECT_EQ(peer.Publish("no/receive", "hidden", 1), 0);
  EXPECT_EQ(peer.Publish("fine", "seen", 1), 0);
  EXPECT_EQ(peer.ReadPublish().payload, "seen");
  EXPECT_EQ(other.ReadPublish().payload, "hidden");
  EXPECT_EQ(broker.counters().dropped_not_authorized, 2u);
}

TEST(EmbeddedAuthorize, KnowsTheUserName) {
  BrokerOptions options =
      WithAuthenticate([](const Login&, LoginAnswer answer) { answer.Accept(); });
  options.authorize = [](const AccessRequest& request) { return request.username == "ann"; };
  const Broker broker = StartOrDie(std::move(options));
  EXPECT_EQ(Peer(broker.ports()[0], "a", "ann").Publish("t", "x", 1), 0x10);
  EXPECT_EQ(Peer(broker.ports()[0], "b", "bob").Publish("t", "x", 1), kRefused);
  EXPECT_EQ(Peer(broker.ports()[0], "c").Publish("t", "x", 1), kRefused);
}

TEST(EmbeddedAuthorize, StaysInForceWhenTheRightsAreReadAgain) {
  BrokerOptions options = OnePort();
  options.authorize = [](const AccessRequest&) { return false; };
  Broker broker = StartOrDie(std::move(options));
  EXPECT_TRUE(broker.Reload().ok());
  EXPECT_EQ(Peer(broker.ports()[0], "a").Publish("t", "x", 1), kRefused);
}

}  // namespace
}  // namespace ringmq
