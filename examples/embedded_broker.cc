// Broker and client in one main: an in-process link asks, a client on a socket answers.
//
//   link --- "question" ---> broker --- socket ---> client
//   link <-- "answer" ------ broker <-- socket ---- client
//
// Who may connect is decided here too, and what happened is printed in the end. Exits with 0 if
// the answer came.
//
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ringmq/broker.h"
#include "ringmq/client.h"
#include "ringmq/link.h"

namespace {

using ringmq::Qos;
using std::chrono::milliseconds;

int Fail(const ringmq::Error& error) {
  std::fprintf(stderr, "%s\n", ringmq::Describe(error).c_str());
  return 1;
}

ringmq::BrokerOptions MakeOptions() {
  ringmq::BrokerOptions options;
  options.listeners = {{.address = "127.0.0.1", .port = 0}};  // Whichever is free.
  options.threads = 1;
  options.events_max = 1000;
  // Called on a thread of the broker's own. A directory or a token service could be asked here, and
  // the answer be given later from wherever it comes.
  options.authenticate = [](const ringmq::Login& login, ringmq::LoginAnswer answer) {
    if (login.username == "ann" && login.password == "secret") return answer.Accept();
    answer.Refuse(ringmq::ReasonCode::kBadUserNameOrPassword);
  };
  return options;
}

ringmq::Options ClientOptions(uint16_t port) {
  ringmq::Options options;
  options.servers = {{.host = "127.0.0.1", .port = port}};
  options.client_id = "answerer";
  options.has_username = true;
  options.username = "ann";
  options.has_password = true;
  options.password = "secret";
  return options;
}

// Turns the client's loop once: answers what is asked.
bool TurnClient(ringmq::Client& client, ringmq::EventLoop& loop) {
  const auto batch = loop.Poll(milliseconds(10));
  if (!batch) return false;
  for (const ringmq::Event& event : *batch) {
    const auto* const question = event.get<ringmq::Message>();
    if (question == nullptr) continue;
    std::printf("client: asked '%s'\n", std::string(question->payload()).c_str());
    (void)client.Publish("answer", "six times seven", {.qos = Qos::kAtLeastOnce});
  }
  return true;
}

// What the link has got by now: true once that was the answer.
bool TurnLink(ringmq::Link& link) {
  const auto events = link.Receive(milliseconds(0));
  if (!events) return false;
  for (const ringmq::LinkEvent& event : *events) {
    const auto* const message = std::get_if<ringmq::LinkMessage>(&event);
    if (message == nullptr) continue;
    std::printf("link: answered '%s'\n", std::string(message->payload).c_str());
    return true;
  }
  return false;
}

void Print(const ringmq::BrokerEvent& event) {
  if (const auto* connected = std::get_if<ringmq::ClientConnected>(&event)) {
    std::printf("broker: '%s' connected from %s\n", connected->client_id.c_str(),
                connected->peer.empty() ? "this process" : connected->peer.c_str());
  } else if (const auto* subscribed = std::get_if<ringmq::ClientSubscribed>(&event)) {
    std::printf("broker: '%s' subscribed to '%s'\n", subscribed->client_id.c_str(),
                subscribed->filter.c_str());
  } else if (const auto* gone = std::get_if<ringmq::ClientDisconnected>(&event)) {
    std::printf("broker: '%s' disconnected: %s\n", gone->client_id.c_str(),
                ringmq::NameOf(gone->reason));
  }
}

}  // namespace

int main() {
  auto broker = ringmq::Broker::Start(MakeOptions());
  if (!broker) return Fail(broker.error());

  auto link = broker->OpenLink({.client_id = "asker"});
  if (!link) return Fail(link.error());
  if (const auto asked = link->Subscribe("answer", {.qos = Qos::kAtLeastOnce}); !asked) {
    return Fail(asked.error());
  }
  // Retained, so that it does not matter who comes first.
  const auto published =
      link->Publish("question", "what is it?", {.qos = Qos::kAtLeastOnce, .retain = true});
  if (!published) return Fail(published.error());

  auto made = ringmq::MakeClient(ClientOptions(broker->ports()[0]));
  if (!made) return Fail(made.error());
  auto& [client, loop] = *made;
  client.Subscribe("question", Qos::kAtLeastOnce);

  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool answered = false;
  while (!answered && std::chrono::steady_clock::now() < deadline) {
    if (!TurnClient(client, loop)) break;
    answered = TurnLink(*link);
  }

  broker->Stop();
  for (const ringmq::BrokerEvent& event : broker->PollEvents()) Print(event);
  const ringmq::BrokerCounters counters = broker->counters();
  std::printf("broker: %llu messages in, %llu out\n",
              static_cast<unsigned long long>(counters.publishes_received),
              static_cast<unsigned long long>(counters.publishes_sent));
  return answered ? 0 : 1;
}
