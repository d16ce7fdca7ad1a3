// Two ends of TLS, back to back in memory, and certificates for them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/certificates.h"
#include "transport/byte_vector.h"
#include "transport/tls_client_context.h"
#include "transport/tls_server_context.h"

namespace ringmq::transport {

inline std::string Text(const ByteVector& bytes) {
  return {reinterpret_cast<const char*>(bytes.bytes().data()), bytes.bytes().size()};
}

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class TlsEnd {
 public:
  explicit TlsEnd(std::unique_ptr<TlsLayer> made) : layer(std::move(made)) {}

  void Send(std::string_view text) { layer->Send(Bytes(text), down); }
  [[nodiscard]] LayerState state() const { return layer->state(); }
  [[nodiscard]] std::string error() const { return std::string(layer->error()); }
  [[nodiscard]] TlsFacts facts() const {
    PeerFacts facts;
    layer->Describe(facts);
    return facts.tls;
  }

  std::unique_ptr<TlsLayer> layer;
  ByteVector up;    // What this end has received.
  ByteVector down;  // What is on its way to the other end.
};

class TlsPair {
 public:
  // How many bytes reach the other end at once.
  static constexpr size_t kAll = 0;
  static constexpr size_t kRandom = ~size_t{0};

  TlsPair(const TlsServerContextPtr& server_context, const TlsClientContextPtr& client_context,
          const std::string& host = "localhost", size_t split = kAll)
      : TlsPair(MakeServerLayer(server_context, Instant{}),
                MakeClientLayer(client_context, host, 8883), split) {}
  TlsPair(std::unique_ptr<TlsLayer> server_layer, std::unique_ptr<TlsLayer> client_layer,
          size_t split = kAll)
      : server(std::move(server_layer)), client(std::move(client_layer)), split_(split) {
    server.layer->Start(server.down);
    client.layer->Start(client.down);
    Pump();
  }

  // Until nobody has anything to say.
  void Pump() {
    while (!server.down.empty() || !client.down.empty()) {
      Carry(client, server);
      Carry(server, client);
    }
  }

  [[nodiscard]] bool open() const {
    return server.state() == LayerState::kOpen && client.state() == LayerState::kOpen;
  }

  TlsEnd server;
  TlsEnd client;

 private:
  void Carry(TlsEnd& from, TlsEnd& to) {
    const std::string bytes = Text(from.down);
    from.down.Clear();
    for (size_t i = 0; i < bytes.size();) {
      size_t count = split_ == kAll ? bytes.size() : split_;
      if (split_ == kRandom) count = 1 + random_() % 3000;
      count = std::min(count, bytes.size() - i);
      to.layer->Receive(Bytes(bytes).subspan(i, count), to.up, to.down);
      i += count;
    }
  }

  size_t split_;
  std::mt19937 random_{7};  // NOLINT: the same splits in every run.
};

class TlsTest : public testing::Test {
 protected:
  static constexpr TlsVersion kVersions[] = {TlsVersion::k12, TlsVersion::k13};

  // A server for "localhost" and 127.0.0.1, and a client that believes its authority.
  [[nodiscard]] TlsServerOptions ServerOptions() {
    TlsServerOptions options;
    options.key_pairs = {KeyPair(
        "server",
        {.common_name = "server", .dns_names = {"localhost"}, .addresses = {"127.0.0.1", "::1"}})};
    return options;
  }
  [[nodiscard]] TlsClientOptions ClientOptions() {
    TlsClientOptions options;
    options.trust.ca_file = ca_file_;
    return options;
  }
  [[nodiscard]] TlsServerOptions MutualOptions(ClientCertificates certificates) {
    TlsServerOptions options = ServerOptions();
    options.trust.ca_file = ca_file_;
    options.client_certificates = certificates;
    return options;
  }

  TlsKeyPair KeyPair(const std::string& name, const support::CertificateSpec& spec) {
    return Write(name, authority_.Issue(spec));
  }
  TlsKeyPair Write(const std::string& name, const support::Issued& issued) {
    return {.certificate_file = folder_.Write(name + ".crt", issued.certificate),
            .key_file = folder_.Write(name + ".key", issued.key)};
  }

  static TlsServerContextPtr Server(const TlsServerOptions& options,
                                    TlsTicketKeysPtr keys = nullptr) {
    auto context = TlsServerContext::Make(options, std::move(keys));
    EXPECT_TRUE(context.ok()) << context.status();
    return context.ok() ? *context : nullptr;
  }
  static TlsClientContextPtr Client(const TlsClientOptions& options) {
    auto context = TlsClientContext::Make(options);
    EXPECT_TRUE(context.ok()) << context.status();
    return context.ok() ? *context : nullptr;
  }
  static std::string Refusal(const TlsServerOptions& options) {
    return std::string(TlsServerContext::Make(options).status().message());
  }
  static std::string Refusal(const TlsClientOptions& options) {
    return std::string(TlsClientContext::Make(options).status().message());
  }

  support::PemFolder folder_;
  support::Authority authority_{"Test CA"};
  const std::string ca_file_ = folder_.Write("ca.crt", authority_.certificate());
};

}  // namespace ringmq::transport
