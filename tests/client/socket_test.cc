// What the kernel says of a socket with the options that the user asked for.
//
// SPDX-License-Identifier: Apache-2.0
#include "client/socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ringmq::client {
namespace {

Address Loopback(int family = AF_INET) {
  Address address;
  address.storage.ss_family = static_cast<sa_family_t>(family);
  address.size_bytes = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  return address;
}

class ClientSocket : public ::testing::Test {
 protected:
  ~ClientSocket() override {
    if (fd_ >= 0) close(fd_);
  }
  void Open(const SocketOptions& options) {
    const Expected<int> opened = OpenSocket(Loopback(), options);
    ASSERT_TRUE(opened.ok()) << Describe(opened.error());
    if (fd_ >= 0) close(fd_);
    fd_ = *opened;
  }
  [[nodiscard]] int Read(int level, int name) const {
    int value = -1;
    socklen_t size_bytes = sizeof(value);
    EXPECT_EQ(getsockopt(fd_, level, name, &value, &size_bytes), 0);
    return value;
  }

  int fd_ = -1;
};

TEST_F(ClientSocket, HasTheOptionsThatWereAskedFor) {
  Open({.no_delay = true,
        .send_buffer_bytes = 20'000,
        .receive_buffer_bytes = 30'000,
        .user_timeout = std::chrono::milliseconds(1234),
        .keep_alive = true});
  EXPECT_NE(Read(IPPROTO_TCP, TCP_NODELAY), 0);
  // The kernel doubles what it is asked for: room for its own bookkeeping. socket(7)
  EXPECT_EQ(Read(SOL_SOCKET, SO_SNDBUF), 40'000);
  EXPECT_EQ(Read(SOL_SOCKET, SO_RCVBUF), 60'000);
  EXPECT_EQ(Read(IPPROTO_TCP, TCP_USER_TIMEOUT), 1234);
  EXPECT_NE(Read(SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST_F(ClientSocket, IsLeftToTheKernelWhereNothingWasAskedFor) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int send_bytes = Read(SOL_SOCKET, SO_SNDBUF);
  const int receive_bytes = Read(SOL_SOCKET, SO_RCVBUF);
  Open({.no_delay = false});
  EXPECT_EQ(Read(IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(Read(SOL_SOCKET, SO_SNDBUF), send_bytes);
  EXPECT_EQ(Read(SOL_SOCKET, SO_RCVBUF), receive_bytes);
  EXPECT_EQ(Read(IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
  EXPECT_EQ(Read(SOL_SOCKET, SO_KEEPALIVE), 0);
  sockaddr_in own{};
  socklen_t size_bytes = sizeof(own);
  ASSERT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size_bytes), 0);
  EXPECT_EQ(own.sin_addr.s_addr, INADDR_ANY);
}

TEST_F(ClientSocket, StartsFromTheAddressThatWasAskedFor) {
  Open({.bind_address = "127.0.0.7"});
  sockaddr_in own{};
  socklen_t size_bytes = sizeof(own);
  ASSERT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size_bytes), 0);
  EXPECT_EQ(own.sin_addr.s_addr, inet_addr("127.0.0.7"));
}

TEST_F(ClientSocket, NamesTheAddressThatIsNotOurs) {
  const Expected<int> foreign = OpenSocket(Loopback(), {.bind_address = "192.0.2.1"});
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().system_errno(), EADDRNOTAVAIL);
  EXPECT_EQ(foreign.error().detail(), "bind_address '192.0.2.1'");
  const Expected<int> other = OpenSocket(Loopback(AF_INET6), {.bind_address = "127.0.0.1"});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().detail(), "bind_address '127.0.0.1' is not of the server's family");
}

// Since Linux 5.7 anybody may bind a socket that is not bound yet.
TEST_F(ClientSocket, GoesThroughTheDeviceThatWasAskedFor) {
  const Expected<int> opened = OpenSocket(Loopback(), {.bind_device = "lo"});
  if (!opened.ok() && opened.error().system_errno() == EPERM) GTEST_SKIP() << "not permitted";
  ASSERT_TRUE(opened.ok()) << Describe(opened.error());
  fd_ = *opened;
  char device[16] = {};
  socklen_t size_bytes = sizeof(device);
  ASSERT_EQ(getsockopt(fd_, SOL_SOCKET, SO_BINDTODEVICE, device, &size_bytes), 0);
  EXPECT_STREQ(device, "lo");
  const Expected<int> none = OpenSocket(Loopback(), {.bind_device = "no-such-device"});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().system_errno(), ENODEV);
  EXPECT_EQ(none.error().detail(), "bind_device 'no-such-device'");
}

}  // namespace
}  // namespace ringmq::client
