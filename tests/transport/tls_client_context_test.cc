// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_client_context.h"

#include <gmock/gmock.h>

#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class TlsClientContextTest : public TlsTest {
 protected:
  TlsServerContextPtr ServerWith(const TlsKeyPair& key_pair) {
    TlsServerOptions options;
    options.key_pairs = {key_pair};
    return Server(options);
  }

  // Why a client of `host` refuses, in both versions of TLS; empty: it does not.
  static std::string Why(const TlsServerContextPtr& server, TlsClientOptions options,
                         const std::string& host) {
    std::string why;
    for (const TlsVersion version : kVersions) {
      options.protocol.version_min = options.protocol.version_max = version;
      const TlsPair pair(server, Client(options), host);
      EXPECT_EQ(pair.open(), pair.client.error().empty());
      // A server hears of it.
      EXPECT_EQ(pair.open(), pair.server.error().empty());
      if (version == TlsVersion::k12) why = pair.client.error();
      EXPECT_EQ(pair.client.error(), why);
    }
    return why;
  }
};

TEST_F(TlsClientContextTest, BelievesWhatItsAuthorityVouchesFor) {
  const TlsServerContextPtr server = Server(ServerOptions());
  EXPECT_EQ(Why(server, ClientOptions(), "localhost"), "");
  EXPECT_EQ(Why(server, ClientOptions(), "LOCALHOST."), "");
}

TEST_F(TlsClientContextTest, BelievesNobodyElse) {
  support::Authority stranger("Stranger");
  const TlsServerContextPtr server =
      ServerWith(Write("s", stranger.Issue({.common_name = "s", .dns_names = {"localhost"}})));
  EXPECT_EQ(Why(server, ClientOptions(), "localhost"),
            "certificate of 'localhost' not trusted: unknown authority");
}

TEST_F(TlsClientContextTest, WithoutFilesBelievesTheSystemAlone) {
  EXPECT_EQ(Why(Server(ServerOptions()), TlsClientOptions{}, "localhost"),
            "certificate of 'localhost' not trusted: unknown authority");
}

TEST_F(TlsClientContextTest, NamesASelfSignedCertificate) {
  const support::Issued issued =
      support::SelfSigned({.common_name = "s", .dns_names = {"localhost"}});
  const TlsServerContextPtr server = ServerWith(Write("self", issued));
  EXPECT_EQ(Why(server, ClientOptions(), "localhost"),
            "certificate of 'localhost' not trusted: self-signed certificate");
  TlsClientOptions options;
  options.trust.ca_file = folder_.Write("self.ca", issued.certificate);
  EXPECT_EQ(Why(server, options, "localhost"), "");
}

TEST_F(TlsClientContextTest, NamesWhomACertificateIsFor) {
  const TlsServerContextPtr one =
      ServerWith(KeyPair("a", {.common_name = "x", .dns_names = {"a.org"}}));
  EXPECT_EQ(Why(one, ClientOptions(), "b.org"), "certificate is for 'a.org', not for 'b.org'");
  const TlsServerContextPtr more =
      ServerWith(KeyPair("m", {.common_name = "x", .dns_names = {"a.org", "*.c.org", "d.org"}}));
  EXPECT_EQ(Why(more, ClientOptions(), "b.org"),
            "certificate is for 'a.org', '*.c.org', ..., not for 'b.org'");
  EXPECT_EQ(Why(more, ClientOptions(), "x.c.org"), "");
  EXPECT_NE(Why(more, ClientOptions(), "x.y.c.org"), "");
}

TEST_F(TlsClientContextTest, ChecksAddressesToo) {
  const TlsServerContextPtr server = Server(ServerOptions());
  EXPECT_EQ(Why(server, ClientOptions(), "127.0.0.1"), "");
  EXPECT_EQ(Why(server, ClientOptions(), "::1"), "");
  EXPECT_EQ(Why(server, ClientOptions(), "127.0.0.2"),
            "certificate is for 'localhost', '127.0.0.1', ..., not for '127.0.0.2'");
}

TEST_F(TlsClientContextTest, AsksForNoNameWhenItConnectsToAnAddress) {
  const TlsPair pair(Server(ServerOptions()), Client(ClientOptions()), "127.0.0.1");
  ASSERT_TRUE(pair.open());
  EXPECT_EQ(pair.server.facts().server_name, "");
}

TEST_F(TlsClientContextTest, ExpectsAnotherNameIfToldSo) {
  TlsClientOptions options = ClientOptions();
  options.server_name = "localhost";
  const TlsPair pair(Server(ServerOptions()), Client(options), "10.1.2.3");
  ASSERT_TRUE(pair.open()) << pair.client.error();
  EXPECT_EQ(pair.server.facts().server_name, "localhost");
  options.server_name = "elsewhere.org";
  EXPECT_THAT(Why(Server(ServerOptions()), options, "localhost"),
              HasSubstr("not for 'elsewhere.org'"));
}

TEST_F(TlsClientContextTest, NamesTheDayOfExpiry) {
  const TlsServerContextPtr expired = ServerWith(KeyPair(
      "old", {.common_name = "localhost", .valid_from_days = -20, .valid_until_days = -10}));
  EXPECT_THAT(Why(expired, ClientOptions(), "localhost"),
              MatchesRegex("certificate of 'localhost' expired on 20..-..-.."));
  const TlsServerContextPtr early =
      ServerWith(KeyPair("new", {.common_name = "localhost", .valid_from_days = 10}));
  EXPECT_THAT(Why(early, ClientOptions(), "localhost"),
              MatchesRegex("certificate of 'localhost' is not valid yet: from 20..-..-.."));
}

TEST_F(TlsClientContextTest, RefusesARevokedServer) {
  const support::Issued issued = authority_.Issue({.common_name = "localhost"});
  TlsClientOptions options = ClientOptions();
  options.trust.crl_file = folder_.Write("list.crl", authority_.RevocationList({issued.serial}));
  EXPECT_EQ(Why(ServerWith(Write("s", issued)), options, "localhost"),
            "certificate of 'localhost' is revoked");
  EXPECT_EQ(Why(Server(ServerOptions()), options, "localhost"), "");
}

TEST_F(TlsClientContextTest, InsecureBelievesEverybodyAndProvesNothing) {
  const TlsServerContextPtr server = ServerWith(Write(
      "self",
      support::SelfSigned({.common_name = "x", .valid_from_days = -2, .valid_until_days = -1})));
  TlsClientOptions options;
  options.insecure = true;
  EXPECT_EQ(Why(server, options, "localhost"), "");
  // Nor if an authority is there by chance that would have vouched for it.
  options = ClientOptions();
  options.insecure = true;
  const TlsPair pair(Server(ServerOptions()), Client(options), "other.org");
  ASSERT_TRUE(pair.open());
  EXPECT_FALSE(pair.client.facts().has_certificate);
}

TEST_F(TlsClientContextTest, NamesInCertificatesCannotBreakTheLog) {
  const TlsServerContextPtr server = ServerWith(
      KeyPair("evil", {.common_name = std::string("a\r\nb\x1b[31m") + std::string(40, 'c')}));
  const std::string why = Why(server, ClientOptions(), "localhost");
  EXPECT_THAT(why, HasSubstr("certificate is for 'a??b?[31mccc"));
  EXPECT_LE(why.size(), TlsLayer::kErrorBytesMax);
}

TEST_F(TlsClientContextTest, SaysWhatIsWrongWithItsOptions) {
  TlsClientOptions options = ClientOptions();
  options.trust.ca_file = "/none.ca";
  EXPECT_EQ(Refusal(options), "cannot read the authorities /none.ca: No such file or directory");
  options = ClientOptions();
  options.key_pair = {.certificate_file = ca_file_, .key_file = "/none.key"};
  EXPECT_EQ(Refusal(options), "cannot read the key /none.key: No such file or directory");
  options = ClientOptions();
  options.psk_hex_key = "00112233445566778899";
  EXPECT_EQ(Refusal(options), "a pre-shared key needs an identity");
  options.psk_identity = std::string(300, 'x');
  EXPECT_EQ(Refusal(options), "the identity of the pre-shared key is too long");
  options.psk_identity = "x";
  options.psk_hex_key = "0g";
  EXPECT_THAT(Refusal(options), HasSubstr("hexadecimal digits"));
}

}  // namespace
}  // namespace ringmq::transport
