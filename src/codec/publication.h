// A message on its way to many receivers.
//
// It starts as a view of the frame that the publisher sent (or of a kept Message), is encoded once
// per distinct wire shape, and becomes a Message of its own only when somebody has to keep it. A
// fan-out of a small QoS 0 message to a thousand receivers is thus one encoding and a thousand
// copies, and no allocation.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codec/frame_sink.h"
#include "codec/message.h"
#include "codec/packets.h"

namespace ringmq::codec {

// What may differ on the wire from receiver to receiver.
struct PublishShape {
  ProtocolVersion version = ProtocolVersion::kV311;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  bool dup = false;
  std::span<const uint32_t> subscription_ids{};
  // 5.0 s3.3.2.3.4: zero sends the topic only; with `omit_topic` the alias alone is sent.
  uint16_t topic_alias = 0;
  bool omit_topic = false;
  // Of the topic's front, which the receiver does not see. Requires: something is left.
  uint16_t topic_skip_bytes = 0;
};

// Memory that publications of one core share, so that encoding allocates nothing after warm-up.
struct PublicationScratch {
  std::vector<uint8_t> frame;
  std::vector<uint8_t> properties;
  std::vector<uint32_t> subscription_ids;
};

class Publication {
 public:
  // The views in `content`, and `scratch`, outlive the publication; one publication uses a scratch
  // at a time. `now` decides what remains of the message expiry interval. [MQTT-3.3.2-6]
  Publication(const MessageContent& content, Instant now, PublicationScratch& scratch);
  Publication(MessageRef message, Instant now, PublicationScratch& scratch);

  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  [[nodiscard]] const MessageContent& content() const { return content_; }
  [[nodiscard]] bool expired() const { return content_.expires <= now_; }

  // The message to keep; made on the first call.
  [[nodiscard]] const MessageRef& Keep();

  // Size of the whole packet in this shape: what the receiver's Maximum Packet Size limits.
  [[nodiscard]] size_t FrameSizeBytes(const PublishShape& shape);

  // Writes the packet. `packet_id` is zero for QoS 0 and only for that. Payloads from
  // kPayloadReferenceBytesMin up are appended by reference to Keep().
  void Write(const PublishShape& shape, PacketId packet_id, FrameSink& sink);

  static constexpr size_t kPayloadReferenceBytesMin = 8192;

 private:
  // What decides the layout of a frame; the rest (flags, packet identifier, alias) is patched.
  struct Layout {
    bool is_v5 = false;
    bool has_packet_id = false;
    bool has_alias = false;
    bool omit_topic = false;
    uint16_t topic_skip_bytes = 0;

    bool operator==(const Layout&) const = default;
  };

  void Prepare(const PublishShape& shape);
  void Encode(const Layout& layout, std::span<const uint32_t> subscription_ids);
  [[nodiscard]] size_t PropertyBytes(const Layout& layout,
                                     std::span<const uint32_t> subscription_ids) const;
  uint8_t* EncodeProperties(const Layout& layout, std::span<const uint32_t> subscription_ids,
                            uint8_t* out);
  void FilterForwardable();
  [[nodiscard]] uint32_t RemainingExpiryS() const;
  [[nodiscard]] bool is_payload_referenced() const {
    return content_.payload.size() >= kPayloadReferenceBytesMin;
  }

  MessageContent content_;
  MessageRef message_;
  Instant now_;
  PublicationScratch& scratch_;
  // Describes the frame in scratch_.frame; its subscription identifiers are in scratch_ too.
  bool encoded_ = false;
  Layout layout_;
  uint32_t packet_id_offset_ = 0;
  uint32_t alias_offset_ = 0;
};

}  // namespace ringmq::codec
