// Every MQTT control packet as a value.
//
// One set of types serves 3.1, 3.1.1 and 5: what a version does not know keeps its default and is
// neither written nor expected. Decoded packets are views: strings and spans point into the frame
// that was decoded and live as long as its bytes. Nothing here allocates, except that SUBSCRIBE,
// UNSUBSCRIBE and the acknowledgements of them are walked in place (filter_list.h).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ringmq/protocol.h"

namespace ringmq::codec {

using Bytes = std::span<const uint8_t>;
using PacketId = uint16_t;  // 1 to 65535; zero is "none".

// A validated property list of 5.0 s2.2.2 without its length prefix: every identifier is known and
// allowed in its packet, every value well-formed, nothing that must be single is doubled.
// properties.h walks it.
struct PropertyList {
  Bytes bytes{};
};

struct Will {
  std::string_view topic{};
  Bytes payload{};
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  uint32_t delay_s = 0;
  std::optional<uint32_t> message_expiry_s{};
  PropertyList properties{};  // All of the will properties, delay and expiry included.
};

struct Connect {
  ProtocolVersion version = ProtocolVersion::kV311;
  bool clean_start = true;
  bool has_will = false;
  bool has_username = false;
  bool has_password = false;
  uint16_t keep_alive_s = 0;
  std::string_view client_id{};
  std::string_view username{};
  Bytes password{};
  Will will{};
  // 5.0 only.
  uint32_t session_expiry_s = 0;
  uint16_t receive_maximum = 65535;
  uint32_t maximum_packet_size = 0;  // Zero: no limit.
  uint16_t topic_alias_maximum = 0;
  bool request_response_information = false;
  bool request_problem_information = true;
  bool has_authentication_method = false;
  std::string_view authentication_method{};
  Bytes authentication_data{};
  PropertyList properties{};
};

struct Connack {
  bool session_present = false;
  ReasonCode reason = ReasonCode::kSuccess;  // Written as the 3.1.1 return code where needed.
  // 5.0 only; a default is not written.
  std::optional<uint32_t> session_expiry_s{};
  uint16_t receive_maximum = 65535;
  Qos maximum_qos = Qos::kExactlyOnce;
  bool retain_available = true;
  uint32_t maximum_packet_size = 0;
  std::string_view assigned_client_id{};
  uint16_t topic_alias_maximum = 0;
  bool wildcard_subscription_available = true;
  bool subscription_identifiers_available = true;
  bool shared_subscription_available = true;
  std::optional<uint16_t> server_keep_alive_s{};
  std::string_view response_information{};
  std::string_view server_reference{};
  std::string_view authentication_method{};
  Bytes authentication_data{};
  std::string_view reason_string{};
  PropertyList properties{};  // Decoding only.
};

struct Publish {
  std::string_view topic{};  // Empty when an alias stands for it.
  Bytes payload{};
  Qos qos = Qos::kAtMostOnce;
  bool dup = false;
  bool retain = false;
  PacketId packet_id = 0;
  // 5.0 only.
  uint16_t topic_alias = 0;  // Zero: none.
  bool has_response_topic = false;
  std::string_view response_topic{};
  std::optional<uint8_t> payload_format{};
  std::optional<uint32_t> message_expiry_s{};
  // Decoding: the whole list. Encoding: written as it is; may hold only properties that are
  // forwarded unaltered (not expiry, alias or subscription identifiers: those are fields).
  PropertyList properties{};
  // Encoding only: written one after the other.
  std::span<const uint32_t> subscription_ids{};
  // True when `properties` holds an expiry, an alias or a subscription identifier, so that
  // forwarding needs AppendForwardable() rather than the bytes as they are.
  bool has_hop_properties = false;
};

// PUBACK, PUBREC, PUBREL and PUBCOMP; also the head of SUBACK and UNSUBACK.
struct Ack {
  PacketId packet_id = 0;
  ReasonCode reason = ReasonCode::kSuccess;
  std::string_view reason_string{};
  PropertyList properties{};  // Decoding only.
};

struct SubscriptionOptions {
  Qos qos = Qos::kAtMostOnce;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::kSend;

  bool operator==(const SubscriptionOptions&) const = default;
};

struct Subscribe {
  PacketId packet_id = 0;
  uint32_t subscription_id = 0;  // Zero: none.
  PropertyList properties{};
  Bytes filters{};  // Validated; walk with SubscribeFilters (filter_list.h).
  uint32_t filter_count = 0;
};

struct Unsubscribe {
  PacketId packet_id = 0;
  PropertyList properties{};
  Bytes filters{};  // Validated; walk with UnsubscribeFilters (filter_list.h).
  uint32_t filter_count = 0;
};

// SUBACK and UNSUBACK. 3.1.1 UNSUBACK has no reasons; a 3.1.1 SUBACK writes failures as 0x80.
struct SubscribeAck {
  PacketId packet_id = 0;
  std::span<const ReasonCode> reasons{};
  std::string_view reason_string{};
  PropertyList properties{};  // Decoding only.
};

struct Disconnect {
  ReasonCode reason = ReasonCode::kSuccess;
  std::optional<uint32_t> session_expiry_s{};
  std::string_view reason_string{};
  std::string_view server_reference{};
  PropertyList properties{};  // Decoding only.
};

struct Auth {
  ReasonCode reason = ReasonCode::kSuccess;
  std::string_view method{};
  Bytes data{};
  std::string_view reason_string{};
  PropertyList properties{};  // Decoding only.
};

}  // namespace ringmq::codec
