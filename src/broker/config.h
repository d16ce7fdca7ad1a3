// Everything an operator can turn, as plain values with their defaults.
//
// A Config is a value: it is made once (from a file, flags, or code that embeds the broker),
// checked by Validate() and constant afterwards; each shard may hold its own copy. Ranges, units
// and what happens when a limit is reached are written once, in config_fields.cc, from which the
// file parser, the checks and the annotated default file (`ringmqd --print-config`) are made.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "ringmq/protocol.h"

namespace ringmq::broker {

enum class AllowAnonymous : uint8_t { kOnLoopback, kAlways, kNever };
enum class Transport : uint8_t { kTcp, kWebSocket, kAny };
enum class TlsUse : uint8_t { kOff, kRequired, kOptional };
enum class TlsClientCertificates : uint8_t { kOff, kOptional, kRequired };
enum class TlsVersionMin : uint8_t { k12, k13 };
enum class ProxyProtocol : uint8_t { kOff, kRequired };
enum class IdentitySource : uint8_t {
  kNone,
  kCertificateCn,
  kCertificateDn,
  kCertificateSan,
  kUnixUser,
};
enum class IdentityUse : uint8_t { kUsername, kClientId };
enum class IoBackend : uint8_t { kAuto, kUring, kEpoll };
enum class TlsRecordLayer : uint8_t { kAuto, kUser, kOpenSsl };
enum class OverflowPolicy : uint8_t { kDropNew, kDropOldest, kDisconnect };
enum class Overlapping : uint8_t { kOnce, kPerSubscription };
enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };
enum class SharedStrategy : uint8_t {
  kRoundRobin,
  kRandom,
  kSticky,
  kHashClientId,
  kHashTopic,
  kLocalFirst,
};

// Paths are of PEM files.
struct ListenerTlsConfig {
  TlsUse use = TlsUse::kOff;
  std::vector<std::string> certificate_files{};
  std::vector<std::string> key_files{};  // Empty: the keys are in the files of the certificates.
  std::string key_password{};
  std::string ca_file{};
  std::string ca_path{};
  std::string crl_file{};
  TlsClientCertificates client_certificates = TlsClientCertificates::kOff;
  TlsVersionMin version_min = TlsVersionMin::k12;
  std::string ciphers{};
  std::string ciphersuites{};
  std::string curves{};
  std::vector<std::string> alpn{};  // Empty: as fits the transport.
  std::string psk_file{};
  std::string psk_hint{};
  bool tickets = true;
  uint32_t ticket_lifetime_s = 12 * 3600;
  uint32_t handshakes_per_second_max = 0;  // 0: no limit.
  TlsRecordLayer record_layer = TlsRecordLayer::kAuto;

  bool operator==(const ListenerTlsConfig&) const = default;
};

struct ListenerConfig {
  std::string address = "127.0.0.1";  // A numeric IPv4 or IPv6 address, or "unix:/path".
  uint16_t port = 1883;               // 0 lets the kernel choose. Nothing to a Unix socket.
  Transport transport = Transport::kTcp;
  AllowAnonymous allow_anonymous = AllowAnonymous::kOnLoopback;
  std::vector<std::string> websocket_paths = {"/mqtt", "/"};  // Empty: every path.
  std::vector<std::string> websocket_origins{};               // Empty: every origin.
  std::string unix_mode{};   // Octal, of the socket's file; empty: kUnixModeDefault.
  std::string unix_owner{};  // A name; empty: the process's own.
  std::string unix_group{};
  // What clients of this listener may do, besides [limits].
  std::vector<std::string> protocol_versions = {"3.1", "3.1.1", "5"};
  uint32_t connections_max = 0;             // 0: no limit of its own.
  uint32_t connections_per_second_max = 0;  // 0: no limit.
  uint32_t packet_size_bytes_max = 268'435'460;
  uint16_t keep_alive_s_max = 0;  // 0: likewise.
  uint16_t qos_max = 2;
  uint32_t session_expiry_s_max = 4'294'967'295;
  std::string mount_point{};  // Before every topic and filter; see mount.h. Empty: none.
  uint32_t backlog = 4096;
  bool dual_stack = false;
  std::string bind_device{};
  uint32_t tcp_keep_alive_s = 0;
  uint32_t tcp_user_timeout_ms = 0;
  uint32_t send_buffer_bytes = 0;
  uint32_t receive_buffer_bytes = 0;
  ListenerTlsConfig tls{};
  ProxyProtocol proxy_protocol = ProxyProtocol::kOff;
  std::vector<std::string> trusted_proxies{};  // As base::AddressSet reads them.
  IdentitySource identity = IdentitySource::kNone;
  IdentityUse identity_as = IdentityUse::kUsername;

  bool operator==(const ListenerConfig&) const = default;
};

// Exactly one of the two secrets is set.
struct UserConfig {
  std::string name;
  std::string password_hash;  // "$6$..." or "$7$...", as in a Mosquitto password file.
  std::string password;       // In the clear; hashed when it is loaded.

  bool operator==(const UserConfig&) const = default;
};

struct ServerConfig {
  uint32_t threads = 0;              // Shards; 0: one per CPU that is online.
  bool pin_threads = false;          // Bind shard N to CPU N.
  IoBackend io = IoBackend::kAuto;   // How to talk to the kernel.
  uint32_t stop_timeout_ms = 5'000;  // Time for a graceful stop.
  uint64_t memory_bytes_max = 0;     // Of the whole process; 0: no limit.
  std::string tls_keylog_file{};     // Session keys of every connection; empty: none.

  bool operator==(const ServerConfig&) const = default;
};

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  uint32_t similar_lines_max = 10;  // Per kind of line and interval.
  uint32_t similar_interval_s = 10;

  bool operator==(const LogConfig&) const = default;
};

struct AuthConfig {
  std::string password_file;            // Mosquitto format; empty: none.
  std::string acl_file;                 // Mosquitto format; empty: everything is allowed.
  uint32_t checks_pending_max = 1'024;  // Password checks under way, per shard.

  bool operator==(const AuthConfig&) const = default;
};

struct MqttConfig {
  uint16_t qos_max = 2;  // Highest QoS that clients may use.
  bool retain_available = true;
  SharedStrategy shared_strategy = SharedStrategy::kRoundRobin;
  Overlapping overlapping = Overlapping::kOnce;
  uint16_t keep_alive_s_max = 0;                  // 0: clients choose freely.
  uint32_t session_expiry_s_max = 4'294'967'295;  // The largest value: never.
  uint32_t sys_interval_s = 10;                   // Of $SYS; 0: no $SYS topics.

  bool operator==(const MqttConfig&) const = default;
};

struct LimitsConfig {
  uint32_t packet_size_bytes_max = 268'435'460;  // As the standard: fixed header included.
  uint32_t packet_size_bytes_max_before_connect = 65'536;  // CONNECT carries a will.
  uint32_t connect_timeout_ms = 10'000;
  uint32_t connections_max = 0;  // 0: as many as there are descriptors.
  uint32_t subscriptions_per_session_max = 10'000;
  uint32_t topic_levels_max = 128;
  uint32_t topic_size_bytes_max = 65'535;
  uint32_t user_properties_max = 256;     // Per packet.
  uint16_t receive_maximum = 1'024;       // QoS 1 and 2 under way from a client.
  uint16_t in_flight_max = 1'024;         // QoS 1 and 2 under way to a client.
  uint16_t topic_alias_inbound_max = 64;  // Per connection; each holds one topic.
  uint16_t topic_alias_outbound_max = 64;
  uint32_t queued_messages_max = 100'000;        // Per session.
  uint64_t queued_bytes_max = 64 * 1024 * 1024;  // Per session.
  OverflowPolicy queue_overflow = OverflowPolicy::kDropNew;
  uint64_t output_bytes_max = 16 * 1024 * 1024;  // Unsent, per connection.
  uint64_t output_bytes_high_mark = 1024 * 1024;
  uint32_t retained_messages_max = 0;  // 0: no limit.
  uint64_t retained_bytes_max = 0;     // 0: no limit.

  bool operator==(const LimitsConfig&) const = default;
};

struct Config {
  ServerConfig server;
  LogConfig log;
  AuthConfig auth;
  MqttConfig mqtt;
  LimitsConfig limits;
  std::vector<ListenerConfig> listeners = {ListenerConfig{}};
  std::vector<UserConfig> users;

  bool operator==(const Config&) const = default;
};

// Says what is wrong, one sentence a line, for configurations from any source: values out of
// their range, limits that contradict each other, addresses and users that cannot be.
[[nodiscard]] absl::Status Validate(const Config& config);

inline constexpr std::string_view kUnixPrefix = "unix:";
inline constexpr uint32_t kUnixModeDefault = 0660;
[[nodiscard]] bool IsUnixAddress(const std::string& address);

// Whether connections to this address come from the same machine only: numeric loopback addresses
// and Unix sockets. Anything that is no address is not.
[[nodiscard]] bool IsLoopbackAddress(const std::string& address);

// Whether clients may speak this version at this listener.
[[nodiscard]] bool AllowsVersion(const ListenerConfig& listener, ProtocolVersion version);

// What clients of one listener may do: its own limits within those of the whole broker.
struct ClientLimits {
  uint32_t packet_size_bytes_max = 0;
  uint16_t keep_alive_s_max = 0;  // 0: clients choose freely.
  uint16_t qos_max = 2;
  uint32_t session_expiry_s_max = 0;
};
// Null: those of no listener, as for links.
[[nodiscard]] ClientLimits ClientLimitsOf(const Config& config, const ListenerConfig* listener);

// Whether a connection without a user name is welcome at this listener.
[[nodiscard]] bool AllowsAnonymous(const ListenerConfig& listener);

}  // namespace ringmq::broker
