// The client against our broker through every transport, both in this process.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/poison.h"
#include "ringmq/broker.h"
#include "ringmq/client.h"
#include "support/certificates.h"

namespace ringmq::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience(20);

struct Served {
  explicit Served(IoEngine engine = IoEngine::kAuto) : io(engine) {
    const support::Issued server =
        authority.Issue({.common_name = "broker", .dns_names = {"localhost"}});
    certificate = folder.Write("server.pem", server.certificate + server.key);
    ca = folder.Write("ca.pem", authority.certificate());
    BrokerOptions options;
    options.threads = 2;
    options.configuration = fmt::format(
        "[[listeners]]\nport = 0\ntransport = \"any\"\ntls = \"optional\"\n"
        "tls_certificate_files = [\"{}\"]\n",
        certificate);
    auto started = Broker::Start(std::move(options));
    EXPECT_TRUE(started.ok()) << Describe(started.error());
    broker.emplace(std::move(*started));
  }

  [[nodiscard]] Options OptionsFor(Transport transport) const {
    Options options;
    options.servers = {{.transport = transport, .host = "localhost", .port = broker->ports()[0]}};
    options.client_id = "c";
    options.tls.ca_file = ca;
    options.io = io;
    return options;
  }

  const IoEngine io;
  support::Authority authority{"Test CA"};
  support::PemFolder folder;
  std::string certificate;
  std::string ca;
  std::optional<Broker> broker;
};

// The error of the first attempt.
Error FirstFailure(Options options) {
  options.backoff.attempts_max = 1;
  auto pair = MakeClient(std::move(options));
  if (!pair.ok()) return pair.error();
  EventLoop loop = std::move(pair->second);
  const auto deadline = steady_clock::now() + kPatience;
  while (steady_clock::now() < deadline) {
    const auto batch = loop.Poll(milliseconds(100));
    if (!batch.ok()) return batch.error();
    for (Event& event : *batch) {
      if (event.get<Connected>() != nullptr) return Error(Errc::kTimedOut, "it connected");
    }
  }
  return Error(Errc::kTimedOut, "nothing happened");
}

class ClientTransports : public testing::TestWithParam<Transport> {};

// Of sizes from nothing to several receive buffers; what a byte is, place and message tell.
std::string PayloadOf(size_t index) {
  constexpr size_t kSizes[] = {0, 1, 100, 16'383, 16'385, 70'000, 300'000};
  std::string payload(kSizes[index % std::size(kSizes)], '\0');
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 7 + index);
  return payload;
}

TEST_P(ClientTransports, EverythingComesBackAsItWasInOrder) {
  constexpr size_t kMessages = 70;
  for (const IoEngine engine : {IoEngine::kAuto, IoEngine::kEpoll}) {
    const Served served(engine);
    auto pair = MakeClient(served.OptionsFor(GetParam()));
    ASSERT_TRUE(pair.ok()) << Describe(pair.error());
    auto& [client, loop] = *pair;
    (void)client.Subscribe("back", Qos::kExactlyOnce);
    size_t sent = 0;
    size_t received = 0;
    std::vector<OwnedMessage> owned;
    const auto deadline = steady_clock::now() + kPatience;
    bool subscribed = false;
    while (received < kMessages && steady_clock::now() < deadline) {
      if (subscribed && sent < kMessages) {
        (void)client.Publish("back", PayloadOf(sent), {.qos = static_cast<Qos>(1 + sent % 2)});
        ++sent;
      }
      const auto batch = loop.Poll(milliseconds(sent < kMessages ? 0 : 100));
      ASSERT_TRUE(batch.ok()) << Describe(batch.error());
      // Views of one batch live together.
      for (Event& event : *batch) {
        subscribed |= event.get<SubscribeDone>() != nullptr;
        if (const auto* lost = event.get<Disconnected>()) FAIL() << Describe(lost->cause);
        const auto* const message = event.get<Message>();
        if (message == nullptr) continue;
        ASSERT_TRUE(message->payload() == PayloadOf(received)) << "message " << received;
        owned.push_back(message->Own());
        ++received;
      }
    }
    ASSERT_EQ(received, kMessages);
    for (size_t i = 0; i < owned.size(); ++i) ASSERT_TRUE(owned[i].payload.view() == PayloadOf(i));
    (void)client.Disconnect();
    while (loop.Poll(milliseconds(100)).ok()) ASSERT_LT(steady_clock::now(), deadline);
    EXPECT_EQ(served.broker->counters().transport_errors, 0u);
  }
}

// A view that is kept beyond its batch shows poison, through whatever layers it came.
TEST_P(ClientTransports, PoisonTheViewsOfTheLastBatch) {
  if (RMQ_DEBUG_CHECKS == 0) GTEST_SKIP() << "debug checks are off";
  const Served served;
  auto pair = MakeClient(served.OptionsFor(GetParam()));
  ASSERT_TRUE(pair.ok()) << Describe(pair.error());
  auto& [client, loop] = *pair;
  (void)client.Subscribe("kept");
  (void)client.Publish("kept", "0123456789");
  std::string_view kept;
  const auto deadline = steady_clock::now() + kPatience;
  while (kept.empty() && steady_clock::now() < deadline) {
    const auto batch = loop.Poll(milliseconds(100));
    ASSERT_TRUE(batch.ok()) << Describe(batch.error());
    for (const Event& event : *batch) {
      if (const auto* const message = event.get<Message>()) kept = message->payload();
    }
  }
  ASSERT_EQ(kept, "0123456789");
  ASSERT_TRUE(loop.Poll(milliseconds(0)).ok());
  EXPECT_EQ(kept, std::string(kept.size(), static_cast<char>(base::kPoison)));
}

INSTANTIATE_TEST_SUITE_P(, ClientTransports,
                         testing::Values(Transport::kTcp, Transport::kTls, Transport::kWebSocket,
                                         Transport::kWebSocketTls));

TEST(ClientTransportErrors, SayWhichCheckFailedAndForWhichName) {
  Served served;
  Options options = served.OptionsFor(Transport::kTls);
  options.servers[0].host = "127.0.0.1";
  Error error = FirstFailure(options);
  EXPECT_EQ(error.code(), Errc::kTlsFailed);
  EXPECT_EQ(error.phase(), Phase::kTls);
  EXPECT_THAT(Describe(error), HasSubstr("127.0.0.1"));

  options.tls.server_name = "localhost";
  EXPECT_EQ(FirstFailure(options).detail(), "it connected");

  options.tls.ca_file = served.folder.Write("other.pem", support::Authority("Other").certificate());
  EXPECT_THAT(Describe(FirstFailure(options)), HasSubstr("unknown authority"));
  options.tls.verify = false;
  EXPECT_EQ(FirstFailure(options).detail(), "it connected");

  options.tls.ca_file = "/none.pem";
  error = FirstFailure(options);
  EXPECT_EQ(error.code(), Errc::kInvalidArgument);
  EXPECT_THAT(Describe(error), HasSubstr("/none.pem"));
}

TEST(ClientTransportErrors, TellAWebServerWithoutMqttFromALostConnection) {
  const Served served;
  Options options = served.OptionsFor(Transport::kWebSocketTls);
  options.servers[0].path = "/elsewhere";
  const Error error = FirstFailure(options);
  EXPECT_EQ(error.code(), Errc::kUpgradeFailed);
  EXPECT_EQ(error.phase(), Phase::kUpgrade);
  EXPECT_THAT(Describe(error), HasSubstr("404"));
}

TEST(ClientTransportErrors, RefuseWhatWouldSmuggleAHeader) {
  Options options;
  options.servers = {{.transport = Transport::kWebSocket, .host = "localhost", .path = "/a b"}};
  EXPECT_EQ(MakeClient(options).error().code(), Errc::kInvalidArgument);
  options.servers[0].path = "/mqtt";
  options.websocket_headers = {{"Authorization", "Bearer x\r\nHost: other"}};
  EXPECT_EQ(MakeClient(options).error().code(), Errc::kInvalidArgument);
  options.websocket_headers = {{"Bad Name", "x"}};
  EXPECT_EQ(MakeClient(options).error().code(), Errc::kInvalidArgument);
}

}  // namespace
}  // namespace ringmq::client
