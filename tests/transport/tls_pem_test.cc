// Damaged PEM files, as a reload meets them: an editor, a full disk, half a copy.
//
// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_pem.h"

#include <gmock/gmock.h>

#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TlsPemTest : public TlsTest {
 protected:
  // What a server says that has this for its authorities.
  std::string CaRefusal(const std::string& text) {
    TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
    options.trust.ca_file = folder_.Write("trust.pem", text);
    return Refusal(options);
  }
  std::string CrlRefusal(const std::string& text) {
    TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
    options.trust.crl_file = folder_.Write("trust.pem", text);
    return Refusal(options);
  }
  std::string ChainRefusal(const std::string& text) {
    TlsServerOptions options = ServerOptions();
    const support::Issued server = authority_.Issue({.common_name = "server"});
    options.key_pairs = {Write("chain", server)};
    options.key_pairs[0].certificate_file = folder_.Write("trust.pem", server.certificate + text);
    return Refusal(options);
  }
  static int Lines(const std::string& text) {
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }
  // Begins at a line of its own behind `before`.
  [[nodiscard]] std::string BlockTwo(const std::string& before, const std::string& label) const {
    return folder_.path() + "/trust.pem:" + std::to_string(Lines(before) + 1) + ": block 2 (" +
           label + ") is damaged: ";
  }
  // Its base64 is good, and what it says is not.
  static std::string Nonsense(const std::string& label) {
    return "-----BEGIN " + label + "-----\nQUJDRA==\n-----END " + label + "-----\n";
  }
};

TEST_F(TlsPemTest, ADamagedBlockBehindAGoodOneIsRefused) {
  const std::string good = authority_.certificate();
  EXPECT_EQ(CaRefusal(good), "");
  EXPECT_EQ(CaRefusal(good + good), "");
  EXPECT_THAT(CaRefusal(good + Nonsense("CERTIFICATE")), StartsWith(BlockTwo(good, "CERTIFICATE")));
  EXPECT_THAT(ChainRefusal(Nonsense("CERTIFICATE")),
              HasSubstr(": block 2 (CERTIFICATE) is damaged"));
  std::string garbled = good;
  garbled[garbled.size() / 2] = '!';
  EXPECT_EQ(CaRefusal(good + garbled), BlockTwo(good, "CERTIFICATE") + "bad base64 decode");
  const std::string list = authority_.RevocationList({1});
  EXPECT_EQ(CrlRefusal(list), "");
  EXPECT_THAT(CrlRefusal(list + Nonsense("X509 CRL")), StartsWith(BlockTwo(list, "X509 CRL")));
}

// A list that is cut off behind an old one would let in whom it revokes.
TEST_F(TlsPemTest, AFileThatIsCutOffAnywhereInABlockIsRefused) {
  const std::string list = authority_.RevocationList({1});
  const std::string certificate = authority_.certificate();
  for (size_t kept = 1; kept < list.size() - 1; ++kept) {
    EXPECT_NE(CrlRefusal(list + list.substr(0, kept)), "") << kept;
  }
  for (size_t kept = 1; kept < certificate.size() - 1; ++kept) {
    EXPECT_NE(CaRefusal(certificate + certificate.substr(0, kept)), "") << kept;
    EXPECT_NE(ChainRefusal(certificate.substr(0, kept)), "") << kept;
  }
  EXPECT_EQ(
      CrlRefusal(list + "---"),
      folder_.path() + "/trust.pem:" + std::to_string(Lines(list) + 1) + ": the file is cut off");
}

TEST_F(TlsPemTest, ABeginningThatIsMissingIsRefused) {
  const std::string list = authority_.RevocationList({1});
  for (size_t gone = 1; gone < list.size() - 30; ++gone) {
    EXPECT_NE(CrlRefusal(list + list.substr(gone)), "") << gone;
  }
  EXPECT_THAT(CrlRefusal(list + list.substr(30)), HasSubstr("a BEGIN or END line is damaged"));
  EXPECT_THAT(CrlRefusal(list + "-----BEGIN X509 CRL----\n"),
              HasSubstr("a BEGIN or END line is damaged"));
}

TEST_F(TlsPemTest, ADamagedBlockOfAnotherKindIsRefusedToo) {
  const std::string good = authority_.certificate();
  EXPECT_THAT(CaRefusal(good + "-----BEGIN X509 CRL-----\nQUJD\n"),
              StartsWith(BlockTwo(good, "X509 CRL")));
}

TEST_F(TlsPemTest, TextAroundBlocksIsPassedOver) {
  const std::string good = authority_.certificate();
  const std::string list = authority_.RevocationList({1});
  EXPECT_EQ(CaRefusal("\n# Test CA\n-----\n" + good + "=======\nsubject=/CN=x\n\n" + good + "end"),
            "");
  EXPECT_EQ(CaRefusal(good + list + "\r\n\r\n"), "");
  EXPECT_EQ(CrlRefusal(good + list), "");
  std::string windows;
  for (const char c : good) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(CaRefusal(windows + windows), "");
}

}  // namespace
}  // namespace ringmq::transport
