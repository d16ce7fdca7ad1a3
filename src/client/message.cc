// SPDX-License-Identifier: Apache-2.0
#include "ringmq/message.h"

#include "client/ack_sink.h"
#include "client/text.h"
#include "codec/properties.h"

namespace ringmq {
namespace {

using codec::Property;
using codec::PropertyId;
using codec::PropertyReader;

// The first property of this kind; an empty one if there is none.
Property Find(std::string_view list, PropertyId id) {
  PropertyReader reader(codec::PropertyList{client::AsBytes(list)});
  Property property;
  while (reader.Next(property)) {
    if (property.id == id) return property;
  }
  return {};
}

}  // namespace

namespace client {

void Ref(AckSink* sink) noexcept { sink->RefCount(); }
void Unref(AckSink* sink) noexcept {
  if (sink->UnrefCount()) delete sink;
}

}  // namespace client

Ack::~Ack() {
  if (sink_ == nullptr) return;
  sink_->Unused(ticket_);
  client::Unref(sink_);
}

void Ack::Send(ReasonCode reason) noexcept {
  client::AckSink* const sink = std::exchange(sink_, nullptr);
  if (sink == nullptr) return;
  sink->Send(ticket_, reason);
  client::Unref(sink);
}

void Ack::Release() noexcept {
  client::AckSink* const sink = std::exchange(sink_, nullptr);
  if (sink == nullptr) return;
  sink->Release(ticket_);
  client::Unref(sink);
}

std::optional<std::string_view> Message::UserProperty(std::string_view name) const noexcept {
  PropertyReader reader(codec::PropertyList{client::AsBytes(property_bytes_)});
  Property property;
  while (reader.Next(property)) {
    if (property.id == PropertyId::kUserProperty && property.name == name) return property.text;
  }
  return std::nullopt;
}

std::string_view Message::response_topic() const noexcept {
  return Find(property_bytes_, PropertyId::kResponseTopic).text;
}

std::string_view Message::correlation_data() const noexcept {
  return Find(property_bytes_, PropertyId::kCorrelationData).text;
}

std::string_view Message::content_type() const noexcept {
  return Find(property_bytes_, PropertyId::kContentType).text;
}

uint32_t Message::subscription_id() const noexcept {
  return Find(property_bytes_, PropertyId::kSubscriptionId).number;
}

PublishProperties Message::properties() const {
  PublishProperties properties;
  PropertyReader reader(codec::PropertyList{client::AsBytes(property_bytes_)});
  Property property;
  while (reader.Next(property)) {
    if (property.id == PropertyId::kPayloadFormat) {
      properties.payload_is_text = property.number == 1;
    } else if (property.id == PropertyId::kContentType) {
      properties.content_type = property.text;
    } else if (property.id == PropertyId::kResponseTopic) {
      properties.response_topic = property.text;
    } else if (property.id == PropertyId::kCorrelationData) {
      properties.correlation_data = property.text;
    } else if (property.id == PropertyId::kMessageExpiry) {
      properties.expiry_s = property.number;
    } else if (property.id == PropertyId::kSubscriptionId) {
      properties.subscription_ids.push_back(property.number);
    } else if (property.id == PropertyId::kUserProperty) {
      properties.user.emplace_back(property.name, property.text);
    }
  }
  return properties;
}

OwnedMessage Message::Own() const {
  OwnedMessage owned{.topic = std::string(topic_),
                     .payload = {},
                     .qos = qos_,
                     .retain = retain_,
                     .dup = dup_,
                     .properties = properties()};
  // A small payload must not keep a large block alive.
  const bool share = block_ != nullptr && payload_.size() >= block_->size() / 2;
  owned.payload = share ? block_->Slice(payload_) : SharedBytes::Copy(payload_);
  return owned;
}

Ack Message::TakeAck() noexcept {
  client::AckSink* const sink = std::exchange(claim_.sink, nullptr);
  if (sink == nullptr) return {};
  client::Ref(sink);
  return {sink, claim_.ticket};
}

}  // namespace ringmq
