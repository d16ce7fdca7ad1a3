// The life of a connection and of a turn; core_packets.cc has what comes from the server.
//
// SPDX-License-Identifier: Apache-2.0
#include "client/core.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "client/message_builder.h"
#include "client/packet_limit.h"
#include "client/text.h"
#include "codec/properties.h"

namespace ringmq::client {
namespace {

SenderOptions SenderOptionsOf(const Options& options) {
  return {.in_flight_max = options.in_flight_max,
          .overflow = options.outbound.overflow,
          .limits = options.outbound,
          .session_loss = options.session_loss};
}

}  // namespace

Core::Core(const Options& options, Attention& attention, AckSink& acks, uint64_t unique,
           Duration wall_offset)
    : options_(options),
      acks_(acks),
      records_(options.store),
      sender_(SenderOptionsOf(options), ids_, records_),
      receiver_(options.receive_maximum, options.acks, records_),
      subscriber_(ids_, options.refuse_properties_on_v311),
      requester_(attention, subscriber_, sender_, unique),
      topics_(options.topic_alias_maximum),
      client_id_(options.client_id) {
  records_.set_wall_offset(wall_offset);
  Restore();
}

Core::~Core() = default;

void Core::Restore() {
  records_.Load([this](const StoredRecord& record) {
    restored_any_ = true;
    if (record.kind == StoredRecord::Kind::kInbound) {
      receiver_.Restore(record.packet_id);
    } else {
      sender_.Restore(record, records_.FromWall(record.expires_unix_ms));
    }
  });
}

// 3.1.1 has one bit for two wishes: a fresh session is always a clean one there.
bool Core::wants_session() const {
  if (options_.session == SessionStart::kResume) return true;
  return options_.version == ProtocolVersion::kV5 && connects_ > 0;
}

bool Core::OnTransportUp(codec::FrameSink& sink, const std::string& username,
                         const std::string& password, Instant now) {
  RMQ_CHECK(state_ == State::kDown);
  Greeting greeting{.client_id = client_id_,
                    .username = username,
                    .password = password,
                    .authentication_data = {},
                    .clean_start = !wants_session()};
  if (options_.authenticator != nullptr) {
    Expected<std::string> start = options_.authenticator->Start();
    if (!start.ok()) {
      failure_ = start.error();
      return false;
    }
    greeting.authentication_data = std::move(*start);
  }
  wire_.emplace(sink, options_.version, options_.trace_packets ? &sent_packets_ : nullptr);
  WriteConnect(options_, greeting, *wire_);
  state_ = State::kGreeting;
  last_appended_ = wire_->appended_bytes();
  last_sent_ = now;
  keep_alive_ = {};
  return true;
}

Core::Ending Core::OnTransportDown(Error cause) {
  if (state_ == State::kUp || state_ == State::kLeaving) {
    sender_.OnDisconnected();
    receiver_.OnDisconnected();
    subscriber_.OnDisconnected();
  }
  const bool was_leaving = state_ == State::kLeaving;
  state_ = State::kDown;
  topics_.Reset();
  outbound_aliases_.reset();
  wire_.reset();
  ping_sent_ = Instant::Max();
  keep_alive_ = {};
  reauthenticating_ = false;
  packet_size_bytes_max_ = 0;
  if (was_leaving) stopped_ = true;
  if (failure_.has_value()) cause = *std::exchange(failure_, std::nullopt);
  if (records_.error().has_value()) cause = *records_.error();
  return {.cause = std::move(cause),
          .reason_string = std::exchange(reason_string_, {}),
          .server_reference = std::exchange(server_reference_, {}),
          .user_properties = std::exchange(user_properties_, {})};
}

// --- The turn.

void Core::BeginBatch() {
  for (const Delivered& delivered : delivered_) {
    const Message* const message = events_[delivered.event].get<Message>();
    RMQ_CHECK(message != nullptr);
    if (options_.acks == Acks::kAutomatic) {
      receiver_.Acknowledge(delivered.ticket, ReasonCode::kSuccess);
    } else if (MessageBuilder::HasAck(*message)) {
      acks_.Unused(delivered.ticket);
    }
  }
  delivered_.clear();
  events_.clear();
  topics_.BeginBatch();
}

void Core::Flush(Instant now) {
  if (state_ == State::kUp) {
    subscriber_.Flush();
    sender_.Flush(now);
    CheckDrained(now);
  } else if (leaving_.has_value() && state_ == State::kDown && idle()) {
    FinishDisconnect(Outcome::kWritten);
    stopped_ = true;
  }
  sender_.Trim();
  records_.Sync();
  for (const PacketSent& packet : sent_packets_) events_.emplace_back(packet);
  sent_packets_.clear();
  if (wire_.has_value() && wire_->appended_bytes() != last_appended_) {
    last_appended_ = wire_->appended_bytes();
    last_sent_ = now;
  }
}

Instant Core::next_deadline() const {
  Instant next = std::min(sender_.next_expiry(), requester_.next_deadline());
  if (state_ == State::kUp && keep_alive_.ns > 0) {
    const Duration patience{options_.ping_timeout.count() * kMillisecond.ns};
    const Instant ping =
        ping_sent_ == Instant::Max() ? last_sent_ + keep_alive_ : ping_sent_ + patience;
    next = std::min(next, ping);
  }
  if (leaving_.has_value() && !stopped_ && state_ != State::kLeaving)
    next = std::min(next, leaving_->deadline);
  return next;
}

void Core::OnTimer(Instant now) {
  sender_.Expire(now);
  requester_.Expire(now);
  if (leaving_.has_value() && now >= leaving_->deadline && state_ != State::kLeaving) {
    if (state_ == State::kUp) {
      CheckDrained(now);
    } else {
      FinishDisconnect(idle() ? Outcome::kWritten : Outcome::kExpired);
      stopped_ = true;
    }
    return;
  }
  if (state_ != State::kUp || keep_alive_.ns == 0) return;
  if (ping_sent_ != Instant::Max()) {
    const Duration patience{options_.ping_timeout.count() * kMillisecond.ns};
    if (now >= ping_sent_ + patience) {
      Fail(Error(Errc::kKeepAliveTimedOut).WithPhase(Phase::kEstablished),
           ReasonCode::kKeepAliveTimeout);
    }
  } else if (now >= last_sent_ + keep_alive_) {  // [MQTT-3.1.2-20]
    wire_->WritePingreq();
    ping_sent_ = now;
    last_appended_ = wire_->appended_bytes();
    last_sent_ = now;
  }
}

// --- Leaving.

void Core::Disconnect(DisconnectCall call) {
  if (leaving_.has_value()) {
    call.promise.Resolve({.outcome = Outcome::kCancelled});
    return;
  }
  leaving_ = std::move(call);
}

void Core::CheckDrained(Instant now) {
  if (!leaving_.has_value()) return;
  const bool drained = idle();
  if (!drained && now < leaving_->deadline) return;
  WriteGoodbye(leaving_->options);
  state_ = State::kLeaving;
  FinishDisconnect(drained ? Outcome::kWritten : Outcome::kExpired);
}

void Core::FinishDisconnect(Outcome outcome) { leaving_->promise.Resolve({.outcome = outcome}); }

void Core::WriteGoodbye(const DisconnectOptions& options) {
  std::vector<uint8_t> properties;
  codec::PropertyWriter writer(properties);
  for (const auto& [name, value] : options.user_properties) writer.UserProperty(name, value);
  codec::Disconnect packet{.reason = options.reason,
                           .session_expiry_s = options.session_expiry_s,
                           .reason_string = options.reason_string,
                           .properties = {properties}};
  // What explains is left out where it would make the packet too large. [MQTT-3.14.2-3]
  // [MQTT-3.14.2-4]
  const auto fits = [&] {
    return codec::EncodedSizeBytes(packet, options_.version) <= packet_size_bytes_max_;
  };
  if (!fits()) packet.properties = {};
  if (!fits()) packet.reason_string = {};
  wire_->Write(PacketType::kDisconnect, 0, packet);
}

void Core::WriteAuth(ReasonCode reason, std::string_view data) {
  const codec::Auth packet{
      .reason = reason, .method = options_.authenticator->method(), .data = AsBytes(data)};
  const size_t size_bytes = codec::EncodedSizeBytes(packet, options_.version);
  if (packet_size_bytes_max_ != 0 && size_bytes > packet_size_bytes_max_) {
    Fail(Error(Errc::kPacketTooLarge, TooLargeText("AUTH", size_bytes, packet_size_bytes_max_))
             .WithPhase(Phase::kEstablished),
         ReasonCode::kImplementationSpecificError);
    return;
  }
  wire_->Write(PacketType::kAuth, 0, packet);
}

void Core::Fail(Error error, ReasonCode tell_server) {
  if (failure_.has_value()) return;
  failure_ = std::move(error);
  // Before CONNACK the standard allows no DISCONNECT; 3.1.1 has no reasons, and a DISCONNECT there
  // would mean that all is well and the will is dropped.
  if (state_ == State::kUp && wire_->is_v5()) {
    wire_->Write(PacketType::kDisconnect, 0, codec::Disconnect{.reason = tell_server});
  }
}

void Core::Reauthenticate() {
  if (state_ != State::kUp || !wire_->is_v5() || options_.authenticator == nullptr ||
      reauthenticating_) {
    return;
  }
  const Expected<std::string> start = options_.authenticator->Start();
  if (!start.ok()) {
    Fail(start.error(), ReasonCode::kUnspecifiedError);
    return;
  }
  reauthenticating_ = true;
  WriteAuth(ReasonCode::kReauthenticate, *start);  // [MQTT-4.12.1-1]
}

void Core::Shutdown() {
  if (state_ != State::kDown) OnTransportDown(Error(Errc::kStopped));
  stopped_ = true;
  sender_.Shutdown();
  subscriber_.Shutdown();
  requester_.Shutdown();
  if (leaving_.has_value()) leaving_->promise.Resolve({.outcome = Outcome::kShutdown});
  records_.Sync();
}

void Core::Audit() const {
  sender_.Audit();
  receiver_.Audit();
}

}  // namespace ringmq::client
