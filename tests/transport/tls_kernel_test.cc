// What can be seen of kTLS on any kernel; the rest is in tls_kernel_vm.cc.
//
// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_kernel.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

using testing::HasSubstr;

// Two sockets that the kernel's TLS refuses: it is for TCP.
class TlsKernelTest : public TlsTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_.data()), 0);
  }
  void TearDown() override {
    close(fds_[0]);
    if (fds_[1] >= 0) close(fds_[1]);
  }
  std::array<int, 2> fds_ = {-1, -1};
};

TEST_F(TlsKernelTest, TriesEachCipherAndSaysWhyNot) {
  const std::vector<KernelTlsCipher> ciphers = ProbeKernelTls();
  ASSERT_EQ(ciphers.size(), 6u);
  EXPECT_EQ(ciphers.front().name, "TLS 1.2 AES-128-GCM");
  EXPECT_EQ(ciphers.back().name, "TLS 1.3 CHACHA20-POLY1305");
  for (const KernelTlsCipher& cipher : ciphers) {
    EXPECT_EQ(cipher.supported, cipher.reason.empty()) << cipher.name << cipher.reason;
  }
}

TEST_F(TlsKernelTest, WhereTheKernelRefusesUserSpaceGoesOn) {
  TlsServerOptions options = ServerOptions();
  options.protocol.record_layer = TlsRecordLayer::kKernel;
  TlsPair pair(Server(options), Client(ClientOptions()));
  EXPECT_EQ(pair.server.layer->MoveIntoKernel(fds_[0]), KernelMove::kNever);
  EXPECT_FALSE(pair.server.layer->is_transparent());
  pair.client.Send("ping");
  pair.server.Send("pong");
  pair.Pump();
  EXPECT_EQ(Text(pair.server.up), "ping");
  EXPECT_EQ(Text(pair.client.up), "pong");
}

TEST_F(TlsKernelTest, ALayerThatWasNotMadeForItStaysInUserSpace) {
  const TlsPair pair(Server(ServerOptions()), Client(ClientOptions()));
  EXPECT_EQ(pair.server.layer->MoveIntoKernel(fds_[0]), KernelMove::kNever);
}

TEST_F(TlsKernelTest, MovesBetweenTwoRecordsOnly) {
  TlsServerOptions options = ServerOptions();
  options.protocol.record_layer = TlsRecordLayer::kKernel;
  TlsPair pair(Server(options), Client(ClientOptions()));
  pair.client.Send("ping");
  pair.server.layer->Receive(pair.client.down.bytes().first(7), pair.server.up, pair.server.down);
  EXPECT_EQ(pair.server.layer->MoveIntoKernel(fds_[0]), KernelMove::kNotYet);
}

TEST_F(TlsKernelTest, DataBehindAnErrorIsNotLost) {
  ByteVector up;
  EXPECT_EQ(ReadControlRecord(fds_[0], TlsRole::kServer, up).record, ControlRecord::kNothing);
  ASSERT_EQ(send(fds_[1], "data", 4, 0), 4);
  EXPECT_EQ(ReadControlRecord(fds_[0], TlsRole::kServer, up).record, ControlRecord::kData);
  EXPECT_EQ(Text(up), "data");
  close(fds_[1]);
  fds_[1] = -1;
  const ControlResult end = ReadControlRecord(fds_[0], TlsRole::kServer, up);
  EXPECT_EQ(end.record, ControlRecord::kFailed);
  EXPECT_THAT(end.reason, HasSubstr("without close_notify"));
}

}  // namespace
}  // namespace ringmq::transport
