// The handshakes of proxies, without I/O: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS5 (RFC
// 1928, user name and password by RFC 1929). The proxy resolves the server's name.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringmq/expected.h"
#include "ringmq/options.h"

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

}  // namespace ringmq::client
