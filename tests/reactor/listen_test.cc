// SPDX-License-Identifier: Apache-2.0
#include "reactor/listen.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace ringmq::reactor {
namespace {

TEST(ListenTcp, TheKernelChoosesAPortAndTheDescriptorIsCloseOnExecAndNonBlocking) {
  const absl::StatusOr<int> fd = ListenTcp("127.0.0.1", 0);
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_GT(LocalPort(*fd), 0);
  EXPECT_NE(fcntl(*fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl(*fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(PeerName(*fd), "?");
  close(*fd);
}

TEST(ListenTcp, APortInUseIsRefusedWithItsNumber) {
  const absl::StatusOr<int> first = ListenTcp("127.0.0.1", 0);
  ASSERT_TRUE(first.ok());
  const uint16_t port = LocalPort(*first);
  const absl::StatusOr<int> second = ListenTcp("127.0.0.1", port);
  EXPECT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr(std::to_string(port)));
  close(*first);
}

TEST(ListenTcp, ShardsShareAPort) {
  const absl::StatusOr<int> first = ListenTcp("127.0.0.1", 0, {.reuse_port = true});
  ASSERT_TRUE(first.ok());
  const uint16_t port = LocalPort(*first);
  const absl::StatusOr<int> second = ListenTcp("127.0.0.1", port, {.reuse_port = true});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(LocalPort(*second), port);
  close(*first);
  close(*second);
}

TEST(ListenTcp, AnAddressThatIsNoneIsRefused) { EXPECT_FALSE(ListenTcp("256.1.1.1.1", 0).ok()); }

// Method: the same port once for IPv6 and once for IPv4, which dual-stack would forbid.
TEST(ListenTcp, Ipv6TakesNoIpv4) {
  // Somebody else on the machine may hold the same number for IPv4: then another is tried.
  constexpr int kAttemptsMax = 50;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const absl::StatusOr<int> v6 = ListenTcp("::", 0);
    if (!v6.ok()) GTEST_SKIP() << "no IPv6 here";
    const absl::StatusOr<int> v4 = ListenTcp("", LocalPort(*v6));
    close(*v6);
    if (!v4.ok()) continue;
    close(*v4);
    return;
  }
  ADD_FAILURE() << "IPv6 listeners take IPv4's ports";
}

TEST(PeerName, NamesTheOtherEnd) {
  const absl::StatusOr<int> listener = ListenTcp("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok());
  sockaddr_in address{};
  socklen_t size_bytes = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(getsockname(*listener, generic, &size_bytes), 0);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(client, generic, size_bytes), 0);
  EXPECT_EQ(PeerName(client), "127.0.0.1:" + std::to_string(LocalPort(*listener)));
  close(client);
  close(*listener);
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  EXPECT_EQ(PeerName(pair[0]), "unix");
  close(pair[0]);
  close(pair[1]);
}

}  // namespace
}  // namespace ringmq::reactor
