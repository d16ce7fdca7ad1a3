// A transport that the user brings, with our broker at its other end.
//
// SPDX-License-Identifier: Apache-2.0
#include "ringmq/connector.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ringmq/broker.h"
#include "ringmq/client.h"
#include "support/certificates.h"

namespace ringmq::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience(20);

// Does what it is told, and counts.
class PlayedConnector final : public Connector {
 public:
  Expected<int> Connect(const Endpoint& endpoint) override {
    ++asked;
    asked_for = endpoint;
    return connect();
  }
  void Abandon() noexcept override { ++abandoned; }

  std::function<Expected<int>()> connect;
  int asked = 0;
  int abandoned = 0;
  Endpoint asked_for;
};

Expected<int> NotYet() { return Error(Errc::kWouldBlock); }

Expected<int> ConnectTo(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero{}};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return fd;
}

// A loop over a connector; the name of its endpoint exists nowhere else.
class ClientConnector : public testing::TestWithParam<IoEngine> {
 protected:
  Options MakeOptions(Transport transport = Transport::kTcp) {
    Options options;
    options.servers = {{.transport = transport, .host = "far.away.invalid", .port = 77}};
    options.connector = &connector;
    options.io = GetParam();
    options.backoff = {.first = milliseconds(1), .cap = milliseconds(1)};
    return options;
  }
  void Start(Options options) { pair.emplace(*MakeClient(std::move(options))); }
  // Polls until `done`.
  bool Until(const std::function<bool()>& done) {
    const auto deadline = steady_clock::now() + kPatience;
    while (!done()) {
      if (steady_clock::now() > deadline) return false;
      auto batch = pair->second.Poll(milliseconds(1));
      if (!batch.ok()) {
        end = batch.error();
        return done();
      }
      for (Event& event : *batch) {
        if (const auto* lost = event.get<Disconnected>()) causes.push_back(lost->cause);
        if (event.get<Connected>() != nullptr) ++connected;
      }
    }
    return true;
  }
  static Broker StartBroker(const std::string& more = "") {
    BrokerOptions options;
    options.threads = 1;
    options.configuration = "[[listeners]]\nport = 0\n" + more;
    return *Broker::Start(std::move(options));
  }

  PlayedConnector connector;
  std::optional<ClientPair> pair;
  std::optional<Error> end;
  std::vector<Error> causes;
  int connected = 0;
};

TEST_P(ClientConnector, CarriesMqttAndConnectsAgain) {
  const Broker broker = StartBroker();
  connector.connect = [&] { return ConnectTo(broker.ports()[0]); };
  Start(MakeOptions());
  for (int i = 1; i <= 3; ++i) {
    const auto handle =
        pair->first.Publish("a", std::string(100'000, 'x'), {.qos = Qos::kAtLeastOnce});
    ASSERT_TRUE(Until([&] { return handle.done(); })) << i;
    EXPECT_TRUE(handle.Poll()->ok());
    EXPECT_EQ(connector.asked, i);
    pair->first.Reconnect();
    ASSERT_TRUE(Until([&] { return causes.size() == static_cast<size_t>(i); }));
  }
  EXPECT_EQ(connector.asked_for.host, "far.away.invalid");
  EXPECT_EQ(connector.abandoned, 0);
}

TEST_P(ClientConnector, IsBelowTlsAndWebSocket) {
  support::Authority authority{"Test CA"};
  const support::PemFolder folder;
  const support::Issued server =
      authority.Issue({.common_name = "broker", .dns_names = {"far.away.invalid"}});
  const Broker broker = StartBroker(
      fmt::format("transport = \"any\"\ntls = \"required\"\ntls_certificate_files = [\"{}\"]\n",
                  folder.Write("server.pem", server.certificate + server.key)));
  connector.connect = [&] { return ConnectTo(broker.ports()[0]); };
  for (const Transport transport : {Transport::kTls, Transport::kWebSocketTls}) {
    Options options = MakeOptions(transport);
    options.tls.ca_file = folder.Write("ca.pem", authority.certificate());
    Start(std::move(options));
    const auto handle = pair->first.Publish("a", "x", {.qos = Qos::kAtLeastOnce});
    ASSERT_TRUE(Until([&] { return handle.done(); }));
    EXPECT_TRUE(handle.Poll()->ok());
  }
  EXPECT_TRUE(causes.empty());
}

TEST_P(ClientConnector, IsAskedAgainUntilItIsThere) {
  const Broker broker = StartBroker();
  connector.connect = NotYet;
  Start(MakeOptions());
  ASSERT_TRUE(Until([&] { return connector.asked >= 3; }));
  EXPECT_EQ(connected, 0);
  connector.connect = [&] { return ConnectTo(broker.ports()[0]); };
  pair->first.Wake();
  ASSERT_TRUE(Until([&] { return connected == 1; }));
  EXPECT_TRUE(causes.empty());
  EXPECT_EQ(connector.abandoned, 0);
  pair.reset();
  EXPECT_EQ(connector.abandoned, 0);  // There is nothing to give up.
}

TEST_P(ClientConnector, HearsThatItsTimeHasPassedAndIsAskedAnew) {
  connector.connect = NotYet;
  Options options = MakeOptions();
  options.connect_timeout = milliseconds(1);
  Start(std::move(options));
  ASSERT_TRUE(Until([&] { return causes.size() == 2; }));
  EXPECT_EQ(causes[0].code(), Errc::kConnectTimedOut);
  EXPECT_EQ(connector.abandoned, 2);
}

TEST_P(ClientConnector, HearsThatTheLoopEnds) {
  connector.connect = NotYet;
  Start(MakeOptions());
  ASSERT_TRUE(Until([&] { return connector.asked > 0; }));
  pair.reset();
  EXPECT_EQ(connector.abandoned, 1);
}

TEST_P(ClientConnector, HasItsErrorInTheEvent) {
  connector.connect = [] { return Error(Errc::kConnectFailed, "the tunnel is down"); };
  Start(MakeOptions());
  ASSERT_TRUE(Until([&] { return causes.size() == 2; }));
  EXPECT_EQ(causes[0].code(), Errc::kConnectFailed);
  EXPECT_EQ(causes[0].phase(), Phase::kDial);
  EXPECT_EQ(causes[0].detail(), "the tunnel is down");
  EXPECT_EQ(connector.abandoned, 0);
}

TEST_P(ClientConnector, MayNotGiveWhatIsNoStreamSocket) {
  int ends[2] = {-1, -1};
  for (const bool is_pipe : {true, false}) {
    if (is_pipe) {
      ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    } else {
      ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
    }
    connector.connect = [&]() -> Expected<int> { return ends[1]; };
    Start(MakeOptions());
    ASSERT_TRUE(Until([&] { return end.has_value(); }));
    EXPECT_EQ(end->code(), Errc::kInvalidArgument);
    EXPECT_THAT(end->detail(), HasSubstr("no stream socket"));
    EXPECT_EQ(fcntl(ends[1], F_GETFD), -1);  // It was the loop's, and is closed.
    close(ends[0]);
    end.reset();
  }
  connector.connect = []() -> Expected<int> { return -1; };
  Start(MakeOptions());
  ASSERT_TRUE(Until([&] { return end.has_value(); }));
  EXPECT_EQ(end->code(), Errc::kInvalidArgument);
}

TEST_P(ClientConnector, ItsDescriptorIsClosedWithTheConnection) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  connector.connect = [&]() -> Expected<int> { return ends[1]; };
  Start(MakeOptions());
  // CONNECT comes out of the other end.
  char first = 0;
  ASSERT_TRUE(Until([&] { return recv(ends[0], &first, 1, MSG_DONTWAIT) == 1; }));
  EXPECT_EQ(first, 0x10);
  pair.reset();
  char rest[1000];
  ssize_t count = 1;
  while (count > 0) count = recv(ends[0], rest, sizeof(rest), 0);
  EXPECT_EQ(count, 0);
  close(ends[0]);
}

TEST_P(ClientConnector, GoesNotThroughAProxy) {
  Options options = MakeOptions();
  options.proxy = {.kind = ProxyKind::kSocks5, .host = "proxy", .port = 1};
  const auto made = MakeClient(std::move(options));
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().detail(), HasSubstr("connector"));
}

INSTANTIATE_TEST_SUITE_P(, ClientConnector, testing::Values(IoEngine::kAuto, IoEngine::kEpoll));

}  // namespace
}  // namespace ringmq::client
