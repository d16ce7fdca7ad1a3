// SPDX-License-Identifier: Apache-2.0
#include "client/proxy.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/text.h"

namespace ringmq::client {
namespace {

constexpr char kSocksVersion = 5;
constexpr char kLoginVersion = 1;
constexpr char kMethodNone = 0;
constexpr char kMethodLogin = 2;

// RFC 1928 section 6.
const char* NameOfSocksReply(uint8_t reply) {
  static constexpr std::array<const char*, 9> kNames = {"succeeded",
                                                        "general failure",
                                                        "connection not allowed by its rules",
                                                        "network unreachable",
                                                        "host unreachable",
                                                        "connection refused",
                                                        "time to live expired",
                                                        "command not supported",
                                                        "address type not supported"};
  return reply < kNames.size() ? kNames[reply] : "unknown reply";
}

// An IPv6 address goes in brackets. RFC 3986 section 3.2.2
std::string Authority(const std::string& host, uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return absl::StrCat(is_v6 ? "[" : "", host, is_v6 ? "]" : "", ":", port);
}

void AppendPort(uint16_t port, std::string& out) {
  out.push_back(static_cast<char>(port >> 8));
  out.push_back(static_cast<char>(port & 0xff));
}

}  // namespace

ProxyHandshake::ProxyHandshake(const ProxyOptions& options, const std::string& host, uint16_t port)
    : options_(options), host_(host), port_(port) {
  if (options.kind == ProxyKind::kHttpConnect) {
    step_ = Step::kHttpResponse;
    const std::string authority = Authority(host, port);
    output_ = absl::StrCat("CONNECT ", authority, " HTTP/1.1\r\nHost: ", authority, "\r\n");
    if (!options.username.empty()) {
      const std::string login = absl::StrCat(options.username, ":", options.password);
      absl::StrAppend(&output_, "Proxy-Authorization: Basic ", absl::Base64Escape(login), "\r\n");
    }
    output_ += "\r\n";
    return;
  }
  step_ = Step::kSocksMethod;
  output_.push_back(kSocksVersion);
  const bool has_login = !options.username.empty();
  output_.push_back(has_login ? 2 : 1);
  output_.push_back(kMethodNone);
  if (has_login) output_.push_back(kMethodLogin);
}

std::string ProxyHandshake::TakeOutput() { return std::exchange(output_, {}); }

ProxyHandshake::Progress ProxyHandshake::Fail(std::string detail) {
  error_ = Error(Errc::kProxyRefused, std::move(detail)).WithPhase(Phase::kProxy);
  return Progress::kFailed;
}

// Byte by byte: what follows the last one is not ours, and there are few.
ProxyHandshake::Progress ProxyHandshake::OnBytes(std::string_view bytes, size_t* consumed) {
  for (*consumed = 0; *consumed < bytes.size();) {
    received_.push_back(bytes[(*consumed)++]);
    Progress progress = Progress::kNeedMore;
    switch (step_) {
      case Step::kHttpResponse:
        progress = OnHttp();
        break;
      case Step::kSocksMethod:
        progress = OnSocksMethod();
        break;
      case Step::kSocksLogin:
        progress = OnSocksLogin();
        break;
      case Step::kSocksReply:
        progress = OnSocksReply();
        break;
    }
    if (progress != Progress::kNeedMore) return progress;
  }
  return Progress::kNeedMore;
}

ProxyHandshake::Progress ProxyHandshake::OnHttp() {
  if (received_.size() > kResponseBytesMax) return Fail("the response is too long");
  const std::string_view text = received_;
  if (!text.ends_with("\r\n\r\n") && !text.ends_with("\n\n")) return Progress::kNeedMore;
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  int status = 0;
  const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 12 &&
                       std::from_chars(line.data() + 9, line.data() + 12, status).ec == std::errc{};
  if (!is_http) return Fail("not an HTTP response");
  if (status >= 200 && status < 300) return Progress::kDone;
  std::string hint;
  if (status == 407)
    hint = options_.username.empty() ? "; it wants a user name and a password"
                                     : "; it does not take this password";
  return Fail(absl::StrCat(absl::CEscape(absl::string_view(line.data(), line.size())), hint));
}

ProxyHandshake::Progress ProxyHandshake::OnSocksMethod() {
  if (received_.size() < 2) return Progress::kNeedMore;
  if (received_[0] != kSocksVersion) return Fail("not a SOCKS5 proxy");
  const char method = received_[1];
  received_.clear();
  if (method == kMethodNone) {
    AskSocksConnect();
    return Progress::kNeedMore;
  }
  if (method != kMethodLogin || options_.username.empty()) {
    return Fail("it takes none of our ways to log in");
  }
  if (options_.username.size() > 255 || options_.password.size() > 255) {
    return Fail("user name and password may have 255 bytes each");
  }
  output_.push_back(kLoginVersion);
  output_.push_back(static_cast<char>(options_.username.size()));
  output_ += options_.username;
  output_.push_back(static_cast<char>(options_.password.size()));
  output_ += options_.password;
  step_ = Step::kSocksLogin;
  return Progress::kNeedMore;
}

ProxyHandshake::Progress ProxyHandshake::OnSocksLogin() {
  if (received_.size() < 2) return Progress::kNeedMore;
  if (received_[1] != 0) return Fail("it does not take this user name and password");
  received_.clear();
  AskSocksConnect();
  return Progress::kNeedMore;
}

void ProxyHandshake::AskSocksConnect() {
  step_ = Step::kSocksReply;
  output_ += {kSocksVersion, 1, 0};
  std::array<char, 16> address{};
  if (inet_pton(AF_INET, host_.c_str(), address.data()) == 1) {
    output_.push_back(1);
    output_.append(address.data(), 4);
  } else if (inet_pton(AF_INET6, host_.c_str(), address.data()) == 1) {
    output_.push_back(4);
    output_.append(address.data(), 16);
  } else {
    output_.push_back(3);
    output_.push_back(static_cast<char>(host_.size()));
    output_ += host_;
  }
  AppendPort(port_, output_);
}

ProxyHandshake::Progress ProxyHandshake::OnSocksReply() {
  constexpr size_t kHeadBytes = 4;
  if (received_.size() < kHeadBytes + 1) return Progress::kNeedMore;
  if (received_[0] != kSocksVersion) return Fail("not a SOCKS5 proxy");
  const auto reply = static_cast<uint8_t>(received_[1]);
  if (reply != 0) return Fail(NameOfSocksReply(reply));
  size_t address_bytes = 0;
  if (received_[3] == 1) {
    address_bytes = 4;
  } else if (received_[3] == 4) {
    address_bytes = 16;
  } else if (received_[3] == 3) {
    address_bytes = 1 + static_cast<uint8_t>(received_[4]);
  } else {
    return Fail("a reply with an unknown address type");
  }
  const size_t size_bytes = kHeadBytes + address_bytes + 2;
  return received_.size() < size_bytes ? Progress::kNeedMore : Progress::kDone;
}

// --- ProxyLayer.

void ProxyLayer::Receive(std::span<const uint8_t> input, transport::ByteSink& up,
                         transport::ByteSink& down) {
  using Progress = ProxyHandshake::Progress;
  if (progress_ == Progress::kFailed) return;
  if (progress_ == Progress::kNeedMore) {
    size_t consumed = 0;
    progress_ = handshake_.OnBytes(AsText(input), &consumed);
    if (progress_ == Progress::kFailed) return;
    down.Append(handshake_.TakeOutput());
    input = input.subspan(consumed);
  }
  up.Append(input);
}

transport::LayerState ProxyLayer::state() const {
  switch (progress_) {
    case ProxyHandshake::Progress::kNeedMore:
      return transport::LayerState::kOpening;
    case ProxyHandshake::Progress::kDone:
      return transport::LayerState::kOpen;
    case ProxyHandshake::Progress::kFailed:
      break;
  }
  return transport::LayerState::kFailed;
}

}  // namespace ringmq::client
