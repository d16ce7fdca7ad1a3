// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_psk.h"

#include <gmock/gmock.h>

#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

using testing::HasSubstr;

class TlsPskTest : public TlsTest {
 protected:
  static constexpr const char* kKey = "00112233445566778899aabbccddeeff";

  TlsServerOptions PskServer() {
    TlsServerOptions options;
    options.psk_file = folder_.Write("psk",
                                     "# devices\n\nalice:00112233445566778899AABBCCDDEEFF\n"
                                     "bob smith:ffffffffffffffffffff\r\n");
    return options;
  }
  TlsServerOptions PskServerWithCertificate() {
    TlsServerOptions options = PskServer();
    options.key_pairs = ServerOptions().key_pairs;
    return options;
  }
  TlsClientOptions PskClient(TlsVersion version, const std::string& identity = "alice",
                             const std::string& key = kKey) {
    TlsClientOptions options = ClientOptions();
    options.psk_identity = identity;
    options.psk_hex_key = key;
    options.protocol.version_min = options.protocol.version_max = version;
    return options;
  }

  // What a client that came with a key may resume.
  TlsSession SessionOf(const TlsServerContextPtr& server, TlsVersion version) {
    const TlsPair pair(server, Client(PskClient(version)));
    EXPECT_TRUE(pair.open());
    TlsSession session(SSL_get1_session(const_cast<SSL*>(pair.client.layer->ssl())));
    EXPECT_EQ(SSL_SESSION_is_resumable(session.get()), 1);
    return session;
  }
  // A client that has such a session, but no good key any more.
  TlsPair Resume(const TlsServerContextPtr& server, const TlsSession& session, TlsVersion version) {
    auto client = MakeClientLayer(Client(PskClient(version, "nobody")), "localhost", 1);
    const TlsSession own(SSL_SESSION_dup(session.get()));
    SSL_set_session(const_cast<SSL*>(client->ssl()), own.get());
    return {MakeServerLayer(server, Instant{}), std::move(client)};
  }
};

TEST_F(TlsPskTest, AKeyTakesTheCertificatesPlace) {
  for (const TlsVersion version : kVersions) {
    for (const bool with_certificate : {false, true}) {
      const TlsServerContextPtr server =
          Server(with_certificate ? PskServerWithCertificate() : PskServer());
      TlsPair pair(server, Client(PskClient(version)));
      ASSERT_TRUE(pair.open()) << pair.server.error() << pair.client.error();
      const TlsFacts facts = pair.server.facts();
      EXPECT_EQ(facts.psk_identity, "alice");
      EXPECT_FALSE(facts.resumed);
      EXPECT_FALSE(facts.has_certificate);
      pair.client.Send("ping");
      pair.Pump();
      EXPECT_EQ(Text(pair.server.up), "ping");
    }
  }
}

TEST_F(TlsPskTest, TellsIdentitiesApart) {
  for (const TlsVersion version : kVersions) {
    const TlsPair pair(Server(PskServer()),
                       Client(PskClient(version, "bob smith", "ffffffffffffffffffff")));
    ASSERT_TRUE(pair.open()) << pair.server.error();
    EXPECT_EQ(pair.server.facts().psk_identity, "bob smith");
  }
}

TEST_F(TlsPskTest, RefusesAWrongKey) {
  for (const TlsVersion version : kVersions) {
    const TlsPair pair(Server(PskServerWithCertificate()),
                       Client(PskClient(version, "alice", "ffffffffffffffffffff")));
    EXPECT_EQ(pair.server.state(), LayerState::kFailed);
    EXPECT_THAT(pair.server.error(), HasSubstr("pre-shared key"));
    EXPECT_THAT(pair.client.error(), HasSubstr("wrong pre-shared key"));
  }
}

TEST_F(TlsPskTest, RefusesAnUnknownIdentity) {
  {
    const TlsPair pair(Server(PskServer()), Client(PskClient(TlsVersion::k12, "eve")));
    EXPECT_EQ(pair.server.error(), "client's pre-shared key identity is unknown");
    EXPECT_THAT(pair.client.error(), HasSubstr("pre-shared key"));
  }
  {
    // TLS 1.3 has no word for it; without a certificate there is nothing left to agree on.
    const TlsPair pair(Server(PskServer()), Client(PskClient(TlsVersion::k13, "eve")));
    EXPECT_EQ(pair.server.state(), LayerState::kFailed);
  }
}

TEST_F(TlsPskTest, AnUnknownIdentityMayStillUseCertificatesWithTls13) {
  const TlsPair pair(Server(PskServerWithCertificate()), Client(PskClient(TlsVersion::k13, "eve")));
  ASSERT_TRUE(pair.open());
  EXPECT_EQ(pair.server.facts().psk_identity, "");
}

TEST_F(TlsPskTest, AClientWithoutAKeyUsesTheCertificate) {
  for (const TlsVersion version : kVersions) {
    TlsClientOptions options = ClientOptions();
    options.protocol.version_max = version;
    const TlsPair pair(Server(PskServerWithCertificate()), Client(options));
    ASSERT_TRUE(pair.open());
    EXPECT_EQ(pair.server.facts().psk_identity, "");
  }
}

// A cipher with another hash than the key's: the key cannot be used, so its name means nothing.
TEST_F(TlsPskTest, AnIdentityThatWasNotUsedIsNotReported) {
  TlsServerOptions options = PskServerWithCertificate();
  options.protocol.ciphersuites = "TLS_AES_256_GCM_SHA384";
  const TlsPair pair(Server(options), Client(PskClient(TlsVersion::k13)));
  ASSERT_TRUE(pair.open()) << pair.server.error();
  EXPECT_EQ(pair.server.facts().psk_identity, "");
}

TEST_F(TlsPskTest, ATicketKeepsTheIdentity) {
  for (const TlsVersion version : kVersions) {
    const TlsServerContextPtr server = Server(PskServer());
    const TlsSession session = SessionOf(server, version);
    const TlsPair pair = Resume(server, session, version);
    ASSERT_TRUE(pair.open()) << pair.server.error();
    EXPECT_EQ(pair.server.facts().psk_identity, "alice");
  }
}

// A ticket stands for the key that its connection was made with.
TEST_F(TlsPskTest, ATicketEndsWithItsKey) {
  for (const TlsVersion version : kVersions) {
    TlsServerOptions options = PskServer();
    const TlsServerContextPtr before = Server(options);
    const TlsSession session = SessionOf(before, version);
    for (const auto& [text, still_good] :
         {std::pair("alice:00112233445566778899aabbccddeeff\n", true),
          std::pair("alice:00112233445566778899aabbccddeefe\n", false),
          std::pair("carol:00112233445566778899aabbccddeeff\n", false)}) {
      options.psk_file = folder_.Write("psk", text);
      const TlsServerContextPtr after = Server(options, before->ticket_keys());
      EXPECT_EQ(Resume(after, session, version).open(), still_good) << text;
    }
  }
}

TEST_F(TlsPskTest, SaysWhereAFileIsWrong) {
  const std::pair<std::string, const char*> kCases[] = {
      {"alice\n", "psk:1: expected"},
      {"a:0011223344556677\n:00112233445566778899\n", "psk:2: expected"},
      {"a:001122334455667\n", "psk:1: the key must be an even number of hexadecimal digits"},
      {"a:00112233445566zz\n", "psk:1: the key must be an even number of hexadecimal digits"},
      {"\na:00112233\n", "psk:2: the key must have 8 to 512 bytes"},
      {"a:" + std::string(1026, '0'), "psk:1: the key must have 8 to 512 bytes"},
      {std::string(257, 'a') + ":00112233445566778899", "psk:1: expected"},
  };
  for (const auto& [text, expected] : kCases) {
    TlsServerOptions options = PskServer();
    options.psk_file = folder_.Write("psk", text);
    EXPECT_THAT(Refusal(options), HasSubstr(expected));
  }
  TlsServerOptions options = PskServer();
  options.psk_file = "/none.psk";
  EXPECT_EQ(Refusal(options),
            "cannot read the pre-shared keys /none.psk: No such file or directory");
}

}  // namespace
}  // namespace ringmq::transport
