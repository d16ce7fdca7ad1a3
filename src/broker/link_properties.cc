// SPDX-License-Identifier: Apache-2.0
#include "broker/link_properties.h"

#include <string>
#include <string_view>

#include "codec/limits.h"
#include "codec/properties.h"
#include "codec/topic.h"
#include "codec/utf8.h"

namespace ringmq::broker {
namespace {

codec::Bytes AsBytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}

bool IsText(std::string_view text) {
  return text.size() <= codec::kStringBytesMax && codec::IsValidUtf8(text);
}

std::optional<Error> Check(const PublishProperties& properties) {
  const auto invalid = [](const char* what) { return Error(Errc::kInvalidArgument, what); };
  if (!IsText(properties.content_type)) return invalid("content_type: not UTF-8, or too long");
  if (!properties.response_topic.empty() &&
      (!IsText(properties.response_topic) || !codec::IsValidTopicName(properties.response_topic))) {
    return invalid("response_topic: not a topic name");
  }
  if (properties.correlation_data.size() > codec::kStringBytesMax) {
    return invalid("correlation_data: too long");
  }
  if (properties.user.size() > codec::kUserPropertiesMaxDefault) {
    return invalid("user: too many properties");
  }
  for (const auto& [name, value] : properties.user) {
    if (!IsText(name) || !IsText(value)) return invalid("user: not UTF-8, or too long");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> AppendProperties(const PublishProperties& properties,
                                      std::vector<uint8_t>& out) {
  if (auto error = Check(properties)) return error;
  using Id = codec::PropertyId;
  codec::PropertyWriter writer(out);
  if (properties.payload_is_text.has_value()) {
    writer.Number(Id::kPayloadFormat, *properties.payload_is_text ? 1 : 0);
  }
  if (!properties.content_type.empty()) writer.Text(Id::kContentType, properties.content_type);
  if (!properties.response_topic.empty()) {
    writer.Text(Id::kResponseTopic, properties.response_topic);
  }
  if (!properties.correlation_data.empty()) {
    writer.Binary(Id::kCorrelationData, AsBytes(properties.correlation_data));
  }
  for (const auto& [name, value] : properties.user) writer.UserProperty(name, value);
  return std::nullopt;
}

PublishProperties PropertiesOf(codec::PropertyList list) {
  PublishProperties properties;
  codec::PropertyReader reader(list);
  codec::Property one;
  while (reader.Next(one)) {
    using Id = codec::PropertyId;
    if (one.id == Id::kPayloadFormat) properties.payload_is_text = one.number != 0;
    if (one.id == Id::kMessageExpiry) properties.expiry_s = one.number;
    if (one.id == Id::kContentType) properties.content_type = std::string(one.text);
    if (one.id == Id::kResponseTopic) properties.response_topic = std::string(one.text);
    if (one.id == Id::kCorrelationData) properties.correlation_data = std::string(one.text);
    if (one.id == Id::kSubscriptionId) properties.subscription_ids.push_back(one.number);
    if (one.id == Id::kUserProperty) {
      properties.user.emplace_back(std::string(one.name), std::string(one.text));
    }
  }
  return properties;
}

}  // namespace ringmq::broker
