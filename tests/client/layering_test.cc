// What stands between MQTT and the socket, against the other ends of the same in memory.
//
//   [TLS to the proxy] [proxy] [TLS]   <-- bytes, one by one -->   [TLS] [PlayedProxy] [TLS]
//
// SPDX-License-Identifier: Apache-2.0
#include "client/layering.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "client/text.h"
#include "support/certificates.h"
#include "transport/byte_vector.h"
#include "transport/layer_stack.h"
#include "transport/proxy_header.h"
#include "transport/tls_server_context.h"

namespace ringmq::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using transport::ByteSink;
using transport::ByteVector;
using transport::LayerStack;
using transport::LayerState;

// Reads a request up to its empty line, answers, and passes everything on.
class PlayedProxy final : public transport::Layer {
 public:
  PlayedProxy(std::string answer, std::string& request)
      : answer_(std::move(answer)), request_(request) {}

  void Start(ByteSink&) override {}
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) override {
    for (const uint8_t byte : input) {
      if (is_through_) {
        *up.Append(1) = byte;
        continue;
      }
      request_.push_back(static_cast<char>(byte));
      if (!request_.ends_with("\r\n\r\n")) continue;
      is_through_ = true;
      down.Append(answer_);
    }
  }
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override { down.Append(bytes); }
  void Close(ByteSink&) override {}
  [[nodiscard]] LayerState state() const override {
    return is_through_ ? LayerState::kOpen : LayerState::kOpening;
  }
  [[nodiscard]] std::string_view error() const override { return ""; }
  void Describe(transport::PeerFacts&) const override {}

 private:
  const std::string answer_;
  std::string& request_;
  bool is_through_ = false;
};

class ClientLayering : public testing::Test {
 protected:
  ClientLayering() {
    options.proxy = {.kind = ProxyKind::kHttpConnect,
                     .host = "proxy.example",
                     .port = 3128,
                     .tls = TlsOptions{.ca_file = proxy_ca}};
    options.tls.ca_file = broker_ca;
  }

  [[nodiscard]] std::unique_ptr<transport::Layer> ServerTls(support::Authority& authority,
                                                            const std::string& name,
                                                            const std::string& alpn) {
    const support::Issued issued = authority.Issue({.common_name = "x", .dns_names = {name}});
    transport::TlsServerOptions server;
    server.key_pairs = {{.certificate_file = folder.Write(name, issued.certificate + issued.key)}};
    server.protocol.alpn = {alpn};
    return transport::MakeServerLayer(*transport::TlsServerContext::Make(server), Instant{});
  }

  // Lets both ends talk until they have nothing to say. The error of our end if it has one.
  std::optional<Error> Open() {
    EXPECT_TRUE(layering.Prepare(endpoint).ok());
    std::vector<std::unique_ptr<transport::Layer>> theirs;
    theirs.push_back(ServerTls(proxy_authority, proxy_name, "http/1.1"));
    theirs.push_back(std::make_unique<PlayedProxy>(answer, request));
    theirs.push_back(ServerTls(broker_authority, "broker.example", "mqtt"));
    server.emplace(std::move(theirs));
    client.emplace(layering.Make(endpoint, 8883));
    server->Start(to_client);
    client->Start(to_server);
    Pump();
    if (client->state() != LayerState::kFailed) return std::nullopt;
    Error error = layering.ErrorOf(client->error(), true);
    return error.WithPhase(layering.phase());
  }
  void Pump() {
    while (!to_server.empty() || !to_client.empty()) {
      for (const uint8_t byte : to_server.Take()) server->Receive({&byte, 1}, heard, to_client);
      for (const uint8_t byte : to_client.Take()) client->Receive({&byte, 1}, read, to_server);
    }
  }

  support::PemFolder folder;
  support::Authority proxy_authority{"Proxy CA"};
  support::Authority broker_authority{"Broker CA"};
  const std::string proxy_ca = folder.Write("proxy-ca", proxy_authority.certificate());
  const std::string broker_ca = folder.Write("broker-ca", broker_authority.certificate());
  std::string proxy_name = "proxy.example";
  std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n";
  std::string request;
  Endpoint endpoint{.transport = Transport::kTls, .host = "broker.example"};
  Options options;
  Layering layering{options, 1};
  std::optional<LayerStack> server;
  std::optional<LayerStack> client;
  ByteVector to_server;
  ByteVector to_client;
  ByteVector heard;
  ByteVector read;
};

TEST_F(ClientLayering, PutsTheServersTlsInsideOfTheProxys) {
  ASSERT_FALSE(Open().has_value());
  ASSERT_TRUE(client->open());
  ASSERT_TRUE(server->open());
  EXPECT_THAT(request, HasSubstr("CONNECT broker.example:8883 HTTP/1.1\r\n"));
  client->Send(AsBytes("ping"), to_server);
  server->Send(AsBytes("pong"), to_client);
  Pump();
  EXPECT_EQ(AsText(heard.bytes()), "ping");
  EXPECT_EQ(AsText(read.bytes()), "pong");
  // Both say goodbye, the inner one first.
  client->Close(to_server);
  Pump();
  EXPECT_EQ(server->state(), LayerState::kEnded);
}

TEST_F(ClientLayering, SaysThatTheProxysCertificateIsOfAnotherAuthority) {
  options.proxy.tls->ca_file = broker_ca;
  const std::optional<Error> error = Open();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Errc::kTlsFailed);
  EXPECT_EQ(error->phase(), Phase::kProxy);
  EXPECT_THAT(error->detail(), HasSubstr("proxy proxy.example:3128: "));
  EXPECT_THAT(error->detail(), HasSubstr("unknown authority"));
  EXPECT_EQ(request, "");  // Nothing was asked of somebody unknown: there is a password in it.
}

TEST_F(ClientLayering, SaysThatTheProxysCertificateIsForAnotherName) {
  proxy_name = "other.example";
  std::optional<Error> error = Open();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Errc::kTlsFailed);
  EXPECT_EQ(error->phase(), Phase::kProxy);
  EXPECT_THAT(error->detail(), HasSubstr("proxy proxy.example:3128: "));
  EXPECT_EQ(request, "");
}

TEST_F(ClientLayering, BelievesAProxyWithoutVerificationButStillVerifiesTheServer) {
  proxy_name = "other.example";
  options.proxy.tls->verify = false;
  EXPECT_FALSE(Open().has_value());
  EXPECT_TRUE(client->open());
}

TEST_F(ClientLayering, ExpectsTheNameThatItWasToldOfTheProxy) {
  proxy_name = "other.example";
  options.proxy.tls->server_name = "other.example";
  EXPECT_FALSE(Open().has_value());
  EXPECT_TRUE(client->open());
}

TEST_F(ClientLayering, TellsAProxyThatRefusesFromOneThatIsNotTrusted) {
  answer = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
  const std::optional<Error> error = Open();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Errc::kProxyRefused);
  EXPECT_EQ(error->phase(), Phase::kProxy);
  EXPECT_THAT(error->detail(), HasSubstr("502 Bad Gateway"));
}

TEST_F(ClientLayering, BlamesTheServerForTheServersCertificate) {
  options.tls.ca_file = proxy_ca;
  const std::optional<Error> error = Open();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Errc::kTlsFailed);
  EXPECT_EQ(error->phase(), Phase::kTls);
  EXPECT_THAT(error->detail(), Not(HasSubstr("proxy")));
}

TEST_F(ClientLayering, OpensAProxyWithoutTlsBeforeTheServersTls) {
  options.proxy.tls.reset();
  EXPECT_TRUE(layering.Prepare(endpoint).ok());
  client.emplace(layering.Make(endpoint, 8883));
  client->Start(to_server);
  EXPECT_THAT(AsText(to_server.bytes()), HasSubstr("CONNECT broker.example:8883"));
  EXPECT_EQ(layering.phase(), Phase::kProxy);
  client->Receive(AsBytes(answer), read, to_server);
  EXPECT_EQ(layering.phase(), Phase::kTls);
}

TEST_F(ClientLayering, NamesTheProxysFileThatItCannotRead) {
  options.proxy.tls->ca_file = "/none.pem";
  const Expected<void> prepared = layering.Prepare(endpoint);
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().code(), Errc::kInvalidArgument);
  EXPECT_THAT(prepared.error().detail(), HasSubstr("proxy.tls: "));
  EXPECT_THAT(prepared.error().detail(), HasSubstr("/none.pem"));
  // A Unix socket needs no proxy.
  EXPECT_TRUE(layering.Prepare({.transport = Transport::kUnix, .host = "/x"}).ok());
}

TEST(ClientProxyHeader, GoesBeforeEverythingAndNamesWhomItIsFor) {
  Options options;
  for (const auto& [version, source, expected] :
       {std::tuple(ProxyProtocol::kV1, "192.0.2.7:50000",
                   "PROXY TCP4 192.0.2.7 127.0.0.1 50000 1883\r\n"),
        std::tuple(ProxyProtocol::kV1, "[2001:db8::7]:1", "PROXY TCP6 2001:db8::7 ::1 1 1883\r\n"),
        std::tuple(ProxyProtocol::kV1, "", "PROXY UNKNOWN\r\n")}) {
    options.proxy_protocol = {.version = version, .source = source};
    Layering layering(options, 1);
    const Endpoint endpoint;
    EXPECT_TRUE(layering.IsNeeded(endpoint));
    LayerStack stack(layering.Make(endpoint, 1883));
    ByteVector down;
    stack.Start(down);
    EXPECT_TRUE(stack.open());
    EXPECT_EQ(AsText(down.bytes()), expected);
  }
  options.proxy_protocol = {.version = ProxyProtocol::kV2};
  Layering layering(options, 1);
  LayerStack stack(layering.Make(Endpoint{}, 1883));
  ByteVector down;
  stack.Start(down);
  const transport::ProxyParse parse = transport::ParseProxyHeader(down.bytes(), {});
  EXPECT_EQ(parse.status, transport::ProxyParse::kDone);
  EXPECT_TRUE(parse.header.is_local);
}

}  // namespace
}  // namespace ringmq::client
