// Finding the process that listens, with this one as the broker.
//
// SPDX-License-Identifier: Apache-2.0
#include "find_broker.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/scoped_fd.h"

namespace ringmq::bench {
namespace {

using base::ScopedFd;

// Where `fd` is bound to.
sockaddr_storage AddressOf(int fd) {
  sockaddr_storage address{};
  socklen_t size_bytes = sizeof(address);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size_bytes), 0);
  return address;
}

sockaddr_storage LoopbackV4() {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_storage address{};
  std::memcpy(&address, &v4, sizeof(v4));
  return address;
}

void Bind(int fd, const sockaddr_storage& address, socklen_t size_bytes) {
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), size_bytes), 0);
}

TEST(FindListener, KnowsWhoListensOnAPort) {
  const ScopedFd fd(socket(AF_INET, SOCK_STREAM, 0));
  Bind(fd.get(), LoopbackV4(), sizeof(sockaddr_in));
  const sockaddr_storage address = AddressOf(fd.get());
  const auto before = FindListener(address);
  ASSERT_FALSE(before.ok());
  EXPECT_EQ(before.status().message(), "nobody listens there");
  ASSERT_EQ(listen(fd.get(), 1), 0);
  const auto found = FindListener(address);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, getpid());
}

TEST(FindListener, KnowsWhoListensBehindAnAbstractName) {
  const ScopedFd fd(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_storage any{};
  any.ss_family = AF_UNIX;
  Bind(fd.get(), any, sizeof(sa_family_t));  // The kernel chooses.
  ASSERT_EQ(listen(fd.get(), 1), 0);
  const auto found = FindListener(AddressOf(fd.get()));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, getpid());
}

TEST(FindListener, LooksForNobodyOfAnotherMachine) {
  sockaddr_storage address = LoopbackV4();
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof(v4));
  v4.sin_addr.s_addr = htonl(0xc6336401);  // 198.51.100.1: nobody's.
  v4.sin_port = htons(1883);
  std::memcpy(&address, &v4, sizeof(v4));
  const auto found = FindListener(address);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().message(), "the broker runs on another machine");
}

}  // namespace
}  // namespace ringmq::bench
