// One network connection, from accept to close. Lives on one core; a connection that turns out to
// belong to another core is handed over before its CONNECT is answered and starts anew there.
//
//   kAwaitConnect --CONNECT--> (other core: handed over)
//        |                     kAuthenticating --> kOpen --> kClosing --> gone
//        +---- timeout, anything else ------------------------->
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/slab.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "broker/enhanced_auth.h"
#include "broker/pipe.h"
#include "broker/tunnel.h"
#include "codec/frame_sink.h"
#include "codec/topic_alias.h"
#include "mesh/mesh.h"
#include "ringmq/broker_event.h"
#include "session/link.h"
#include "transport/output_queue.h"
#include "transport/peer_facts.h"

namespace ringmq::broker {

struct ClientSession;
class Wire;

enum class ConnectionState : uint8_t { kAwaitConnect, kAuthenticating, kOpen, kClosing };
enum class ReceiveState : uint8_t { kIdle, kOnce, kMultishot, kCancelling };

// What only some connections need; most own none of it.
struct ConnectionExtras {
  std::unique_ptr<codec::OutboundAliases> outbound_aliases;
  std::unique_ptr<codec::InboundAliases> inbound_aliases;
  std::string authentication_method;       // Enhanced authentication, 5.0 s4.12.
  std::unique_ptr<AuthExchange> exchange;  // While one is under way.
  std::vector<uint8_t> connect_body;       // Kept while the first exchange is under way.
};

class Connection final : public codec::FrameSink {
 public:
  Connection(Wire& wire, int descriptor) : wire_(wire), fd(descriptor) {}

  // FrameSink: everything this connection says goes through here.
  [[nodiscard]] uint8_t* Append(size_t size_bytes) override;
  void AppendPayload(const codec::MessageRef& message) override;
  [[nodiscard]] size_t pending_bytes() const override { return output.pending_bytes(); }

  [[nodiscard]] bool open() const { return state == ConnectionState::kOpen; }
  [[nodiscard]] bool is_v5() const { return link.version == ProtocolVersion::kV5; }
  ConnectionExtras& Extras();

 private:
  Wire& wire_;

 public:
  const int fd;         // -1: a pipe.
  Pipe::ShardEnd pipe;  // Instead of a socket, to a Link of this process.
  ConnectionState state = ConnectionState::kAwaitConnect;
  ReceiveState receive = ReceiveState::kIdle;
  uint8_t jobs = 0;            // SUBSCRIBEs that wait for other cores.
  uint8_t operations = 0;      // In flight in the ring; the descriptor closes at zero.
  bool dirty : 1 = false;      // In the wire's list of connections to flush.
  bool paused : 1 = false;     // Frames wait in `partial` until Wire::Resume().
  bool throttled : 1 = false;  // Paused because it does not read what it is told.
  bool abort : 1 = false;      // Close without sending the rest.
  bool closing_fd : 1 = false;
  bool at_home : 1 = false;       // Came from another core: its session is here.
  bool handing_over : 1 = false;  // Goes to another core as soon as the receive has returned.
  bool over_limit : 1 = false;    // One too many: it hears why, once it has sent its CONNECT.
  bool verified : 1 = false;      // The password was checked; CONNECT is read once more.
  bool end_of_stream : 1 = false;
  bool send_cancelled : 1 = false;
  bool cancel_open : 1 = false;  // A cancel of the receive has not returned: no new receive.
  bool starved : 1 = false;      // The session has more to send when the output drains.
  bool in_line : 1 = false;      // Waits for its handshake's slice of time, or to be let in.
  bool admitted : 1 = false;     // To its TLS handshake; see admission.h.
  bool awaits_admission : 1 = false;
  bool awaits_send : 1 = false;   // Receives when what it says is sent: TLS moves into the kernel.
  bool kernel_tls : 1 = false;    // It is there.
  bool said_goodbye : 1 = false;  // Through the kernel.
  uint8_t kernel_tries = 0;       // How often the move may be tried yet.
  DisconnectedBy ended_by = DisconnectedBy::kNetwork;  // Once it is closing.
  ReasonCode end_reason = ReasonCode::kUnspecifiedError;
  uint16_t keep_alive_s = 0;
  mesh::CoreId home = 0;  // With handing_over: where to.
  uint32_t listener = 0;
  uint32_t packet_size_bytes_max = 0;  // What may come now: less until CONNECT has been answered.
  Qos qos_max = Qos::kExactlyOnce;     // Of its PUBLISH packets and subscriptions.
  base::Handle<Connection> self;
  base::Handle<ClientSession> session;
  base::TimerNode timer;             // Connect timeout, then keep alive, then lingering close.
  Instant last_packet;               // 5.0 s3.1.2.10.
  uint64_t kernel_sealed_bytes = 0;  // With kernel_tls: what its key was used for.
  session::Link link;
  std::unique_ptr<Tunnel> tunnel;  // Null: bytes go to the socket as they are.
  // What layers that are gone found out about the peer; null: nothing.
  std::unique_ptr<transport::PeerFacts> facts;
  transport::OutputQueue output;
  std::vector<uint8_t> partial;  // A frame that straddles reads, or everything while paused.
  std::unique_ptr<ConnectionExtras> extras;
};

}  // namespace ringmq::broker
