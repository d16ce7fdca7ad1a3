// Which layers a connection gets, by its listener and by who is at the other end.
//
// SPDX-License-Identifier: Apache-2.0
#include "broker/transports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "base/scoped_fd.h"
#include "transport/byte_vector.h"

namespace ringmq::broker {
namespace {

using base::ScopedFd;
using testing::HasSubstr;
using transport::LayerState;

Config OneListener(std::string trusted) {
  Config config;
  config.listeners[0].proxy_protocol = ProxyProtocol::kRequired;
  config.listeners[0].trusted_proxies = {std::move(trusted)};
  return config;
}

// What becomes of a PROXY header from the other end of this descriptor.
std::string AnswerToHeader(const Config& config, int fd) {
  const auto transports = Transports::Load(config);
  EXPECT_TRUE(transports.ok()) << transports.status();
  const std::unique_ptr<Tunnel> tunnel = (*transports)->Make(0, fd, Instant{});
  const std::string header = "PROXY TCP4 6.6.6.6 127.0.0.1 11 1883\r\n";
  transport::ByteVector up;
  transport::ByteVector down;
  tunnel->layers.Start(down);
  tunnel->layers.Receive({reinterpret_cast<const uint8_t*>(header.data()), header.size()}, up,
                         down);
  return tunnel->layers.state() == LayerState::kFailed ? std::string(tunnel->layers.error())
                                                       : "taken";
}

TEST(Transports, AProxyBehindAUnixSocketIsTrustedByThatName) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const ScopedFd one(ends[0]);
  const ScopedFd other(ends[1]);
  EXPECT_EQ(AnswerToHeader(OneListener("unix"), one.get()), "taken");
  EXPECT_THAT(AnswerToHeader(OneListener("127.0.0.1"), one.get()), HasSubstr("no trusted proxy"));
}

// getpeername() knows no address of it, as of a Unix socket.
TEST(Transports, APeerThatHasResetIsNoUnixSocket) {
  const ScopedFd listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size_bytes = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener.get(), any, size_bytes), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), any, &size_bytes), 0);
  {
    const ScopedFd client(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(connect(client.get(), any, size_bytes), 0);
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  const ScopedFd accepted(accept(listener.get(), nullptr, nullptr));
  ASSERT_GE(accepted.get(), 0);
  EXPECT_THAT(AnswerToHeader(OneListener("unix"), accepted.get()), HasSubstr("no trusted proxy"));
}

}  // namespace
}  // namespace ringmq::broker
