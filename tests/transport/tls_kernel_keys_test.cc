// Goal: the kernel would go on exactly where user space stops. Method: be the kernel. Records that
// one end makes are opened with the keys of the other, and records that are made by hand with
// derived keys are given to it.
//
// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_kernel_keys.h"

#include <gmock/gmock.h>

#include <array>

#include "tls_by_hand.h"
#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

class TlsKernelKeysTest : public TlsTest {
 protected:
  TlsServerOptions KernelServer() {
    TlsServerOptions options = ServerOptions();
    options.protocol.record_layer = TlsRecordLayer::kOwn;
    return options;
  }
  TlsClientOptions KernelClient(const TlsCase& one) {
    TlsClientOptions options = ClientOptions();
    options.protocol.record_layer = TlsRecordLayer::kOwn;
    options.protocol.version_min = options.protocol.version_max = one.version;
    options.resume = false;
    (one.version == TlsVersion::k12 ? options.protocol.ciphers : options.protocol.ciphersuites) =
        one.cipher;
    return options;
  }

  static KernelKeys KeysOf(const TlsEnd& end) { return KernelKeysOf(end.layer->records()->keys()); }

  // `own` is an end that may move into the kernel; its peer may be one too, or OpenSSL.
  static void ExpectKeysFit(TlsEnd& own, TlsEnd& peer) {
    ASSERT_NE(own.layer->records(), nullptr);
    for (TlsEnd* const end : {&own, &peer}) {
      end->up.Clear();
      end->down.Clear();
    }
    const KernelKeys before = KeysOf(own);
    peer.Send("to the kernel");
    EXPECT_EQ(Open(before.rx, Text(peer.down)), "to the kernel");
    own.layer->Receive(peer.down.bytes(), own.up, own.down);
    EXPECT_EQ(Text(own.up), "to the kernel") << own.error();
    peer.down.Clear();
    own.Send("from user space");
    EXPECT_EQ(Open(before.tx, Text(own.down)), "from user space");
    peer.layer->Receive(own.down.bytes(), peer.up, peer.down);
    own.down.Clear();
    // From here on the kernel.
    peer.layer->Receive(Bytes(Seal(KeysOf(own).tx, ", from the kernel")), peer.up, peer.down);
    EXPECT_EQ(Text(peer.up), "from user space, from the kernel") << peer.error();
  }
};

TEST_F(TlsKernelKeysTest, FitTheRecordsRightAfterTheHandshake) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair(server, Client(KernelClient(one)));
    ASSERT_TRUE(pair.open()) << one.cipher;
    EXPECT_EQ(pair.server.facts().cipher, one.cipher);
    ExpectKeysFit(pair.server, pair.client);
    TlsPair other(server, Client(KernelClient(one)));
    ExpectKeysFit(other.client, other.server);
  }
}

TEST_F(TlsKernelKeysTest, FitAfterRecordsInBothDirections) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair(server, Client(KernelClient(one)), "localhost", 3);
    for (int i = 0; i < 300; ++i) pair.client.Send("x");
    pair.server.Send(std::string(50'000, 'y'));
    pair.Pump();
    ExpectKeysFit(pair.server, pair.client);
  }
}

TEST_F(TlsKernelKeysTest, FitWhateverTheNumberOfTickets) {
  for (const TlsCase& one : kTlsCases) {
    for (const int tickets : {0, 1, 2}) {
      TlsServerOptions options = KernelServer();
      options.tickets = tickets > 0;
      if (tickets > 0) options.ticket_count = static_cast<uint8_t>(tickets);
      TlsPair pair(Server(options), Client(KernelClient(one)));
      ASSERT_TRUE(pair.open());
      ExpectKeysFit(pair.server, pair.client);
      if (one.version != TlsVersion::k13) continue;
      TlsPair fresh(Server(options), Client(KernelClient(one)));
      EXPECT_EQ(PartsOf(KeysOf(fresh.server).tx).sequence, tickets);
    }
  }
}

TEST_F(TlsKernelKeysTest, FitAResumedConnection) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const TlsCase& one : kTlsCases) {
    TlsClientOptions options = KernelClient(one);
    options.resume = true;
    const TlsClientContextPtr client = Client(options);
    { const TlsPair first(server, client); }
    TlsPair pair(server, client);
    ASSERT_TRUE(pair.server.facts().resumed) << one.cipher;
    ExpectKeysFit(pair.server, pair.client);
  }
}

TEST_F(TlsKernelKeysTest, FitAConnectionWithAClientCertificate) {
  TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
  options.protocol.record_layer = TlsRecordLayer::kOwn;
  for (const TlsCase& one : kTlsCases) {
    TlsClientOptions client_options = KernelClient(one);
    client_options.key_pair = KeyPair("client", {.common_name = "device"});
    TlsPair pair(Server(options), Client(client_options));
    ASSERT_TRUE(pair.open());
    ExpectKeysFit(pair.server, pair.client);
  }
}

// A second ClientHello and another key share: the count of records must not be confused.
TEST_F(TlsKernelKeysTest, FitAfterAHelloRetryRequest) {
  TlsServerOptions options = KernelServer();
  options.protocol.curves = "P-384";
  TlsClientOptions client_options = KernelClient(kTlsCases[3]);
  client_options.protocol.curves = "X25519:P-384";
  TlsPair pair(Server(options), Client(client_options));
  ASSERT_TRUE(pair.open()) << pair.server.error();
  ExpectKeysFit(pair.server, pair.client);
}

TEST_F(TlsKernelKeysTest, MustWaitForTheRestOfARecord) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair(server, Client(KernelClient(one)));
    pair.client.Send("0123456789");
    const std::string record = Text(pair.client.down);
    pair.client.down.Clear();
    size_t given = 0;
    for (; given < record.size(); ++given) {
      EXPECT_EQ(pair.server.layer->record_bytes_missing() > 0, given > 0) << given;
      pair.server.layer->Receive(Bytes(record).subspan(given, 1), pair.server.up, pair.server.down);
    }
    EXPECT_EQ(Text(pair.server.up), "0123456789");
    ExpectKeysFit(pair.server, pair.client);
  }
}

TEST_F(TlsKernelKeysTest, AreNotThereIfNobodyAskedOrTheHandshakeIsNotDone) {
  const TlsPair plain(Server(ServerOptions()), Client(ClientOptions()));
  EXPECT_EQ(plain.server.layer->records(), nullptr);
  const auto opening = MakeServerLayer(Server(KernelServer()), Instant{});
  EXPECT_EQ(opening->records(), nullptr);
  TlsPair closed(Server(KernelServer()), Client(KernelClient(kTlsCases[3])));
  closed.server.layer->Close(closed.server.down);
  EXPECT_EQ(closed.server.layer->records(), nullptr);
}

TEST_F(TlsKernelKeysTest, AreNotThereForACipherThatTheKernelHasNot) {
  TlsServerOptions options = KernelServer();
  options.protocol.ciphers = "ECDHE-ECDSA-AES128-SHA256";
  TlsPair pair(Server(options),
               Client(KernelClient({TlsVersion::k12, "ECDHE-ECDSA-AES128-SHA256"})));
  ASSERT_TRUE(pair.open()) << pair.server.error();
  EXPECT_EQ(pair.server.layer->records(), nullptr);
  pair.client.Send("by OpenSSL");
  pair.Pump();
  EXPECT_EQ(Text(pair.server.up), "by OpenSSL");
}

TEST_F(TlsKernelKeysTest, FitAfterKeyUpdates) {
  TlsClientOptions client = KernelClient(kTlsCases[3]);
  client.protocol.record_layer = TlsRecordLayer::kOpenSsl;
  for (const int answer : {SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_NOT_REQUESTED}) {
    TlsPair pair(Server(KernelServer()), Client(client));
    const uint64_t sent = PartsOf(KeysOf(pair.server).tx).sequence;
    SSL_key_update(const_cast<SSL*>(pair.client.layer->ssl()), answer);
    pair.client.Send("with new keys");
    pair.Pump();
    EXPECT_EQ(Text(pair.server.up), "with new keys");
    EXPECT_EQ(PartsOf(KeysOf(pair.server).rx).sequence, 1u);
    EXPECT_EQ(PartsOf(KeysOf(pair.server).tx).sequence,
              answer == SSL_KEY_UPDATE_REQUESTED ? 0 : sent);
    ExpectKeysFit(pair.server, pair.client);
  }
}

TEST_F(TlsKernelKeysTest, AreWipedWhenCleared) {
  TlsPair pair(Server(KernelServer()), Client(KernelClient(kTlsCases[3])));
  KernelKeys keys = KeysOf(pair.server);
  EXPECT_NE(PartsOf(keys.tx).key, std::string(16, '\0'));
  keys.Clear();
  EXPECT_EQ(PartsOf(keys.tx).key, std::string(16, '\0'));
  EXPECT_EQ(PartsOf(keys.rx).key, std::string(16, '\0'));
}

}  // namespace
}  // namespace ringmq::transport
