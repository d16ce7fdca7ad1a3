// The part of Wire for connections whose bytes go through layers: TLS, WebSocket, a PROXY header.
//
//   received --> [layers] --> handled as if it had come like that
//   output   --> [layers] --> tunnel's output --> sent
//
// A handshake costs as much as thousands of packets. So only a few steps are made in one turn; the
// others wait in line, and their connections are not read from meanwhile.
//
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/check.h"
#include "broker/wire.h"
#include "transport/queue_sink.h"
#include "transport/wrap_queue.h"

namespace ringmq::broker {

using transport::CloseCause;
using transport::LayerState;
using transport::QueueSink;

namespace {

// What a layer may tell the peer of why we end the connection.
CloseCause CauseOf(const Connection& connection) {
  if (connection.ended_by != DisconnectedBy::kServer) return CloseCause::kNormal;
  switch (connection.end_reason) {  // check:allow(default): most reasons are about rights or limits
    case ReasonCode::kSuccess:
      return CloseCause::kNormal;
    case ReasonCode::kServerShuttingDown:
    case ReasonCode::kServerMoved:
    case ReasonCode::kUseAnotherServer:
      return CloseCause::kGoingAway;
    case ReasonCode::kMalformedPacket:
    case ReasonCode::kProtocolError:
    case ReasonCode::kTopicAliasInvalid:
    case ReasonCode::kReceiveMaximumExceeded:
      return CloseCause::kProtocolError;
    default:  // check:allow(default): see above
      return CloseCause::kPolicy;
  }
}

}  // namespace

void Wire::StartLayers(Connection& connection) {
  if (connection.tunnel == nullptr) return;
  QueueSink down(connection.tunnel->output, core_.chunks);
  connection.tunnel->layers.Start(down);
  if (!connection.tunnel->output.empty()) MarkDirty(connection);
}

void Wire::Unwrap(Connection& connection, std::span<const uint8_t> bytes) {
  Tunnel& tunnel = *connection.tunnel;
  const bool is_step = tunnel.layers.state() == LayerState::kOpening;
  if (is_step && !MayShakeHands(connection, bytes)) {
    connection.in_line = true;
    tunnel.waiting.insert(tunnel.waiting.end(), bytes.begin(), bytes.end());
    return;
  }
  if (is_step && handshake_steps_left_ == 0) {
    RMQ_CHECK(!connection.in_line);  // It is not read from meanwhile.
    connection.in_line = true;
    handshakes_due_.push_back(connection.self);
    tunnel.waiting.insert(tunnel.waiting.end(), bytes.begin(), bytes.end());
    return;
  }
  if (is_step) --handshake_steps_left_;
  risen_.Clear();
  QueueSink down(tunnel.output, core_.chunks);
  tunnel.layers.Receive(bytes, risen_, down);
  if (!tunnel.output.empty()) MarkDirty(connection);
  const LayerState state = tunnel.layers.state();
  if (is_step && tunnel.layers.open() && !tunnel.layers.is_transparent()) {
    ++core_.statistics.handshakes;
  }
  const std::string error(tunnel.layers.error());
  DropTunnel(connection);
  if (!risen_.empty()) HandleBytes(connection, risen_.bytes());
  if (connection.state == ConnectionState::kClosing) return;
  if (state == LayerState::kFailed) {
    FailTunnel(connection, error);
  } else if (state == LayerState::kEnded) {
    OnGoodbye(connection);
  }
}

// Whether a step of the handshake may be made as far as its listener's rate limit goes, which
// counts each connection once.
bool Wire::MayShakeHands(Connection& connection, std::span<const uint8_t> bytes) {
  if (connection.admitted) return true;
  const ListenerConfig& listener = core_.config.listeners[connection.listener];
  constexpr uint8_t kTlsRecord = 0x16;  // RFC 8446 s5.1: a handshake; no MQTT or HTTP begins so.
  const bool may_be_other =
      listener.tls.use == TlsUse::kOptional && listener.proxy_protocol == ProxyProtocol::kOff;
  const bool is_tls = listener.tls.use != TlsUse::kOff &&
                      (!may_be_other || bytes.empty() || bytes.front() == kTlsRecord);
  connection.admitted = !is_tls || admission_.Ask(AdmissionKind::kHandshake, connection);
  return connection.admitted;
}

void Wire::AdmitThenReceive(Connection& connection) {
  connection.in_line = !admission_.Ask(AdmissionKind::kConnection, connection);
  StartReceiving(connection);
}

void Wire::ServeAdmission() {
  admission_.Serve([this](AdmissionKind kind, Connection& connection) {
    // It has the time that others have from the beginning.
    core_.wheel.Arm(connection.timer,
                    core_.now + int64_t{core_.config.limits.connect_timeout_ms} * kMillisecond);
    if (kind == AdmissionKind::kHandshake) {
      connection.admitted = true;
      handshakes_due_.push_back(connection.self);
    } else {
      connection.in_line = false;
      StartReceiving(connection);
    }
  });
}

void Wire::FailTunnel(Connection& connection, std::string_view error) {
  ++core_.statistics.transport_errors;
  core_.peer_errors.Write(core_.now, LogLevel::kInfo, "connection closed: {}, from {}", error,
                          PeerNameOf(connection));
  Close(connection, CloseMode::kFlush);
}

// Layers that have all done their work: the connection is plain from here on.
void Wire::DropTunnel(Connection& connection) {
  Tunnel& tunnel = *connection.tunnel;
  if (!tunnel.layers.is_transparent() || tunnel.output.sending() || !tunnel.output.empty()) return;
  transport::PeerFacts facts = tunnel.layers.Describe();
  // Once CONNECT was answered nobody asks for more than the address.
  const bool is_known = connection.open()
                            ? !AnnouncedPeer(facts).empty()
                            : facts.proxy.used || facts.tls.used || facts.websocket.used;
  if (is_known) connection.facts = std::make_unique<transport::PeerFacts>(std::move(facts));
  tunnel.output.Reset(core_.chunks);
  connection.tunnel.reset();
}

transport::PeerFacts Wire::FactsOf(const Connection& connection) {
  if (connection.facts != nullptr) return *connection.facts;
  return connection.tunnel != nullptr ? connection.tunnel->layers.Describe()
                                      : transport::PeerFacts();
}

// The peer said goodbye and hears it back.
void Wire::OnGoodbye(Connection& connection) {
  connection.end_of_stream = true;
  // Its output drains no more, so nothing would wake it.
  if (connection.throttled && !MayDrain(connection)) {
    connection.throttled = false;
    Resume(connection);
    return;
  }
  // What waits was sent before, and counts; one that goes to another core is told there.
  if (connection.handing_over || connection.paused) return;
  if (connection.state == ConnectionState::kAuthenticating) return;
  Close(connection, CloseMode::kFlush);
}

std::string Wire::PeerNameOf(const Connection& connection) const {
  if (connection.tunnel != nullptr || connection.facts != nullptr) {
    std::string announced = AnnouncedPeer(FactsOf(connection));
    if (!announced.empty()) return announced;
  }
  const bool has_address = connection.fd >= 0 && core_.socket_lookup.address;
  return has_address ? core_.socket_lookup.address(connection.fd) : std::string();
}

void Wire::ServeHandshakes() {
  handshake_steps_left_ = kHandshakeStepsMax;
  if (handshakes_due_.empty()) return;
  std::swap(handshakes_due_, handshakes_);
  for (const base::Handle<Connection> handle : handshakes_) {
    Connection* const connection = core_.connections.Find(handle);
    if (connection == nullptr || connection->state == ConnectionState::kClosing) continue;
    if (handshake_steps_left_ == 0) {
      handshakes_due_.push_back(handle);
      continue;
    }
    connection->in_line = false;
    const std::vector<uint8_t> bytes = std::exchange(connection->tunnel->waiting, {});
    Unwrap(*connection, bytes);
    GoOnReceiving(*connection);
  }
  handshakes_.clear();
}

bool Wire::MayDrain(const Connection& connection) {
  return connection.tunnel == nullptr || connection.tunnel->layers.state() != LayerState::kEnded;
}

// Wraps as much as one send may hold.
void Wire::Wrap(Connection& connection) {
  Tunnel& tunnel = *connection.tunnel;
  (void)transport::WrapQueue(tunnel.layers, connection.output, tunnel.output, core_.chunks);
}

// The last bytes of a connection that is closing.
void Wire::WrapFarewell(Connection& connection) {
  Tunnel& tunnel = *connection.tunnel;
  // Before the handshake is over, or after it failed, there is nothing to say it through.
  if (!tunnel.layers.open()) connection.output.Reset(core_.chunks);
  Wrap(connection);
  if (!tunnel.layers.open()) connection.output.Reset(core_.chunks);  // They failed by it.
  if (!connection.output.empty() || tunnel.said_goodbye) return;
  tunnel.said_goodbye = true;
  QueueSink down(tunnel.output, core_.chunks);
  tunnel.layers.Close(down, CauseOf(connection));
}

}  // namespace ringmq::broker
