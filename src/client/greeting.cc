// SPDX-License-Identifier: Apache-2.0
#include "client/greeting.h"

#include "client/text.h"
#include "client/user_properties.h"
#include "codec/limits.h"
#include "codec/properties.h"
#include "ringmq/authenticator.h"

namespace ringmq::client {

using codec::PropertyId;

void AppendProperties(const PublishProperties& properties, std::vector<uint8_t>& out) {
  codec::PropertyWriter writer(out);
  if (properties.payload_is_text.has_value()) {
    writer.Number(PropertyId::kPayloadFormat, *properties.payload_is_text ? 1 : 0);
  }
  if (!properties.content_type.empty()) {
    writer.Text(PropertyId::kContentType, properties.content_type);
  }
  if (!properties.response_topic.empty()) {
    writer.Text(PropertyId::kResponseTopic, properties.response_topic);
  }
  if (!properties.correlation_data.empty()) {
    writer.Binary(PropertyId::kCorrelationData, AsBytes(properties.correlation_data));
  }
  for (const auto& [name, value] : properties.user) writer.UserProperty(name, value);
}

void WriteConnect(const Options& options, const Greeting& greeting, Wire& wire) {
  codec::Connect packet{.version = wire.version(), .clean_start = greeting.clean_start};
  packet.client_id = greeting.client_id;
  packet.keep_alive_s = options.keep_alive_s;
  packet.has_username = options.has_username;
  packet.username = greeting.username;
  packet.has_password = options.has_password;
  packet.password = AsBytes(greeting.password);
  std::vector<uint8_t> will_properties;
  if (options.will.has_value()) {
    const WillMessage& will = *options.will;
    packet.has_will = true;
    packet.will.topic = will.topic;
    packet.will.payload = AsBytes(will.payload);
    packet.will.qos = will.qos;
    packet.will.retain = will.retain;
    packet.will.delay_s = will.delay_s;
    packet.will.message_expiry_s = will.expiry_s;
    AppendProperties(will.properties, will_properties);
    packet.will.properties = {will_properties};
  }
  packet.session_expiry_s = options.session_expiry_s;
  packet.receive_maximum = options.receive_maximum;
  if (options.incoming_packet_bytes_max < codec::kPacketSizeBytesMax) {
    packet.maximum_packet_size = options.incoming_packet_bytes_max;
  }
  packet.topic_alias_maximum = options.topic_alias_maximum;
  packet.request_response_information = options.request_response_information;
  packet.request_problem_information = options.request_problem_information;
  if (options.authenticator != nullptr) {
    packet.has_authentication_method = true;
    packet.authentication_method = options.authenticator->method();
    packet.authentication_data = AsBytes(greeting.authentication_data);
  }
  std::vector<uint8_t> user_properties;
  codec::PropertyWriter writer(user_properties);
  for (const auto& [name, value] : options.connect_user_properties) {
    writer.UserProperty(name, value);
  }
  packet.properties = {user_properties};
  wire.Write(PacketType::kConnect, 0, packet);
}

ServerLimits LimitsOf(const codec::Connack& connack, const Options& options,
                      ProtocolVersion version) {
  ServerLimits limits;
  limits.keep_alive_s = connack.server_keep_alive_s.value_or(options.keep_alive_s);
  if (version != ProtocolVersion::kV5) {
    limits.subscription_identifiers_available = false;
    return limits;
  }
  limits.receive_maximum = connack.receive_maximum;
  limits.maximum_qos = connack.maximum_qos;
  limits.retain_available = connack.retain_available;
  limits.maximum_packet_size = connack.maximum_packet_size;
  limits.topic_alias_maximum = connack.topic_alias_maximum;
  limits.wildcard_subscription_available = connack.wildcard_subscription_available;
  limits.subscription_identifiers_available = connack.subscription_identifiers_available;
  limits.shared_subscription_available = connack.shared_subscription_available;
  limits.session_expiry_s = connack.session_expiry_s.value_or(options.session_expiry_s);
  return limits;
}

Connected ConnectedOf(const codec::Connack& connack, const std::string& client_id,
                      const ServerLimits& limits) {
  Connected connected;
  connected.session_present = connack.session_present;
  connected.client_id = client_id;
  connected.limits = limits;
  connected.response_information = connack.response_information;
  connected.server_reference = connack.server_reference;
  connected.user_properties = UserPropertiesOf(connack.properties);
  return connected;
}

}  // namespace ringmq::client
