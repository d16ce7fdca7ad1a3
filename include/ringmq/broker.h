// An MQTT broker inside your own process.
//
//   ringmq::BrokerOptions options;
//   options.listeners = {{.address = "127.0.0.1", .port = 0}};
//   auto broker = ringmq::Broker::Start(std::move(options));
//   if (!broker) return Fail(ringmq::Describe(broker.error()));
//   Use(broker->ports()[0]);
//
// It is the broker that ringmqd runs: the same shards, one thread each, the same limits and the
// same configuration keys. A process may hold several; they share nothing. Your own code talks to
// it through sockets like everybody else, or without any through a Link (link.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringmq/broker_access.h"
#include "ringmq/broker_event.h"
#include "ringmq/expected.h"
#include "ringmq/link.h"
#include "ringmq/protocol.h"

namespace ringmq {

namespace broker {
class Embedding;  // What a Broker owns.
}  // namespace broker

// Who may connect without a user name.
enum class Anonymous : uint8_t { kOnLoopback, kAlways, kNever };

// What clients of a listener speak: MQTT as it is, MQTT inside of WebSocket (RFC 6455), or what the
// first bytes of each connection say.
enum class BrokerTransport : uint8_t { kTcp, kWebSocket, kAny };

struct BrokerListener {
  // A numeric IPv4 or IPv6 address, "unix:/path", or "unix:@name" in the abstract namespace.
  std::string address = "127.0.0.1";
  // Zero: the kernel chooses; see Broker::ports(). A Unix socket has none.
  uint16_t port = 1883;
  BrokerTransport transport = BrokerTransport::kTcp;
  Anonymous allow_anonymous = Anonymous::kOnLoopback;
};

// The password is hashed when the broker starts, which takes some milliseconds a user on purpose.
struct BrokerUser {
  std::string name;
  std::string password;
};

enum class BrokerLogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

// A value; Start() takes its own copy. Each optional that is set wins over the same key of
// `configuration`; what neither says has the default that `ringmqd --print-config` shows.
struct BrokerOptions {
  // Options from the text of a ringmqd configuration file. kInvalidArgument names line and key.
  [[nodiscard]] static Expected<BrokerOptions> FromToml(std::string text);

  // TOML, with every key that ringmqd knows. Empty: all defaults.
  std::string configuration{};

  // Empty: those of `configuration`.
  std::vector<BrokerListener> listeners{};
  bool links_only = false;            // No listener at all.
  std::optional<uint32_t> threads{};  // One shard each, 1 to 256; zero: one per CPU.
  // Mosquitto's formats. Read by Start() and Broker::Reload().
  std::optional<std::string> password_file{};
  std::optional<std::string> acl_file{};
  std::vector<BrokerUser> users{};  // Besides those of `configuration`.
  std::optional<std::chrono::milliseconds> stop_timeout{};
  std::optional<uint32_t> sys_interval_s{};         // Of $SYS; zero: none.
  std::optional<uint32_t> connections_max{};        // Zero: as many as there are descriptors.
  std::optional<uint32_t> packet_size_bytes_max{};  // Larger ones end the connection, 0x95.
  std::optional<uint32_t> queued_messages_max{};    // Per session, QoS 1 and 2.
  std::optional<uint64_t> queued_bytes_max{};       // Per session.
  std::optional<uint64_t> memory_bytes_max{};       // Of the process; publishers pause above it.
  std::optional<uint32_t> retained_messages_max{};  // Zero: no limit.

  // Gets every log line of at least `log_level`, without its line end; the view lives during the
  // call. Called on any thread of the broker, several at once; must not block. Empty: no log.
  std::function<void(BrokerLogLevel level, std::string_view line)> log{};
  BrokerLogLevel log_level = BrokerLogLevel::kInfo;

  // Asked about every client that connects, instead of the lists of users and allow_anonymous.
  Authenticate authenticate{};
  // Asked about everything that clients do, besides the ACL file.
  Authorize authorize{};

  // How many events may wait for Broker::PollEvents(): some 150 bytes each and their strings.
  // Zero: none are made. Dropped messages may fill half of it.
  uint32_t events_max = 0;
};

// The sum over all shards at one moment. The first block are gauges, the others count from Start().
struct BrokerCounters {
  int64_t connections = 0;  // Links included.
  int64_t sessions = 0;     // Connected or remembered.
  int64_t subscriptions = 0;
  int64_t retained_messages = 0;
  int64_t retained_bytes = 0;

  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;
  // Connections and TLS handshakes that a listener's rate limits made wait, and those of them that
  // waited in vain.
  uint64_t admissions_deferred = 0;
  uint64_t admissions_timed_out = 0;
  uint64_t sessions_expired = 0;
  uint64_t sessions_taken_over = 0;
  uint64_t packets_received = 0;
  uint64_t packets_sent = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t publishes_received = 0;
  uint64_t publishes_sent = 0;
  uint64_t publish_bytes_received = 0;  // Payloads.
  uint64_t publish_bytes_sent = 0;
  uint64_t malformed_packets = 0;
  uint64_t protocol_errors = 0;
  uint64_t transport_errors = 0;  // Connections that ended because of wrong TLS or WebSocket.
  uint64_t handshakes = 0;        // TLS and WebSocket handshakes that were agreed to.
  uint64_t kernel_tls = 0;        // Connections whose TLS the kernel took over (kTLS).
  uint64_t kernel_tls_spent = 0;  // Of these, ended since their key had sealed all that it may.
  uint64_t publishers_paused = 0;

  // Messages that did not reach a receiver, by reason.
  uint64_t dropped_output_full = 0;      // QoS 0, the receiver reads too slowly.
  uint64_t dropped_queue_full = 0;       // QoS 1 and 2.
  uint64_t dropped_oldest_replaced = 0;  // QoS 1 and 2, queue_overflow = "drop_oldest".
  uint64_t dropped_too_large = 0;        // Above the receiver's Maximum Packet Size.
  uint64_t dropped_expired = 0;
  uint64_t dropped_offline = 0;  // QoS 0 for a session that is not connected.
  uint64_t dropped_not_authorized = 0;
  uint64_t dropped_no_member = 0;  // A shared group without a member.
  uint64_t dropped_retained_full = 0;
};

// Move-only; one owner. Unless a function says otherwise, one thread at a time, and none that the
// broker itself calls back on.
class Broker {
 public:
  // Opens the listeners, reads users and rights, starts the threads; returns when it accepts.
  // kInvalidArgument: the options; kSystem: a listener, a file or the kernel. Nothing is left
  // running after an error.
  [[nodiscard]] static Expected<Broker> Start(BrokerOptions options);

  Broker(Broker&&) noexcept;
  Broker& operator=(Broker&&) noexcept;  // Stops the one it replaces.
  ~Broker();                             // Stop().

  // Where it listens, in the order of BrokerOptions::listeners; zero for a Unix socket. Lives as
  // long as the broker.
  [[nodiscard]] const std::vector<uint16_t>& ports() const;

  // A client without a socket, see link.h. Waits for the answer of one shard, which takes one of
  // its turns. kConnectionRefused with the reason; kStopped; kTimedOut after ten seconds; kDeadlock
  // on a shard's thread. Any thread.
  [[nodiscard]] Expected<Link> OpenLink(LinkOptions options = {});

  // Reads password and ACL file again. On an error everything stays as it was; otherwise the new
  // rights hold for everything that a client sends after this has returned.
  Expected<void> Reload();

  // Stops accepting, tells every client (0x8B), sends what is written, for at most `stop_timeout`,
  // and joins every thread. Again: does nothing.
  void Stop();
  [[nodiscard]] bool stopped() const;

  // What happened since the last call, oldest first; waits for the first until `timeout` or Stop().
  // What waits may still be taken after Stop(). Any thread.
  [[nodiscard]] std::vector<BrokerEvent> PollEvents(std::chrono::milliseconds timeout = {});
  // Events that found no room. Any thread.
  [[nodiscard]] uint64_t events_lost() const;

  // Asks each shard, so it costs one of their turns, and waits for the answers: at most two seconds
  // each, then that shard's last known numbers count. After Stop(): the final ones. Any thread; on
  // a thread of the broker what was known last.
  [[nodiscard]] BrokerCounters counters() const;

 private:
  explicit Broker(std::unique_ptr<broker::Embedding> embedding) noexcept;
  std::unique_ptr<broker::Embedding> embedding_;
};

}  // namespace ringmq
