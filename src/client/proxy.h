// The handshakes of proxies, without I/O: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS5 (RFC
// 1928, user name and password by RFC 1929). The proxy resolves the server's name.
//
// ProxyHandshake is what is said; ProxyLayer is the same as a layer, which is transparent once the
// proxy has agreed. Below it may be TLS to the proxy, above it whatever the server wants.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ringmq/expected.h"
#include "ringmq/options.h"
#include "transport/layer.h"

namespace ringmq::client {

class ProxyHandshake {
 public:
  // An HTTP proxy's answer may not be longer.
  static constexpr size_t kResponseBytesMax = 8192;

  // Requires: options.kind is not kNone.
  ProxyHandshake(const ProxyOptions& options, const std::string& host, uint16_t port);

  // What is to be sent next; empty: nothing. To be asked at first and after each OnBytes().
  [[nodiscard]] std::string TakeOutput();
  enum class Progress : uint8_t { kNeedMore, kDone, kFailed };
  // `consumed` says how many of the bytes were the proxy's; what follows kDone is the server's.
  Progress OnBytes(std::string_view bytes, size_t* consumed);
  // Requires: kFailed. kProxyRefused with the proxy's reason.
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  enum class Step : uint8_t { kHttpResponse, kSocksMethod, kSocksLogin, kSocksReply };

  Progress OnHttp();
  Progress OnSocksMethod();
  Progress OnSocksLogin();
  Progress OnSocksReply();
  Progress Fail(std::string detail);
  void AskSocksConnect();

  const ProxyOptions options_;
  const std::string host_;
  const uint16_t port_;
  Step step_;
  std::string output_;
  std::string received_;
  Error error_{Errc::kProxyRefused};
};

class ProxyLayer final : public transport::Layer {
 public:
  static constexpr size_t kErrorBytesMax = 200;

  // `progress` outlives the layer, which a stack takes out as soon as the proxy has agreed: how far
  // it has come.
  ProxyLayer(ProxyHandshake handshake, ProxyHandshake::Progress& progress)
      : handshake_(std::move(handshake)), progress_(progress) {
    progress_ = ProxyHandshake::Progress::kNeedMore;
  }

  void Start(transport::ByteSink& down) override { down.Append(handshake_.TakeOutput()); }
  void Receive(std::span<const uint8_t> input, transport::ByteSink& up,
               transport::ByteSink& down) override;
  void Send(std::span<const uint8_t> bytes, transport::ByteSink& down) override {
    down.Append(bytes);
  }
  void Close(transport::ByteSink& down) override { (void)down; }
  [[nodiscard]] transport::LayerState state() const override;
  [[nodiscard]] bool is_transparent() const override {
    return progress_ == ProxyHandshake::Progress::kDone;
  }
  [[nodiscard]] std::string_view error() const override {
    return std::string_view(handshake_.error().detail()).substr(0, kErrorBytesMax);
  }
  void Describe(transport::PeerFacts& facts) const override { (void)facts; }

 private:
  ProxyHandshake handshake_;
  ProxyHandshake::Progress& progress_;
};

}  // namespace ringmq::client
