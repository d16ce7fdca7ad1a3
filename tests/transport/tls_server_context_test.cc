// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_server_context.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tls_fixture.h"
#include "transport/tls_names.h"

namespace ringmq::transport {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class TlsServerContextTest : public TlsTest {
 protected:
  // The common name of the certificate that a client gets which asks for `name`.
  static std::string Shown(const TlsServerContextPtr& server, const std::string& name,
                           const std::string& ciphers = "") {
    TlsClientOptions options;
    options.insecure = true;
    options.protocol.version_max = TlsVersion::k12;
    options.protocol.ciphers = ciphers;
    const TlsPair pair(server, Client(options), name);
    EXPECT_TRUE(pair.open()) << pair.server.error();
    if (!pair.open()) return "";
    EXPECT_EQ(pair.server.facts().server_name, name);
    return TlsCertificateFacts(SSL_get0_peer_certificate(pair.client.layer->ssl())).common_name;
  }

  TlsClientOptions ClientWith(const TlsKeyPair& key_pair, TlsVersion version) {
    TlsClientOptions options = ClientOptions();
    options.key_pair = key_pair;
    options.protocol.version_min = options.protocol.version_max = version;
    return options;
  }
};

TEST_F(TlsServerContextTest, SaysWhichFileIsMissingOrBroken) {
  TlsServerOptions options = ServerOptions();
  options.key_pairs[0].certificate_file = "/none.crt";
  EXPECT_EQ(Refusal(options), "cannot read the certificate /none.crt: No such file or directory");
  options = ServerOptions();
  options.key_pairs[0].key_file = "/none.key";
  EXPECT_EQ(Refusal(options), "cannot read the key /none.key: No such file or directory");
  options = ServerOptions();
  options.key_pairs[0].certificate_file = folder_.Write("empty.crt", "");
  EXPECT_EQ(Refusal(options), "no certificate in " + folder_.path() + "/empty.crt");
  options = ServerOptions();
  options.key_pairs[0].key_file = ca_file_;
  EXPECT_THAT(Refusal(options), HasSubstr("no usable private key in " + ca_file_));
  options = ServerOptions();
  options.key_pairs[0].certificate_file = folder_.path();
  EXPECT_THAT(Refusal(options), HasSubstr("Is a directory"));
  options = MutualOptions(ClientCertificates::kRequired);
  options.trust.ca_file = "/none.ca";
  EXPECT_EQ(Refusal(options), "cannot read the authorities /none.ca: No such file or directory");
  options.trust = {.ca_file = ca_file_, .crl_file = ca_file_};
  EXPECT_EQ(Refusal(options), "no revocation list in " + ca_file_);
  options.trust = {.ca_path = "/none.d"};
  EXPECT_EQ(Refusal(options), "cannot read the authorities in /none.d: No such file or directory");
  options.trust = {.ca_path = folder_.path()};
  EXPECT_EQ(Refusal(options),
            "no authorities in " + folder_.path() + ": has `openssl rehash` made their links?");
  const support::PemFolder directory;
  directory.Write("0123abcd.0", authority_.certificate());
  const std::string damaged = directory.Write("0123abcd.r1", "-----BEGIN X509 CRL-----\nQ");
  options.trust = {.ca_path = directory.path()};
  EXPECT_THAT(Refusal(options), HasSubstr(damaged + ":1: block 1 (X509 CRL) is damaged"));
  options.trust = {.ca_path = ca_file_};
  EXPECT_EQ(Refusal(options), ca_file_ + " is not a directory");
}

TEST_F(TlsServerContextTest, SaysThatAKeyBelongsToAnotherCertificate) {
  TlsServerOptions options = ServerOptions();
  const TlsKeyPair other = KeyPair("other", {.common_name = "other"});
  options.key_pairs[0].key_file = other.key_file;
  EXPECT_EQ(Refusal(options), "the key in " + other.key_file +
                                  " does not belong to the certificate " +
                                  options.key_pairs[0].certificate_file);
}

TEST_F(TlsServerContextTest, SaysWhatIsWrongWithAPassword) {
  TlsServerOptions options = ServerOptions();
  options.key_pairs = {KeyPair("locked", {.common_name = "a", .key_password = "sesame"})};
  const std::string path = options.key_pairs[0].key_file;
  EXPECT_EQ(Refusal(options), "the key in " + path + " is encrypted and no password is given");
  options.key_pairs[0].key_password = "abracadabra";
  EXPECT_EQ(Refusal(options), "wrong password for the key in " + path);
  options.key_pairs[0].key_password = "sesame";
  EXPECT_NE(Server(options), nullptr);
}

TEST_F(TlsServerContextTest, RefusesOptionsThatMakeNoSense) {
  EXPECT_EQ(Refusal(TlsServerOptions{}), "a TLS listener needs a certificate or a file of keys");
  TlsServerOptions options = ServerOptions();
  options.client_certificates = ClientCertificates::kOptional;
  EXPECT_THAT(Refusal(options), HasSubstr("no authority"));
  options = ServerOptions();
  options.protocol.version_min = TlsVersion::k13;
  options.protocol.version_max = TlsVersion::k12;
  EXPECT_EQ(Refusal(options), "the least TLS version is above the greatest");
  options = ServerOptions();
  options.protocol.ciphers = "NONSENSE";
  EXPECT_EQ(Refusal(options), "no usable cipher in \"NONSENSE\"");
  options = ServerOptions();
  options.protocol.ciphersuites = "NONSENSE";
  EXPECT_EQ(Refusal(options), "unknown TLS 1.3 cipher in \"NONSENSE\"");
  options = ServerOptions();
  options.protocol.curves = "P-17";
  EXPECT_EQ(Refusal(options), "unknown curve in \"P-17\"");
  options = ServerOptions();
  options.protocol.alpn = {""};
  EXPECT_EQ(Refusal(options), "an ALPN name must have 1 to 255 bytes");
  options = ServerOptions();
  options.ticket_count = 3;
  EXPECT_EQ(Refusal(options), "the number of tickets must be 1 or 2");
  options = ServerOptions();
  options.ticket_lifetime = 8 * 24 * 3600 * kSecond;
  EXPECT_EQ(Refusal(options), "tickets must live between a second and a week");
}

TEST_F(TlsServerContextTest, WarnsOfACertificateThatIsNotValidToday) {
  TlsServerOptions options = ServerOptions();
  EXPECT_THAT(Server(options)->warnings(), SizeIs(0));
  options.key_pairs.push_back(
      KeyPair("old", {.common_name = "old", .valid_from_days = -20, .valid_until_days = -10}));
  options.key_pairs.push_back(KeyPair("new", {.common_name = "new", .valid_from_days = 10}));
  EXPECT_THAT(
      Server(options)->warnings(),
      ElementsAre(HasSubstr("old.crt expired on 20"), HasSubstr("new.crt is not valid before 20")));
}

TEST_F(TlsServerContextTest, ReadsCertificateAndKeyFromOneFile) {
  const support::Issued issued = authority_.Issue({.common_name = "localhost"});
  TlsServerOptions options;
  options.key_pairs = {
      {.certificate_file = folder_.Write("both.pem", issued.certificate + issued.key)}};
  const TlsPair pair(Server(options), Client(ClientOptions()));
  EXPECT_TRUE(pair.open()) << pair.client.error();
}

TEST_F(TlsServerContextTest, ChoosesTheCertificateByTheNameAskedFor) {
  TlsServerOptions options;
  options.key_pairs = {
      KeyPair("first", {.common_name = "first", .dns_names = {"first.org"}}),
      KeyPair("second", {.common_name = "second", .dns_names = {"second.org", "*.second.org"}}),
      KeyPair("third", {.common_name = "third", .dns_names = {"x.second.org"}}),
      KeyPair("fourth", {.common_name = "fourth.org"}),
  };
  const TlsServerContextPtr server = Server(options);
  EXPECT_EQ(Shown(server, "first.org"), "first");
  EXPECT_EQ(Shown(server, "second.org"), "second");
  EXPECT_EQ(Shown(server, "a.second.org"), "second");
  EXPECT_EQ(Shown(server, "x.second.org"), "third");     // Exact before wildcard.
  EXPECT_EQ(Shown(server, "a.b.second.org"), "first");   // A wildcard is one label.
  EXPECT_EQ(Shown(server, "fourth.org"), "fourth.org");  // By its common name.
  EXPECT_EQ(Shown(server, "nobody.org"), "first");
}

TEST_F(TlsServerContextTest, FoldsTheNameAskedFor) {
  TlsServerOptions options = ServerOptions();
  options.key_pairs.push_back(
      KeyPair("b", {.common_name = "b", .dns_names = {"Broker.Example.org"}}));
  EXPECT_EQ(Shown(Server(options), "broker.example.org"), "b");
}

TEST_F(TlsServerContextTest, CertificatesOfTwoKindsWithTheSameNamesBelongTogether) {
  TlsServerOptions options;
  options.key_pairs = {
      KeyPair("ec", {.common_name = "ec", .dns_names = {"localhost"}}),
      KeyPair("rsa", {.common_name = "rsa",
                      .dns_names = {"localhost"},
                      .key_kind = support::KeyKind::kRsa2048}),
  };
  const TlsServerContextPtr server = Server(options);
  EXPECT_EQ(Shown(server, "localhost", "ECDHE-ECDSA-AES128-GCM-SHA256"), "ec");
  EXPECT_EQ(Shown(server, "localhost", "ECDHE-RSA-AES128-GCM-SHA256"), "rsa");
}

TEST_F(TlsServerContextTest, TakesNoCertificateUnlessAsked) {
  const TlsKeyPair device = KeyPair("device", {.common_name = "device"});
  for (const TlsVersion version : kVersions) {
    const TlsPair pair(Server(ServerOptions()), Client(ClientWith(device, version)));
    ASSERT_TRUE(pair.open());
    EXPECT_FALSE(pair.server.facts().has_certificate);
  }
}

TEST_F(TlsServerContextTest, TellsWhoAClientIs) {
  const TlsKeyPair device = KeyPair("device", {.common_name = "Gerät 1, \"x\"",
                                               .organization = "Acme",
                                               .dns_names = {"d1.local"},
                                               .email_addresses = {"d1@acme.org"},
                                               .uris = {"urn:device:1"}});
  for (const TlsVersion version : kVersions) {
    const TlsPair pair(Server(MutualOptions(ClientCertificates::kRequired)),
                       Client(ClientWith(device, version)));
    ASSERT_TRUE(pair.open()) << pair.server.error();
    const TlsFacts facts = pair.server.facts();
    EXPECT_TRUE(facts.used);
    EXPECT_FALSE(facts.resumed);
    EXPECT_EQ(facts.version, version == TlsVersion::k12 ? "TLSv1.2" : "TLSv1.3");
    EXPECT_EQ(facts.cipher, version == TlsVersion::k12 ? "ECDHE-ECDSA-AES256-GCM-SHA384"
                                                       : "TLS_AES_256_GCM_SHA384");
    EXPECT_EQ(facts.server_name, "localhost");
    EXPECT_EQ(facts.alpn, "mqtt");
    EXPECT_EQ(facts.psk_identity, "");
    ASSERT_TRUE(facts.has_certificate);
    EXPECT_EQ(facts.certificate.common_name, "Gerät 1, \"x\"");
    EXPECT_EQ(facts.certificate.distinguished_name, "CN=Gerät 1\\, \\\"x\\\",O=Acme");
    EXPECT_THAT(facts.certificate.dns_names, ElementsAre("d1.local"));
    EXPECT_THAT(facts.certificate.email_addresses, ElementsAre("d1@acme.org"));
    EXPECT_THAT(facts.certificate.uris, ElementsAre("urn:device:1"));
    EXPECT_THAT(facts.certificate.fingerprint_sha256, SizeIs(64));
    EXPECT_EQ(pair.client.facts().certificate.common_name, "server");
  }
}

TEST_F(TlsServerContextTest, AnOptionalCertificateMayBeMissing) {
  for (const TlsVersion version : kVersions) {
    const TlsPair pair(Server(MutualOptions(ClientCertificates::kOptional)),
                       Client(ClientWith({}, version)));
    ASSERT_TRUE(pair.open());
    EXPECT_FALSE(pair.server.facts().has_certificate);
  }
}

TEST_F(TlsServerContextTest, ARequiredCertificateMayNotBeMissing) {
  for (const TlsVersion version : kVersions) {
    const TlsPair pair(Server(MutualOptions(ClientCertificates::kRequired)),
                       Client(ClientWith({}, version)));
    EXPECT_EQ(pair.server.state(), LayerState::kFailed);
    EXPECT_EQ(pair.server.error(), "client showed no certificate");
    EXPECT_EQ(pair.client.state(), LayerState::kFailed);
    EXPECT_THAT(pair.client.error(), HasSubstr("client certificate"));
  }
}

TEST_F(TlsServerContextTest, RefusesACertificateOfAnUnknownAuthority) {
  support::Authority stranger("Stranger");
  const TlsKeyPair device = Write("device", stranger.Issue({.common_name = "dev\nice"}));
  for (const auto certificates : {ClientCertificates::kOptional, ClientCertificates::kRequired}) {
    for (const TlsVersion version : kVersions) {
      const TlsPair pair(Server(MutualOptions(certificates)), Client(ClientWith(device, version)));
      EXPECT_EQ(pair.server.error(),
                "client certificate of 'dev?ice' not trusted: unknown authority");
      EXPECT_EQ(pair.client.error(), "server does not trust the authority of our certificate");
    }
  }
}

TEST_F(TlsServerContextTest, RefusesAnExpiredCertificate) {
  const TlsKeyPair device =
      KeyPair("device", {.common_name = "old", .valid_from_days = -20, .valid_until_days = -10});
  const TlsPair pair(Server(MutualOptions(ClientCertificates::kRequired)),
                     Client(ClientWith(device, TlsVersion::k13)));
  EXPECT_THAT(pair.server.error(), HasSubstr("client certificate of 'old' expired on 20"));
  EXPECT_EQ(pair.client.error(), "server refused our certificate: expired");
}

TEST_F(TlsServerContextTest, RefusesARevokedCertificateAndNoOther) {
  const support::Issued bad = authority_.Issue({.common_name = "bad"});
  const TlsKeyPair good = KeyPair("good", {.common_name = "good"});
  TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
  options.trust.crl_file = folder_.Write("list.crl", authority_.RevocationList({bad.serial}));
  for (const TlsVersion version : kVersions) {
    const TlsPair refused(Server(options), Client(ClientWith(Write("bad", bad), version)));
    EXPECT_EQ(refused.server.error(), "client certificate of 'bad' is revoked");
    EXPECT_EQ(refused.client.error(), "server refused our certificate: revoked");
    EXPECT_TRUE(TlsPair(Server(options), Client(ClientWith(good, version))).open());
  }
}

TEST_F(TlsServerContextTest, ANeededRevocationListMustBeThere) {
  support::Authority other("Other CA");
  TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
  options.trust.crl_file = folder_.Write("list.crl", other.RevocationList({1}));
  const TlsPair pair(Server(options),
                     Client(ClientWith(KeyPair("d", {.common_name = "d"}), TlsVersion::k13)));
  EXPECT_EQ(pair.server.error(),
            "client certificate of 'd' not trusted: no revocation list of its authority");
}

TEST_F(TlsServerContextTest, AgreesOnAnApplicationProtocolOrRefuses) {
  TlsServerOptions options = ServerOptions();
  options.protocol.alpn = {"mqtt", "http/1.1"};
  TlsClientOptions client_options = ClientOptions();
  client_options.protocol.alpn = {"h2", "http/1.1"};
  {
    const TlsPair pair(Server(options), Client(client_options));
    ASSERT_TRUE(pair.open());
    EXPECT_EQ(pair.server.facts().alpn, "http/1.1");
    EXPECT_EQ(pair.client.facts().alpn, "http/1.1");
  }
  client_options.protocol.alpn = {"h2"};
  {
    const TlsPair pair(Server(options), Client(client_options));
    EXPECT_EQ(pair.server.error(), "client offers none of our ALPN protocols");
    EXPECT_EQ(pair.client.error(), "server speaks none of our ALPN protocols");
  }
  client_options.protocol.alpn = {};  // Most clients do not say anything.
  {
    const TlsPair pair(Server(options), Client(client_options));
    ASSERT_TRUE(pair.open());
    EXPECT_EQ(pair.server.facts().alpn, "");
  }
  client_options.protocol.alpn = {"h2"};
  options.protocol.alpn = {};  // And a server need not care.
  EXPECT_TRUE(TlsPair(Server(options), Client(client_options)).open());
}

TEST_F(TlsServerContextTest, WritesAKeyLogForItsOwner) {
  TlsServerOptions options = ServerOptions();
  options.protocol.keylog_file = folder_.path() + "/keys.log";
  ASSERT_TRUE(TlsPair(Server(options), Client(ClientOptions())).open());
  EXPECT_EQ(std::filesystem::status(options.protocol.keylog_file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::ifstream file(options.protocol.keylog_file);
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(log, HasSubstr("CLIENT_TRAFFIC_SECRET_0 "));
  EXPECT_THAT(log, HasSubstr("SERVER_HANDSHAKE_TRAFFIC_SECRET "));
  options.protocol.keylog_file = "/none/keys.log";
  EXPECT_EQ(Refusal(options), "cannot write the key log /none/keys.log: No such file or directory");
}

}  // namespace
}  // namespace ringmq::transport
