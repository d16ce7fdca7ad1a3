// Goal: the kernel would go on exactly where OpenSSL stops. Method: be the kernel. Records that one
// end still makes with OpenSSL are opened with the keys derived at the other, and records that are
// made by hand with derived keys are given to OpenSSL.
//
// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_kernel_keys.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>

#include <array>

#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

constexpr size_t kHeaderBytes = 5;
constexpr size_t kTagBytes = 16;

// The parts of a crypto info, whatever its cipher.
struct Parts {
  const EVP_CIPHER* cipher;
  std::string key;
  std::string salt;
  std::string iv;
  uint64_t sequence = 0;
  bool is_13 = false;
  bool explicit_nonce = false;  // TLS 1.2 with AES-GCM.
};

template <size_t kSize>
std::string ToString(const unsigned char (&bytes)[kSize]) {
  return {reinterpret_cast<const char*>(bytes), kSize};
}

Parts PartsOf(const KernelCryptoInfo& info) {
  Parts parts{};
  std::visit(
      [&](const auto& filled) {
        parts.key = ToString(filled.key);
        parts.iv = ToString(filled.iv);
        for (const unsigned char byte : filled.rec_seq) parts.sequence = parts.sequence << 8 | byte;
        parts.is_13 = filled.info.version == TLS_1_3_VERSION;
        if constexpr (sizeof(filled.iv) == 8) {
          parts.salt = ToString(filled.salt);
          parts.explicit_nonce = !parts.is_13;
          parts.cipher = sizeof(filled.key) == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
        } else {
          parts.cipher = EVP_chacha20_poly1305();
        }
      },
      info);
  return parts;
}

std::string BigEndian(uint64_t number, size_t size_bytes) {
  std::string bytes(size_bytes, '\0');
  for (size_t i = 0; i < size_bytes && i < 8; ++i) {
    bytes[size_bytes - 1 - i] = static_cast<char>(number >> (8 * i));
  }
  return bytes;
}

std::string NonceOf(const Parts& parts, const std::string& explicit_part) {
  if (parts.explicit_nonce) return parts.salt + explicit_part;
  std::string nonce = parts.salt + parts.iv;
  const std::string sequence = BigEndian(parts.sequence, nonce.size());
  for (size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<char>(nonce[i] ^ sequence[i]);
  return nonce;
}

// Seals or opens; empty if the tag is wrong.
std::string Run(const Parts& parts, const std::string& nonce, const std::string& extra,
                std::string text, bool sealing) {
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  const auto data = [](const std::string& s) {
    return reinterpret_cast<const unsigned char*>(s.data());
  };
  std::string tag(kTagBytes, '\0');
  if (!sealing) {
    tag = text.substr(text.size() - kTagBytes);
    text.resize(text.size() - kTagBytes);
  }
  int size = 0;
  std::string out(text.size(), '\0');
  auto* const target = reinterpret_cast<unsigned char*>(out.data());
  EVP_CipherInit_ex(context, parts.cipher, nullptr, data(parts.key), data(nonce), sealing ? 1 : 0);
  if (!sealing) EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data());
  EVP_CipherUpdate(context, nullptr, &size, data(extra), static_cast<int>(extra.size()));
  EVP_CipherUpdate(context, target, &size, data(text), static_cast<int>(text.size()));
  const bool good = EVP_CipherFinal_ex(context, target + size, &size) == 1;
  if (sealing) EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag.data());
  EVP_CIPHER_CTX_free(context);
  if (!good) return {};
  return sealing ? out + tag : out;
}

std::string HeaderOf(size_t size_bytes) {
  return std::string("\x17\x03\x03", 3) + BigEndian(size_bytes, 2);
}

std::string ExtraOf(const Parts& parts, const std::string& header, size_t text_bytes) {
  if (parts.is_13) return header;
  return BigEndian(parts.sequence, 8) + header.substr(0, 3) + BigEndian(text_bytes, 2);
}

// One record, opened with keys as the kernel would use them.
std::string Open(const KernelCryptoInfo& info, const std::string& record) {
  const Parts parts = PartsOf(info);
  const size_t explicit_bytes = parts.explicit_nonce ? 8 : 0;
  const std::string nonce = NonceOf(parts, record.substr(kHeaderBytes, explicit_bytes));
  const std::string sealed = record.substr(kHeaderBytes + explicit_bytes);
  std::string text =
      Run(parts, nonce, ExtraOf(parts, record.substr(0, kHeaderBytes), sealed.size() - kTagBytes),
          sealed, false);
  if (parts.is_13 && !text.empty()) {
    EXPECT_EQ(text.back(), '\x17');
    text.pop_back();
  }
  return text;
}

std::string Seal(const KernelCryptoInfo& info, std::string text) {
  const Parts parts = PartsOf(info);
  if (parts.is_13) text.push_back('\x17');
  const std::string explicit_part = parts.explicit_nonce ? parts.iv : "";
  const std::string header = HeaderOf(explicit_part.size() + text.size() + kTagBytes);
  return header + explicit_part +
         Run(parts, NonceOf(parts, explicit_part), ExtraOf(parts, header, text.size()), text, true);
}

struct Case {
  TlsVersion version;
  const char* cipher;
};

constexpr Case kCases[] = {
    {TlsVersion::k12, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {TlsVersion::k12, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {TlsVersion::k12, "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {TlsVersion::k13, "TLS_AES_128_GCM_SHA256"},
    {TlsVersion::k13, "TLS_AES_256_GCM_SHA384"},
    {TlsVersion::k13, "TLS_CHACHA20_POLY1305_SHA256"},
};

class TlsKernelKeysTest : public TlsTest {
 protected:
  TlsServerOptions KernelServer() {
    TlsServerOptions options = ServerOptions();
    options.protocol.kernel = true;
    return options;
  }
  TlsClientOptions KernelClient(const Case& one) {
    TlsClientOptions options = ClientOptions();
    options.protocol.kernel = true;
    options.protocol.version_min = options.protocol.version_max = one.version;
    (one.version == TlsVersion::k12 ? options.protocol.ciphers : options.protocol.ciphersuites) =
        one.cipher;
    return options;
  }

  // Both ends, in both directions.
  static void ExpectKeysFit(TlsPair& pair) {
    for (const bool from_client : {false, true}) {
      TlsEnd& from = from_client ? pair.client : pair.server;
      TlsEnd& to = from_client ? pair.server : pair.client;
      auto sender = DeriveKernelKeys(*from.layer);
      auto receiver = DeriveKernelKeys(*to.layer);
      ASSERT_TRUE(sender.ok());
      ASSERT_TRUE(receiver.ok());
      const std::string text = from_client ? "from the client" : "from the server";
      from.Send(text);
      EXPECT_EQ(Open(receiver->rx, Text(from.down)), text);
      EXPECT_EQ(Open(sender->tx, Text(from.down)), text);
      // The same record made by hand instead.
      from.down.Clear();
      const size_t before = to.up.bytes().size();
      to.layer->Receive(Bytes(Seal(sender->tx, "by hand")), to.up, to.down);
      EXPECT_EQ(Text(to.up).substr(before), "by hand") << to.error();
    }
  }
};

TEST_F(TlsKernelKeysTest, FitTheRecordsRightAfterTheHandshake) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const Case& one : kCases) {
    TlsPair pair(server, Client(KernelClient(one)));
    ASSERT_TRUE(pair.open()) << one.cipher;
    EXPECT_EQ(pair.server.facts().cipher, one.cipher);
    ExpectKeysFit(pair);
  }
}

TEST_F(TlsKernelKeysTest, FitAfterRecordsInBothDirections) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const Case& one : kCases) {
    TlsPair pair(server, Client(KernelClient(one)), "localhost", 3);
    for (int i = 0; i < 300; ++i) pair.client.Send("x");
    pair.server.Send(std::string(50'000, 'y'));
    pair.Pump();
    ExpectKeysFit(pair);
  }
}

TEST_F(TlsKernelKeysTest, FitWhateverTheNumberOfTickets) {
  for (const Case& one : kCases) {
    for (const int tickets : {0, 1, 2}) {
      TlsServerOptions options = KernelServer();
      options.tickets = tickets > 0;
      if (tickets > 0) options.ticket_count = static_cast<uint8_t>(tickets);
      TlsPair pair(Server(options), Client(KernelClient(one)));
      ASSERT_TRUE(pair.open());
      ExpectKeysFit(pair);
      if (one.version != TlsVersion::k13) continue;
      TlsPair fresh(Server(options), Client(KernelClient(one)));
      EXPECT_EQ(PartsOf(DeriveKernelKeys(*fresh.server.layer)->tx).sequence, tickets);
    }
  }
}

TEST_F(TlsKernelKeysTest, FitAResumedConnection) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const Case& one : kCases) {
    const TlsClientContextPtr client = Client(KernelClient(one));
    { const TlsPair first(server, client); }
    TlsPair pair(server, client);
    ASSERT_TRUE(pair.server.facts().resumed) << one.cipher;
    ExpectKeysFit(pair);
  }
}

TEST_F(TlsKernelKeysTest, FitAConnectionWithAClientCertificate) {
  TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
  options.protocol.kernel = true;
  for (const Case& one : kCases) {
    TlsClientOptions client_options = KernelClient(one);
    client_options.key_pair = KeyPair("client", {.common_name = "device"});
    TlsPair pair(Server(options), Client(client_options));
    ASSERT_TRUE(pair.open());
    ExpectKeysFit(pair);
  }
}

// A second ClientHello and another key share: the count of records must not be confused.
TEST_F(TlsKernelKeysTest, FitAfterAHelloRetryRequest) {
  TlsServerOptions options = KernelServer();
  options.protocol.curves = "P-384";
  TlsClientOptions client_options = KernelClient(kCases[3]);
  client_options.protocol.curves = "X25519:P-384";
  TlsPair pair(Server(options), Client(client_options));
  ASSERT_TRUE(pair.open()) << pair.server.error();
  ExpectKeysFit(pair);
}

TEST_F(TlsKernelKeysTest, MustWaitForTheRestOfARecord) {
  const TlsServerContextPtr server = Server(KernelServer());
  for (const Case& one : kCases) {
    TlsPair pair(server, Client(KernelClient(one)));
    pair.client.Send("0123456789");
    const std::string record = Text(pair.client.down);
    pair.client.down.Clear();
    size_t given = 0;
    for (; given < record.size(); ++given) {
      if (given > 0) {
        EXPECT_EQ(DeriveKernelKeys(*pair.server.layer).error(), KernelRefusal::kWait) << given;
      }
      pair.server.layer->Receive(Bytes(record).subspan(given, 1), pair.server.up, pair.server.down);
    }
    EXPECT_EQ(Text(pair.server.up), "0123456789");
    ExpectKeysFit(pair);
  }
}

TEST_F(TlsKernelKeysTest, AreNotThereIfNobodyAskedOrTheHandshakeIsNotDone) {
  const TlsPair plain(Server(ServerOptions()), Client(ClientOptions()));
  EXPECT_EQ(DeriveKernelKeys(*plain.server.layer).error(), KernelRefusal::kNotCaptured);
  const auto opening = MakeServerLayer(Server(KernelServer()));
  EXPECT_EQ(DeriveKernelKeys(*opening).error(), KernelRefusal::kNotCaptured);
  TlsPair closed(Server(KernelServer()), Client(KernelClient(kCases[3])));
  closed.server.layer->Close(closed.server.down);
  EXPECT_EQ(DeriveKernelKeys(*closed.server.layer).error(), KernelRefusal::kNotCaptured);
}

TEST_F(TlsKernelKeysTest, AreRefusedForACipherThatTheKernelHasNot) {
  TlsServerOptions options = KernelServer();
  options.protocol.ciphers = "ECDHE-ECDSA-AES128-SHA256";
  const TlsPair pair(Server(options),
                     Client(KernelClient({TlsVersion::k12, "ECDHE-ECDSA-AES128-SHA256"})));
  ASSERT_TRUE(pair.open()) << pair.server.error();
  EXPECT_EQ(DeriveKernelKeys(*pair.server.layer).error(), KernelRefusal::kCipher);
}

TEST_F(TlsKernelKeysTest, AreRefusedAfterAKeyUpdate) {
  TlsPair pair(Server(KernelServer()), Client(KernelClient(kCases[3])));
  SSL_key_update(const_cast<SSL*>(pair.client.layer->ssl()), SSL_KEY_UPDATE_REQUESTED);
  pair.client.Send("with new keys");
  pair.Pump();
  EXPECT_EQ(Text(pair.server.up), "with new keys");
  EXPECT_EQ(DeriveKernelKeys(*pair.server.layer).error(), KernelRefusal::kKeysUpdated);
  EXPECT_EQ(DeriveKernelKeys(*pair.client.layer).error(), KernelRefusal::kKeysUpdated);
}

TEST_F(TlsKernelKeysTest, AreWipedWhenCleared) {
  TlsPair pair(Server(KernelServer()), Client(KernelClient(kCases[3])));
  KernelKeys keys = *DeriveKernelKeys(*pair.server.layer);
  EXPECT_NE(PartsOf(keys.tx).key, std::string(16, '\0'));
  keys.Clear();
  EXPECT_EQ(PartsOf(keys.tx).key, std::string(16, '\0'));
  EXPECT_EQ(PartsOf(keys.rx).key, std::string(16, '\0'));
}

}  // namespace
}  // namespace ringmq::transport
