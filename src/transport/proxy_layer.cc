// SPDX-License-Identifier: Apache-2.0
#include "transport/proxy_layer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ringmq::transport {
namespace {

// As ss(8) writes it: "/path", "@abstract".
std::string PathText(std::string_view path) {
  std::string text(path);
  if (!text.empty() && text[0] == '\0') text[0] = '@';
  return text;
}

ProxyFacts FactsOf(const ProxyHeader& header) {
  ProxyFacts facts{.used = true, .local = header.family == ProxyHeader::Family::kNone};
  switch (header.family) {
    case ProxyHeader::Family::kNone:
      break;
    case ProxyHeader::Family::kIp:
      facts.source = header.source.ToString();
      facts.source_port = header.source_port;
      facts.destination = header.destination.ToString();
      facts.destination_port = header.destination_port;
      break;
    case ProxyHeader::Family::kUnix:
      facts.source = PathText(header.source_path);
      facts.destination = PathText(header.destination_path);
      break;
  }
  facts.server_name = header.authority;
  facts.alpn = header.alpn;
  facts.tls = header.tls.used;
  facts.certificate_verified = header.tls.certificate_verified;
  // A name that nobody verified must not be taken for one.
  if (facts.certificate_verified) facts.certificate_common_name = header.tls.common_name;
  return facts;
}

}  // namespace

void ProxyServerLayer::Start(ByteSink&) {}  // The proxy speaks first.

void ProxyServerLayer::Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink&) {
  if (is_closed_ || state_ == LayerState::kFailed) return;
  if (state_ == LayerState::kOpen) {
    up.Append(input);
    return;
  }
  // Straight from the input if it is all there, which it nearly always is.
  const size_t before = held_.size();
  const size_t held_bytes_max = std::max(rules_.header_bytes_max, kProxyV1BytesMax);
  std::span<const uint8_t> bytes = input;
  if (before > 0) {
    const size_t taken = std::min(input.size(), held_bytes_max - before);
    held_.insert(held_.end(), input.begin(), input.begin() + static_cast<ptrdiff_t>(taken));
    bytes = held_;
  }
  const ProxyParse parse = ParseProxyHeader(bytes, rules_);
  switch (parse.status) {
    case ProxyParse::kNeedMore:
      RMQ_CHECK(bytes.size() < held_bytes_max);  // Promised by the parser.
      if (before == 0) held_.assign(input.begin(), input.end());
      return;
    case ProxyParse::kRefused:
      state_ = LayerState::kFailed;
      error_ = "PROXY header: " + std::string(ProxyErrorText(parse.error));
      break;
    case ProxyParse::kDone:
      RMQ_CHECK(parse.size_bytes > before);  // Or it had been there the last time.
      Open(parse.header);
      up.Append(input.subspan(parse.size_bytes - before));
      break;
  }
  held_ = {};
}

void ProxyServerLayer::Open(const ProxyHeader& header) {
  facts_ = std::make_unique<ProxyFacts>(FactsOf(header));
  state_ = LayerState::kOpen;
}

void ProxyServerLayer::Send(std::span<const uint8_t> bytes, ByteSink& down) {
  RMQ_CHECK(state_ == LayerState::kOpen);
  down.Append(bytes);
}

void ProxyServerLayer::Close(ByteSink&) { is_closed_ = true; }

void ProxyServerLayer::Describe(PeerFacts& facts) const {
  if (facts_ != nullptr) facts.proxy = *facts_;
}

void ProxyClientLayer::Start(ByteSink& down) { down.Append(std::exchange(unsent_, {})); }

void ProxyClientLayer::Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink&) {
  if (!is_closed_) up.Append(input);
}

void ProxyClientLayer::Send(std::span<const uint8_t> bytes, ByteSink& down) {
  RMQ_CHECK(unsent_.empty());
  down.Append(bytes);
}

void ProxyClientLayer::Close(ByteSink&) { is_closed_ = true; }

void ProxyClientLayer::Describe(PeerFacts&) const {}  // The header says nothing of the server.

}  // namespace ringmq::transport
