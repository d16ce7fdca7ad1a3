// Happy Eyeballs, with the kernel played by the test.
//
// SPDX-License-Identifier: Apache-2.0
#include "client/dialer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

namespace ringmq::client {
namespace {

constexpr uint64_t kFirst = 1000;

Address V4(uint16_t port) {
  Address address;
  auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
  in->sin_family = AF_INET;
  in->sin_port = htons(port);
  in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.size_bytes = sizeof(*in);
  return address;
}

Address V6(uint16_t port) {
  Address address;
  auto* in = reinterpret_cast<sockaddr_in6*>(&address.storage);
  in->sin6_family = AF_INET6;
  in->sin6_port = htons(port);
  in->sin6_addr = in6addr_loopback;
  address.size_bytes = sizeof(*in);
  return address;
}

struct Stage {
  // One turn; returns the operations that it begins.
  std::vector<reactor::Op> Turn(Duration later = {}) {
    now = now + later;
    std::vector<reactor::Op> ops;
    dialer.Turn(now, ops);
    return ops;
  }
  void Complete(const reactor::Op& op, int result) {
    dialer.OnCompletion({.token = op.token, .result = result});
  }

  Dialer dialer{kFirst};
  Instant now = Instant{} + kSecond;
};

TEST(Dialer, TriesTheNextWhenTheFirstIsSilentAndDropsTheLoser) {
  Stage stage;
  stage.dialer.Start({V6(1), V4(2)}, {}, stage.now);
  const auto first = stage.Turn();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].code, reactor::OpCode::kConnect);
  EXPECT_TRUE(stage.Turn(100 * kMillisecond).empty());
  EXPECT_EQ(stage.dialer.next_deadline(), Instant{} + kSecond + Dialer::kAttemptDelay);
  const auto second = stage.Turn(150 * kMillisecond);
  ASSERT_EQ(second.size(), 1u);
  stage.Complete(second[0], 0);
  const int fd = stage.dialer.TakeConnected();
  EXPECT_EQ(fd, second[0].fd);
  // It has its answer, and the other is called off.
  const auto cancels = stage.Turn();
  ASSERT_EQ(cancels.size(), 1u);
  EXPECT_EQ(cancels[0].code, reactor::OpCode::kCancel);
  EXPECT_EQ(cancels[0].target, first[0].token);
  EXPECT_FALSE(stage.dialer.idle());
  stage.Complete(first[0], -ECANCELED);
  stage.Complete(cancels[0], 0);
  EXPECT_TRUE(stage.dialer.idle());
  EXPECT_FALSE(stage.dialer.error().has_value());
  close(fd);
}

TEST(Dialer, DoesNotWaitWhenTheFirstIsRefused) {
  Stage stage;
  stage.dialer.Start({V4(1), V4(2)}, {}, stage.now);
  const auto first = stage.Turn();
  stage.Complete(first[0], -ECONNREFUSED);
  const auto second = stage.Turn();
  ASSERT_EQ(second.size(), 1u);
  stage.Complete(second[0], 0);
  close(stage.dialer.TakeConnected());
}

TEST(Dialer, SaysWhyTheLastOneFailed) {
  Stage stage;
  stage.dialer.Start({V4(1), V6(2)}, {}, stage.now);
  stage.Complete(stage.Turn()[0], -ECONNREFUSED);
  stage.Complete(stage.Turn()[0], -ENETUNREACH);
  EXPECT_TRUE(stage.Turn().empty());
  ASSERT_TRUE(stage.dialer.error().has_value());
  EXPECT_EQ(stage.dialer.error()->system_errno(), ENETUNREACH);
  EXPECT_EQ(stage.dialer.error()->detail(), "[::1]:2");
  EXPECT_TRUE(stage.dialer.idle());
}

TEST(Dialer, TriesNobodyElseOnceItHasAnAnswer) {
  Stage stage;
  stage.dialer.Start({V4(1), V4(2), V4(3)}, {}, stage.now);
  stage.Complete(stage.Turn()[0], 0);
  close(stage.dialer.TakeConnected());
  EXPECT_TRUE(stage.Turn(10 * kSecond).empty());
  EXPECT_TRUE(stage.dialer.idle());
}

// Both answer at the same moment: one is kept, the other is closed.
TEST(Dialer, KeepsOneOfTwoThatAnswer) {
  Stage stage;
  stage.dialer.Start({V4(1), V4(2)}, {}, stage.now);
  const auto first = stage.Turn();
  const auto second = stage.Turn(Dialer::kAttemptDelay);
  stage.Complete(second[0], 0);
  stage.Complete(first[0], 0);
  const int fd = stage.dialer.TakeConnected();
  EXPECT_EQ(fd, second[0].fd);
  EXPECT_EQ(fcntl(first[0].fd, F_GETFD), -1);
  EXPECT_TRUE(stage.dialer.idle());
  close(fd);
}

TEST(Addresses, TakeTurns) {
  const auto mixed = Interleave({V6(1), V6(2), V6(3), V4(4), V4(5)});
  std::vector<std::string> names;
  for (const Address& address : mixed) names.push_back(NameOf(address));
  EXPECT_EQ(names, (std::vector<std::string>{"[::1]:1", "127.0.0.1:4", "[::1]:2", "127.0.0.1:5",
                                             "[::1]:3"}));
}

TEST(Addresses, OfUnixSockets) {
  EXPECT_EQ(NameOf(*UnixAddress("/run/mqtt.sock")), "/run/mqtt.sock");
  EXPECT_EQ(NameOf(*UnixAddress("@abstract")), "@abstract");
  EXPECT_FALSE(UnixAddress(std::string(200, 'x')).has_value());
  EXPECT_FALSE(UnixAddress("").has_value());
}

}  // namespace
}  // namespace ringmq::client
