// The broker as a part of another program: start, stop, reload, figures.
//
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "broker/embed_fixture.h"
#include "ringmq/broker.h"

namespace ringmq {
namespace {

using testing_support::OnePort;
using testing_support::Peer;
using testing_support::StartOrDie;

size_t EntriesOf(const char* directory) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(Embedding, LeavesNeitherThreadNorDescriptorBehind) {
  { const Broker warm_up = StartOrDie(OnePort()); }
  const size_t threads = EntriesOf("/proc/self/task");
  const size_t descriptors = EntriesOf("/proc/self/fd");
  for (int i = 0; i < 20; ++i) {
    Broker broker = StartOrDie(OnePort());
    const Peer peer(broker.ports()[0], "peer");
    if (i % 2 == 0) broker.Stop();
  }
  EXPECT_EQ(EntriesOf("/proc/self/task"), threads);
  EXPECT_EQ(EntriesOf("/proc/self/fd"), descriptors);
}

TEST(Embedding, StopsInTimeAndClosesWhatDoesNotGoAway) {
  const size_t descriptors = EntriesOf("/proc/self/fd");
  {
    BrokerOptions options = OnePort(1);
    options.stop_timeout = std::chrono::milliseconds(100);
    Broker broker = StartOrDie(std::move(options));
    Peer deaf(broker.ports()[0], "deaf");
    deaf.Subscribe("t", 0);
    Peer loud(broker.ports()[0], "loud");
    const std::string payload(1'000'000, 'x');
    for (int i = 0; i < 12; ++i) loud.Publish("t", payload, 1);
    const auto begin = std::chrono::steady_clock::now();
    broker.Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  }
  EXPECT_EQ(EntriesOf("/proc/self/fd"), descriptors);
}

TEST(Embedding, ReadsItsRightsAgain) {
  const std::string path = testing::TempDir() + "embed_test_acl";
  const auto write = [&path](const char* text) { std::ofstream(path) << text; };
  write("topic readwrite a\n");
  BrokerOptions options = OnePort();
  options.acl_file = path;
  Broker broker = StartOrDie(std::move(options));
  Peer peer(broker.ports()[0], "peer");
  EXPECT_EQ(peer.Publish("b", "x", 1), 0x87);
  write("nonsense\n");
  EXPECT_FALSE(broker.Reload().ok());
  EXPECT_EQ(peer.Publish("a", "x", 1), 0x10);
  write("topic readwrite b\n");
  EXPECT_TRUE(broker.Reload().ok());
  EXPECT_EQ(peer.Publish("b", "x", 1), 0x10);
  std::filesystem::remove(path);
}

TEST(Embedding, HoldsSeveralBrokersThatShareNothing) {
  const Broker one = StartOrDie(OnePort());
  const Broker two = StartOrDie(OnePort());
  EXPECT_NE(one.ports()[0], two.ports()[0]);
  Peer at_one(one.ports()[0], "same");
  Peer at_two(two.ports()[0], "same");
  at_one.Subscribe("t", 0);
  at_two.Publish("t", "not for you", 0);
  at_one.Publish("t", "for you", 0);
  EXPECT_EQ(at_one.ReadPublish().payload, "for you");
  EXPECT_EQ(two.counters().publishes_sent, 0u);
}

TEST(Embedding, TellsItsFiguresWhileItRunsAndAfterwards) {
  Broker broker = StartOrDie(OnePort());
  {
    Peer peer(broker.ports()[0], "peer");
    peer.Subscribe("t", 1);
    peer.Publish("t", "four", 1);
    EXPECT_EQ(peer.ReadPublish().payload, "four");
    const BrokerCounters counters = broker.counters();
    EXPECT_EQ(counters.connections, 1);
    EXPECT_EQ(counters.sessions, 1);
    EXPECT_EQ(counters.subscriptions, 1);
    EXPECT_EQ(counters.publishes_received, 1u);
    EXPECT_EQ(counters.publish_bytes_received, 4u);
    EXPECT_EQ(counters.publishes_sent, 1u);
  }
  broker.Stop();
  EXPECT_TRUE(broker.stopped());
  const BrokerCounters counters = broker.counters();
  EXPECT_EQ(counters.connections, 0);
  EXPECT_EQ(counters.publishes_received, 1u);
  EXPECT_EQ(broker.Reload().error().code(), Errc::kStopped);
}

// What a server answers to these bytes, up to its end of the connection or `enough` bytes.
std::string Ask(uint16_t port, std::string_view bytes, size_t enough = SIZE_MAX) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  std::string answer;
  std::array<char, 1000> buffer{};
  for (ssize_t size = 1; size > 0 && answer.size() < enough;) {
    size = recv(fd, buffer.data(), buffer.size(), 0);
    if (size > 0) answer.append(buffer.data(), static_cast<size_t>(size));
  }
  close(fd);
  return answer;
}

TEST(Embedding, ServesMqttAndWebSocketOnOnePortAndCountsWhatIsWrong) {
  const Broker broker =
      StartOrDie({.listeners = {{.port = 0, .transport = BrokerTransport::kAny}}, .threads = 1});
  const uint16_t port = broker.ports()[0];
  const Peer plain(port, "plain");
  EXPECT_EQ(broker.counters().handshakes, 0u);
  const std::string upgrade =
      "GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: mqtt\r\n\r\n";
  EXPECT_TRUE(Ask(port, upgrade, 1).starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(broker.counters().handshakes, 1u);
  EXPECT_EQ(broker.counters().transport_errors, 0u);
  EXPECT_TRUE(Ask(port, "GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(broker.counters().handshakes, 1u);
  EXPECT_EQ(broker.counters().transport_errors, 1u);
}

TEST(Embedding, SaysWhatIsWrongWithItsOptions) {
  const auto unknown = BrokerOptions::FromToml("[limits]\nconections_max = 1\n");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), Errc::kInvalidArgument);
  EXPECT_NE(unknown.error().detail().find("configuration:2"), std::string::npos);

  const auto address = Broker::Start({.listeners = {{.address = "not an address"}}});
  ASSERT_FALSE(address.ok());
  EXPECT_EQ(address.error().code(), Errc::kInvalidArgument);

  const Broker first = StartOrDie(OnePort());
  const auto taken = Broker::Start({.listeners = {{.port = first.ports()[0]}}, .threads = 1});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code(), Errc::kSystem);
}

TEST(Embedding, RunsWithoutAnyListener) {
  Broker broker = StartOrDie({.links_only = true, .threads = 1});
  EXPECT_TRUE(broker.ports().empty());
  broker.Stop();
}

TEST(Embedding, MovesWithItsOwner) {
  Broker broker = StartOrDie(OnePort());
  const uint16_t port = broker.ports()[0];
  Broker moved = std::move(broker);
  const Peer peer(port, "peer");
  moved = StartOrDie(OnePort());  // The first one stops.
  EXPECT_NE(moved.ports()[0], port);
}

TEST(Embedding, KnowsTheUsersOfItsOptions) {
  BrokerOptions options = OnePort();
  options.users = {{.name = "ann", .password = "secret"}};
  const Broker broker = StartOrDie(std::move(options));
  EXPECT_EQ(Peer(broker.ports()[0], "a", "ann", "secret").connack(), 0);
  EXPECT_EQ(Peer(broker.ports()[0], "a", "ann", "wrong").connack(), 0x86);
}

}  // namespace
}  // namespace ringmq
