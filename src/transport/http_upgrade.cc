// SPDX-License-Identifier: Apache-2.0
#include "transport/http_upgrade.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/ip_address.h"
#include "transport/http_head.h"
#include "transport/websocket_accept.h"

namespace ringmq::transport {
namespace {

constexpr std::string_view kVersionHeader = "Sec-WebSocket-Version";

UpgradeVerdict Refuse(uint16_t status, std::string_view reason) {
  return {.status = status, .reason = reason, .request = {}};
}

struct Phrase {
  uint16_t status;
  std::string_view text;
};

constexpr Phrase kPhrases[] = {
    {400, "Bad Request"},      {403, "Forbidden"},
    {404, "Not Found"},        {405, "Method Not Allowed"},
    {426, "Upgrade Required"}, {431, "Request Header Fields Too Large"},
};

std::string_view PhraseOf(uint16_t status) {
  const auto* const found =
      std::find_if(std::begin(kPhrases), std::end(kPhrases),
                   [status](const Phrase& phrase) { return phrase.status == status; });
  return found == std::end(kPhrases) ? "Error" : found->text;
}

// 16 bytes in base64: 22 digits and two fillers.
bool IsKey(std::string_view key) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == 24 && key.ends_with("==") &&
         key.find_first_not_of(kDigits) == key.size() - 2;
}

// "GET /path?query HTTP/1.1"
UpgradeVerdict CheckRequestLine(std::string_view line, const UpgradeRules& rules,
                                UpgradeRequest& request) {
  constexpr std::string_view kEnd = " HTTP/1.1";
  if (!line.starts_with("GET ")) return Refuse(405, "only GET becomes a WebSocket");
  if (!line.ends_with(kEnd)) return Refuse(400, "only HTTP/1.1 becomes a WebSocket");
  line.remove_prefix(4);
  if (line.size() <= kEnd.size()) return Refuse(400, "the request has no path");
  line.remove_suffix(kEnd.size());
  if (line.empty() || line.front() != '/' || line.find(' ') != std::string_view::npos) {
    return Refuse(400, "the path is none");
  }
  request.path = std::string(line.substr(0, line.find('?')));
  const bool known = rules.paths.empty() || std::find(rules.paths.begin(), rules.paths.end(),
                                                      request.path) != rules.paths.end();
  return known ? UpgradeVerdict() : Refuse(404, "there is no MQTT at this path");
}

UpgradeVerdict CheckWebSocketHeaders(const HttpHead& head, UpgradeRequest& request) {
  if (!head.HasWord("Upgrade", "websocket") || !head.HasWord("Connection", "Upgrade")) {
    return Refuse(426, "this is a WebSocket listener for MQTT");
  }
  const auto host = head.Single("Host");
  if (!host.has_value() || host->empty()) return Refuse(400, "exactly one Host header is needed");
  const auto length = head.Single("Content-Length");
  if (!length.has_value() || (!length->empty() && *length != "0") ||
      head.Has("Transfer-Encoding")) {
    return Refuse(400, "the request has a body");
  }
  const auto version = head.Single(kVersionHeader);
  if (!version.has_value() || *version != "13") return Refuse(426, "only WebSocket version 13");
  const auto key = head.Single("Sec-WebSocket-Key");
  if (!key.has_value() || !IsKey(*key)) {
    return Refuse(400, "exactly one Sec-WebSocket-Key of 16 bytes in base64 is needed");
  }
  request.key = std::string(*key);
  // [MQTT-6.0.0-3] Their case counts: what is answered must have been offered (RFC 6455 s4.1).
  if (head.HasExactWord("Sec-WebSocket-Protocol", "mqtt")) {
    request.subprotocol = "mqtt";
  } else if (head.HasExactWord("Sec-WebSocket-Protocol", "mqttv3.1")) {
    request.subprotocol = "mqttv3.1";
  } else {
    return Refuse(400, "the WebSocket subprotocol mqtt (or mqttv3.1) has to be offered");
  }
  return {};
}

UpgradeVerdict CheckOrigin(const HttpHead& head, const UpgradeRules& rules,
                           UpgradeRequest& request) {
  const auto origin = head.Single("Origin");
  if (!origin.has_value()) return Refuse(400, "more than one Origin");
  request.origin = std::string(*origin);
  if (origin->empty() || rules.origins.empty()) return {};
  const bool known = std::any_of(
      rules.origins.begin(), rules.origins.end(),
      [&](const std::string& one) { return one == "*" || EqualsIgnoringCase(one, *origin); });
  return known ? UpgradeVerdict() : Refuse(403, "pages of this origin may not connect");
}

// The last address of the list is the one that our proxy saw itself. Empty: it says nothing, or
// that it does not know. None: what it says is no address.
std::optional<std::string> LastForwarded(const HttpHead& head) {
  std::string_view last;
  for (const auto& [name, value] : head.headers) {
    if (!EqualsIgnoringCase(name, "X-Forwarded-For")) continue;
    std::string_view rest = value;
    while (!rest.empty()) last = TakeWord(rest);
  }
  if (last.empty() || EqualsIgnoringCase(last, "unknown")) return std::string();
  const auto from = base::ParseAddressAndPort(last);
  if (!from.has_value()) return std::nullopt;
  return from->address.ToString();
}

}  // namespace

size_t FindHttpHead(std::string_view bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const size_t at = bytes.find(kEnd);
  return at == std::string_view::npos ? 0 : at + kEnd.size();
}

UpgradeVerdict CheckUpgradeRequest(std::string_view head, const UpgradeRules& rules) {
  const std::optional<HttpHead> parsed = ParseHttpHead(head, kHttpHeadersMax);
  if (!parsed.has_value()) return Refuse(400, "this is no HTTP request");
  UpgradeVerdict verdict;
  UpgradeRequest& request = verdict.request;
  if (auto line = CheckRequestLine(parsed->start_line, rules, request); !line.ok()) return line;
  if (auto socket = CheckWebSocketHeaders(*parsed, request); !socket.ok()) return socket;
  if (auto origin = CheckOrigin(*parsed, rules, request); !origin.ok()) return origin;
  if (!rules.is_trusted_proxy) return verdict;
  std::optional<std::string> forwarded_for = LastForwarded(*parsed);
  if (!forwarded_for.has_value()) {
    // Going on as if the proxy were the client would hide it from whoever set it up.
    return Refuse(400, "what X-Forwarded-For ends with is no address");
  }
  request.forwarded_for = *std::move(forwarded_for);
  return verdict;
}

std::string MakeUpgradeResponse(const UpgradeVerdict& verdict) {
  if (verdict.ok()) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           WebSocketAccept(verdict.request.key) +
           "\r\nSec-WebSocket-Protocol: " + verdict.request.subprotocol + "\r\n\r\n";
  }
  const std::string body = std::string(verdict.reason) + "\n";
  std::string text = "HTTP/1.1 " + std::to_string(verdict.status) + " ";
  text += PhraseOf(verdict.status);
  text += "\r\nConnection: close\r\nContent-Type: text/plain\r\n";
  if (verdict.status == 426) text += "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  if (verdict.status == 405) text += "Allow: GET\r\n";
  return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string HostField(const std::string& host, uint16_t port, bool has_tls) {
  const bool is_v6 = host.find(':') != std::string::npos;
  std::string field = is_v6 ? "[" + host + "]" : host;
  if (port != (has_tls ? 443 : 80)) field += ":" + std::to_string(port);
  return field;
}

std::string MakeUpgradeRequest(const UpgradeOffer& offer) {
  std::string text = "GET " + offer.path + " HTTP/1.1\r\nHost: " + offer.host +
                     "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
                     "13\r\nSec-WebSocket-Key: " +
                     offer.key + "\r\nSec-WebSocket-Protocol: " + offer.subprotocol + "\r\n";
  for (const auto& [name, value] : offer.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

std::string CheckUpgradeResponse(std::string_view head, const UpgradeOffer& offer) {
  const std::optional<HttpHead> parsed = ParseHttpHead(head, kHttpHeadersMax);
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (!parsed.has_value() || !parsed->start_line.starts_with(kVersion) ||
      parsed->start_line.size() < kVersion.size() + 3) {
    return "the server answered what is no HTTP response";
  }
  constexpr size_t kStatusTextMax = 80;
  const std::string_view status = parsed->start_line.substr(kVersion.size(), kStatusTextMax);
  if (!status.starts_with("101")) {
    return "the server refused the WebSocket: " + std::string(status);
  }
  if (!parsed->HasWord("Upgrade", "websocket") || !parsed->HasWord("Connection", "Upgrade")) {
    return "the server's 101 is not for a WebSocket";
  }
  if (parsed->Single("Sec-WebSocket-Accept") != WebSocketAccept(offer.key)) {
    return "the server's Sec-WebSocket-Accept does not match";
  }
  if (parsed->Single("Sec-WebSocket-Protocol") != std::string_view(offer.subprotocol)) {
    return "the server did not agree to the subprotocol " + offer.subprotocol;
  }
  if (parsed->Has("Sec-WebSocket-Extensions")) {
    return "the server uses an extension that nobody asked for";
  }
  return {};
}

}  // namespace ringmq::transport
