// Our record layer against OpenSSL's, and against records made by hand that no honest peer sends.
//
// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_records.h"

#include <gmock/gmock.h>

#include "tls_by_hand.h"
#include "tls_fixture.h"

namespace ringmq::transport {
namespace {

using testing::HasSubstr;

std::string Noise(size_t size_bytes) {
  std::string text(size_bytes, '\0');
  for (size_t i = 0; i < size_bytes; ++i) text[i] = static_cast<char>(i * 131 + i / 977);
  return text;
}

// The server has records of its own; the client is OpenSSL unless a test says otherwise.
class TlsRecordsTest : public TlsTest {
 protected:
  TlsServerOptions OwnServer() {
    TlsServerOptions options = ServerOptions();
    options.protocol.record_layer = TlsRecordLayer::kOwn;
    return options;
  }
  TlsClientOptions ClientOf(const TlsCase& one) {
    TlsClientOptions options = ClientOptions();
    options.protocol.version_min = options.protocol.version_max = one.version;
    (one.version == TlsVersion::k12 ? options.protocol.ciphers : options.protocol.ciphersuites) =
        one.cipher;
    return options;
  }
  static SSL* SslOf(TlsEnd& end) { return const_cast<SSL*>(end.layer->ssl()); }
  // A record as the client would make it next. Requires: a client with records of its own.
  static std::string ClientRecord(const TlsPair& pair, const std::string& text, char type) {
    return Seal(KernelKeysOf(pair.client.layer->records()->keys()).tx, text, type);
  }
  static void GiveServer(TlsPair& pair, const std::string& bytes) {
    pair.server.layer->Receive(Bytes(bytes), pair.server.up, pair.server.down);
  }
  // Carries the server's last words to the client and returns what it understands.
  static std::string ClientHears(TlsPair& pair) {
    pair.client.layer->Receive(pair.server.down.bytes(), pair.client.up, pair.client.down);
    return pair.client.error();
  }
};

TEST_F(TlsRecordsTest, UnderstandsOpenSslWhateverTheCipherAndHoweverBytesAreSplit) {
  const TlsServerContextPtr server = Server(OwnServer());
  const std::string large = Noise(100'000);
  for (const TlsCase& one : kTlsCases) {
    for (const size_t split : {TlsPair::kAll, size_t{1}, size_t{3}, TlsPair::kRandom}) {
      TlsPair pair(server, Client(ClientOf(one)), "localhost", split);
      ASSERT_TRUE(pair.open()) << one.cipher << pair.server.error();
      ASSERT_NE(pair.server.layer->records(), nullptr);
      EXPECT_EQ(pair.server.layer->ssl(), nullptr);
      EXPECT_EQ(pair.client.layer->records(), nullptr);
      pair.client.Send("hello");
      pair.client.Send(large);
      pair.server.Send("you");
      pair.server.Send(large);
      pair.Pump();
      EXPECT_EQ(Text(pair.server.up), "hello" + large) << one.cipher << pair.server.error();
      EXPECT_EQ(Text(pair.client.up), "you" + large) << one.cipher << pair.client.error();
      EXPECT_EQ(pair.server.layer->record_bytes_missing(), 0u);
    }
  }
}

TEST_F(TlsRecordsTest, WorksForAClientThatDoesNotResume) {
  TlsServerOptions options = ServerOptions();
  options.ticket_count = 2;
  const TlsServerContextPtr server = Server(options);
  for (const TlsCase& one : kTlsCases) {
    TlsClientOptions client = ClientOf(one);
    client.protocol.record_layer = TlsRecordLayer::kOwn;
    client.resume = false;
    TlsPair pair(server, Client(client), "localhost", TlsPair::kRandom);
    ASSERT_TRUE(pair.open()) << one.cipher << pair.client.error();
    ASSERT_NE(pair.client.layer->records(), nullptr);
    pair.server.Send("behind the tickets");
    pair.client.Send("hello");
    pair.Pump();
    EXPECT_EQ(Text(pair.client.up), "behind the tickets") << pair.client.error();
    EXPECT_EQ(Text(pair.server.up), "hello");
  }
}

TEST_F(TlsRecordsTest, AClientThatResumesKeepsItsTickets) {
  TlsClientOptions options = ClientOf(kTlsCases[3]);
  options.protocol.record_layer = TlsRecordLayer::kOwn;
  const TlsClientContextPtr client = Client(options);
  const TlsServerContextPtr server = Server(OwnServer());
  { TlsPair first(server, client); }
  const TlsPair second(server, client);
  EXPECT_EQ(second.client.layer->records(), nullptr);
  EXPECT_TRUE(second.server.facts().resumed);
}

TEST_F(TlsRecordsTest, KeepsWhatTheHandshakeFoundOut) {
  TlsServerOptions options = MutualOptions(ClientCertificates::kRequired);
  options.protocol.record_layer = TlsRecordLayer::kOwn;
  TlsClientOptions client = ClientOf(kTlsCases[4]);
  client.key_pair = KeyPair("client", {.common_name = "device"});
  TlsPair pair(Server(options), Client(client));
  ASSERT_TRUE(pair.open()) << pair.server.error();
  EXPECT_EQ(pair.server.facts().version, "TLSv1.3");
  EXPECT_EQ(pair.server.facts().cipher, kTlsCases[4].cipher);
  EXPECT_EQ(pair.server.facts().server_name, "localhost");
  EXPECT_EQ(pair.server.facts().certificate.common_name, "device");
  pair.server.layer->Close(pair.server.down);
  EXPECT_FALSE(pair.server.facts().used);
}

TEST_F(TlsRecordsTest, FollowsKeyUpdatesOfOpenSslInBothDirections) {
  TlsPair pair(Server(OwnServer()), Client(ClientOf(kTlsCases[4])));
  for (int i = 0; i < 100; ++i) {
    SSL_key_update(SslOf(pair.client),
                   i % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    pair.client.Send("a");
    pair.Pump();
    pair.server.Send("b");
    pair.Pump();
  }
  EXPECT_EQ(Text(pair.server.up), std::string(100, 'a')) << pair.server.error();
  EXPECT_EQ(Text(pair.client.up), std::string(100, 'b')) << pair.client.error();
}

// RFC 8446 section 5.5
TEST_F(TlsRecordsTest, ChangesItsKeysBeforeTheyHaveSealedTooMuch) {
  TlsClientOptions options = ClientOf(kTlsCases[3]);
  options.protocol.record_layer = TlsRecordLayer::kOwn;
  options.resume = false;
  const TlsPair pair(Server(OwnServer()), Client(options));
  TlsKeys keys = pair.server.layer->records()->keys();
  keys.tx.sequence = (1 << 23) - 1;
  TlsKeys peer_keys = keys;
  std::swap(peer_keys.tx, peer_keys.rx);
  TlsRecords server(TlsRole::kServer, keys);
  TlsRecords client(TlsRole::kClient, peer_keys);
  ByteVector wire;
  ByteVector up;
  ByteVector down;
  for (const std::string_view text : {"last, ", "first, ", "second"})
    server.Send(Bytes(text), wire);
  client.Receive(wire.bytes(), up, down);
  EXPECT_EQ(Text(up), "last, first, second") << client.error();
  EXPECT_EQ(server.keys().tx.sequence, 2u);
  EXPECT_NE(server.keys().tx.key, keys.tx.key);
}

TEST_F(TlsRecordsTest, BothEndsHearAGoodbye) {
  const TlsServerContextPtr server = Server(OwnServer());
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair(server, Client(ClientOf(one)));
    pair.client.Send("last");
    pair.client.layer->Close(pair.client.down);
    pair.Pump();
    EXPECT_EQ(Text(pair.server.up), "last");
    EXPECT_EQ(pair.server.state(), LayerState::kEnded);
    TlsPair other(server, Client(ClientOf(one)));
    other.server.layer->Close(other.server.down);
    EXPECT_EQ(other.server.state(), LayerState::kEnded);
    other.Pump();
    EXPECT_EQ(other.client.state(), LayerState::kEnded);
  }
}

TEST_F(TlsRecordsTest, NoByteOfARecordCanBeChanged) {
  const TlsServerContextPtr server = Server(OwnServer());
  for (const TlsCase& one : kTlsCases) {
    const TlsClientContextPtr client = Client(ClientOf(one));
    size_t record_bytes = 1;
    for (size_t at = 0; at < record_bytes; ++at) {
      TlsPair pair(server, client);
      pair.client.Send("0123456789");
      std::string record = Text(pair.client.down);
      record_bytes = record.size();
      record[at] = static_cast<char>(record[at] ^ 1);
      // A changed length makes the record wait for more, or takes of what follows.
      GiveServer(pair, record + record);
      EXPECT_TRUE(pair.server.up.empty()) << one.cipher << " byte " << at;
      const bool waits = at == 3;  // 256 bytes more.
      EXPECT_EQ(pair.server.state(), waits ? LayerState::kOpen : LayerState::kFailed) << at;
      if (!waits) EXPECT_THAT(ClientHears(pair), HasSubstr("server")) << at;
    }
  }
}

TEST_F(TlsRecordsTest, RecordsCannotBeRepeatedOrExchanged) {
  const TlsServerContextPtr server = Server(OwnServer());
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair(server, Client(ClientOf(one)));
    pair.client.Send("once");
    const std::string record = Text(pair.client.down);
    GiveServer(pair, record + record);
    EXPECT_EQ(Text(pair.server.up), "once");
    EXPECT_EQ(pair.server.error(), "damaged record");
    TlsPair other(server, Client(ClientOf(one)));
    other.client.Send("first");
    other.client.down.Clear();
    other.client.Send("second");
    GiveServer(other, Text(other.client.down));
    EXPECT_TRUE(other.server.up.empty());
    EXPECT_EQ(other.server.error(), "damaged record");
  }
}

// What only a peer with the right keys can do.
class TlsRecordsByHandTest : public TlsRecordsTest {
 protected:
  TlsPair Pair(const TlsCase& one) {
    TlsClientOptions client = ClientOf(one);
    client.protocol.record_layer = TlsRecordLayer::kOwn;
    client.resume = false;
    return {Server(OwnServer()), Client(client)};
  }
  // The server's error after one record of that content, which it has told the client.
  std::string ErrorAfter(const TlsCase& one, char type, const std::string& content) {
    TlsPair pair = Pair(one);
    GiveServer(pair, ClientRecord(pair, content, type));
    EXPECT_TRUE(pair.server.up.empty());
    const bool is_alert = type == '\x15' && content.size() == 2;
    if (pair.server.state() == LayerState::kFailed && !is_alert) {
      EXPECT_FALSE(pair.server.down.empty());
      EXPECT_THAT(ClientHears(pair), HasSubstr("server"));
    }
    return pair.server.error();
  }
};

TEST_F(TlsRecordsByHandTest, RefusesRecordsThatMeanNothing) {
  for (const TlsCase& one : kTlsCases) {
    EXPECT_EQ(ErrorAfter(one, '\x16', std::string("\x01\0\0\0", 4)),
              "client begins another handshake");
    EXPECT_EQ(ErrorAfter(one, '\x16', ""), "client begins another handshake");
    EXPECT_EQ(ErrorAfter(one, '\x15', "\x01"), "damaged alert");
    EXPECT_EQ(ErrorAfter(one, '\x63', "x"), "a record of an unexpected kind");
    EXPECT_EQ(ErrorAfter(one, '\x14', "\x01"), "a record of an unexpected kind");
  }
}

TEST_F(TlsRecordsByHandTest, RefusesDamagedKeyUpdates) {
  const TlsCase& one = kTlsCases[3];
  for (const std::string& update :
       {std::string("\x18\0\0\x01", 4), std::string("\x18\0\0\x01\x02", 5),
        std::string("\x18\0\0\x01\0\x18", 6), std::string("\x18\0\0\x02\0", 5)}) {
    EXPECT_EQ(ErrorAfter(one, '\x16', update), "damaged KeyUpdate");
  }
  // Before TLS 1.3 there is none.
  EXPECT_EQ(ErrorAfter(kTlsCases[0], '\x16', std::string("\x18\0\0\x01\0", 5)),
            "client begins another handshake");
}

TEST_F(TlsRecordsByHandTest, TellsWhatAnAlertSays) {
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair = Pair(one);
    GiveServer(pair, ClientRecord(pair, "\x02\x30", '\x15'));  // unknown_ca
    EXPECT_EQ(pair.server.state(), LayerState::kFailed);
    EXPECT_EQ(pair.server.error(), TlsAlertText(TlsRole::kServer, 0x30));
    EXPECT_TRUE(pair.server.down.empty());  // An alert is not answered.
  }
}

TEST_F(TlsRecordsByHandTest, WarningsAreNoErrors) {
  EXPECT_EQ(ErrorAfter(kTlsCases[0], '\x15', "\x01\x64"), "");  // no_renegotiation
  EXPECT_EQ(ErrorAfter(kTlsCases[3], '\x15', "\x01\x5a"), "");  // user_canceled
  // TLS 1.3 does not look at the level.
  EXPECT_EQ(ErrorAfter(kTlsCases[3], '\x15', "\x01\x64"), TlsAlertText(TlsRole::kServer, 0x64));
}

// What both record layers, ours and the kernel's, take an alert for.
TEST(TlsAlert, WhatItMeansDependsOnTheVersionAndItsLevel) {
  using Kind = TlsAlert::Kind;
  constexpr uint8_t kWarningLevel = 1;
  constexpr uint8_t kFatalLevel = 2;
  for (const TlsVersion version : {TlsVersion::k12, TlsVersion::k13}) {
    for (int alert = 0; alert < 256; ++alert) {
      for (const uint8_t level : {uint8_t{0}, kWarningLevel, kFatalLevel}) {
        const uint8_t record[] = {level, static_cast<uint8_t>(alert)};
        const bool is_warning =
            version == TlsVersion::k12 ? level == kWarningLevel : alert == SSL_AD_USER_CANCELLED;
        const Kind expected = alert == SSL_AD_CLOSE_NOTIFY ? Kind::kGoodbye
                              : is_warning                 ? Kind::kNothing
                                                           : Kind::kEnd;
        const TlsAlert read = TlsReadAlert(TlsRole::kServer, version, record);
        EXPECT_EQ(read.kind, expected) << alert << " " << int{level};
        EXPECT_EQ(read.reason.empty(), expected != Kind::kEnd);
      }
    }
    for (const size_t size : {0, 1, 3}) {
      const uint8_t record[3] = {kFatalLevel, 40, 0};
      const TlsAlert read = TlsReadAlert(TlsRole::kServer, version, std::span(record).first(size));
      EXPECT_EQ(read.kind, Kind::kDamaged);
      EXPECT_EQ(read.reason, "damaged alert");
    }
  }
}

TEST_F(TlsRecordsByHandTest, TakesZerosBehindTheContentAway) {
  TlsPair pair = Pair(kTlsCases[3]);
  // "padded", its type, zeros; what Seal() puts behind is one more zero.
  GiveServer(pair, ClientRecord(pair, std::string("padded\x17") + std::string(200, '\0'), '\0'));
  EXPECT_EQ(Text(pair.server.up), "padded") << pair.server.error();
}

TEST_F(TlsRecordsByHandTest, RefusesARecordOfZerosOnly) {
  EXPECT_EQ(ErrorAfter(kTlsCases[3], '\0', std::string(20, '\0')), "a record without a type");
}

TEST_F(TlsRecordsByHandTest, TakesTheLongestRecordAndNoLonger) {
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair = Pair(one);
    const std::string longest = Noise(TlsRecords::kTextBytesMax);
    GiveServer(pair, ClientRecord(pair, longest, '\x17'));
    EXPECT_EQ(Text(pair.server.up), longest);
    EXPECT_EQ(ErrorAfter(one, '\x17', longest + "x"), "a record that is too long");
  }
}

TEST_F(TlsRecordsByHandTest, HoldsNoMoreThanARecord) {
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair = Pair(one);
    GiveServer(pair, std::string("\x17\x03\x03\xff\xff", 5));
    EXPECT_EQ(pair.server.error(), "a record that is too long");
    TlsPair other = Pair(one);
    GiveServer(other, std::string("\x17\x03\x03\x00\x07", 5));
    EXPECT_EQ(other.server.error(), "a record that is too short");
  }
}

TEST_F(TlsRecordsByHandTest, AFloodOfRecordsWithoutDataEnds) {
  for (const TlsCase& one : kTlsCases) {
    TlsPair pair = Pair(one);
    TlsKeys keys = pair.client.layer->records()->keys();
    int taken = 0;
    for (; taken < 1000 && pair.server.state() == LayerState::kOpen; ++taken) {
      GiveServer(pair, Seal(KernelKeysOf(keys).tx, "", '\x17'));
      ++keys.tx.sequence;
    }
    EXPECT_EQ(taken, 33);
    EXPECT_EQ(pair.server.error(), "too many records without data");
  }
}

TEST_F(TlsRecordsByHandTest, NothingIsReadBehindAnError) {
  TlsPair pair = Pair(kTlsCases[3]);
  TlsKeys keys = pair.client.layer->records()->keys();
  std::string bytes = Seal(KernelKeysOf(keys).tx, "x", '\x63');
  ++keys.tx.sequence;
  bytes += Seal(KernelKeysOf(keys).tx, "never", '\x17');
  GiveServer(pair, bytes);
  EXPECT_TRUE(pair.server.up.empty());
  GiveServer(pair, bytes);
  EXPECT_EQ(pair.server.state(), LayerState::kFailed);
}

}  // namespace
}  // namespace ringmq::transport
