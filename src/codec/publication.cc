// Encodes a message once per layout and patches what differs between receivers.
//
//   [flags*][remaining][topic][packet id*][property length][forwardable][expiry][ids][alias*]
//   [payload, unless it is referenced]                          * patched at every Write()
//
// SPDX-License-Identifier: Apache-2.0
#include "codec/publication.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "codec/byte_reader.h"
#include "codec/byte_writer.h"
#include "codec/limits.h"
#include "codec/properties.h"
#include "codec/varint.h"

namespace ringmq::codec {
namespace {

MessageContent ContentOf(const MessageRef& message) {
  return {.topic = message.topic(),
          .payload = message.payload(),
          .forwardable = message.properties(),
          .qos = message.qos(),
          .retain = message.retain(),
          .expires = message.expires(),
          .publisher = message.publisher()};
}

// 5.0 s3.3.1.
uint8_t FirstByte(const PublishShape& shape) {
  return static_cast<uint8_t>(static_cast<uint8_t>(PacketType::kPublish) << 4 |
                              (shape.dup ? 0x08 : 0) | static_cast<uint8_t>(shape.qos) << 1 |
                              (shape.retain ? 0x01 : 0));
}

constexpr size_t kExpiryBytes = 1 + 4;
constexpr size_t kAliasBytes = 1 + 2;

}  // namespace

Publication::Publication(const MessageContent& content, Instant now, PublicationScratch& scratch)
    : content_(content), now_(now), scratch_(scratch) {}

Publication::Publication(MessageRef message, Instant now, PublicationScratch& scratch)
    : content_(ContentOf(message)), message_(std::move(message)), now_(now), scratch_(scratch) {}

const MessageRef& Publication::Keep() {
  if (!message_) message_ = MessageRef::Make(content_);
  return message_;
}

size_t Publication::FrameSizeBytes(const PublishShape& shape) {
  Prepare(shape);
  return scratch_.frame.size() + (is_payload_referenced() ? content_.payload.size() : 0);
}

void Publication::Write(const PublishShape& shape, PacketId packet_id, FrameSink& sink) {
  // [MQTT-2.2.1-2] [MQTT-2.2.1-4]
  RMQ_CHECK((packet_id != 0) == (shape.qos != Qos::kAtMostOnce));
  RMQ_CHECK(!shape.dup || shape.qos != Qos::kAtMostOnce);  // [MQTT-3.3.1-2]
  Prepare(shape);
  const std::vector<uint8_t>& frame = scratch_.frame;
  uint8_t* const out = sink.Append(frame.size());
  std::memcpy(out, frame.data(), frame.size());
  out[0] = FirstByte(shape);
  if (packet_id != 0) StoreTwoByte(packet_id, out + packet_id_offset_);
  if (layout_.has_alias) StoreTwoByte(shape.topic_alias, out + alias_offset_);
  if (is_payload_referenced()) sink.AppendPayload(Keep());
}

// Makes scratch_.frame hold this shape's layout.
void Publication::Prepare(const PublishShape& shape) {
  const bool is_v5 = shape.version == ProtocolVersion::kV5;
  RMQ_CHECK(!shape.omit_topic || shape.topic_alias != 0);
  const Layout layout{.is_v5 = is_v5,
                      .has_packet_id = shape.qos != Qos::kAtMostOnce,
                      .has_alias = is_v5 && shape.topic_alias != 0,
                      .omit_topic = is_v5 && shape.omit_topic,
                      .topic_skip_bytes = shape.topic_skip_bytes};
  const auto ids = is_v5 ? shape.subscription_ids : std::span<const uint32_t>{};
  if (encoded_ && layout == layout_ && std::ranges::equal(ids, scratch_.subscription_ids)) return;
  Encode(layout, ids);
}

void Publication::Encode(const Layout& layout, std::span<const uint32_t> subscription_ids) {
  FilterForwardable();
  RMQ_CHECK(layout.topic_skip_bytes == 0 || layout.topic_skip_bytes < content_.topic.size());
  const std::string_view topic =
      layout.omit_topic ? std::string_view{} : content_.topic.substr(layout.topic_skip_bytes);
  const size_t property_bytes = layout.is_v5 ? PropertyBytes(layout, subscription_ids) : 0;
  RMQ_CHECK(property_bytes <= kVarintMax);
  const size_t property_length_bytes =
      layout.is_v5 ? VarintSizeBytes(static_cast<uint32_t>(property_bytes)) : 0;
  const size_t before_payload =
      2 + topic.size() + (layout.has_packet_id ? 2 : 0) + property_length_bytes + property_bytes;
  const size_t remaining = before_payload + content_.payload.size();
  // What we accept fits, and what we add is bounded: see the broker's packet size limit.
  RMQ_CHECK(remaining <= kVarintMax);
  const size_t head_bytes = 1 + VarintSizeBytes(static_cast<uint32_t>(remaining));
  const size_t payload_bytes = is_payload_referenced() ? 0 : content_.payload.size();

  scratch_.frame.resize(head_bytes + before_payload + payload_bytes);
  uint8_t* const frame = scratch_.frame.data();
  uint8_t* out = EncodeVarint(static_cast<uint32_t>(remaining), frame + 1);
  out = StoreSized(AsBytes(topic), out);  // [MQTT-3.3.2-1]
  if (layout.has_packet_id) {
    packet_id_offset_ = static_cast<uint32_t>(out - frame);
    out += 2;
  }
  if (layout.is_v5) {
    out = EncodeVarint(static_cast<uint32_t>(property_bytes), out);
    out = EncodeProperties(layout, subscription_ids, out);
  }
  if (payload_bytes > 0) out = StoreBytes(content_.payload, out);
  RMQ_CHECK(out == frame + scratch_.frame.size());

  encoded_ = true;
  layout_ = layout;
  scratch_.subscription_ids.assign(subscription_ids.begin(), subscription_ids.end());
}

size_t Publication::PropertyBytes(const Layout& layout,
                                  std::span<const uint32_t> subscription_ids) const {
  size_t bytes = content_.forwardable.size();
  if (content_.expires != Instant::Max()) bytes += kExpiryBytes;
  for (const uint32_t id : subscription_ids) bytes += 1 + VarintSizeBytes(id);
  if (layout.has_alias) bytes += kAliasBytes;
  return bytes;
}

uint8_t* Publication::EncodeProperties(const Layout& layout,
                                       std::span<const uint32_t> subscription_ids, uint8_t* out) {
  // Unaltered and in order.
  // [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
  out = StoreBytes(content_.forwardable, out);
  if (content_.expires != Instant::Max()) {
    *out++ = static_cast<uint8_t>(PropertyId::kMessageExpiry);
    out = StoreFourByte(RemainingExpiryS(), out);
  }
  for (const uint32_t id : subscription_ids) {  // [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5]
    RMQ_CHECK(id != 0);
    *out++ = static_cast<uint8_t>(PropertyId::kSubscriptionId);
    out = EncodeVarint(id, out);
  }
  if (layout.has_alias) {
    *out++ = static_cast<uint8_t>(PropertyId::kTopicAlias);
    alias_offset_ = static_cast<uint32_t>(out - scratch_.frame.data());
    out += 2;
  }
  return out;
}

// Drops what belongs to the publisher's hop, once per publication.
void Publication::FilterForwardable() {
  if (!content_.filter_hop_properties) return;
  scratch_.properties.clear();
  AppendForwardable(content_.forwardable, scratch_.properties);
  content_.forwardable = scratch_.properties;
  content_.filter_hop_properties = false;
}

// The received interval less the whole seconds that the message has waited. [MQTT-3.3.2-6]
uint32_t Publication::RemainingExpiryS() const {
  const int64_t left_ns = std::max<int64_t>(0, (content_.expires - now_).ns);
  const int64_t left_s = left_ns / kSecond.ns + (left_ns % kSecond.ns != 0 ? 1 : 0);
  constexpr int64_t kMax = std::numeric_limits<uint32_t>::max();
  return static_cast<uint32_t>(std::min(left_s, kMax));
}

}  // namespace ringmq::codec
