// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_layer.h"

#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "tls_fixture.h"
#include "transport/layer_stack.h"

namespace ringmq::transport {
namespace {

using testing::HasSubstr;

class TlsLayerTest : public TlsTest {
 protected:
  TlsPair Pair(TlsVersion version, size_t split = TlsPair::kAll) {
    TlsClientOptions options = ClientOptions();
    options.protocol.version_min = options.protocol.version_max = version;
    return TlsPair(Server(ServerOptions()), Client(options), "localhost", split);
  }
};

std::string Noise(size_t size_bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size_bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST_F(TlsLayerTest, OpensAndCarriesBothWays) {
  for (const TlsVersion version : kVersions) {
    TlsPair pair = Pair(version);
    ASSERT_TRUE(pair.open()) << pair.server.error() << pair.client.error();
    pair.client.Send("ping");
    pair.server.Send("pong");
    pair.Pump();
    EXPECT_EQ(Text(pair.server.up), "ping");
    EXPECT_EQ(Text(pair.client.up), "pong");
  }
}

TEST_F(TlsLayerTest, DoesNotCareHowBytesAreSplit) {
  for (const TlsVersion version : kVersions) {
    for (const size_t split : {size_t{1}, size_t{2}, size_t{5}, size_t{17}, TlsPair::kRandom}) {
      TlsPair pair = Pair(version, split);
      ASSERT_TRUE(pair.open()) << split;
      const std::string up = Noise(20'000, 1);
      const std::string down = Noise(20'000, 2);
      pair.client.Send(up);
      pair.server.Send(down);
      pair.Pump();
      EXPECT_TRUE(Text(pair.server.up) == up) << split;
      EXPECT_TRUE(Text(pair.client.up) == down) << split;
    }
  }
}

TEST_F(TlsLayerTest, CarriesMegabytesInEachDirection) {
  for (const TlsVersion version : kVersions) {
    TlsPair pair = Pair(version, TlsPair::kRandom);
    const std::string text = Noise(3 << 20, 3);
    pair.client.Send(text);
    pair.server.Send(text);
    pair.Pump();
    EXPECT_TRUE(Text(pair.server.up) == text);
    EXPECT_TRUE(Text(pair.client.up) == text);
  }
}

TEST_F(TlsLayerTest, SendsNothingForNothing) {
  TlsPair pair = Pair(TlsVersion::k13);
  pair.client.Send("");
  EXPECT_TRUE(pair.client.down.empty());
}

TEST_F(TlsLayerTest, DataRightBehindTheHandshakeIsNotLost) {
  for (const TlsVersion version : kVersions) {
    TlsClientOptions options = ClientOptions();
    options.protocol.version_min = options.protocol.version_max = version;
    TlsEnd server(MakeServerLayer(Server(ServerOptions()), Instant{}));
    TlsEnd client(MakeClientLayer(Client(options), "localhost", 1));
    client.layer->Start(client.down);
    while (client.state() == LayerState::kOpening) {
      server.layer->Receive(client.down.bytes(), server.up, server.down);
      client.down.Clear();
      client.layer->Receive(server.down.bytes(), client.up, client.down);
      server.down.Clear();
    }
    // With TLS 1.3 the client's Finished is still on its way, and the text in the same bytes.
    client.Send("CONNECT");
    server.layer->Receive(client.down.bytes(), server.up, server.down);
    EXPECT_EQ(server.state(), LayerState::kOpen);
    EXPECT_EQ(Text(server.up), "CONNECT");
  }
}

TEST_F(TlsLayerTest, EitherEndSaysGoodbyeAndIsAnswered) {
  for (const TlsVersion version : kVersions) {
    for (const bool client_first : {false, true}) {
      TlsPair pair = Pair(version);
      TlsEnd& first = client_first ? pair.client : pair.server;
      TlsEnd& second = client_first ? pair.server : pair.client;
      first.Send("last words");
      first.layer->Close(first.down);
      EXPECT_EQ(first.state(), LayerState::kEnded);
      second.layer->Receive(first.down.bytes(), second.up, second.down);
      EXPECT_EQ(second.state(), LayerState::kEnded);
      EXPECT_EQ(Text(second.up), "last words");
      EXPECT_EQ(second.error(), "");
      EXPECT_FALSE(second.down.empty());  // The answer,
      const size_t answer_bytes = second.down.bytes().size();
      second.layer->Close(second.down);
      EXPECT_EQ(second.down.bytes().size(), answer_bytes);  // once.
      first.layer->Receive(second.down.bytes(), first.up, first.down);
      EXPECT_TRUE(first.up.empty());
    }
  }
}

TEST_F(TlsLayerTest, DropsWhatComesAfterTheEnd) {
  TlsPair pair = Pair(TlsVersion::k13);
  pair.client.Send("too late");
  pair.server.layer->Close(pair.server.down);
  pair.server.layer->Receive(pair.client.down.bytes(), pair.server.up, pair.server.down);
  EXPECT_TRUE(pair.server.up.empty());
}

TEST_F(TlsLayerTest, ClosingDuringTheHandshakeAddsNothing) {
  TlsEnd client(MakeClientLayer(Client(ClientOptions()), "localhost", 1));
  client.layer->Start(client.down);
  const size_t hello_bytes = client.down.bytes().size();
  client.layer->Close(client.down);
  EXPECT_EQ(client.down.bytes().size(), hello_bytes);
  TlsEnd server(MakeServerLayer(Server(ServerOptions()), Instant{}));
  server.layer->Close(server.down);
  EXPECT_TRUE(server.down.empty());
}

TEST_F(TlsLayerTest, AStreamThatStopsAnywhereNeitherOpensNorFails) {
  const TlsServerContextPtr context = Server(ServerOptions());
  TlsEnd client(MakeClientLayer(Client(ClientOptions()), "localhost", 1));
  client.layer->Start(client.down);
  const std::string hello = Text(client.down);
  for (size_t size = 0; size < hello.size(); ++size) {
    TlsEnd server(MakeServerLayer(context, Instant{}));
    server.layer->Receive(Bytes(hello).first(size), server.up, server.down);
    ASSERT_EQ(server.state(), LayerState::kOpening) << size;
    ASSERT_TRUE(server.down.empty()) << size;
  }
}

TEST_F(TlsLayerTest, NamesWhatIsNotTls) {
  const TlsServerContextPtr context = Server(ServerOptions());
  const std::pair<std::string, const char*> kCases[] = {
      {std::string("\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", 14), "client speaks plain MQTT"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "client speaks plain HTTP"},
      {"\n", "first byte is 0x0a"},
      {std::string("\x16GET / HTTP/1.1"), "impossible version"},
  };
  for (const auto& [bytes, expected] : kCases) {
    TlsEnd server(MakeServerLayer(context, Instant{}));
    server.layer->Receive(Bytes(bytes), server.up, server.down);
    EXPECT_EQ(server.state(), LayerState::kFailed) << expected;
    EXPECT_THAT(server.error(), HasSubstr("not TLS")) << expected;
    EXPECT_THAT(server.error(), HasSubstr(expected));
    EXPECT_TRUE(server.up.empty());
  }
}

TEST_F(TlsLayerTest, AClientNamesAServerThatSpeaksNoTls) {
  TlsEnd client(MakeClientLayer(Client(ClientOptions()), "localhost", 1));
  client.layer->Start(client.down);
  client.layer->Receive(Bytes("HTTP/1.1 400 Bad Request"), client.up, client.down);
  EXPECT_EQ(client.state(), LayerState::kFailed);
  EXPECT_THAT(client.error(), HasSubstr("server speaks plain HTTP"));
}

TEST_F(TlsLayerTest, NoVersionInCommonIsToldToBothEnds) {
  TlsServerOptions server_options = ServerOptions();
  server_options.protocol.version_min = TlsVersion::k13;
  TlsClientOptions client_options = ClientOptions();
  client_options.protocol.version_max = TlsVersion::k12;
  const TlsPair pair(Server(server_options), Client(client_options));
  EXPECT_EQ(pair.server.error(), "client speaks only TLS versions that are not allowed here");
  EXPECT_EQ(pair.client.error(), "server does not speak our TLS versions");
}

TEST_F(TlsLayerTest, NoCipherInCommonIsToldToBothEnds) {
  TlsServerOptions server_options = ServerOptions();
  server_options.protocol.version_max = TlsVersion::k12;
  server_options.protocol.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  TlsClientOptions client_options = ClientOptions();
  client_options.protocol.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
  const TlsPair pair(Server(server_options), Client(client_options));
  EXPECT_EQ(pair.server.error(), "no shared cipher");
  EXPECT_THAT(pair.client.error(), HasSubstr("server found no common cipher"));
}

TEST_F(TlsLayerTest, AServerOffersNoGroupsThatCostItMilliseconds) {
  for (const TlsVersion version : kVersions) {
    TlsClientOptions client_options = ClientOptions();
    client_options.protocol.version_max = version;
    client_options.protocol.curves = "ffdhe8192:ffdhe2048";
    client_options.protocol.ciphers = "DHE+AESGCM";
    const TlsPair pair(Server(ServerOptions()), Client(client_options));
    EXPECT_EQ(pair.server.state(), LayerState::kFailed);
  }
  for (const char* const curve : {"X25519", "P-256", "P-384"}) {
    TlsClientOptions client_options = ClientOptions();
    client_options.protocol.curves = curve;
    EXPECT_EQ(TlsPair(Server(ServerOptions()), Client(client_options)).server.state(),
              LayerState::kOpen);
  }
}

TEST_F(TlsLayerTest, AClientStillReachesAServerThatKnowsFiniteFieldsOnly) {
  TlsServerOptions server_options = ServerOptions();
  server_options.protocol.version_max = TlsVersion::k12;
  server_options.protocol.ciphers = "DHE+AESGCM";
  server_options.key_pairs = {
      KeyPair("rsa", {.dns_names = {"localhost"}, .key_kind = support::KeyKind::kRsa2048})};
  const TlsPair pair(Server(server_options), Client(ClientOptions()));
  EXPECT_EQ(pair.server.state(), LayerState::kOpen) << pair.client.error();
}

TEST_F(TlsLayerTest, ADamagedRecordEndsTheConnectionWithAnAlert) {
  for (const TlsVersion version : kVersions) {
    TlsPair pair = Pair(version);
    pair.client.Send("important");
    std::string bytes = Text(pair.client.down);
    pair.client.down.Clear();
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    pair.server.layer->Receive(Bytes(bytes), pair.server.up, pair.server.down);
    EXPECT_EQ(pair.server.state(), LayerState::kFailed);
    EXPECT_THAT(pair.server.error(), HasSubstr("damaged record from the client"));
    EXPECT_TRUE(pair.server.up.empty());
    pair.Pump();
    EXPECT_EQ(pair.client.state(), LayerState::kFailed);
    EXPECT_THAT(pair.client.error(), HasSubstr("server received a damaged record"));
  }
}

// Goal: whatever a peer makes of a good stream, nothing crashes, and damage is never taken for
// data. Method: flip, drop or add bytes anywhere in either direction; sanitizers watch.
TEST_F(TlsLayerTest, AMutatedStreamNeverCrashesNorForgesData) {
  const TlsServerContextPtr server_context = Server(MutualOptions(ClientCertificates::kOptional));
  TlsClientOptions options = ClientOptions();
  options.key_pair = KeyPair("client", {.common_name = "device"});
  options.resume = false;
  const TlsClientContextPtr client_context = Client(options);
  std::mt19937 random(11);
  int opened = 0;
  int failed = 0;
  for (int round = 0; round < 300; ++round) {
    TlsEnd server(MakeServerLayer(server_context, Instant{}));
    TlsEnd client(MakeClientLayer(client_context, "localhost", 1));
    client.layer->Start(client.down);
    bool sent = false;
    for (int turn = 0; turn < 12; ++turn) {
      TlsEnd& from = turn % 2 == 0 ? client : server;
      TlsEnd& to = turn % 2 == 0 ? server : client;
      if (from.state() == LayerState::kOpen && !sent) {
        from.Send("truth");
        sent = true;
      }
      std::string bytes = Text(from.down);
      from.down.Clear();
      if (!bytes.empty() && random() % 3 == 0) {
        const size_t at = random() % bytes.size();
        const auto kind = random() % 3;
        if (kind == 0) bytes[at] = static_cast<char>(random());
        if (kind == 1) bytes.erase(at, 1 + random() % 8);
        if (kind == 2) bytes.insert(at, 1 + random() % 8, static_cast<char>(random()));
      }
      to.layer->Receive(Bytes(bytes), to.up, to.down);
    }
    for (const TlsEnd* end : {&server, &client}) {
      const std::string text = Text(end->up);
      ASSERT_TRUE(text.empty() || text == "truth") << round;
      if (end->state() == LayerState::kFailed) {
        ++failed;
        ASSERT_FALSE(end->error().empty());
        ASSERT_LE(end->error().size(), TlsLayer::kErrorBytesMax);
      }
      opened += end->state() == LayerState::kOpen;
    }
  }
  EXPECT_GT(opened, 30);
  EXPECT_GT(failed, 30);
}

TEST_F(TlsLayerTest, MovesToAnotherThreadBetweenTwoCalls) {
  TlsPair pair = Pair(TlsVersion::k13);
  pair.client.Send("here");
  std::thread([&pair] { pair.Pump(); }).join();
  pair.server.Send("there");
  std::thread([&pair] {
    pair.Pump();
    pair.server.layer->Close(pair.server.down);
    pair.server.layer.reset();
  }).join();
  EXPECT_EQ(Text(pair.server.up), "here");
  EXPECT_EQ(Text(pair.client.up), "there");
}

TEST_F(TlsLayerTest, OutlivesTheContextThatMadeIt) {
  TlsServerContextPtr server_context = Server(ServerOptions());
  TlsClientContextPtr client_context = Client(ClientOptions());
  TlsPair pair(server_context, client_context);
  server_context.reset();
  client_context.reset();
  ASSERT_TRUE(pair.open());
  pair.client.Send("still here");
  pair.Pump();
  EXPECT_EQ(Text(pair.server.up), "still here");
}

// Goal: data that is sent while a session ticket is half received is neither lost nor an error.
// Method: a ticket with a client certificate inside, cut into records of 512 bytes.
TEST_F(TlsLayerTest, SendsWhileAHandshakeMessageIsHalfReceived) {
  TlsClientOptions options = ClientOptions();
  options.key_pair = KeyPair("client", {.common_name = std::string(60, 'c')});
  TlsEnd server(MakeServerLayer(Server(MutualOptions(ClientCertificates::kRequired)), Instant{}));
  TlsEnd client(MakeClientLayer(Client(options), "localhost", 1));
  SSL_set_max_send_fragment(const_cast<SSL*>(server.layer->ssl()), 512);
  client.layer->Start(client.down);
  while (server.state() == LayerState::kOpening) {
    client.layer->Receive(server.down.bytes(), client.up, client.down);
    server.down.Clear();
    server.layer->Receive(client.down.bytes(), server.up, server.down);
    client.down.Clear();
  }
  ASSERT_EQ(server.state(), LayerState::kOpen);
  const std::string tickets = Text(server.down);
  server.down.Clear();
  ASSERT_GT(tickets.size(), 600u);
  client.layer->Receive(Bytes(tickets).first(600), client.up, client.down);
  ASSERT_EQ(client.state(), LayerState::kOpen);
  client.Send("early ");
  client.Send("bird");
  EXPECT_TRUE(client.down.empty());
  client.layer->Receive(Bytes(tickets).subspan(600), client.up, client.down);
  server.layer->Receive(client.down.bytes(), server.up, server.down);
  EXPECT_EQ(Text(server.up), "early bird");
}

TEST_F(TlsLayerTest, StillKnowsThePeerWhenOpenSslHasGone) {
  TlsClientOptions options = ClientOptions();
  options.key_pair = KeyPair("client", {.common_name = "device"});
  TlsServerOptions server_options = MutualOptions(ClientCertificates::kRequired);
  server_options.protocol.record_layer = TlsRecordLayer::kOwn;
  const TlsPair pair(Server(server_options), Client(options));
  ASSERT_TRUE(pair.open());
  const std::string fingerprint = pair.server.facts().certificate.fingerprint_sha256;
  EXPECT_EQ(pair.server.layer->ssl(), nullptr);
  const TlsFacts facts = pair.server.facts();
  EXPECT_TRUE(facts.used);
  EXPECT_EQ(facts.version, "TLSv1.3");
  ASSERT_TRUE(facts.has_certificate);
  EXPECT_EQ(facts.certificate.common_name, "device");
  EXPECT_EQ(facts.certificate.fingerprint_sha256, fingerprint);
}

TEST_F(TlsLayerTest, WorksInAStackOfLayers) {
  for (const TlsVersion version : kVersions) {
    TlsClientOptions options = ClientOptions();
    options.protocol.version_max = version;
    std::vector<std::unique_ptr<Layer>> layers;
    layers.push_back(MakeServerLayer(Server(ServerOptions()), Instant{}));
    LayerStack stack(std::move(layers));
    TlsEnd client(MakeClientLayer(Client(options), "localhost", 1));
    ByteVector up;
    ByteVector down;
    stack.Start(down);
    client.layer->Start(client.down);
    while (!client.down.empty()) {
      stack.Receive(client.down.bytes(), up, down);
      client.down.Clear();
      client.layer->Receive(down.bytes(), client.up, client.down);
      down.Clear();
    }
    ASSERT_TRUE(stack.open()) << stack.error();
    client.Send("ping");
    stack.Receive(client.down.bytes(), up, down);
    stack.Send(Bytes("pong"), down);
    client.layer->Receive(down.bytes(), client.up, client.down);
    EXPECT_EQ(Text(up), "ping");
    EXPECT_EQ(Text(client.up), "pong");
    EXPECT_EQ(stack.Describe().tls.server_name, "localhost");
    EXPECT_EQ(stack.MoveIntoKernel(-1), KernelMove::kNever);  // Nobody asked for it.
    EXPECT_FALSE(stack.is_transparent());
  }
}

TEST_F(TlsLayerTest, KnowsHowMuchOfARecordIsMissing) {
  TlsPair pair = Pair(TlsVersion::k13);
  pair.client.Send("0123456789");
  const std::string record = Text(pair.client.down);
  TlsEnd& server = pair.server;
  EXPECT_EQ(server.layer->record_bytes_missing(), 0u);
  for (size_t i = 0; i < record.size(); ++i) {
    server.layer->Receive(Bytes(record).subspan(i, 1), server.up, server.down);
    const size_t header_left = i + 1 < 5 ? 5 - (i + 1) : 0;
    const size_t expected = header_left > 0 ? header_left : record.size() - i - 1;
    // OpenSSL asks for the body when it has the header.
    ASSERT_EQ(server.layer->record_bytes_missing(), expected) << i;
  }
}

}  // namespace
}  // namespace ringmq::transport
