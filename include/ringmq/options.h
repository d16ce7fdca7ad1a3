// How a client connects and behaves. Plain data: set fields, pass it to MakeClient().
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringmq/expected.h"
#include "ringmq/message.h"
#include "ringmq/protocol.h"

namespace ringmq {

class SessionStore;   // session_store.h
class Authenticator;  // authenticator.h
class Connector;      // connector.h

enum class Transport : uint8_t { kTcp, kTls, kWebSocket, kWebSocketTls, kUnix };

struct Endpoint {
  Transport transport = Transport::kTcp;
  // Name in ASCII or address; for kUnix a path, "@name" for an abstract one.
  std::string host{};
  uint16_t port = 0;           // Zero: 1883, 8883, 80 or 443.
  std::string path = "/mqtt";  // WebSocket only.

  bool operator==(const Endpoint&) const = default;
};

// When to try again: between nothing and min(cap, first * 2^n), by chance ("full jitter"), so that
// clients that were cut off together do not come back together.
struct Backoff {
  // A connection that lasts less than 5 s counts as one more attempt in a row.
  std::chrono::milliseconds first{250};
  std::chrono::milliseconds cap{30'000};
  // Zero: for ever. Otherwise Poll() ends with the last error after so many attempts in a row.
  uint32_t attempts_max = 0;
};

// What happens to a publish for which the queue has no room.
enum class Overflow : uint8_t {
  kReject,          // The new one is not taken (Outcome::kWouldBlock); a Writable event follows.
  kDropNewest,      // The new one ends with Outcome::kOverflow.
  kDropOldest,      // The oldest that was never sent does.
  kDropOldestQos0,  // The oldest at QoS 0 that was never sent; if there is none, as kReject.
};

// Bounds what was published and is neither sent nor, at QoS 1 and 2, acknowledged. A message that
// is larger than all of it may go alone.
struct OutboundLimits {
  size_t bytes = 4 << 20;
  uint32_t messages = 10'000;
  Overflow overflow = Overflow::kReject;
};

// Which session a connection wants. 5.0 s3.1.2.4
enum class SessionStart : uint8_t {
  kFresh,   // A new one at first; reconnects resume it (with 3.1.1: a new one each time).
  kResume,  // The one the server still has under our client id, if it has.
};

// What becomes of messages that were sent and not acknowledged when the server says that it has
// forgotten the session. Messages that were never sent go out in any case.
enum class SessionLoss : uint8_t {
  kPublishAgain,  // As new ones: at least once, perhaps twice.
  kGiveUp,        // Their handles end with Outcome::kSessionLost.
};

enum class Acks : uint8_t {
  kAutomatic,  // Given when the Poll() after the one that delivered the message begins.
  kManual,     // Message::TakeAck().
};

enum class UnusedAcks : uint8_t { kSend, kRefuse, kLeave };

struct SocketOptions {
  bool no_delay = true;
  uint32_t send_buffer_bytes = 0;  // Zero: the kernel's choice.
  uint32_t receive_buffer_bytes = 0;
  std::string bind_address{};                 // Source address, of the server's family.
  std::string bind_device{};                  // SO_BINDTODEVICE; 15 letters at most.
  std::chrono::milliseconds user_timeout{0};  // TCP_USER_TIMEOUT; zero: the kernel's.
  bool keep_alive = false;                    // SO_KEEPALIVE, besides MQTT's own.
};

// What the loop runs on. Where io_uring is forbidden (containers' default seccomp profile), kAuto
// takes epoll.
enum class IoEngine : uint8_t { kAuto, kUring, kEpoll };

enum class TlsVersion : uint8_t { k12, k13 };

// Of endpoints with TLS, or of a proxy. Paths are of PEM files.
struct TlsOptions {
  bool verify = true;     // Chain and host name.
  std::string ca_file{};  // Both empty: the system's authorities.
  std::string ca_path{};  // A directory as `openssl rehash` makes it.
  std::string crl_file{};
  std::string certificate_file{};  // Ours, with its chain; empty: none.
  std::string key_file{};          // Empty: the key is in certificate_file.
  std::string key_password{};
  std::string server_name{};  // Asked for and expected in the certificate; empty: the host.
  TlsVersion version_min = TlsVersion::k12;
  std::string ciphers{};       // TLS 1.2, OpenSSL's syntax; empty: safe ones.
  std::string ciphersuites{};  // TLS 1.3; empty: OpenSSL's.
  std::string curves{};        // "X25519:P-256"; empty: OpenSSL's.
  // Best first; empty: "mqtt", for WebSocket and HTTP proxies "http/1.1", for SOCKS none.
  std::vector<std::string> alpn{};
  // A pre-shared key instead of certificates, under the name that the server knows it by. 8 bytes
  // or more: whoever has heard one handshake can try out shorter ones.
  std::string psk_identity{};
  std::string psk_hex_key{};
  bool resume = true;         // Sessions, which saves most of the next handshake.
  std::string keylog_file{};  // Session keys are appended, for Wireshark; for debugging only.
};

enum class ProxyKind : uint8_t { kNone, kHttpConnect, kSocks5 };

// Names are resolved by the proxy.
struct ProxyOptions {
  ProxyKind kind = ProxyKind::kNone;
  std::string host{};
  uint16_t port = 0;
  std::string username{};
  std::string password{};
  // TLS to the proxy itself; empty: none. Its certificate must be for `host` (or tls->server_name).
  // The server's own TLS is within that, and has Options::tls. What goes wrong here ends the
  // attempt with Errc::kTlsFailed in Phase::kProxy.
  std::optional<TlsOptions> tls{};
};

// A header of the PROXY protocol before everything else, as a proxy sends it: for programs that
// pass on what others say, and to try a listener that stands behind a proxy.
// https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
enum class ProxyProtocol : uint8_t { kOff, kV1, kV2 };

struct ProxyProtocolOptions {
  ProxyProtocol version = ProxyProtocol::kOff;
  // For whom we speak, "192.0.2.7:50000" or "[2001:db8::7]:50000". Empty: for ourselves (UNKNOWN,
  // LOCAL). As its destination the header names the loopback address with the server's port.
  std::string source{};
};

// Before each attempt to connect: change what the next CONNECT says (fresh credentials), or where
// it goes.
struct Attempt {
  uint32_t number = 0;  // Since the last connection; zero at first.
  Endpoint& endpoint;
  std::string& username;
  std::string& password;
};

struct Options {
  // "mqtt://user:password@host:1883/?client_id=a&keep_alive=30s&version=4". Schemes mqtt, mqtts,
  // ws, wss and unix ("unix:///run/mqtt.sock"). An error names what is wrong with the URL.
  [[nodiscard]] static Expected<Options> FromUrl(std::string_view url);

  // Tried in turn, each with all its addresses. At least one.
  std::vector<Endpoint> servers{};
  ProtocolVersion version = ProtocolVersion::kV5;
  std::string client_id{};  // Empty: the server gives one (3.1.1: with a fresh session only).
  bool has_username = false;
  std::string username{};
  bool has_password = false;
  std::string password{};

  SessionStart session = SessionStart::kFresh;
  // 5.0 s3.1.2.11.2. UINT32_MAX: never. 3.1.1 has no such thing: there kResume means clean session
  // 0, for as long as the server likes.
  uint32_t session_expiry_s = 0;
  SessionLoss session_loss = SessionLoss::kPublishAgain;
  std::optional<WillMessage> will{};

  // Zero turns it off. PINGREQ goes out when we have sent nothing for so long.
  uint16_t keep_alive_s = 60;
  // How long after PINGREQ the server may be silent.
  std::chrono::milliseconds ping_timeout{10'000};
  // From the first attempt to reach an endpoint to its CONNACK.
  std::chrono::milliseconds connect_timeout{10'000};
  Backoff backoff{};

  OutboundLimits outbound{};
  // Of ours, besides the server's Receive Maximum.
  uint16_t in_flight_max = 1024;
  // What we allow the server to have unacknowledged.
  uint16_t receive_maximum = 1024;
  // Larger packets end the connection with an error that names both sizes. Told to a 5.0 server,
  // which then never sends one. A second one within the first 5 s of later connections ends the
  // loop: the server keeps it, and would send it for ever.
  uint32_t incoming_packet_bytes_max = 268'435'460;  // At least 64.
  // Aliases that the server may use towards us; zero: none.
  uint16_t topic_alias_maximum = 64;
  // Whether we use those that the server allows.
  bool use_topic_aliases = true;
  // True: a publish with properties on a 3.1.1 connection is Outcome::kInvalid; false: they are
  // left out.
  bool refuse_properties_on_v311 = false;

  Acks acks = Acks::kAutomatic;
  UnusedAcks unused_acks = UnusedAcks::kSend;
  // Events that one Poll() returns at most; those of trace_packets come on top.
  uint32_t batch_events_max = 256;
  // Also report every packet that goes out or comes in (PacketSent and PacketReceived events).
  bool trace_packets = false;

  std::vector<std::pair<std::string, std::string>> connect_user_properties{};
  bool request_response_information = false;
  // False: the server leaves reason strings and user properties out of its answers. 5.0
  // s3.1.2.11.7
  bool request_problem_information = true;

  IoEngine io = IoEngine::kAuto;
  SocketOptions socket{};
  ProxyOptions proxy{};
  ProxyProtocolOptions proxy_protocol{};
  TlsOptions tls{};
  // More headers of the WebSocket upgrade: Authorization, Cookie, Origin.
  std::vector<std::pair<std::string, std::string>> websocket_headers{};

  // Each outlives the loop; null: none. Called on the loop's thread.
  SessionStore* store = nullptr;
  Authenticator* authenticator = nullptr;
  // Connects in place of the library, whose `socket` and `proxy` have no part in it then.
  Connector* connector = nullptr;
  std::function<void(Attempt&)> on_attempt{};
};

}  // namespace ringmq
