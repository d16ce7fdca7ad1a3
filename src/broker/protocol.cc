// SPDX-License-Identifier: Apache-2.0
#include "broker/protocol.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/farewell.h"
#include "broker/mount.h"
#include "codec/frame_writer.h"
#include "codec/topic.h"

namespace ringmq::broker {

using codec::FrameStatus;

// Connections beyond the limit that may be waiting to hear that; more are closed without a word.
constexpr int64_t kRefusalsPendingMax = 256;

void Protocol::OnAccepted(int fd, uint32_t listener) {
  ++core_.statistics.connections_accepted;
  std::unique_ptr<Tunnel> tunnel;
  if (core_.make_tunnel) tunnel = core_.make_tunnel(listener, fd);
  Connection& connection = wire_.Adopt(fd, listener, std::move(tunnel));
  connection.packet_size_bytes_max = std::min(
      connection.packet_size_bytes_max, core_.config.listeners[listener].packet_size_bytes_max);
  wire_.StartLayers(connection);
  const int64_t others = core_.shared.connections.fetch_add(1, std::memory_order_relaxed);
  std::atomic<int64_t>& of_listener = core_.shared.of_listener[listener];
  const int64_t neighbours = of_listener.fetch_add(1, std::memory_order_relaxed);
  if (core_.shared.memory_full.load(std::memory_order_relaxed)) connection.over_limit = true;
  const bool is_kept =
      HasRoom(connection, others, core_.config.limits.connections_max, "limits.connections_max") &&
      HasRoom(connection, neighbours, core_.config.listeners[listener].connections_max,
              "connections_max of its listener");
  if (!is_kept) {
    ++core_.statistics.connections_refused;
    wire_.Close(connection, CloseMode::kAbort);
    return;
  }
  core_.wheel.Arm(connection.timer,
                  core_.now + int64_t{core_.config.limits.connect_timeout_ms} * kMillisecond);
  wire_.AdmitThenReceive(connection);
}

// False: there are so many that it will not even hear why it is refused.
bool Protocol::HasRoom(Connection& connection, int64_t others, uint32_t maximum,
                       std::string_view which) {
  if (maximum == 0 || others < int64_t{maximum}) return true;
  core_.refusals.Write(core_.now, LogLevel::kWarning, "connection refused: {} ({}) reached", which,
                       maximum);
  connection.over_limit = true;
  return others < int64_t{maximum} + kRefusalsPendingMax;
}

void Protocol::OnLink(Pipe::ShardEnd pipe) {
  ++core_.statistics.connections_accepted;
  core_.shared.connections.fetch_add(1, std::memory_order_relaxed);
  Connection& connection = wire_.AdoptPipe(std::move(pipe));
  core_.wheel.Arm(connection.timer,
                  core_.now + int64_t{core_.config.limits.connect_timeout_ms} * kMillisecond);
}

void Protocol::OnHandOver(Connection& connection) { gate_.HandOver(connection); }

size_t Protocol::BytesNeeded(const Connection& connection, std::span<const uint8_t> input) {
  const codec::FrameParse frame =
      codec::ParseFrame(input, connection.packet_size_bytes_max, connection.link.version);
  if (frame.status == FrameStatus::kNeedMore && frame.head.header_size_bytes == 0) {
    return input.size() + 1;
  }
  // Malformed and too large are found out by handling what is there.
  return frame.status == FrameStatus::kNeedMore ? frame.head.size_bytes() : input.size();
}

size_t Protocol::OnBytes(Connection& connection, std::span<const uint8_t> input) {
  size_t handled = 0;
  while (handled < input.size()) {
    const codec::Bytes rest = input.subspan(handled);
    const codec::FrameParse frame =
        codec::ParseFrame(rest, connection.packet_size_bytes_max,
                          connection.open() ? connection.link.version : ProtocolVersion::kV5);
    if (frame.status == FrameStatus::kNeedMore) return handled;
    if (frame.status == FrameStatus::kMalformed) {
      Reject(connection, ReasonCode::kMalformedPacket, "fixed header");
      return input.size();
    }
    if (frame.status == FrameStatus::kTooLarge) {
      Reject(connection, ReasonCode::kPacketTooLarge, "packet size");  // [MQTT-3.2.2-15]
      return input.size();
    }
    const codec::Bytes body =
        rest.subspan(frame.head.header_size_bytes, frame.head.remaining_size_bytes);
    if (!OnFrame(connection, frame.head, body)) return handled;
    handled += frame.head.size_bytes();
    if (connection.state == ConnectionState::kClosing) return input.size();
    if (connection.paused || connection.handing_over) return handled;
  }
  return handled;
}

bool Protocol::OnFrame(Connection& connection, const codec::FrameHead& head, codec::Bytes body) {
  connection.last_packet = core_.now;
  ++core_.statistics.packets_received;
  return connection.open() ? OnOpenFrame(connection, head, body)
                           : OnEarlyFrame(connection, head, body);
}

// Before CONNACK: CONNECT first [MQTT-3.1.0-1], then AUTH if an exchange is under way.
bool Protocol::OnEarlyFrame(Connection& connection, const codec::FrameHead& head,
                            codec::Bytes body) {
  const bool exchanging = connection.extras != nullptr && connection.extras->exchange != nullptr;
  if (exchanging && head.type == PacketType::kAuth) {
    OnAuth(connection, body);
    return true;
  }
  if (!exchanging && head.type == PacketType::kConnect) {
    return gate_.OnConnect(connection, body) == Gate::Step::kConsumed;
  }
  ++core_.statistics.protocol_errors;
  core_.peer_errors.Write(core_.now, LogLevel::kInfo,
                          "closed: packet type {} where CONNECT was expected",
                          static_cast<unsigned>(head.type));
  Disconnect(wire_, connection, ReasonCode::kProtocolError);
  return true;
}

bool Protocol::OnOpenFrame(Connection& connection, const codec::FrameHead& head,
                           codec::Bytes body) {
  // Nearly every packet has an answer: who does not read the answers is not read either. (Who has
  // said goodbye already is, since nothing would wake it; what it said is in memory as it is.)
  if (connection.output.pending_bytes() > core_.config.limits.output_bytes_max &&
      Wire::MayDrain(connection)) {
    connection.throttled = true;
    wire_.Pause(connection);
    return false;
  }
  switch (head.type) {
    case PacketType::kPublish:
      if (MustPause(connection)) {
        PausePublisher(connection);
        return false;
      }
      OnPublish(connection, head.flags, body);
      return true;
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
      OnAck(connection, head.type, body);
      return true;
    case PacketType::kSubscribe:
      if (MustPause(connection)) {
        PausePublisher(connection);
        return false;
      }
      OnSubscribe(connection, body);
      return true;
    case PacketType::kUnsubscribe:
      OnUnsubscribe(connection, body);
      return true;
    case PacketType::kPingreq:
      if (!codec::IsValidEmptyBody(body)) break;
      codec::WritePingresp(connection);  // [MQTT-3.12.4-1]
      ++core_.statistics.packets_sent;
      return true;
    case PacketType::kDisconnect:
      OnDisconnect(connection, body);
      return true;
    case PacketType::kAuth:
      OnAuth(connection, body);
      return true;
    case PacketType::kConnect:  // A second one. [MQTT-3.1.0-2]
    case PacketType::kConnack:
    case PacketType::kSuback:
    case PacketType::kUnsuback:
    case PacketType::kPingresp:
      Reject(connection, ReasonCode::kProtocolError, "packet type that a client does not send");
      return true;
  }
  Reject(connection, ReasonCode::kMalformedPacket, "body of PINGREQ");
  return true;
}

bool Protocol::MustPause(const Connection& connection) const {
  return core_.outbox.blocked() || connection.jobs >= Subscriptions::kJobsPerConnectionMax ||
         core_.shared.memory_full.load(std::memory_order_relaxed);
}

void Protocol::PausePublisher(Connection& connection) {
  ++core_.statistics.publishers_paused;
  wire_.Pause(connection);
  paused_.push_back(connection.self);
}

void Protocol::ResumePaused() {
  if (paused_.empty() || !may_resume()) return;
  std::swap(paused_, resuming_);
  for (const base::Handle<Connection> handle : resuming_) {
    Connection* const connection = core_.connections.Find(handle);
    if (connection != nullptr && connection->paused) wire_.Resume(*connection);
  }
  resuming_.clear();
}

void Protocol::OnPublish(Connection& connection, uint8_t flags, codec::Bytes body) {
  auto decoded = codec::DecodePublish(flags, body, connection.link.version, limits());
  if (!decoded.ok()) return RejectDecoded(connection, decoded.error(), "PUBLISH");
  codec::Publish& publish = *decoded;
  if (connection.is_v5() && !ResolveAlias(connection, publish)) {
    return Reject(
        connection,
        publish.topic_alias == 0 ? ReasonCode::kProtocolError : ReasonCode::kTopicAliasInvalid,
        "topic alias");
  }
  ++core_.statistics.publishes_received;
  core_.statistics.publish_bytes_received += publish.payload.size();
  if (publish.qos > connection.qos_max) {
    return Reject(connection, ReasonCode::kQosNotSupported, "QoS of PUBLISH");  // [MQTT-3.2.2-11]
  }
  if (publish.retain && !core_.config.mqtt.retain_available) {
    return Reject(connection, ReasonCode::kRetainNotSupported, "RETAIN");  // [MQTT-3.2.2-14]
  }
  ClientSession& session = core_.sessions.Get(connection.session);
  if (!session.mount.empty()) {
    publish.topic = MountTopic(session.mount, publish.topic, core_.mounted_topic);
  }
  if (publish.qos == Qos::kAtMostOnce) {
    (void)Route(session, publish);
    return;
  }
  switch (session.qos.OnPublish(publish.packet_id, publish.qos, connection.link)) {
    case session::Arrival::kDuplicate:
      return;
    case session::Arrival::kReceiveMaximumExceeded:  // [MQTT-3.3.4-7] [MQTT-3.3.4-9]
      return Reject(connection, ReasonCode::kReceiveMaximumExceeded, "Receive Maximum");
    case session::Arrival::kNew:
      break;
  }
  const ReasonCode reason = Route(session, publish);
  // Routing may have disconnected the publisher: its own queue may have been the full one.
  if (!connection.open()) return;
  session.qos.Accept(publish.packet_id, publish.qos, reason, connection.link);
  ++core_.statistics.packets_sent;
}

// Puts the topic where an alias stands for it. 5.0 s3.3.2.3.4.
bool Protocol::ResolveAlias(Connection& connection, codec::Publish& publish) {
  if (publish.topic_alias == 0) return !publish.topic.empty();
  ConnectionExtras& extras = connection.Extras();
  if (extras.inbound_aliases == nullptr) {
    extras.inbound_aliases =
        std::make_unique<codec::InboundAliases>(core_.config.limits.topic_alias_inbound_max);
  }
  // [MQTT-3.3.2-8] [MQTT-3.3.2-9]
  if (!publish.topic.empty())
    return extras.inbound_aliases->Set(publish.topic_alias, publish.topic);
  const auto topic = extras.inbound_aliases->Resolve(publish.topic_alias);
  if (!topic.has_value()) return false;
  publish.topic = *topic;
  return true;
}

ReasonCode Protocol::CheckPublish(const ClientSession& session,
                                  const codec::Publish& publish) const {
  const LimitsConfig& limits = core_.config.limits;
  if (publish.topic.size() > limits.topic_size_bytes_max ||
      codec::TopicLevelCount(publish.topic) > limits.topic_levels_max) {
    return ReasonCode::kTopicNameInvalid;
  }
  const bool is_reserved = publish.topic[session.mount.size()] == '$' &&
                           (!session.mount.empty() || IsSysTopic(publish.topic));
  if (is_reserved) return ReasonCode::kNotAuthorized;
  if (core_.policy.AllowsEverything()) return ReasonCode::kSuccess;
  const Identity who = IdentityOf(session);
  return core_.policy.MayPublish(who, publish.topic) ? ReasonCode::kSuccess
                                                     : ReasonCode::kNotAuthorized;
}

ReasonCode Protocol::Route(ClientSession& session, const codec::Publish& publish) {
  const ReasonCode refusal = CheckPublish(session, publish);
  if (refusal != ReasonCode::kSuccess) {
    core_.Drop(DropReason::kNotAuthorized, session.client_id, publish.topic);
    core_.drops.Write(core_.now, LogLevel::kWarning,
                      "publish of client '{}' to '{}' refused: reason 0x{:02x}", session.client_id,
                      publish.topic, static_cast<unsigned>(refusal));
    return refusal;
  }
  const Instant expires = publish.message_expiry_s.has_value()
                              ? core_.now + int64_t{*publish.message_expiry_s} * kSecond
                              : Instant::Max();
  codec::Publication publication({.topic = publish.topic,
                                  .payload = publish.payload,
                                  .forwardable = publish.properties.bytes,
                                  .filter_hop_properties = publish.has_hop_properties,
                                  .qos = publish.qos,
                                  .retain = publish.retain,
                                  .expires = expires,
                                  .publisher = session.identity},
                                 core_.now, core_.scratch);
  return dispatcher_.Publish(publication) ? ReasonCode::kSuccess
                                          : ReasonCode::kNoMatchingSubscribers;
}

void Protocol::OnAck(Connection& connection, PacketType type, codec::Bytes body) {
  const auto decoded = codec::DecodeAck(type, body, connection.link.version, limits());
  if (!decoded.ok()) return RejectDecoded(connection, decoded.error(), "acknowledgement");
  ClientSession& session = core_.sessions.Get(connection.session);
  session::Verdict verdict = session::Verdict::kContinue;
  const codec::Ack& ack = *decoded;
  if (type == PacketType::kPubrel) {
    session.qos.OnPubrel(ack.packet_id, connection.link);
    ++core_.statistics.packets_sent;
    return;
  }
  if (type == PacketType::kPuback) {
    verdict = session.qos.OnPuback(ack.packet_id, ack.reason, core_.now, connection.link);
  } else if (type == PacketType::kPubrec) {
    verdict = session.qos.OnPubrec(ack.packet_id, ack.reason, core_.now, connection.link);
  } else {
    verdict = session.qos.OnPubcomp(ack.packet_id, ack.reason, core_.now, connection.link);
  }
  if (verdict == session::Verdict::kProtocolError) {
    return Reject(connection, ReasonCode::kProtocolError, "acknowledgement of the wrong kind");
  }
  if (connection.starved) OnDrained(connection);  // The window opened.
}

void Protocol::OnSubscribe(Connection& connection, codec::Bytes body) {
  const auto decoded = codec::DecodeSubscribe(body, connection.link.version, limits());
  if (!decoded.ok()) return RejectDecoded(connection, decoded.error(), "SUBSCRIBE");
  subscriptions_.OnSubscribe(connection, *decoded);
}

void Protocol::OnUnsubscribe(Connection& connection, codec::Bytes body) {
  const auto decoded = codec::DecodeUnsubscribe(body, connection.link.version, limits());
  if (!decoded.ok()) return RejectDecoded(connection, decoded.error(), "UNSUBSCRIBE");
  subscriptions_.OnUnsubscribe(connection, *decoded);
}

void Protocol::OnDisconnect(Connection& connection, codec::Bytes body) {
  const auto decoded = codec::DecodeDisconnect(body, connection.link.version, limits());
  if (!decoded.ok()) return RejectDecoded(connection, decoded.error(), "DISCONNECT");
  ClientSession& session = core_.sessions.Get(connection.session);
  if (decoded->session_expiry_s.has_value()) {
    // What was zero stays zero. 5.0 s3.14.2.2.2.
    if (session.expiry_s == 0 && *decoded->session_expiry_s != 0) {
      return Reject(connection, ReasonCode::kProtocolError, "session expiry in DISCONNECT");
    }
    session.expiry_s =
        std::min(*decoded->session_expiry_s, core_.LimitsOf(connection).session_expiry_s_max);
  }
  // Only a normal disconnection takes the will back. [MQTT-3.14.4-3] [MQTT-3.1.2-10]
  if (decoded->reason == ReasonCode::kSuccess) session.will.reset();
  connection.ended_by = DisconnectedBy::kClient;
  connection.end_reason = decoded->reason;
  wire_.Close(connection, CloseMode::kFlush);  // [MQTT-3.14.4-2]
}

void Protocol::OnAuth(Connection& connection, codec::Bytes body) {
  if (!connection.is_v5()) {
    return Reject(connection, ReasonCode::kProtocolError, "AUTH before 5.0");
  }
  const auto decoded = codec::DecodeAuth(body, limits());
  if (!decoded.ok()) return RejectDecoded(connection, decoded.error(), "AUTH");
  gate_.OnAuth(connection, *decoded);
}

void Protocol::RejectDecoded(Connection& connection, codec::DecodeError error,
                             std::string_view what) {
  Reject(connection, codec::ReasonOf(error), what);
}

// [MQTT-4.13.1-1]
void Protocol::Reject(Connection& connection, ReasonCode reason, std::string_view what) {
  if (reason == ReasonCode::kMalformedPacket) {
    ++core_.statistics.malformed_packets;
  } else {
    ++core_.statistics.protocol_errors;
  }
  const ClientSession* const session = core_.sessions.Find(connection.session);
  core_.peer_errors.Write(core_.now, LogLevel::kInfo,
                          "client '{}' disconnected: {}, reason 0x{:02x}",
                          session != nullptr ? std::string_view(session->client_id) : "", what,
                          static_cast<unsigned>(reason));
  Disconnect(wire_, connection, reason);
}

void Protocol::OnGone(Connection& connection) {
  core_.shared.connections.fetch_sub(1, std::memory_order_relaxed);
  if (connection.pipe == nullptr) {
    core_.shared.of_listener[connection.listener].fetch_sub(1, std::memory_order_relaxed);
  }
  const ClientSession* const session = core_.sessions.Find(connection.session);
  if (session != nullptr && core_.options.events != nullptr) {
    core_.options.events->OnDisconnected(session->client_id, connection.ended_by,
                                         connection.end_reason);
  }
  sessions_.Detach(connection);
}

// The output has room or the window opened: first what the session queued, then replays.
void Protocol::OnDrained(Connection& connection) {
  ClientSession& session = core_.sessions.Get(connection.session);
  connection.starved = false;
  const session::Drained sent = session.qos.Drain(core_.now, connection.link);
  core_.statistics.publishes_sent += sent.sent;
  core_.statistics.packets_sent += sent.sent;
  core_.statistics.dropped[static_cast<size_t>(DropReason::kExpired)] += sent.expired;
  core_.statistics.dropped[static_cast<size_t>(DropReason::kTooLarge)] += sent.too_large;
  sessions_.NoteDrained(session);
  if (session.replays > 0) retained_.Wake(session);
  connection.starved = session.qos.wants_drain() || session.replays > 0;
}

void Protocol::OnTimer(Connection& connection) {
  switch (connection.state) {
    case ConnectionState::kAwaitConnect:
    case ConnectionState::kAuthenticating:
      ++core_.statistics.connections_refused;
      core_.statistics.admissions_timed_out += connection.awaits_admission ? 1 : 0;
      core_.refusals.Write(core_.now, LogLevel::kInfo, "closed: {} within {} ms",
                           connection.awaits_admission ? "it could not be let in" : "no CONNECT",
                           core_.config.limits.connect_timeout_ms);
      wire_.Close(connection, CloseMode::kAbort);
      return;
    case ConnectionState::kClosing:
      wire_.OnLingerTimeout(connection);
      return;
    case ConnectionState::kOpen:
      break;
  }
  const Instant due =
      connection.last_packet + int64_t{connection.keep_alive_s} * 1500 * kMillisecond;
  if (core_.now < due || (connection.paused && !connection.throttled)) {
    // Packets came since, or it is we who do not read.
    core_.wheel.Arm(connection.timer, std::max(due, core_.now + kSecond));
    return;
  }
  Disconnect(wire_, connection, ReasonCode::kKeepAliveTimeout);  // [MQTT-3.1.2-22]
}

void Protocol::DisconnectAll() {
  core_.connections.ForEach([this](base::Handle<Connection>, Connection& connection) {
    Disconnect(wire_, connection, ReasonCode::kServerShuttingDown);
  });
}

}  // namespace ringmq::broker
