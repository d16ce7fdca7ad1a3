// SPDX-License-Identifier: Apache-2.0
#include "broker/link_client.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/link_properties.h"
#include "codec/decode.h"
#include "codec/filter_list.h"
#include "codec/limits.h"
#include "codec/topic.h"
#include "codec/utf8.h"

namespace ringmq::broker {
namespace {

constexpr ProtocolVersion kVersion = ProtocolVersion::kV5;
// Identifiers below are for publishes, the few above for SUBSCRIBE and UNSUBSCRIBE.
constexpr codec::PacketId kFirstQuestion = 65'001;
constexpr size_t kQuestionsMax = 64;
// Fixed header, topic length, packet identifier, property length and expiry: never more.
constexpr size_t kPublishOverheadBytes = 32;

// The broker's packets are ours: one that does not decode is a bug.
constexpr codec::DecodeLimits kFromBroker{.user_properties_max = UINT32_MAX,
                                          .sender = codec::Peer::kServer};

codec::Bytes AsBytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}

std::string_view AsText(codec::Bytes bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

}  // namespace

LinkClient::Window::Window(codec::PacketId first, size_t count) : first_(first), tickets_(count) {
  for (size_t i = count; i > 0; --i) free_.push_back(static_cast<codec::PacketId>(first + i - 1));
}

codec::PacketId LinkClient::Window::Begin(uint64_t ticket) {
  RMQ_CHECK(ticket != 0);
  if (free_.empty()) return 0;
  const codec::PacketId id = free_.back();
  free_.pop_back();
  tickets_[id - first_] = ticket;
  return id;
}

uint64_t LinkClient::Window::End(codec::PacketId id) {
  RMQ_CHECK(id >= first_);
  RMQ_CHECK(size_t{id} - first_ < tickets_.size());
  const uint64_t ticket = std::exchange(tickets_[id - first_], 0);
  RMQ_CHECK(ticket != 0);
  free_.push_back(id);
  return ticket;
}

LinkClient::LinkClient(LinkOptions options, Pipe::LinkEnd pipe)
    : options_(std::move(options)),
      pipe_(std::move(pipe)),
      questions_(kFirstQuestion, kQuestionsMax) {}

template <typename Packet>
void LinkClient::Write(const Packet& packet) {
  const size_t size_bytes = codec::EncodedSizeBytes(packet, kVersion);
  staged_.resize(staged_.size() + size_bytes);
  codec::Encode(packet, kVersion, std::span(staged_).last(size_bytes));
}

void LinkClient::WriteAck(PacketType type, codec::PacketId id) {
  Write(codec::TypedAck{.type = type, .ack = {.packet_id = id}});
}

// The packet has views of the will and of properties_.
std::optional<Error> LinkClient::SetWill(const WillMessage& will, codec::Connect& packet) {
  if (will.topic.size() > codec::kStringBytesMax || !codec::IsValidUtf8(will.topic) ||
      !codec::IsValidTopicName(will.topic)) {
    return Error(Errc::kInvalidArgument, "will.topic: not a topic name");
  }
  // The standard gives it a length of 16 bits.
  if (will.payload.size() > codec::kStringBytesMax) {
    return Error(Errc::kInvalidArgument, "will.payload: more than 65535 bytes");
  }
  if (auto error = AppendProperties(will.properties, properties_)) return error;
  packet.has_will = true;
  packet.will = {.topic = will.topic,
                 .payload = AsBytes(will.payload),
                 .qos = will.qos,
                 .retain = will.retain,
                 .delay_s = will.delay_s,
                 .message_expiry_s = will.expiry_s,
                 .properties = {properties_}};
  return std::nullopt;
}

Expected<void> LinkClient::Connect() {
  codec::Connect packet;
  packet.version = kVersion;
  packet.client_id = options_.client_id;
  packet.has_username = !options_.username.empty();
  packet.username = options_.username;
  packet.clean_start = options_.clean_start;
  packet.session_expiry_s = options_.session_expiry_s;
  packet.receive_maximum = options_.receive_maximum;
  if (options_.will.has_value()) {
    if (auto error = SetWill(*options_.will, packet)) return *std::move(error);
  }
  Write(packet);
  (void)pipe_->Push(staged_);
  return {};
}

Expected<void> LinkClient::AwaitConnack(LinkDeadline deadline) {
  while (true) {
    // What comes right behind CONNACK stays for Receive().
    const auto frame = codec::ParseFrame(received_, codec::kPacketSizeBytesMax, kVersion);
    if (frame.status == codec::FrameStatus::kFrame) {
      parsed_bytes_ = frame.head.size_bytes();
      RMQ_CHECK(frame.head.type == PacketType::kConnack);
      OnConnack(codec::Bytes(received_).subspan(frame.head.header_size_bytes,
                                                frame.head.remaining_size_bytes));
      if (connected_) return {};
      return Error(Errc::kConnectionRefused, "the broker refused the link").WithReason(connack_);
    }
    const size_t before = received_.size();
    if (!pipe_->Take(received_, deadline)) return Error(Errc::kStopped, "the broker has stopped");
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (received_.size() == before && late) {
      return Error(Errc::kTimedOut, "the shard did not answer the link");
    }
  }
}

void LinkClient::OnConnack(codec::Bytes body) {
  const auto connack = codec::DecodeConnack(body, kVersion, kFromBroker);
  RMQ_CHECK(connack.ok());
  connack_ = connack->reason;
  connected_ = !IsFailure(connack->reason);
  session_present_ = connack->session_present;
  maximum_qos_ = connack->maximum_qos;
  retain_available_ = connack->retain_available;
  packet_size_bytes_max_ =
      connack->maximum_packet_size != 0 ? connack->maximum_packet_size : codec::kPacketSizeBytesMax;
  publishes_ = Window(1, std::min<size_t>(connack->receive_maximum, kFirstQuestion - 1));
}

std::optional<Error> LinkClient::CheckOpen() const {
  if (pipe_ == nullptr || ended_) return Error(Errc::kStopped, "the link is closed");
  return std::nullopt;
}

Error LinkClient::WouldBlock() {
  refused_ = true;
  return Error(Errc::kWouldBlock, "the broker has not taken what was published before");
}

std::optional<Error> LinkClient::CheckPublish(std::string_view topic,
                                              const LinkPublish& options) const {
  if (auto closed = CheckOpen()) return closed;
  if (topic.size() > codec::kStringBytesMax || !codec::IsValidTopicName(topic)) {
    return Error(Errc::kInvalidArgument, "not a topic name: " + std::string(topic));
  }
  if (options.qos > maximum_qos_) {
    return Error(Errc::kUnsupported, "the broker's qos_max is lower");
  }
  if (options.retain && !retain_available_) {
    return Error(Errc::kUnsupported, "the broker keeps no retained messages");
  }
  return std::nullopt;
}

Expected<uint64_t> LinkClient::Publish(std::string_view topic, std::string_view payload,
                                       const LinkPublish& options) {
  if (auto error = CheckPublish(topic, options)) return *std::move(error);
  properties_.clear();
  if (options.properties != nullptr) {
    if (auto error = AppendProperties(*options.properties, properties_)) return *std::move(error);
  }
  if (topic.size() + payload.size() + properties_.size() + kPublishOverheadBytes >
      packet_size_bytes_max_) {
    return Error(Errc::kPacketTooLarge, "the message exceeds the broker's packet_size_bytes_max");
  }
  const bool has_id = options.qos != Qos::kAtMostOnce;
  if ((has_id && !publishes_.has_room()) || !pipe_->HasRoom()) return WouldBlock();
  const uint64_t ticket = has_id ? next_ticket_++ : 0;
  Write(codec::Publish{.topic = topic,
                       .payload = AsBytes(payload),
                       .qos = options.qos,
                       .retain = options.retain,
                       .packet_id = has_id ? publishes_.Begin(ticket) : codec::PacketId{0},
                       .message_expiry_s = options.expiry_s,
                       .properties = {properties_}});
  if (!pipe_->Push(staged_)) return Error(Errc::kStopped, "the broker has closed the link");
  return ticket;
}

Expected<uint64_t> LinkClient::Subscribe(std::string_view filter, const LinkSubscribe& options) {
  if (auto error = CheckOpen()) return *std::move(error);
  if (filter.size() > codec::kStringBytesMax || !codec::IsValidSubscriptionFilter(filter)) {
    return Error(Errc::kInvalidArgument, "not a topic filter: " + std::string(filter));
  }
  if (options.id > codec::kVarintMax) {
    return Error(Errc::kInvalidArgument, "a subscription identifier above 268435455");
  }
  if (options.no_local && codec::IsSharedFilter(filter)) {  // [MQTT-3.8.3-4]
    return Error(Errc::kInvalidArgument, "no_local with a shared subscription");
  }
  if (!questions_.has_room() || !pipe_->HasRoom()) return WouldBlock();
  std::vector<uint8_t> filters;
  codec::AppendSubscription(filter,
                            {.qos = options.qos,
                             .no_local = options.no_local,
                             .retain_as_published = options.retain_as_published,
                             .retain_handling = options.retain_handling},
                            kVersion, filters);
  const uint64_t ticket = next_ticket_++;
  Write(codec::Subscribe{.packet_id = questions_.Begin(ticket),
                         .subscription_id = options.id,
                         .filters = filters,
                         .filter_count = 1});
  if (!pipe_->Push(staged_)) return Error(Errc::kStopped, "the broker has closed the link");
  return ticket;
}

Expected<uint64_t> LinkClient::Unsubscribe(std::string_view filter) {
  if (auto error = CheckOpen()) return *std::move(error);
  if (filter.size() > codec::kStringBytesMax || !codec::IsValidSubscriptionFilter(filter)) {
    return Error(Errc::kInvalidArgument, "not a topic filter: " + std::string(filter));
  }
  if (!questions_.has_room() || !pipe_->HasRoom()) return WouldBlock();
  std::vector<uint8_t> filters;
  codec::AppendFilter(filter, filters);
  const uint64_t ticket = next_ticket_++;
  Write(codec::Unsubscribe{
      .packet_id = questions_.Begin(ticket), .filters = filters, .filter_count = 1});
  if (!pipe_->Push(staged_)) return Error(Errc::kStopped, "the broker has closed the link");
  return ticket;
}

Expected<std::span<const LinkEvent>> LinkClient::Receive(LinkDeadline deadline) {
  if (auto error = CheckOpen()) return *std::move(error);
  events_.clear();
  bool gave_up = false;
  while (true) {
    ReadFrames();
    NoteRoom();
    (void)pipe_->Push(staged_);  // Acknowledgements; if nobody is there, nobody misses them.
    if (!events_.empty() || gave_up) break;
    if (!more_comes_) {
      ended_ = true;
      events_.push_back(LinkClosed{end_reason_});
      break;
    }
    Compact();
    gave_up = std::chrono::steady_clock::now() >= deadline;  // After one more look.
    more_comes_ = pipe_->Take(received_, deadline);
  }
  return std::span<const LinkEvent>(events_);
}

// Nothing points into it any more.
void LinkClient::Compact() {
  received_.erase(received_.begin(), received_.begin() + static_cast<ptrdiff_t>(parsed_bytes_));
  parsed_bytes_ = 0;
}

void LinkClient::ReadFrames() {
  while (events_.size() < options_.batch_events_max) {
    const codec::Bytes rest = codec::Bytes(received_).subspan(parsed_bytes_);
    const auto frame = codec::ParseFrame(rest, codec::kPacketSizeBytesMax, kVersion);
    if (frame.status == codec::FrameStatus::kNeedMore) return;
    RMQ_CHECK(frame.status == codec::FrameStatus::kFrame);
    parsed_bytes_ += frame.head.size_bytes();
    OnFrame(frame.head,
            rest.subspan(frame.head.header_size_bytes, frame.head.remaining_size_bytes));
  }
}

void LinkClient::NoteRoom() {
  if (!refused_ || events_.size() >= options_.batch_events_max || !more_comes_) return;
  const bool has_room = pipe_->HasRoom();  // Asked in any case: Take() waits for a no to change.
  if (!has_room || !publishes_.has_room() || !questions_.has_room()) return;
  refused_ = false;
  events_.push_back(LinkWritable{});
}

void LinkClient::OnFrame(const codec::FrameHead& head, codec::Bytes body) {
  switch (head.type) {
    case PacketType::kPublish:
      return OnPublish(head.flags, body);
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
      return OnAck(head.type, body);
    case PacketType::kSuback:
    case PacketType::kUnsuback:
      return OnSubscribeAck(head.type, body);
    case PacketType::kDisconnect: {
      const auto goodbye = codec::DecodeDisconnect(body, kVersion, kFromBroker);
      RMQ_CHECK(goodbye.ok());
      end_reason_ = goodbye->reason;
      return;
    }
    case PacketType::kConnect:
    case PacketType::kConnack:
    case PacketType::kSubscribe:
    case PacketType::kUnsubscribe:
    case PacketType::kPingreq:
    case PacketType::kPingresp:
    case PacketType::kAuth:
      break;
  }
  RMQ_CHECK(false);  // The broker has no reason to say so.
}

// The owner has it with this Receive(), so it is acknowledged.
void LinkClient::OnPublish(uint8_t flags, codec::Bytes body) {
  const auto publish = codec::DecodePublish(flags, body, kVersion, kFromBroker);
  RMQ_CHECK(publish.ok());
  events_.push_back(LinkMessage{.topic = publish->topic,
                                .payload = AsText(publish->payload),
                                .qos = publish->qos,
                                .retain = publish->retain,
                                .dup = publish->dup,
                                .property_bytes = AsText(publish->properties.bytes)});
  if (publish->qos == Qos::kAtLeastOnce) WriteAck(PacketType::kPuback, publish->packet_id);
  if (publish->qos == Qos::kExactlyOnce) WriteAck(PacketType::kPubrec, publish->packet_id);
}

void LinkClient::OnAck(PacketType type, codec::Bytes body) {
  const auto ack = codec::DecodeAck(type, body, kVersion, kFromBroker);
  RMQ_CHECK(ack.ok());
  if (type == PacketType::kPubrel) return WriteAck(PacketType::kPubcomp, ack->packet_id);
  if (type == PacketType::kPubrec && !IsFailure(ack->reason)) {
    return WriteAck(PacketType::kPubrel, ack->packet_id);
  }
  events_.push_back(LinkDone{.ticket = publishes_.End(ack->packet_id), .reason = ack->reason});
}

void LinkClient::OnSubscribeAck(PacketType type, codec::Bytes body) {
  const auto ack = type == PacketType::kSuback ? codec::DecodeSuback(body, kVersion, kFromBroker)
                                               : codec::DecodeUnsuback(body, kVersion, kFromBroker);
  RMQ_CHECK(ack.ok());
  RMQ_CHECK(ack->reasons.size() == 1);
  events_.push_back(
      LinkDone{.ticket = questions_.End(ack->packet_id), .reason = ack->reasons.front()});
}

void LinkClient::Close() {
  if (pipe_ == nullptr) return;
  Write(codec::Disconnect{});
  (void)pipe_->Push(staged_);
  pipe_.reset();
}

}  // namespace ringmq::broker
