// What comes from the server, packet by packet.
//
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/check.h"
#include "client/core.h"
#include "client/message_builder.h"
#include "client/packet_limit.h"
#include "client/text.h"
#include "client/user_properties.h"
#include "codec/decode.h"

namespace ringmq::client {
namespace {

constexpr codec::DecodeLimits kLimits = {.sender = codec::Peer::kServer};

const char* NameOfPacket(PacketType type) {
  static constexpr const char* kNames[] = {"reserved",  "CONNECT",  "CONNACK",     "PUBLISH",
                                           "PUBACK",    "PUBREC",   "PUBREL",      "PUBCOMP",
                                           "SUBSCRIBE", "SUBACK",   "UNSUBSCRIBE", "UNSUBACK",
                                           "PINGREQ",   "PINGRESP", "DISCONNECT",  "AUTH"};
  return kNames[static_cast<uint8_t>(type) & 0x0f];
}

// Of a packet that nobody has checked yet; zero where there is none.
codec::PacketId PacketIdOf(const codec::FrameHead& head, codec::Bytes body) {
  size_t offset = 0;
  const auto number_at = [&](size_t at) {
    return at + 2 <= body.size() ? body[at] * 256 + body[at + 1] : 0;
  };
  switch (head.type) {
    case PacketType::kPublish:
      if ((head.flags & 0x06) == 0) return 0;  // QoS 0.
      offset = 2 + static_cast<size_t>(number_at(0));
      break;
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
    case PacketType::kSubscribe:
    case PacketType::kSuback:
    case PacketType::kUnsubscribe:
    case PacketType::kUnsuback:
      break;
    case PacketType::kConnect:
    case PacketType::kConnack:
    case PacketType::kPingreq:
    case PacketType::kPingresp:
    case PacketType::kDisconnect:
    case PacketType::kAuth:
      return 0;
  }
  return static_cast<codec::PacketId>(number_at(offset));
}

}  // namespace

// --- Errors.

void Core::FailMalformed(PacketType type) {
  Fail(Error(Errc::kMalformedPacket, std::string("a malformed ") + NameOfPacket(type))
           .WithPhase(state_ == State::kGreeting ? Phase::kHandshake : Phase::kEstablished),
       ReasonCode::kMalformedPacket);
}

void Core::FailProtocol(std::string detail, ReasonCode reason) {
  Fail(Error(Errc::kProtocolError, std::move(detail))
           .WithReason(reason)
           .WithPhase(state_ == State::kGreeting ? Phase::kHandshake : Phase::kEstablished),
       reason);
}

void Core::OnBadFrame(const codec::FrameParse& parse, Instant now) {
  static_cast<void>(now);
  if (parse.status == codec::FrameStatus::kTooLarge) {
    Fail(Error(Errc::kPacketTooLarge, std::string("a ") + NameOfPacket(parse.head.type) + " of " +
                                          std::to_string(parse.head.size_bytes()) +
                                          " bytes; the limit is " +
                                          std::to_string(options_.incoming_packet_bytes_max) +
                                          " (incoming_packet_bytes_max)")
             .WithReason(ReasonCode::kPacketTooLarge)
             .WithPhase(Phase::kEstablished),
         ReasonCode::kPacketTooLarge);
    return;
  }
  Fail(Error(Errc::kMalformedPacket, "not an MQTT packet").WithPhase(Phase::kEstablished),
       ReasonCode::kMalformedPacket);
}

// --- Dispatch.

bool Core::IsExpectedNow(PacketType type) const {
  if (state_ == State::kGreeting) return type == PacketType::kConnack || type == PacketType::kAuth;
  const bool from_client = type == PacketType::kConnect || type == PacketType::kSubscribe ||
                           type == PacketType::kUnsubscribe || type == PacketType::kPingreq;
  return type != PacketType::kConnack && !from_client;
}

void Core::OnFrame(const Frame& frame, Instant now) {
  if (failure_.has_value() || state_ == State::kDown || state_ == State::kLeaving) return;
  const PacketType type = frame.head.type;
  if (options_.trace_packets) {
    events_.emplace_back(
        PacketReceived{type, PacketIdOf(frame.head, frame.body), frame.head.size_bytes()});
  }
  if (!IsExpectedNow(type)) {
    FailProtocol(std::string("an unexpected ") + NameOfPacket(type));
    return;
  }
  switch (type) {
    case PacketType::kConnack:
      OnConnack(frame.body, now);
      break;
    case PacketType::kPublish:
      OnPublish(frame);
      break;
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
      OnAck(frame);
      break;
    case PacketType::kSuback:
    case PacketType::kUnsuback:
      OnSubscribeAck(frame);
      break;
    case PacketType::kPingresp:
      OnPingresp(frame);
      break;
    case PacketType::kDisconnect:
      OnDisconnect(frame.body);
      break;
    case PacketType::kAuth:
      OnAuth(frame.body);
      break;
    case PacketType::kConnect:
    case PacketType::kSubscribe:
    case PacketType::kUnsubscribe:
    case PacketType::kPingreq:
      RMQ_CHECK(false);  // IsExpectedNow() keeps them out.
  }
  // Whatever comes proves that the server lives.
  if (ping_sent_ != Instant::Max()) ping_sent_ = std::max(ping_sent_, now);
}

// --- CONNACK.

void Core::OnConnack(codec::Bytes body, Instant now) {
  const auto connack = codec::DecodeConnack(body, options_.version, kLimits);
  if (!connack.ok()) {
    FailMalformed(PacketType::kConnack);
    return;
  }
  if (connack->reason != ReasonCode::kSuccess) {
    reason_string_ = connack->reason_string;
    server_reference_ = connack->server_reference;
    user_properties_ = AnswerProperties(UserPropertiesOf(connack->properties));
    Fail(Error(Errc::kConnectionRefused, reason_string_)
             .WithReason(connack->reason)
             .WithPhase(Phase::kHandshake),
         connack->reason);
    return;
  }
  if (connack->session_present && !wants_session()) {  // [MQTT-3.2.2-4]
    FailProtocol("session present although a clean start was asked for");
    return;
  }
  if (options_.authenticator != nullptr) {
    const Expected<void> finished =
        options_.authenticator->Finish(AsText(connack->authentication_data));
    if (!finished.ok()) {
      Fail(finished.error(), ReasonCode::kNotAuthorized);
      return;
    }
  }
  Welcome(*connack, now);
}

void Core::Welcome(const codec::Connack& connack, Instant now) {
  state_ = State::kUp;
  if (!connack.assigned_client_id.empty()) client_id_ = connack.assigned_client_id;
  const ServerLimits limits = LimitsOf(connack, options_, options_.version);
  keep_alive_ = Duration{limits.keep_alive_s * kSecond.ns};  // [MQTT-3.2.2-21]
  events_.emplace_back(ConnectedOf(connack, client_id_, limits));

  const bool present = session_present_ = connack.session_present;
  const bool had_one = connects_ > 0 || (restored_any_ && wants_session());
  ++connects_;
  SenderLink link{.wire = &*wire_, .scratch = &scratch_};
  link.receive_maximum = limits.receive_maximum;
  link.maximum_packet_size = limits.maximum_packet_size;
  link.maximum_qos = limits.maximum_qos;
  link.retain_available = limits.retain_available;
  link.refuse_properties = options_.refuse_properties_on_v311 && !wire_->is_v5();
  if (options_.use_topic_aliases && limits.topic_alias_maximum > 0) {
    outbound_aliases_.emplace(limits.topic_alias_maximum);
    link.aliases = &*outbound_aliases_;
  }
  receiver_.OnConnected(*wire_, present);
  packet_size_bytes_max_ = SizeBytesMaxOf(limits.maximum_packet_size);
  Subscriber::Answered refused = subscriber_.OnConnected(*wire_, limits, present);
  const Sender::Losses losses = sender_.OnConnected(link, present, now);
  if (!present && had_one) {
    events_.emplace_back(
        SessionLost{.published_again = losses.published_again, .given_up = losses.given_up});
  }
  if (!refused.filters.empty()) {
    events_.emplace_back(
        Resubscribed{.filters = std::move(refused.filters), .reasons = std::move(refused.reasons)});
  }
}

// --- PUBLISH.

// The topic, whichever way it was said; nothing: an error was noted.
std::optional<std::string_view> Core::TopicOf(const codec::Publish& publish) {
  if (publish.topic_alias == 0) return publish.topic;
  if (!topics_.IsValid(publish.topic_alias)) {
    FailProtocol("a topic alias above our maximum", ReasonCode::kTopicAliasInvalid);
    return std::nullopt;
  }
  if (!publish.topic.empty()) {
    topics_.Set(publish.topic_alias, publish.topic);
    return publish.topic;
  }
  const std::optional<std::string_view> topic = topics_.Resolve(publish.topic_alias);
  if (!topic.has_value()) FailProtocol("a topic alias that was never set");
  return topic;
}

void Core::OnPublish(const Frame& frame) {
  const auto publish =
      codec::DecodePublish(frame.head.flags, frame.body, options_.version, kLimits);
  if (!publish.ok()) {
    FailMalformed(PacketType::kPublish);
    return;
  }
  const std::optional<std::string_view> topic = TopicOf(*publish);
  if (!topic.has_value()) return;
  if (publish->qos == Qos::kAtMostOnce) {
    Deliver(*publish, *topic, frame.block, 0);
    return;
  }
  switch (receiver_.OnPublish(publish->packet_id, publish->qos)) {
    case Receiver::Arrival::kDeliver:
      Deliver(*publish, *topic, frame.block, receiver_.ticket());
      break;
    case Receiver::Arrival::kDuplicate:
      break;
    case Receiver::Arrival::kExceeded:
      FailProtocol("more unacknowledged messages than our Receive Maximum",
                   ReasonCode::kReceiveMaximumExceeded);
      break;
    case Receiver::Arrival::kIdInUse:
      FailProtocol("a packet identifier that is in use", ReasonCode::kPacketIdentifierInUse);
      break;
  }
}

void Core::Deliver(const codec::Publish& publish, std::string_view topic, const SharedBytes* block,
                   uint64_t ticket) {
  ++messages_received_;
  const bool by_hand = ticket != 0 && options_.acks == Acks::kManual;
  Message message = MessageBuilder::Make({.topic = topic,
                                          .payload = AsText(publish.payload),
                                          .property_bytes = AsText(publish.properties.bytes),
                                          .block = block,
                                          .ack_sink = by_hand ? &acks_ : nullptr,
                                          .ack_ticket = ticket,
                                          .packet_id = publish.packet_id,
                                          .qos = publish.qos,
                                          .retain = publish.retain,
                                          .dup = publish.dup});
  if (requester_.Owns(topic)) {
    requester_.OnReply(message);
    if (ticket != 0) receiver_.Acknowledge(ticket, ReasonCode::kSuccess);
    return;
  }
  if (ticket != 0) delivered_.push_back({.event = events_.size(), .ticket = ticket});
  events_.emplace_back(std::move(message));
}

// --- Answers.

// Who asked for no reasons gets none with answers. 5.0 s3.1.2.11.7
bool Core::MayExplain(std::string_view reason_string, const codec::PropertyList& properties) {
  if (options_.request_problem_information) return true;
  if (reason_string.empty() && UserPropertiesOf(properties).empty()) return true;
  FailProtocol("an answer with reasons that were not asked for");
  return false;
}

void Core::OnAck(const Frame& frame) {
  const auto ack = codec::DecodeAck(frame.head.type, frame.body, options_.version, kLimits);
  if (!ack.ok()) {
    FailMalformed(frame.head.type);
    return;
  }
  if (!MayExplain(ack->reason_string, ack->properties)) return;
  // Answers that nobody waits for are no crime: they may be late ones of a session that one of us
  // has forgotten. PUBREC and PUBREL are answered all the same.
  if (frame.head.type == PacketType::kPuback) {
    sender_.OnPuback(*ack);
  } else if (frame.head.type == PacketType::kPubrec) {
    sender_.OnPubrec(*ack);
  } else if (frame.head.type == PacketType::kPubcomp) {
    sender_.OnPubcomp(*ack);
  } else {
    receiver_.OnPubrel(ack->packet_id);
  }
}

void Core::OnSubscribeAck(const Frame& frame) {
  const bool unsubscribe = frame.head.type == PacketType::kUnsuback;
  const auto ack = unsubscribe ? codec::DecodeUnsuback(frame.body, options_.version, kLimits)
                               : codec::DecodeSuback(frame.body, options_.version, kLimits);
  if (!ack.ok()) {
    FailMalformed(frame.head.type);
    return;
  }
  if (!MayExplain(ack->reason_string, ack->properties)) return;
  std::optional<Subscriber::Answered> answered = subscriber_.OnAck(*ack, unsubscribe);
  if (!answered.has_value()) {
    FailProtocol(std::string("a ") + NameOfPacket(frame.head.type) + " that fits no request");
    return;
  }
  if (answered->again) {
    events_.emplace_back(
        Resubscribed{.filters = std::move(answered->filters),
                     .reasons = std::move(answered->reasons),
                     .reason_string = std::string(ack->reason_string),
                     .user_properties = AnswerProperties(UserPropertiesOf(ack->properties))});
    return;
  }
  events_.emplace_back(SubscribeDone{.filters = std::move(answered->filters),
                                     .reasons = std::move(answered->reasons),
                                     .unsubscribe = unsubscribe});
}

void Core::OnPingresp(const Frame& frame) {
  if (!codec::IsValidEmptyBody(frame.body)) {
    FailMalformed(PacketType::kPingresp);
    return;
  }
  ping_sent_ = Instant::Max();
}

void Core::OnDisconnect(codec::Bytes body) {
  const auto packet = codec::DecodeDisconnect(body, options_.version, kLimits);
  if (!packet.ok() || !wire_->is_v5()) {  // Before 5.0 a server has no DISCONNECT.
    FailMalformed(PacketType::kDisconnect);
    return;
  }
  reason_string_ = packet->reason_string;
  server_reference_ = packet->server_reference;
  user_properties_ = AnswerProperties(UserPropertiesOf(packet->properties));
  failure_ = Error(Errc::kServerDisconnected, reason_string_)
                 .WithReason(packet->reason)
                 .WithPhase(Phase::kEstablished);
}

void Core::OnAuth(codec::Bytes body) {
  const auto packet = codec::DecodeAuth(body, kLimits);
  if (!packet.ok()) {
    FailMalformed(PacketType::kAuth);
    return;
  }
  Authenticator* const authenticator = options_.authenticator;
  const bool invited = authenticator != nullptr && packet->method == authenticator->method() &&
                       (state_ == State::kGreeting || reauthenticating_);
  if (!invited) {
    FailProtocol("an AUTH that nobody asked for");
    return;
  }
  if (packet->reason == ReasonCode::kContinueAuthentication) {
    const Expected<std::string> answer = authenticator->Continue(AsText(packet->data));
    if (!answer.ok()) {
      Fail(answer.error(), ReasonCode::kNotAuthorized);
      return;
    }
    WriteAuth(ReasonCode::kContinueAuthentication, *answer);  // [MQTT-4.12.0-3]
    return;
  }
  const bool finishes = packet->reason == ReasonCode::kSuccess && reauthenticating_;
  if (!finishes) {
    FailProtocol("an AUTH out of turn");
    return;
  }
  reauthenticating_ = false;
  const Expected<void> finished = authenticator->Finish(AsText(packet->data));
  if (!finished.ok()) Fail(finished.error(), ReasonCode::kNotAuthorized);
}

}  // namespace ringmq::client
