// Calls that wait for their answer, with a loop on a thread of its own and our broker.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "ringmq/broker.h"
#include "ringmq/client.h"
#include "ringmq/runner.h"

namespace ringmq::client {
namespace {

using std::chrono::steady_clock;
using ::testing::ElementsAre;

steady_clock::time_point Soon() { return steady_clock::now() + std::chrono::seconds(20); }

Broker StartBroker() {
  BrokerOptions options;
  options.threads = 1;
  options.configuration = "[[listeners]]\nport = 0\n";
  return *Broker::Start(std::move(options));
}

Options OptionsFor(const Broker& broker) {
  Options options;
  options.servers = {{.host = "127.0.0.1", .port = broker.ports()[0]}};
  return options;
}

TEST(ClientUntil, BringsTheAnswersOfTheServer) {
  const Broker broker = StartBroker();
  ClientPair pair = *MakeClient(OptionsFor(broker));
  const Client client = pair.first;
  const Runner runner = RunInThread(std::move(pair.second), [client](Event& event) {
    const auto* const message = event.get<Message>();
    if (message != nullptr) (void)client.Respond(*message, "pong");
  });
  const SubscriptionRequest requests[] = {{.filter = "service", .qos = Qos::kAtLeastOnce},
                                          {.filter = "other"}};
  const auto subscribed = client.SubscribeUntil(Soon(), requests);
  ASSERT_TRUE(subscribed.ok()) << Describe(subscribed.error());
  EXPECT_THAT(subscribed->reasons, ElementsAre(ReasonCode::kGrantedQos1, ReasonCode::kSuccess));
  const auto one = client.SubscribeUntil(Soon(), "third", Qos::kExactlyOnce);
  ASSERT_TRUE(one.ok());
  EXPECT_THAT(one->reasons, ElementsAre(ReasonCode::kGrantedQos2));

  const auto reply = client.RequestUntil(Soon(), "service", "ping");
  ASSERT_TRUE(reply.ok()) << Describe(reply.error());
  EXPECT_EQ(reply->message.payload.view(), "pong");

  const std::string filters[] = {"other", "never asked for"};
  const auto unsubscribed = client.UnsubscribeUntil(Soon(), filters);
  ASSERT_TRUE(unsubscribed.ok());
  EXPECT_THAT(unsubscribed->reasons,
              ElementsAre(ReasonCode::kSuccess, ReasonCode::kNoSubscriptionExisted));
  EXPECT_TRUE(client.UnsubscribeUntil(Soon(), "third").ok());
}

TEST(ClientUntil, AsksForNothingOnTheLoopsOwnThread) {
  const Broker broker = StartBroker();
  ClientPair pair = *MakeClient(OptionsFor(broker));
  const Client client = pair.first;
  std::optional<Errc> code;
  Runner runner = RunInThread(std::move(pair.second), [&code, client](Event& event) {
    if (event.get<Connected>() == nullptr) return;
    code = client.SubscribeUntil(steady_clock::time_point::max(), "a").error().code();
  });
  // Behind it, so that it would have been granted before.
  ASSERT_TRUE(client.SubscribeUntil(Soon(), "b").ok());
  EXPECT_EQ(broker.counters().subscriptions, 1);
  client.Disconnect();
  runner.Join();
  EXPECT_EQ(code, Errc::kDeadlock);
}

TEST(ClientUntil, EndsWithTheLoop) {
  Options options = *Options::FromUrl("unix:///none/mqtt");  // Nobody is there.
  ClientPair pair = *MakeClient(std::move(options));
  const Client client = pair.first;
  std::optional<Errc> code;
  std::thread waiting(
      [&] { code = client.SubscribeUntil(steady_clock::time_point::max(), "a").error().code(); });
  {
    const Runner runner = RunInThread(std::move(pair.second), [](Event&) {});
  }
  waiting.join();
  EXPECT_EQ(code, Errc::kStopped);
}

}  // namespace
}  // namespace ringmq::client
