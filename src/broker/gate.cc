// SPDX-License-Identifier: Apache-2.0
#include "broker/gate.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/farewell.h"
#include "broker/mount.h"
#include "codec/decode.h"
#include "codec/frame_writer.h"
#include "codec/topic.h"

namespace ringmq::broker {
namespace {

std::string_view AsText(codec::Bytes bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

codec::Bytes AsBytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}

// Before 5.0 CONNACK has return codes for a version or client identifier that we refuse; what is
// ill-formed is closed without a word. 3.1.1 s3.1.4, s4.8.
bool HasAnswer(codec::DecodeError error, ProtocolVersion version) {
  if (error == codec::DecodeError::kNotMqtt) return false;
  return version == ProtocolVersion::kV5 ||
         error == codec::DecodeError::kUnsupportedProtocolVersion ||
         error == codec::DecodeError::kClientIdentifierNotValid;
}

// A Unix socket or a link has no address.
std::string_view ForPeople(std::string_view peer) { return peer.empty() ? "this machine" : peer; }

bool HasAllRights(const Connection& connection) {
  return connection.pipe != nullptr && connection.pipe->rights() == PipeRights::kAll;
}

}  // namespace

Gate::Step Gate::OnConnect(Connection& connection, codec::Bytes body) {
  if (const auto version = codec::PeekConnectVersion(body)) connection.link.version = *version;
  const auto decoded =
      codec::DecodeConnect(body, {.user_properties_max = core_.config.limits.user_properties_max});
  if (!decoded.ok()) {
    ++core_.statistics.malformed_packets;
    if (!HasAnswer(decoded.error(), connection.link.version)) {
      Disconnect(wire_, connection, codec::ReasonOf(decoded.error()));
    } else {
      Refuse(connection, codec::ReasonOf(decoded.error()), {});
    }
    return Step::kConsumed;
  }
  const codec::Connect& connect = *decoded;
  connection.link.version = connect.version;
  connection.link.maximum_packet_size = connect.maximum_packet_size;
  connection.link.problem_information = connect.request_problem_information;

  if (const ReasonCode reason = WhyUnwelcome(connection, connect); IsFailure(reason)) {
    Refuse(connection, reason, connect.client_id);
    return Step::kConsumed;
  }
  const Naming naming = NameClient(connection, connect);
  if (naming.refused != ReasonCode::kSuccess) {
    Refuse(connection, naming.refused, connect.client_id);
    return Step::kConsumed;
  }
  const std::string_view client_id = naming.client_id;
  const CoreId home = core_.HomeOf(client_id);
  if (home != core_.options.index) {
    if (connection.at_home) {  // The identity of its peer has changed on the way.
      Refuse(connection, ReasonCode::kNotAuthorized, client_id);
      return Step::kConsumed;
    }
    connection.handing_over = true;
    connection.home = home;
    return Step::kKeep;
  }
  if (connect.has_authentication_method) {
    BeginExchange(connection, connect, body, client_id);
    return Step::kConsumed;
  }
  std::string username;
  switch (Identify(connection, connect, client_id, username)) {
    case Identification::kPending:
      return Step::kKeep;
    case Identification::kRefused:
      return Step::kConsumed;
    case Identification::kVerified:
      break;
  }
  Establish(connection, connect, client_id, naming.assigned, username, {});
  return Step::kConsumed;
}

// What speaks against any client that comes like this now; kSuccess: nothing.
ReasonCode Gate::WhyUnwelcome(const Connection& connection, const codec::Connect& connect) const {
  const bool is_spoken =
      connection.pipe != nullptr ||
      AllowsVersion(core_.config.listeners[connection.listener], connect.version);
  if (!is_spoken) return ReasonCode::kUnsupportedProtocolVersion;
  if (!connection.over_limit) return ReasonCode::kSuccess;
  return core_.shared.memory_full.load(std::memory_order_relaxed) ? ReasonCode::kServerBusy
                                                                  : ReasonCode::kQuotaExceeded;
}

// Who the peer is by the way it came in, if its listener wants to know; none: nobody.
std::optional<std::string> Gate::PeerIdentity(const Connection& connection) const {
  if (connection.pipe != nullptr) return std::nullopt;
  const ListenerConfig& listener = core_.config.listeners[connection.listener];
  if (listener.identity == IdentitySource::kNone) return std::nullopt;
  if (listener.identity == IdentitySource::kUnixUser) {
    return core_.socket_lookup.user ? core_.socket_lookup.user(connection.fd) : std::nullopt;
  }
  return IdentityOf(Wire::FactsOf(connection), listener.identity);
}

Gate::Naming Gate::NameClient(const Connection& connection, const codec::Connect& connect) {
  const bool decides =
      connection.pipe == nullptr &&
      core_.config.listeners[connection.listener].identity_as == IdentityUse::kClientId;
  if (!decides) {
    // [MQTT-3.1.3-6] [MQTT-3.1.3-7]
    if (connect.client_id.empty()) return {.client_id = AssignClientId(), .assigned = true};
    return {.client_id = std::string(connect.client_id)};
  }
  std::optional<std::string> identity = PeerIdentity(connection);
  // Otherwise it could be whom it likes, among them one who can prove it.
  if (!identity.has_value() || identity->empty()) return {.refused = ReasonCode::kNotAuthorized};
  if (connect.client_id.empty()) return {.client_id = *std::move(identity), .assigned = true};
  if (connect.client_id != *identity) return {.refused = ReasonCode::kClientIdentifierNotValid};
  return {.client_id = *std::move(identity)};
}

std::string Gate::AssignClientId() {
  static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  // One in `count` hashes to this core, so that nothing has to be handed over.
  while (true) {
    std::string id = "auto-";
    for (int i = 0; i < 20; ++i) id += kDigits[core_.random.Below(sizeof(kDigits) - 1)];
    if (core_.HomeOf(id) == core_.options.index && sessions_.Find(id) == nullptr) return id;
  }
}

Gate::Identification Gate::Identify(Connection& connection, const codec::Connect& connect,
                                    std::string_view client_id, std::string& username) {
  if (connection.pipe != nullptr) {  // Of this process: trusted, whatever it says.
    if (connect.has_username) username = std::string(connect.username);
    return Identification::kVerified;
  }
  const ListenerConfig& listener = core_.config.listeners[connection.listener];
  if (listener.identity_as == IdentityUse::kUsername) {
    if (std::optional<std::string> identity = PeerIdentity(connection)) {
      username = *std::move(identity);
      if (!username.empty()) return Identification::kVerified;
      Refuse(connection, ReasonCode::kBadUserNameOrPassword, client_id);
      return Identification::kRefused;
    }
  }
  const bool has_users = !core_.config.users.empty() || !core_.config.auth.password_file.empty();
  if (!core_.authenticator.decides_alone() && (!connect.has_username || !has_users)) {
    // Without users to check against, a name is a claim that nobody verified: anonymous.
    if (AllowsAnonymous(listener)) return Identification::kVerified;
    Refuse(connection,
           connect.has_username ? ReasonCode::kBadUserNameOrPassword : ReasonCode::kNotAuthorized,
           client_id);
    return Identification::kRefused;
  }
  username = std::string(connect.username);
  if (connection.verified) return Identification::kVerified;
  const AuthVerdict verdict = core_.authenticator.Start(
      core_.options.index, {.token = connection.self.Pack(),
                            .client_id = std::string(client_id),
                            .username = username,
                            .password = std::string(AsText(connect.password)),
                            .peer = wire_.PeerNameOf(connection)});
  switch (verdict) {
    case AuthVerdict::kAllow:
      return Identification::kVerified;
    case AuthVerdict::kPending:
      ++checks_pending_;
      connection.state = ConnectionState::kAuthenticating;
      return Identification::kPending;
    case AuthVerdict::kBusy:
      Refuse(connection, ReasonCode::kServerBusy, client_id);
      return Identification::kRefused;
    case AuthVerdict::kDeny:
      break;
  }
  Refuse(connection, ReasonCode::kBadUserNameOrPassword, client_id);
  return Identification::kRefused;
}

void Gate::CollectVerdicts() {
  if (checks_pending_ == 0) return;
  verdicts_.clear();
  core_.authenticator.Drain(core_.options.index, verdicts_);
  RMQ_CHECK(verdicts_.size() <= checks_pending_);
  checks_pending_ -= verdicts_.size();
  for (const AuthResult& result : verdicts_) {
    Connection* const connection =
        core_.connections.Find(base::Handle<Connection>::Unpack(result.token));
    if (connection == nullptr || connection->state != ConnectionState::kAuthenticating) continue;
    connection->state = ConnectionState::kAwaitConnect;
    if (result.verdict == AuthVerdict::kAllow) {
      connection->verified = true;
      wire_.Resume(*connection);  // Reads the CONNECT that was left where it is.
    } else {
      Refuse(*connection,
             result.verdict == AuthVerdict::kBusy ? ReasonCode::kServerBusy : result.reason, {});
    }
  }
}

void Gate::BeginExchange(Connection& connection, const codec::Connect& connect, codec::Bytes body,
                         std::string_view client_id) {
  ConnectionExtras& extras = connection.Extras();
  extras.exchange =
      core_.auth_methods.Begin(connect.authentication_method, client_id, connect.username);
  if (extras.exchange == nullptr) {
    Refuse(connection, ReasonCode::kBadAuthenticationMethod, client_id);  // [MQTT-4.12.0-1]
    return;
  }
  extras.authentication_method = std::string(connect.authentication_method);
  extras.connect_body.assign(body.begin(), body.end());
  ContinueExchange(connection, connect.authentication_data);
}

void Gate::OnAuth(Connection& connection, const codec::Auth& auth) {
  ConnectionExtras* const extras = connection.extras.get();
  // [MQTT-4.12.0-5] [MQTT-4.12.1-1]: the method stays the same for the connection's life;
  // [MQTT-4.12.0-6] [MQTT-4.12.0-7]: without one in CONNECT there is no AUTH at all.
  if (extras == nullptr || extras->authentication_method.empty() ||
      auth.method != extras->authentication_method) {
    ++core_.statistics.protocol_errors;
    Disconnect(wire_, connection, ReasonCode::kProtocolError);
    return;
  }
  const bool begins = auth.reason == ReasonCode::kReauthenticate;
  const bool continues = auth.reason == ReasonCode::kContinueAuthentication;
  if (begins && connection.open() && extras->exchange == nullptr) {
    const ClientSession& session = core_.sessions.Get(connection.session);
    extras->exchange = core_.auth_methods.Begin(
        auth.method, session.client_id,
        session.owner ? std::string_view(*session.owner) : std::string_view());
  } else if (!continues || extras->exchange == nullptr) {
    ++core_.statistics.protocol_errors;
    if (connection.open()) {
      Disconnect(wire_, connection, ReasonCode::kProtocolError);
    } else {
      Refuse(connection, ReasonCode::kProtocolError, {});
    }
    return;
  }
  ContinueExchange(connection, auth.data);
}

void Gate::ContinueExchange(Connection& connection, codec::Bytes data) {
  ConnectionExtras& extras = *connection.extras;
  const AuthStep step = extras.exchange->Continue(AsText(data));
  switch (step.kind) {
    case AuthStepKind::kContinue:  // [MQTT-4.12.0-2]
      (void)codec::WritePacket(codec::Auth{.reason = ReasonCode::kContinueAuthentication,
                                           .method = extras.authentication_method,
                                           .data = AsBytes(step.data)},
                               connection.link.version, connection.link.maximum_packet_size,
                               connection);
      return;
    case AuthStepKind::kFail:  // [MQTT-4.12.0-4] [MQTT-4.12.1-2]
      extras.exchange.reset();
      if (connection.open()) {
        Disconnect(wire_, connection, ReasonCode::kNotAuthorized);
      } else {
        Refuse(connection, ReasonCode::kNotAuthorized, {});
      }
      return;
    case AuthStepKind::kSuccess:
      break;
  }
  extras.exchange.reset();
  if (connection.open()) {
    (void)codec::WritePacket(codec::Auth{.reason = ReasonCode::kSuccess,
                                         .method = extras.authentication_method,
                                         .data = AsBytes(step.data)},
                             connection.link.version, connection.link.maximum_packet_size,
                             connection);
    return;
  }
  const std::vector<uint8_t> body = std::exchange(extras.connect_body, {});
  const auto connect =
      codec::DecodeConnect(body, {.user_properties_max = core_.config.limits.user_properties_max});
  RMQ_CHECK(connect.ok());  // It was when the exchange began.
  const Naming naming = NameClient(connection, *connect);
  if (naming.refused != ReasonCode::kSuccess) {
    Refuse(connection, naming.refused, {});
    return;
  }
  Establish(connection, *connect, naming.client_id, naming.assigned, step.username, step.data);
}

// What a client of this connection's listener has before its topics; empty: nothing.
std::string_view Gate::MountOf(const Connection& connection) const {
  if (connection.pipe != nullptr) return {};
  return core_.config.listeners[connection.listener].mount_point;
}

// Requires: the topic is mounted.
ReasonCode Gate::CheckWill(const Connection& connection, const codec::Will& will,
                           const Identity& who) const {
  if (static_cast<uint8_t>(will.qos) > core_.LimitsOf(connection).qos_max) {
    return ReasonCode::kQosNotSupported;  // [MQTT-3.2.2-12]
  }
  if (will.retain && !core_.config.mqtt.retain_available) {
    return ReasonCode::kRetainNotSupported;  // [MQTT-3.2.2-13]
  }
  if (will.topic.size() > core_.config.limits.topic_size_bytes_max ||
      codec::TopicLevelCount(will.topic) > core_.config.limits.topic_levels_max) {
    return ReasonCode::kTopicNameInvalid;
  }
  const std::string_view mount = MountOf(connection);
  if (!mount.empty() && !PassesMount(mount, will.topic)) return ReasonCode::kNotAuthorized;
  if (!core_.policy.MayPublish(who, will.topic)) return ReasonCode::kNotAuthorized;
  return ReasonCode::kSuccess;
}

ReasonCode Gate::TakeWill(const Connection& connection, const codec::Connect& connect,
                          std::string_view client_id, std::string_view username,
                          std::unique_ptr<WillRecord>& out) const {
  if (!connect.has_will) return ReasonCode::kSuccess;
  std::string mounted;
  codec::Will will = connect.will;
  const std::string_view mount = MountOf(connection);
  if (!mount.empty()) will.topic = MountTopic(mount, will.topic, mounted);
  const ReasonCode refusal = CheckWill(connection, will,
                                       {.client_id = client_id,
                                        .username = username,
                                        .anonymous = username.empty(),
                                        .has_all_rights = HasAllRights(connection)});
  if (refusal == ReasonCode::kSuccess) out = MakeWill(will);
  return refusal;
}

void Gate::Establish(Connection& connection, const codec::Connect& connect,
                     std::string_view client_id, bool assigned, std::string_view username,
                     std::string_view authentication_data) {
  std::unique_ptr<WillRecord> will;
  const ReasonCode refusal = TakeWill(connection, connect, client_id, username, will);
  if (refusal != ReasonCode::kSuccess) {
    Refuse(connection, refusal, client_id);
    return;
  }
  const Sessions::Opened opened =
      sessions_.Open(connection, {.client_id = client_id,
                                  .username = username,
                                  .mount = MountOf(connection),
                                  .clean_start = connect.clean_start,
                                  .local = connection.pipe != nullptr,
                                  .has_all_rights = HasAllRights(connection),
                                  .expiry_s = AgreeExpiry(connection, connect),
                                  .will = std::move(will)});
  if (opened.session == nullptr) {
    Refuse(connection, ReasonCode::kNotAuthorized, client_id);
    return;
  }
  const ClientLimits limits = core_.LimitsOf(connection);
  connection.state = ConnectionState::kOpen;
  connection.packet_size_bytes_max = limits.packet_size_bytes_max;
  connection.qos_max = static_cast<Qos>(limits.qos_max);
  SetUpLink(connection, connect);
  AgreeKeepAlive(connection, connect.keep_alive_s);
  SendConnack(connection, connect, *opened.session, opened.present, assigned, authentication_data);
  // Asks the kernel or the layers, so only for who wants to know.
  std::string peer;
  if (core_.options.events != nullptr || core_.log.IsEnabled(LogLevel::kDebug)) {
    peer = wire_.PeerNameOf(connection);
  }
  core_.log.Debug("client '{}' connected from {}", client_id, ForPeople(peer));
  if (core_.options.events != nullptr) {
    core_.options.events->OnConnected({.client_id = client_id,
                                       .username = username,
                                       .peer = peer,
                                       .version = connection.link.version,
                                       .session_present = opened.present});
  }
  if (opened.present) {
    const session::Drained sent = opened.session->qos.Resume(core_.now, connection.link);
    core_.statistics.publishes_sent += sent.sent;
    core_.statistics.dropped[static_cast<size_t>(DropReason::kExpired)] += sent.expired;
    core_.statistics.dropped[static_cast<size_t>(DropReason::kTooLarge)] += sent.too_large;
    connection.starved = opened.session->qos.wants_drain() || opened.session->replays > 0;
  }
}

uint32_t Gate::AgreeExpiry(const Connection& connection, const codec::Connect& connect) const {
  uint32_t wanted = connect.session_expiry_s;
  // Before 5.0 a session that is not clean lasts as long as we let it. 5.0 s3.1.2.11.2.
  if (connect.version != ProtocolVersion::kV5) {
    wanted = connect.clean_start ? 0 : kSessionNeverExpires;
  }
  return std::min(wanted, core_.LimitsOf(connection).session_expiry_s_max);
}

std::unique_ptr<WillRecord> Gate::MakeWill(const codec::Will& will) {
  auto record = std::make_unique<WillRecord>();
  record->message = codec::MessageRef::Make({.topic = will.topic,
                                             .payload = will.payload,
                                             .forwardable = will.properties.bytes,
                                             .filter_hop_properties = true,
                                             .qos = will.qos,
                                             .retain = will.retain});
  record->delay_s = will.delay_s;
  record->message_expiry_s = will.message_expiry_s.value_or(0);
  return record;
}

void Gate::SetUpLink(Connection& connection, const codec::Connect& connect) {
  const LimitsConfig& limits = core_.config.limits;
  session::Link& link = connection.link;
  link.receive_maximum = connect.receive_maximum;
  link.topic_skip_bytes = static_cast<uint16_t>(MountOf(connection).size());
  link.output_bytes_high = limits.output_bytes_high_mark;
  link.output_bytes_max = limits.output_bytes_max;
  const uint16_t outbound = std::min(connect.topic_alias_maximum, limits.topic_alias_outbound_max);
  if (outbound > 0) {  // [MQTT-3.1.2-26] [MQTT-3.1.2-27]
    ConnectionExtras& extras = connection.Extras();
    extras.outbound_aliases = std::make_unique<codec::OutboundAliases>(outbound);
    link.aliases = extras.outbound_aliases.get();
  }
}

void Gate::AgreeKeepAlive(Connection& connection, uint16_t wanted_s) {
  // A pipe tells when its other end goes.
  const uint16_t maximum_s =
      connection.pipe != nullptr ? uint16_t{0} : core_.LimitsOf(connection).keep_alive_s_max;
  connection.keep_alive_s =
      maximum_s != 0 && (wanted_s == 0 || wanted_s > maximum_s) ? maximum_s : wanted_s;
  if (connection.keep_alive_s == 0) {
    core_.wheel.Disarm(connection.timer);
  } else {
    // One and a half times the Keep Alive. [MQTT-3.1.2-22]
    core_.wheel.Arm(connection.timer,
                    core_.now + int64_t{connection.keep_alive_s} * 1500 * kMillisecond);
  }
}

void Gate::SendConnack(Connection& connection, const codec::Connect& connect,
                       const ClientSession& session, bool present, bool assigned,
                       std::string_view authentication_data) {
  const LimitsConfig& limits = core_.config.limits;
  codec::Connack connack{.session_present = present};
  if (connect.version == ProtocolVersion::kV5) {
    if (session.expiry_s != connect.session_expiry_s) connack.session_expiry_s = session.expiry_s;
    connack.receive_maximum = limits.receive_maximum;
    connack.maximum_qos = connection.qos_max;  // [MQTT-3.2.2-9]
    connack.retain_available = core_.config.mqtt.retain_available;
    if (connection.packet_size_bytes_max < codec::kPacketSizeBytesMax) {
      connack.maximum_packet_size = connection.packet_size_bytes_max;
    }
    if (assigned) connack.assigned_client_id = session.client_id;  // [MQTT-3.2.2-16]
    connack.topic_alias_maximum = limits.topic_alias_inbound_max;
    if (connection.keep_alive_s != connect.keep_alive_s) {
      connack.server_keep_alive_s = connection.keep_alive_s;  // [MQTT-3.2.2-21] [MQTT-3.2.2-22]
    }
    if (connect.has_authentication_method) {
      connack.authentication_method = connect.authentication_method;
      connack.authentication_data = AsBytes(authentication_data);
    }
  }
  (void)codec::WritePacket(connack, connection.link.version, connection.link.maximum_packet_size,
                           connection);
  ++core_.statistics.packets_sent;
}

void Gate::Refuse(Connection& connection, ReasonCode reason, std::string_view client_id) {
  ++core_.statistics.connections_refused;
  core_.refusals.Write(core_.now, LogLevel::kInfo, "client '{}' from {} refused: reason 0x{:02x}",
                       client_id, ForPeople(wire_.PeerNameOf(connection)),
                       static_cast<unsigned>(reason));
  RefuseConnect(wire_, connection, reason);
}

void Gate::HandOver(Connection& connection) {
  auto parcel = std::make_unique<HandOff>();
  parcel->listener = connection.listener;
  parcel->accepted = connection.last_packet;
  parcel->bytes = std::move(connection.partial);
  const CoreId home = connection.home;
  Wire::Released released = wire_.Release(connection);
  parcel->fd = released.fd;
  parcel->tunnel = std::move(released.tunnel);
  parcel->facts = std::move(released.facts);
  ++core_.statistics.handed_over;
  core_.outbox.Send(home, std::move(parcel));
}

void Gate::OnHandOff(std::unique_ptr<HandOff> parcel) {
  Connection& connection = wire_.Adopt(parcel->fd, parcel->listener, std::move(parcel->tunnel));
  connection.facts = std::move(parcel->facts);
  connection.at_home = true;
  core_.wheel.Arm(connection.timer,
                  core_.now + int64_t{core_.config.limits.connect_timeout_ms} * kMillisecond);
  wire_.Feed(connection, parcel->bytes);
}

}  // namespace ringmq::broker
