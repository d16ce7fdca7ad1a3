// SPDX-License-Identifier: Apache-2.0
#include "broker/config_fields.h"

#include <array>
#include <type_traits>

#include <fmt/format.h>

#include "broker/limits.h"

namespace ringmq::broker {
namespace {

using Field = ConfigField<Config>;
using Choices = std::span<const std::string_view>;

// The underlying byte of an enum: unsigned char may alias anything.
template <typename Enum>
uint8_t* ByteOf(Enum& value) {
  static_assert(std::is_enum_v<Enum> && sizeof(Enum) == 1);
  return reinterpret_cast<uint8_t*>(&value);
}

// In the order of the enums' values.
constexpr std::string_view kIoChoices[] = {"auto", "uring", "epoll"};
constexpr std::string_view kLevelChoices[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kTransportChoices[] = {"tcp", "websocket", "any"};
constexpr std::string_view kTlsChoices[] = {"off", "required", "optional"};
constexpr std::string_view kCertificateChoices[] = {"off", "optional", "required"};
constexpr std::string_view kTlsVersionChoices[] = {"1.2", "1.3"};
constexpr std::string_view kTlsRecordLayerChoices[] = {"auto", "user", "openssl"};
constexpr std::string_view kProxyChoices[] = {"off", "required"};
constexpr std::string_view kIdentityChoices[] = {"none", "certificate_cn", "certificate_dn",
                                                 "certificate_san", "unix_user"};
constexpr std::string_view kIdentityUseChoices[] = {"username", "client_id"};
constexpr std::string_view kAnonymousChoices[] = {"on_loopback", "always", "never"};
constexpr std::string_view kOverflowChoices[] = {"drop_new", "drop_oldest", "disconnect"};
constexpr std::string_view kOverlappingChoices[] = {"once", "per_subscription"};
constexpr std::string_view kSharedChoices[] = {"round_robin",    "random",     "sticky",
                                               "hash_client_id", "hash_topic", "local_first"};

constexpr uint64_t kUint16Max = 65'535;
constexpr uint64_t kUint32Max = 4'294'967'295;
constexpr uint64_t kBytesMax = uint64_t{1} << 50;  // More than any machine has.

const Field kServerFields[] = {
    {.name = "threads",
     .slot = [](Config& c) { return &c.server.threads; },
     .value_max = kThreadsMax,
     .doc = "Number of shards, each a thread with its own sessions. 0: one per online CPU."},
    {.name = "pin_threads",
     .slot = [](Config& c) { return &c.server.pin_threads; },
     .doc = "Bind each shard to a CPU of its own. For machines that do nothing else."},
    {.name = "io",
     .slot = [](Config& c) { return ByteOf(c.server.io); },
     .choices = Choices(kIoChoices),
     .doc = "How to talk to the kernel. auto: io_uring where the kernel allows it, else epoll, "
            "and one log line saying why."},
    {.name = "stop_timeout_ms",
     .slot = [](Config& c) { return &c.server.stop_timeout_ms; },
     .value_max = 600'000,
     .doc = "How long a graceful stop may take to flush output (milliseconds). What is unsent "
            "then is lost."},
    {.name = "memory_bytes_max",
     .slot = [](Config& c) { return &c.server.memory_bytes_max; },
     .value_max = kBytesMax,
     .doc = "Resident memory of the whole process (bytes). When reached, publishers are paused "
            "and new connections refused until it falls. 0: no limit."},
    {.name = "tls_keylog_file",
     .slot = [](Config& c) { return &c.server.tls_keylog_file; },
     .doc = "Appends the session keys of every TLS connection to this file, so that Wireshark can "
            "read them. For debugging only. Empty: none."},
};

const Field kLogFields[] = {
    {.name = "level",
     .slot = [](Config& c) { return ByteOf(c.log.level); },
     .choices = Choices(kLevelChoices),
     .doc = "Lines below this level are not written. `ringmqd -v` means debug."},
    {.name = "similar_lines_max",
     .slot = [](Config& c) { return &c.log.similar_lines_max; },
     .value_min = 1,
     .value_max = 1'000'000,
     .doc = "How many lines of one kind that clients can cause are written per interval. "
            "Further ones are counted, and the count is written."},
    {.name = "similar_interval_s",
     .slot = [](Config& c) { return &c.log.similar_interval_s; },
     .value_min = 1,
     .value_max = 3'600,
     .doc = "The interval of similar_lines_max (seconds)."},
};

const Field kAuthFields[] = {
    {.name = "password_file",
     .slot = [](Config& c) { return &c.auth.password_file; },
     .doc = "Path of a Mosquitto password file ($6$ and $7$ hashes), as mosquitto_passwd "
            "writes it. A relative path starts at the working directory. Empty: none."},
    {.name = "acl_file",
     .slot = [](Config& c) { return &c.auth.acl_file; },
     .doc = "Path of a Mosquitto ACL file. An empty or broken file denies everything. Empty "
            "path: everything is allowed, except that nobody writes $SYS."},
    {.name = "checks_pending_max",
     .slot = [](Config& c) { return &c.auth.checks_pending_max; },
     .value_min = 1,
     .value_max = 1'000'000,
     .doc = "Password checks under way, per shard. When reached, further clients are refused "
            "as \"server busy\"."},
};

const Field kMqttFields[] = {
    {.name = "qos_max",
     .slot = [](Config& c) { return &c.mqtt.qos_max; },
     .value_max = 2,
     .doc = "Highest QoS that clients may publish with and are granted. A publication above it "
            "ends the connection (0x9B)."},
    {.name = "retain_available",
     .slot = [](Config& c) { return &c.mqtt.retain_available; },
     .doc = "Whether messages may be retained. If not, publishing one ends the connection "
            "(0x9A)."},
    {.name = "shared_strategy",
     .slot = [](Config& c) { return ByteOf(c.mqtt.shared_strategy); },
     .choices = Choices(kSharedChoices),
     .doc = "Which member of a shared subscription gets a message. Members that are offline, "
            "full or expired are skipped by every strategy."},
    {.name = "overlapping",
     .slot = [](Config& c) { return ByteOf(c.mqtt.overlapping); },
     .choices = Choices(kOverlappingChoices),
     .doc = "A client with several subscriptions that match a message gets it once, with the "
            "highest QoS, or once per subscription."},
    {.name = "keep_alive_s_max",
     .slot = [](Config& c) { return &c.mqtt.keep_alive_s_max; },
     .value_max = kUint16Max,
     .doc = "Longest keep alive (seconds). A client asking for more, or for none, is told this "
            "value (MQTT 5) or held to it silently. 0: clients choose freely."},
    {.name = "session_expiry_s_max",
     .slot = [](Config& c) { return &c.mqtt.session_expiry_s_max; },
     .value_max = kUint32Max,
     .doc = "Longest time a session outlives its connection (seconds). A client asking for "
            "more is told this value. 4294967295: for ever."},
    {.name = "sys_interval_s",
     .slot = [](Config& c) { return &c.mqtt.sys_interval_s; },
     .value_max = 86'400,
     .doc = "How often $SYS/broker/... is published (seconds). 0: never."},
};

const Field kLimitsFields[] = {
    {.name = "packet_size_bytes_max",
     .slot = [](Config& c) { return &c.limits.packet_size_bytes_max; },
     .value_min = 32,
     .value_max = 268'435'460,
     .doc = "Largest packet from a client, fixed header included (bytes). A larger one ends "
            "the connection (0x95). The default is the standard's own limit."},
    {.name = "packet_size_bytes_max_before_connect",
     .slot = [](Config& c) { return &c.limits.packet_size_bytes_max_before_connect; },
     .value_min = 32,
     .value_max = 268'435'460,
     .doc = "The same for CONNECT, from peers nobody knows yet (bytes). CONNECT carries the "
            "will message: raise it for large wills. A larger one ends the connection."},
    {.name = "connect_timeout_ms",
     .slot = [](Config& c) { return &c.limits.connect_timeout_ms; },
     .value_min = 10,
     .value_max = 600'000,
     .doc = "How long a new connection may take until its CONNECT is complete "
            "(milliseconds). It is closed afterwards."},
    {.name = "connections_max",
     .slot = [](Config& c) { return &c.limits.connections_max; },
     .value_max = 100'000'000,
     .doc = "Connections of the whole broker. Further ones are refused as \"quota exceeded\" "
            "(0x97). 0: as many as the process has descriptors."},
    {.name = "subscriptions_per_session_max",
     .slot = [](Config& c) { return &c.limits.subscriptions_per_session_max; },
     .value_min = 1,
     .value_max = 10'000'000,
     .doc = "Subscriptions of one session. Further ones are refused in SUBACK (0x97)."},
    {.name = "topic_levels_max",
     .slot = [](Config& c) { return &c.limits.topic_levels_max; },
     .value_min = 1,
     .value_max = kUint16Max,
     .doc = "Levels of a topic or filter. A deeper topic ends the connection (0x90), a deeper "
            "filter is refused in SUBACK (0x8F)."},
    {.name = "topic_size_bytes_max",
     .slot = [](Config& c) { return &c.limits.topic_size_bytes_max; },
     .value_min = 1,
     .value_max = kUint16Max,
     .doc = "Length of a topic or filter (bytes). Longer ones are treated as too deep ones."},
    {.name = "user_properties_max",
     .slot = [](Config& c) { return &c.limits.user_properties_max; },
     .value_max = 100'000,
     .doc = "User properties of one packet. A packet with more ends the connection (0x97)."},
    {.name = "receive_maximum",
     .slot = [](Config& c) { return &c.limits.receive_maximum; },
     .value_min = 1,
     .value_max = kUint16Max,
     .doc = "QoS 1 and 2 publications a client may have under way to us. One more ends the "
            "connection (0x93) for MQTT 5, which was told; older clients are read slower."},
    {.name = "in_flight_max",
     .slot = [](Config& c) { return &c.limits.in_flight_max; },
     .value_min = 1,
     .value_max = kUint16Max,
     .doc = "QoS 1 and 2 publications under way to a client; its own Receive Maximum may be "
            "lower. Further messages wait in the session's queue."},
    {.name = "topic_alias_inbound_max",
     .slot = [](Config& c) { return &c.limits.topic_alias_inbound_max; },
     .value_max = kUint16Max,
     .doc = "Topic aliases a client may set; each costs the memory of a topic. A higher alias "
            "ends the connection (0x94). 0: none."},
    {.name = "topic_alias_outbound_max",
     .slot = [](Config& c) { return &c.limits.topic_alias_outbound_max; },
     .value_max = kUint16Max,
     .doc = "Topic aliases we set towards a client, within what it allows. Topics beyond are "
            "sent in full. 0: none."},
    {.name = "queued_messages_max",
     .slot = [](Config& c) { return &c.limits.queued_messages_max; },
     .value_min = 1,
     .value_max = 100'000'000,
     .doc = "QoS 1 and 2 messages that wait for one session. When reached, queue_overflow "
            "applies and the loss is counted. Retained replay does not count."},
    {.name = "queued_bytes_max",
     .slot = [](Config& c) { return &c.limits.queued_bytes_max; },
     .value_min = 1'024,
     .value_max = kBytesMax,
     .doc = "Their size (bytes). When reached, queue_overflow applies."},
    {.name = "queue_overflow",
     .slot = [](Config& c) { return ByteOf(c.limits.queue_overflow); },
     .choices = Choices(kOverflowChoices),
     .doc = "What a full queue does with one message more: drop it, drop the oldest for it, or "
            "disconnect the client (0x97)."},
    {.name = "output_bytes_max",
     .slot = [](Config& c) { return &c.limits.output_bytes_max; },
     .value_min = 4'096,
     .value_max = kBytesMax,
     .doc = "Output a connection may have unsent (bytes). QoS 0 messages beyond are dropped "
            "and counted, and the client is not read until it has fallen below "
            "output_bytes_high_mark."},
    {.name = "output_bytes_high_mark",
     .slot = [](Config& c) { return &c.limits.output_bytes_high_mark; },
     .value_min = 4'096,
     .value_max = kBytesMax,
     .doc = "From this much unsent output on, the session's queue is no longer drained into "
            "the connection until it is below again (bytes)."},
    {.name = "retained_messages_max",
     .slot = [](Config& c) { return &c.limits.retained_messages_max; },
     .value_max = 1'000'000'000,
     .doc = "Retained messages of the whole broker. When reached, a message for a new topic is "
            "delivered but not retained, and counted. 0: no limit."},
    {.name = "retained_bytes_max",
     .slot = [](Config& c) { return &c.limits.retained_bytes_max; },
     .value_max = kBytesMax,
     .doc = "Their size (bytes). The same happens. 0: no limit."},
};

const ConfigSection kSections[] = {
    {"server", "The process.", kServerFields},
    {"log", "What is logged, to standard error or the journal.", kLogFields},
    {"auth", "Who may connect, and who may do what.", kAuthFields},
    {"mqtt", "How the protocol is served.", kMqttFields},
    {"limits", "Everything has a limit.", kLimitsFields},
};

const ConfigField<ListenerConfig> kListenerFields[] = {
    {.name = "address",
     .slot = [](ListenerConfig& l) { return &l.address; },
     .doc = "Numeric IPv4 or IPv6 address; \"0.0.0.0\" or \"::\": every address. "
            "\"unix:/path\": a Unix socket, \"unix:@name\": one in the abstract namespace."},
    {.name = "port",
     .slot = [](ListenerConfig& l) { return &l.port; },
     .value_max = kUint16Max,
     .doc = "TCP port. 0: the kernel chooses, and the log says which. Ignored for a Unix "
            "socket."},
    {.name = "transport",
     .slot = [](ListenerConfig& l) { return ByteOf(l.transport); },
     .choices = Choices(kTransportChoices),
     .doc = "tcp: MQTT as it is. websocket: MQTT inside of WebSocket (RFC 6455). any: the first "
            "bytes of each connection decide."},
    {.name = "allow_anonymous",
     .slot = [](ListenerConfig& l) { return ByteOf(l.allow_anonymous); },
     .choices = Choices(kAnonymousChoices),
     .doc = "Whether clients may connect without a user name. on_loopback: only if `address` "
            "is this machine's own loopback or a Unix socket, and nobody is in `trusted_proxies`."},
    {.name = "websocket_paths",
     .slot = [](ListenerConfig& l) { return &l.websocket_paths; },
     .doc = "Paths at which WebSocket clients may ask for MQTT; others get 404. Empty: all."},
    {.name = "websocket_origins",
     .slot = [](ListenerConfig& l) { return &l.websocket_origins; },
     .doc = "Origins (\"https://app.example\") whose pages may connect; others get 403. Clients "
            "that are no browsers send none and are let in. Empty: all."},
    {.name = "unix_mode",
     .slot = [](ListenerConfig& l) { return &l.unix_mode; },
     .doc = "Permissions of the Unix socket's file, in octal. Empty: \"0660\". An abstract name "
            "(\"unix:@name\") has no file, and none of these three."},
    {.name = "unix_owner",
     .slot = [](ListenerConfig& l) { return &l.unix_owner; },
     .doc = "Owner of the Unix socket's file, a user name. Empty: as the process."},
    {.name = "unix_group",
     .slot = [](ListenerConfig& l) { return &l.unix_group; },
     .doc = "Group of the Unix socket's file, a group name. Empty: as the process."},
    {.name = "protocol_versions",
     .slot = [](ListenerConfig& l) { return &l.protocol_versions; },
     .doc =
         "Versions of MQTT that may be spoken: \"3.1\", \"3.1.1\", \"5\". A client with another is "
         "refused with \"unsupported protocol version\"."},
    {.name = "connections_max",
     .slot = [](ListenerConfig& l) { return &l.connections_max; },
     .value_max = 100'000'000,
     .doc = "Connections of this listener, within limits.connections_max and refused likewise. 0: "
            "no limit of its own."},
    {.name = "connections_per_second_max",
     .slot = [](ListenerConfig& l) { return &l.connections_per_second_max; },
     .value_max = 1'000'000,
     .doc =
         "New connections of this listener per second, spread over the second. More wait unread, "
         "first come first served, and are closed after limits.connect_timeout_ms. 0: no "
         "limit."},
    {.name = "packet_size_bytes_max",
     .slot = [](ListenerConfig& l) { return &l.packet_size_bytes_max; },
     .value_min = 32,
     .value_max = 268'435'460,
     .doc = "Largest packet from a client of this listener (bytes), within limits."
            "packet_size_bytes_max and refused likewise."},
    {.name = "qos_max",
     .slot = [](ListenerConfig& l) { return &l.qos_max; },
     .value_max = 2,
     .doc = "Highest QoS of its clients, within mqtt.qos_max and refused likewise."},
    {.name = "keep_alive_s_max",
     .slot = [](ListenerConfig& l) { return &l.keep_alive_s_max; },
     .value_max = kUint16Max,
     .doc = "Longest keep alive of its clients (seconds), within mqtt.keep_alive_s_max. 0: no "
            "limit of its own."},
    {.name = "session_expiry_s_max",
     .slot = [](ListenerConfig& l) { return &l.session_expiry_s_max; },
     .value_max = kUint32Max,
     .doc = "Longest time that sessions of its clients outlive their connection (seconds), within "
            "mqtt.session_expiry_s_max. 0: they never do."},
    {.name = "mount_point",
     .slot = [](ListenerConfig& l) { return &l.mount_point; },
     .doc = "Put before every topic and filter of this listener's clients (\"plant-7/\"), wills "
            "too, and taken away from the topics that they receive: they see this part of all "
            "topics only, and no $SYS. Rights, limits and the log mean the whole topic. Response "
            "topics are not changed. Empty: none."},
    {.name = "backlog",
     .slot = [](ListenerConfig& l) { return &l.backlog; },
     .value_min = 1,
     .value_max = 1'000'000,
     .doc = "Connections that the kernel holds until they are accepted, for each shard; it cuts "
            "this off at net.core.somaxconn."},
    {.name = "dual_stack",
     .slot = [](ListenerConfig& l) { return &l.dual_stack; },
     .doc = "Whether the address \"::\" stands for every IPv4 address too."},
    {.name = "bind_device",
     .slot = [](ListenerConfig& l) { return &l.bind_device; },
     .doc = "Take connections from this network device only (\"eth0\"). Empty: from all."},
    {.name = "tcp_keep_alive_s",
     .slot = [](ListenerConfig& l) { return &l.tcp_keep_alive_s; },
     .value_max = 32'767,
     .doc = "Silence after which TCP asks whether the peer is still there (seconds), for clients "
            "without MQTT's own keep alive. 0: never."},
    {.name = "tcp_user_timeout_ms",
     .slot = [](ListenerConfig& l) { return &l.tcp_user_timeout_ms; },
     .value_max = 86'400'000,
     .doc = "How long sent bytes may stay unacknowledged before the connection is given up "
            "(milliseconds). 0: the kernel's, some 15 minutes."},
    {.name = "send_buffer_bytes",
     .slot = [](ListenerConfig& l) { return &l.send_buffer_bytes; },
     .value_max = 1 << 30,
     .doc = "The socket's send buffer (bytes); the kernel doubles it. 0: the kernel adapts it."},
    {.name = "receive_buffer_bytes",
     .slot = [](ListenerConfig& l) { return &l.receive_buffer_bytes; },
     .value_max = 1 << 30,
     .doc = "Likewise its receive buffer."},
    {.name = "tls",
     .slot = [](ListenerConfig& l) { return ByteOf(l.tls.use); },
     .choices = Choices(kTlsChoices),
     .doc = "required: clients must speak TLS, below `transport`. optional: the first bytes of "
            "each connection decide."},
    {.name = "tls_certificate_files",
     .slot = [](ListenerConfig& l) { return &l.tls.certificate_files; },
     .doc = "PEM files, each a certificate with its chain. A client gets the one for the name that "
            "it asks for (SNI), or else the first. Read again with SIGHUP, like all these files."},
    {.name = "tls_key_files",
     .slot = [](ListenerConfig& l) { return &l.tls.key_files; },
     .doc = "Their private keys, PEM, in the same order. Empty: they are in the files of the "
            "certificates."},
    {.name = "tls_key_password",
     .slot = [](ListenerConfig& l) { return &l.tls.key_password; },
     .doc = "Of keys that are encrypted."},
    {.name = "tls_client_certificates",
     .slot = [](ListenerConfig& l) { return ByteOf(l.tls.client_certificates); },
     .choices = Choices(kCertificateChoices),
     .doc = "Whether clients are asked for a certificate, and must have one. One that does not "
            "verify ends the handshake."},
    {.name = "tls_ca_file",
     .slot = [](ListenerConfig& l) { return &l.tls.ca_file; },
     .doc = "PEM file of the authorities of client certificates."},
    {.name = "tls_ca_path",
     .slot = [](ListenerConfig& l) { return &l.tls.ca_path; },
     .doc = "A directory of them, as `openssl rehash` makes it; read as a whole, by a reload too."},
    {.name = "tls_crl_file",
     .slot = [](ListenerConfig& l) { return &l.tls.crl_file; },
     .doc = "PEM file of certificate revocation lists for client certificates. Empty: none."},
    {.name = "tls_version_min",
     .slot = [](ListenerConfig& l) { return ByteOf(l.tls.version_min); },
     .choices = Choices(kTlsVersionChoices),
     .doc = "The oldest version of TLS that is spoken."},
    {.name = "tls_ciphers",
     .slot = [](ListenerConfig& l) { return &l.tls.ciphers; },
     .doc = "Ciphers of TLS 1.2 in OpenSSL's syntax. Empty: those with forward secrecy and "
            "authenticated encryption."},
    {.name = "tls_ciphersuites",
     .slot = [](ListenerConfig& l) { return &l.tls.ciphersuites; },
     .doc = "Cipher suites of TLS 1.3, colons between them. Empty: OpenSSL's."},
    {.name = "tls_curves",
     .slot = [](ListenerConfig& l) { return &l.tls.curves; },
     .doc =
         "Groups of the key exchange (\"X25519:P-256\"). Empty: X25519:P-256:P-384, none of which "
         "takes much longer than a millisecond."},
    {.name = "tls_alpn",
     .slot = [](ListenerConfig& l) { return &l.tls.alpn; },
     .doc = "Protocols agreed to by ALPN, best first; clients that offer only others are refused, "
            "clients that offer none are not. Empty: mqtt, and http/1.1 for WebSocket."},
    {.name = "tls_psk_file",
     .slot = [](ListenerConfig& l) { return &l.tls.psk_file; },
     .doc = "Pre-shared keys, lines \"identity:hexkey\". A key stands in for a client certificate. "
            "Empty: none."},
    {.name = "tls_psk_hint",
     .slot = [](ListenerConfig& l) { return &l.tls.psk_hint; },
     .doc = "Sent to clients of TLS 1.2 that may use one."},
    {.name = "tls_tickets",
     .slot = [](ListenerConfig& l) { return &l.tls.tickets; },
     .doc = "Whether clients may resume sessions, which saves most of a handshake."},
    {.name = "tls_ticket_lifetime_s",
     .slot = [](ListenerConfig& l) { return &l.tls.ticket_lifetime_s; },
     .value_min = 1,
     .value_max = 604'800,
     .doc = "For how long (seconds) since the full handshake, however many resumptions lie "
            "between. The keys of tickets are changed as often."},
    {.name = "tls_handshakes_per_second_max",
     .slot = [](ListenerConfig& l) { return &l.tls.handshakes_per_second_max; },
     .value_max = 1'000'000,
     .doc = "TLS handshakes that are begun per second, resumed ones included. More wait as with "
            "connections_per_second_max. One CPU makes some thousands a second. 0: no limit."},
    {.name = "tls_record_layer",
     .slot = [](ListenerConfig& l) { return ByteOf(l.tls.record_layer); },
     .choices = Choices(kTlsRecordLayerChoices),
     .doc = "Who encrypts once a handshake is done. auto: the kernel (kTLS) where `ringmqd "
            "--features` says that it can, else the broker, which takes a quarter of OpenSSL's "
            "memory. user: never the kernel. openssl: OpenSSL, to the end."},
    {.name = "proxy_protocol",
     .slot = [](ListenerConfig& l) { return ByteOf(l.proxy_protocol); },
     .choices = Choices(kProxyChoices),
     .doc = "required: a PROXY header, version 1 or 2, comes before everything else and says who "
            "the client is, its certificate's name too; peers that are no trusted proxies are "
            "refused. For haproxy's send-proxy-v2 and the like."},
    {.name = "trusted_proxies",
     .slot = [](ListenerConfig& l) { return &l.trusted_proxies; },
     .doc = "Addresses and networks (\"10.0.0.0/8\", \"::1\", \"unix\") of proxies whose PROXY "
            "header or X-Forwarded-For is believed. Empty: nobody's."},
    {.name = "identity",
     .slot = [](ListenerConfig& l) { return ByteOf(l.identity); },
     .choices = Choices(kIdentityChoices),
     .doc = "Who a client is by the way it comes in: the common name, the whole subject or the "
            "first alternative name (DNS, e-mail, URI) of its certificate, or the identity of its "
            "pre-shared key; the user of a local process."},
    {.name = "identity_as",
     .slot = [](ListenerConfig& l) { return ByteOf(l.identity_as); },
     .choices = Choices(kIdentityUseChoices),
     .doc = "username: it is the user name, whatever the client says, and no password is asked "
            "for; clients without an identity need one. client_id: it is the client identifier; "
            "clients that say another one or have no identity are refused."},
};

const ConfigField<UserConfig> kUserFields[] = {
    {.name = "name", .slot = [](UserConfig& u) { return &u.name; }, .doc = "The user name."},
    {.name = "password_hash",
     .slot = [](UserConfig& u) { return &u.password_hash; },
     .doc = "\"$6$...\" or \"$7$...\": what mosquitto_passwd writes after \"name:\"."},
    {.name = "password",
     .slot = [](UserConfig& u) { return &u.password; },
     .doc = "The password in the clear, instead of password_hash. For trials."},
};

}  // namespace

std::span<const ConfigSection> ConfigSections() { return kSections; }
std::span<const ConfigField<ListenerConfig>> ListenerFields() { return kListenerFields; }
std::span<const ConfigField<UserConfig>> UserFields() { return kUserFields; }

template <typename Object>
std::string ExpectedText(const ConfigField<Object>& field) {
  return std::visit(
      [&field](auto slot) -> std::string {
        using Value = std::remove_pointer_t<decltype(slot(std::declval<Object&>()))>;
        if constexpr (std::is_same_v<Value, bool>) {
          return "true or false";
        } else if constexpr (std::is_same_v<Value, std::string>) {
          return "a string";
        } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
          return "a list of strings";
        } else if constexpr (std::is_same_v<Value, uint8_t>) {
          return fmt::format("one of \"{}\"", fmt::join(field.choices, "\", \""));
        } else {
          return fmt::format("an integer from {} to {}", field.value_min, field.value_max);
        }
      },
      field.slot);
}

template <typename Object>
bool IsInRange(const ConfigField<Object>& field, Object& object) {
  return std::visit(
      [&](auto slot) {
        const auto& value = *slot(object);
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool> || std::is_same_v<Value, std::string> ||
                      std::is_same_v<Value, std::vector<std::string>>) {
          return true;
        } else if constexpr (std::is_same_v<Value, uint8_t>) {
          return value < field.choices.size();
        } else {
          return value >= field.value_min && value <= field.value_max;
        }
      },
      field.slot);
}

template <typename Object>
std::string ValueText(const ConfigField<Object>& field, Object& object) {
  return std::visit(
      [&](auto slot) -> std::string {
        const auto& value = *slot(object);
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return QuoteToml(value);
        } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
          std::vector<std::string> quoted;
          for (const std::string& one : value) quoted.push_back(QuoteToml(one));
          return fmt::format("[{}]", fmt::join(quoted, ", "));
        } else if constexpr (std::is_same_v<Value, uint8_t>) {
          if (value >= field.choices.size()) return fmt::format("{}", value);
          return QuoteToml(field.choices[value]);
        } else {
          return fmt::format("{}", value);
        }
      },
      field.slot);
}

std::string QuoteToml(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

#define RINGMQ_INSTANTIATE(Object)                               \
  template std::string ExpectedText(const ConfigField<Object>&); \
  template bool IsInRange(const ConfigField<Object>&, Object&);  \
  template std::string ValueText(const ConfigField<Object>&, Object&)
RINGMQ_INSTANTIATE(Config);
RINGMQ_INSTANTIATE(ListenerConfig);
RINGMQ_INSTANTIATE(UserConfig);
#undef RINGMQ_INSTANTIATE

}  // namespace ringmq::broker
