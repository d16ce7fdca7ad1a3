// SPDX-License-Identifier: Apache-2.0
#include "wire/any_packet.h"

#include <sstream>

#include "codec/filter_list.h"
#include "codec/properties.h"

namespace ringmq::wire {
namespace {

using codec::Bytes;
using codec::Property;
using codec::PropertyId;
using codec::PropertyList;
using codec::PropertyReader;

template <typename Packet>
void Keep(const codec::Decoded<Packet>& decoded, AnyDecoded& result) {
  if (decoded.ok()) {
    result.packet = *decoded;
  } else {
    result.verdict = {Verdict::Kind::kError, decoded.error()};
  }
}

void DecodeBody(const codec::FrameHead& head, Bytes body, const codec::DecodeLimits& limits,
                AnyDecoded& result) {
  const ProtocolVersion version = result.version;
  const auto keep_ack_of = [&]<typename Packet>(const auto& decoded, Packet packet) {
    if (decoded.ok()) {
      static_cast<codec::SubscribeAck&>(packet) = *decoded;
      result.packet = packet;
    } else {
      result.verdict = {Verdict::Kind::kError, decoded.error()};
    }
  };
  switch (head.type) {
    case PacketType::kConnect: {
      const auto connect = codec::DecodeConnect(body, limits);
      if (connect.ok()) result.version = connect->version;
      return Keep(connect, result);
    }
    case PacketType::kConnack:
      return Keep(codec::DecodeConnack(body, version, limits), result);
    case PacketType::kPublish:
      return Keep(codec::DecodePublish(head.flags, body, version, limits), result);
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp: {
      const auto ack = codec::DecodeAck(head.type, body, version, limits);
      if (ack.ok()) {
        result.packet = codec::TypedAck{head.type, *ack};
      } else {
        result.verdict = {Verdict::Kind::kError, ack.error()};
      }
      return;
    }
    case PacketType::kSubscribe:
      return Keep(codec::DecodeSubscribe(body, version, limits), result);
    case PacketType::kSuback:
      return keep_ack_of(codec::DecodeSuback(body, version, limits), codec::Suback{});
    case PacketType::kUnsubscribe:
      return Keep(codec::DecodeUnsubscribe(body, version, limits), result);
    case PacketType::kUnsuback:
      return keep_ack_of(codec::DecodeUnsuback(body, version, limits), codec::Unsuback{});
    case PacketType::kPingreq:
    case PacketType::kPingresp:
      if (codec::IsValidEmptyBody(body)) {
        result.packet = Ping{head.type};
      } else {
        result.verdict = {Verdict::Kind::kError, codec::DecodeError::kMalformed};
      }
      return;
    case PacketType::kDisconnect:
      return Keep(codec::DecodeDisconnect(body, version, limits), result);
    case PacketType::kAuth:
      return Keep(codec::DecodeAuth(body, limits), result);
  }
}

std::string Hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// Prints fields as "name=value ".
class Description {
 public:
  Description& Number(const char* name, uint64_t value) {
    out_ << name << '=' << value << ' ';
    return *this;
  }
  template <typename T>
  Description& Maybe(const char* name, const std::optional<T>& value) {
    if (value) return Number(name, *value);
    return *this;
  }
  Description& Text(const char* name, std::string_view value) {
    return Binary(name, {reinterpret_cast<const uint8_t*>(value.data()), value.size()});
  }
  Description& Binary(const char* name, Bytes value) {
    out_ << name << "=" << Hex(value) << ' ';
    return *this;
  }
  Description& Properties(PropertyList list, bool (*wanted)(PropertyId)) {
    PropertyReader reader(list);
    Property property;
    while (reader.Next(property)) {
      if (wanted(property.id)) Binary("property", property.encoded);
    }
    return *this;
  }
  Description& UserProperties(PropertyList list) {
    return Properties(list, [](PropertyId id) { return id == PropertyId::kUserProperty; });
  }

  [[nodiscard]] std::string str() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

void Print(const Ping& p, ProtocolVersion, Description& out) {
  out.Number("ping", static_cast<uint8_t>(p.type));
}

void Print(const codec::Connect& p, ProtocolVersion, Description& out) {
  out.Number("version", static_cast<uint8_t>(p.version)).Number("clean", p.clean_start);
  out.Number("has_will", p.has_will).Number("has_username", p.has_username);
  out.Number("has_password", p.has_password).Number("keep_alive", p.keep_alive_s);
  out.Text("id", p.client_id).Text("username", p.username).Binary("password", p.password);
  out.Text("will", p.will.topic).Binary("payload", p.will.payload);
  out.Number("qos", static_cast<uint8_t>(p.will.qos)).Number("retain", p.will.retain);
  out.Number("delay", p.will.delay_s).Maybe("expiry", p.will.message_expiry_s);
  out.Properties(p.will.properties, [](PropertyId id) { return codec::IsForwardable(id); });
  out.Number("session_expiry", p.session_expiry_s).Number("receive", p.receive_maximum);
  out.Number("packet", p.maximum_packet_size).Number("alias", p.topic_alias_maximum);
  out.Number("response", p.request_response_information);
  out.Number("problem", p.request_problem_information);
  out.Number("has_method", p.has_authentication_method).Text("method", p.authentication_method);
  out.Binary("data", p.authentication_data).UserProperties(p.properties);
}

void Print(const codec::Connack& p, ProtocolVersion, Description& out) {
  out.Number("present", p.session_present).Number("reason", static_cast<uint8_t>(p.reason));
  out.Maybe("expiry", p.session_expiry_s).Number("receive", p.receive_maximum);
  out.Number("qos", static_cast<uint8_t>(p.maximum_qos)).Number("retain", p.retain_available);
  out.Number("packet", p.maximum_packet_size).Text("id", p.assigned_client_id);
  out.Number("alias", p.topic_alias_maximum);
  out.Number("wildcard", p.wildcard_subscription_available);
  out.Number("ids", p.subscription_identifiers_available);
  out.Number("shared", p.shared_subscription_available);
  out.Maybe("keep_alive", p.server_keep_alive_s).Text("response", p.response_information);
  out.Text("reference", p.server_reference).Text("method", p.authentication_method);
  out.Binary("data", p.authentication_data).Text("string", p.reason_string);
  out.UserProperties(p.properties);
}

void Print(const codec::Publish& p, ProtocolVersion, Description& out) {
  out.Text("topic", p.topic).Binary("payload", p.payload);
  out.Number("qos", static_cast<uint8_t>(p.qos)).Number("dup", p.dup).Number("retain", p.retain);
  out.Number("id", p.packet_id).Number("alias", p.topic_alias);
  out.Number("has_response", p.has_response_topic).Text("response", p.response_topic);
  out.Maybe("format", p.payload_format).Maybe("expiry", p.message_expiry_s);
  out.Properties(p.properties, [](PropertyId id) { return codec::IsForwardable(id); });
  out.Properties(p.properties, [](PropertyId id) { return id == PropertyId::kSubscriptionId; });
}

void Print(const codec::TypedAck& p, ProtocolVersion, Description& out) {
  out.Number("type", static_cast<uint8_t>(p.type)).Number("id", p.ack.packet_id);
  out.Number("reason", static_cast<uint8_t>(p.ack.reason)).Text("string", p.ack.reason_string);
  out.UserProperties(p.ack.properties);
}

void Print(const codec::Subscribe& p, ProtocolVersion version, Description& out) {
  out.Number("id", p.packet_id).Number("subscription_id", p.subscription_id);
  out.Number("count", p.filter_count).UserProperties(p.properties);
  for (const codec::Subscription& one : codec::SubscribeFilters(p, version)) {
    out.Text("filter", one.filter).Number("options", codec::ByteOf(one.options, version));
  }
}

void Print(const codec::Unsubscribe& p, ProtocolVersion, Description& out) {
  out.Number("id", p.packet_id).Number("count", p.filter_count).UserProperties(p.properties);
  for (const std::string_view filter : codec::UnsubscribeFilters(p)) out.Text("filter", filter);
}

void Print(const codec::SubscribeAck& p, ProtocolVersion, Description& out) {
  out.Number("id", p.packet_id).Text("string", p.reason_string).UserProperties(p.properties);
  for (const ReasonCode reason : p.reasons) out.Number("reason", static_cast<uint8_t>(reason));
}

void Print(const codec::Disconnect& p, ProtocolVersion, Description& out) {
  out.Number("reason", static_cast<uint8_t>(p.reason)).Maybe("expiry", p.session_expiry_s);
  out.Text("string", p.reason_string).Text("reference", p.server_reference);
  out.UserProperties(p.properties);
}

void Print(const codec::Auth& p, ProtocolVersion, Description& out) {
  out.Number("reason", static_cast<uint8_t>(p.reason)).Text("method", p.method);
  out.Binary("data", p.data).Text("string", p.reason_string).UserProperties(p.properties);
}

template <typename Packet>
std::vector<uint8_t> EncodeOne(const Packet& packet, ProtocolVersion version) {
  std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, version));
  codec::Encode(packet, version, bytes);
  return bytes;
}

std::vector<uint8_t> EncodeOne(const Ping& ping, ProtocolVersion) {
  return {static_cast<uint8_t>(static_cast<uint8_t>(ping.type) << 4), 0};
}

// The decoder leaves a server's subscription identifiers in the list; the encoder wants them apart.
std::vector<uint8_t> EncodeOne(codec::Publish packet, ProtocolVersion version) {
  std::vector<uint32_t> ids;
  PropertyReader reader(packet.properties);
  Property property;
  while (reader.Next(property)) {
    if (property.id == PropertyId::kSubscriptionId) ids.push_back(property.number);
  }
  if (packet.subscription_ids.empty()) packet.subscription_ids = ids;
  std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, version));
  codec::Encode(packet, version, bytes);
  return bytes;
}

}  // namespace

AnyDecoded DecodeAny(Bytes bytes, ProtocolVersion version, const codec::DecodeLimits& limits) {
  AnyDecoded result{.version = version};
  const codec::FrameParse parse = codec::ParseFrame(bytes, codec::kPacketSizeBytesMax, version);
  switch (parse.status) {
    case codec::FrameStatus::kNeedMore:
      result.verdict.kind = Verdict::Kind::kMore;
      return result;
    case codec::FrameStatus::kTooLarge:
    case codec::FrameStatus::kMalformed:
      result.verdict.kind = Verdict::Kind::kFrame;
      return result;
    case codec::FrameStatus::kFrame:
      break;
  }
  result.size_bytes = parse.head.size_bytes();
  const Bytes body = bytes.subspan(parse.head.header_size_bytes, parse.head.remaining_size_bytes);
  DecodeBody(parse.head, body, limits, result);
  return result;
}

std::vector<uint8_t> EncodeAny(const AnyPacket& packet, ProtocolVersion version) {
  return std::visit([&](const auto& one) { return EncodeOne(one, version); }, packet);
}

std::string Describe(const AnyPacket& packet, ProtocolVersion version) {
  Description description;
  std::visit([&](const auto& one) { Print(one, version, description); }, packet);
  return std::to_string(packet.index()) + ": " + description.str();
}

}  // namespace ringmq::wire
