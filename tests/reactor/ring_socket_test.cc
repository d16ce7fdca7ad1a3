// The part of the Ring contract that needs TCP: accepting and connecting over loopback.
//
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <set>

#include "reactor/listen.h"
#include "reactor/ring_fixture.h"

namespace ringmq::reactor {
namespace {

// A loopback listener and the address that reaches it.
struct Listener {
  Listener() : fd(ListenTcp("127.0.0.1", 0).value_or(-1)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(LocalPort(fd));
  }
  ~Listener() { Close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  void Close() {
    if (fd >= 0) close(fd);
    fd = -1;
  }
  [[nodiscard]] Op Connect(int from, uint64_t token) const {
    return {.code = OpCode::kConnect,
            .fd = from,
            .token = token,
            .address = &address,
            .address_size_bytes = sizeof(address)};
  }

  int fd;
  sockaddr_in address{};
};

int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

TEST_P(RingTest, AcceptsManyWithOneOperation) {
  const Listener listener;
  EXPECT_TRUE(Poll({{.code = OpCode::kAccept, .fd = listener.fd, .token = 1}}).empty());
  std::set<int> all;
  for (int i = 0; i < 10; ++i) {
    const int client = NewSocket();
    const auto seen = Collect({listener.Connect(client, 2)}, 2);
    EXPECT_EQ(Find(seen, 2).result, 0);
    EXPECT_TRUE(Find(seen, 1).more);
    const int accepted = Find(seen, 1).result;
    ASSERT_GE(accepted, 0);
    EXPECT_NE(fcntl(accepted, F_GETFD) & FD_CLOEXEC, 0);
    int no_delay = 0;
    socklen_t size_bytes = sizeof(no_delay);
    EXPECT_EQ(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size_bytes), 0);
    EXPECT_NE(no_delay, 0);
    all.insert({client, accepted});
  }
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(Find(Collect({Cancel(1, 3)}, 2), 1).result, -ECANCELED);
  for (const int fd : all) close(fd);
}

TEST_P(RingTest, TalksOverTcpAndSeesAnAbortAsAnError) {
  const Listener listener;
  const int client = NewSocket();
  const auto opened = Collect(
      {{.code = OpCode::kAccept, .fd = listener.fd, .token = 1}, listener.Connect(client, 2)}, 2);
  const int server = Find(opened, 1).result;
  const iovec slice = Slice("over tcp");
  const auto seen = Collect({RecvMultishot(server, 3), Send(client, 4, {&slice, 1})}, 2);
  EXPECT_EQ(Take(Find(seen, 3)), "over tcp");
  const linger abort = {.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(setsockopt(client, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)), 0);
  close(client);
  const auto ended = Collect({}, 1);
  EXPECT_EQ(ended[0].result, -ECONNRESET);
  EXPECT_FALSE(ended[0].more);
  close(server);
}

TEST_P(RingTest, AConnectThatIsRefusedSaysSo) {
  Listener listener;
  listener.Close();
  const int client = NewSocket();
  EXPECT_EQ(Collect({listener.Connect(client, 2)}, 1)[0].result, -ECONNREFUSED);
  close(client);
}

TEST_P(RingTest, AcceptOnWhatDoesNotListenFails) {
  const int fd = NewSocket();
  const auto seen = Collect({{.code = OpCode::kAccept, .fd = fd, .token = 1}}, 1);
  EXPECT_EQ(seen[0].result, -EINVAL);
  EXPECT_FALSE(seen[0].more);
  close(fd);
}

}  // namespace
}  // namespace ringmq::reactor
