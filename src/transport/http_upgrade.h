// The HTTP request that turns a connection into a WebSocket, and its answer: strict and bounded.
// RFC 6455 s4; MQTT 5.0 s6.
//
// Pure: text in, text out. A head is everything up to and including the empty line.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringmq::transport {

// More is refused; a browser with its cookies needs 1 to 4 KiB.
inline constexpr size_t kHttpHeadBytesMax = 16 << 10;
inline constexpr size_t kHttpHeadersMax = 100;

struct UpgradeRules {
  std::vector<std::string> paths = {"/mqtt", "/"};  // Without query. Empty: every path.
  // "https://app.example": exactly so, in lower case. Empty: every origin. A request without an
  // Origin header comes from no browser and is let in.
  std::vector<std::string> origins{};
  // The peer is a proxy of ours: X-Forwarded-For counts.
  bool is_trusted_proxy = false;
};

struct UpgradeRequest {
  std::string path;
  std::string subprotocol;  // Of those that it offered: "mqtt", else "mqttv3.1".
  std::string origin;
  std::string forwarded_for;  // The address that the trusted proxy saw; empty: none.
  std::string key{};
};

struct UpgradeVerdict {
  uint16_t status = 101;      // HTTP status code.
  std::string_view reason{};  // Why not 101: a sentence that lives for ever.
  UpgradeRequest request;     // With 101.

  [[nodiscard]] bool ok() const { return status == 101; }
};

// The size of the head that `bytes` begin with; zero: its end is not there yet.
[[nodiscard]] size_t FindHttpHead(std::string_view bytes);

[[nodiscard]] UpgradeVerdict CheckUpgradeRequest(std::string_view head, const UpgradeRules& rules);
// 101 with what the client has to see, or a refusal that ends the connection.
[[nodiscard]] std::string MakeUpgradeResponse(const UpgradeVerdict& verdict);

struct UpgradeOffer {
  std::string host;  // "broker.example:8083", for the Host header.
  std::string path = "/mqtt";
  std::string subprotocol = "mqtt";
  std::string key{};
  // More headers, such as Authorization; neither holds line ends.
  std::vector<std::pair<std::string, std::string>> headers{};
};

// What the Host header says: the port unless it is the scheme's own (RFC 6455 s4.1), an IPv6
// address in brackets.
[[nodiscard]] std::string HostField(const std::string& host, uint16_t port, bool has_tls);
[[nodiscard]] std::string MakeUpgradeRequest(const UpgradeOffer& offer);
// Empty: the server agreed. Otherwise a sentence.
[[nodiscard]] std::string CheckUpgradeResponse(std::string_view head, const UpgradeOffer& offer);

}  // namespace ringmq::transport
