// The properties of 5.0 s2.2.2: what there is, where it may stand, and how to walk a list.
//
//   list     = *( identifier value )              its length prefix is not part of it
//   value    = byte | two bytes | four bytes | varint | string | binary | string string
//
// kPropertyRules is the only place that knows the identifiers; decoding, validation, writing and
// the tests all read it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/byte_reader.h"
#include "codec/decode_error.h"
#include "codec/limits.h"
#include "codec/packets.h"

namespace ringmq::codec {

enum class PropertyId : uint8_t {
  kPayloadFormat = 0x01,
  kMessageExpiry = 0x02,
  kContentType = 0x03,
  kResponseTopic = 0x08,
  kCorrelationData = 0x09,
  kSubscriptionId = 0x0b,
  kSessionExpiry = 0x11,
  kAssignedClientId = 0x12,
  kServerKeepAlive = 0x13,
  kAuthenticationMethod = 0x15,
  kAuthenticationData = 0x16,
  kRequestProblemInformation = 0x17,
  kWillDelay = 0x18,
  kRequestResponseInformation = 0x19,
  kResponseInformation = 0x1a,
  kServerReference = 0x1c,
  kReasonString = 0x1f,
  kReceiveMaximum = 0x21,
  kTopicAliasMaximum = 0x22,
  kTopicAlias = 0x23,
  kMaximumQos = 0x24,
  kRetainAvailable = 0x25,
  kUserProperty = 0x26,
  kMaximumPacketSize = 0x27,
  kWildcardSubscriptionAvailable = 0x28,
  kSubscriptionIdsAvailable = 0x29,
  kSharedSubscriptionAvailable = 0x2a,
};
inline constexpr size_t kPropertyIdLimit = 0x2b;  // One above the last.

enum class PropertyType : uint8_t {
  kByte,
  kTwoByte,
  kFourByte,
  kVarint,
  kString,
  kBinary,
  kStringPair
};

// Which values are a Protocol Error though their type is right.
enum class PropertyRange : uint8_t { kAny, kBoolean, kNonZero, kTopicAlias, kTopicName };

// Where a list stands: in a packet, or in CONNECT's payload as the will's.
enum class PropertyContext : uint8_t {
  kWill = 0,  // The number that no packet type has.
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kDisconnect = 14,
  kAuth = 15,
};

constexpr PropertyContext ContextOf(PacketType type) { return static_cast<PropertyContext>(type); }

constexpr uint16_t In(std::initializer_list<PropertyContext> contexts) {
  uint16_t bits = 0;
  for (const PropertyContext context : contexts) {
    bits = static_cast<uint16_t>(bits | 1u << static_cast<uint8_t>(context));
  }
  return bits;
}

struct PropertyRule {
  PropertyId id;
  std::string_view name;
  PropertyType type;
  PropertyRange range;
  uint16_t contexts;       // Bit n: allowed in PropertyContext n.
  uint16_t many_contexts;  // Bit n: allowed there more than once.
};

namespace property_table {
using Context = PropertyContext;
using Id = PropertyId;
using Range = PropertyRange;
using Type = PropertyType;

inline constexpr uint16_t kMessage = In({Context::kPublish, Context::kWill});
inline constexpr uint16_t kGreeting = In({Context::kConnect, Context::kConnack});
inline constexpr uint16_t kWelcome = In({Context::kConnack});
inline constexpr uint16_t kAuthenticated =
    In({Context::kConnect, Context::kConnack, Context::kAuth});
inline constexpr uint16_t kReasoned =
    In({Context::kConnack, Context::kPuback, Context::kPubrec, Context::kPubrel, Context::kPubcomp,
        Context::kSuback, Context::kUnsuback, Context::kDisconnect, Context::kAuth});
inline constexpr uint16_t kEverywhere =
    kReasoned | kMessage | kGreeting | In({Context::kSubscribe, Context::kUnsubscribe});
}  // namespace property_table

// 5.0 table 2-4. [MQTT-2.2.2-1]
inline constexpr auto kPropertyRules = [] {
  using namespace property_table;  // NOLINT: the table reads better.
  return std::to_array<PropertyRule>({
      {Id::kPayloadFormat, "Payload Format Indicator", Type::kByte, Range::kBoolean, kMessage, 0},
      {Id::kMessageExpiry, "Message Expiry Interval", Type::kFourByte, Range::kAny, kMessage, 0},
      {Id::kContentType, "Content Type", Type::kString, Range::kAny, kMessage, 0},
      {Id::kResponseTopic, "Response Topic", Type::kString, Range::kTopicName, kMessage, 0},
      {Id::kCorrelationData, "Correlation Data", Type::kBinary, Range::kAny, kMessage, 0},
      {Id::kSubscriptionId, "Subscription Identifier", Type::kVarint, Range::kNonZero,
       In({Context::kPublish, Context::kSubscribe}), In({Context::kPublish})},
      {Id::kSessionExpiry, "Session Expiry Interval", Type::kFourByte, Range::kAny,
       kGreeting | In({Context::kDisconnect}), 0},
      {Id::kAssignedClientId, "Assigned Client Identifier", Type::kString, Range::kAny, kWelcome,
       0},
      {Id::kServerKeepAlive, "Server Keep Alive", Type::kTwoByte, Range::kAny, kWelcome, 0},
      {Id::kAuthenticationMethod, "Authentication Method", Type::kString, Range::kAny,
       kAuthenticated, 0},
      {Id::kAuthenticationData, "Authentication Data", Type::kBinary, Range::kAny, kAuthenticated,
       0},
      {Id::kRequestProblemInformation, "Request Problem Information", Type::kByte, Range::kBoolean,
       In({Context::kConnect}), 0},
      {Id::kWillDelay, "Will Delay Interval", Type::kFourByte, Range::kAny, In({Context::kWill}),
       0},
      {Id::kRequestResponseInformation, "Request Response Information", Type::kByte,
       Range::kBoolean, In({Context::kConnect}), 0},
      {Id::kResponseInformation, "Response Information", Type::kString, Range::kAny, kWelcome, 0},
      {Id::kServerReference, "Server Reference", Type::kString, Range::kAny,
       In({Context::kConnack, Context::kDisconnect}), 0},
      {Id::kReasonString, "Reason String", Type::kString, Range::kAny, kReasoned, 0},
      {Id::kReceiveMaximum, "Receive Maximum", Type::kTwoByte, Range::kNonZero, kGreeting, 0},
      {Id::kTopicAliasMaximum, "Topic Alias Maximum", Type::kTwoByte, Range::kAny, kGreeting, 0},
      {Id::kTopicAlias, "Topic Alias", Type::kTwoByte, Range::kTopicAlias, In({Context::kPublish}),
       0},
      {Id::kMaximumQos, "Maximum QoS", Type::kByte, Range::kBoolean, kWelcome, 0},
      {Id::kRetainAvailable, "Retain Available", Type::kByte, Range::kBoolean, kWelcome, 0},
      {Id::kUserProperty, "User Property", Type::kStringPair, Range::kAny, kEverywhere,
       kEverywhere},
      {Id::kMaximumPacketSize, "Maximum Packet Size", Type::kFourByte, Range::kNonZero, kGreeting,
       0},
      {Id::kWildcardSubscriptionAvailable, "Wildcard Subscription Available", Type::kByte,
       Range::kBoolean, kWelcome, 0},
      {Id::kSubscriptionIdsAvailable, "Subscription Identifiers Available", Type::kByte,
       Range::kBoolean, kWelcome, 0},
      {Id::kSharedSubscriptionAvailable, "Shared Subscription Available", Type::kByte,
       Range::kBoolean, kWelcome, 0},
  });
}();

// The rule of an identifier from the wire, or null: no such property.
[[nodiscard]] const PropertyRule* FindPropertyRule(uint32_t id);

struct Property {
  PropertyId id{};
  uint32_t number = 0;    // Of the numeric types.
  std::string_view text;  // Of strings and binary data; a pair's value.
  std::string_view name;  // A pair's name.
  Bytes encoded;          // The property as it stands on the wire, identifier included.
};

// Walks a list from front to back. Views point into the list.
class PropertyReader {
 public:
  // For a list that was validated before: never fails.
  explicit PropertyReader(PropertyList validated) : reader_(validated.bytes), trusted_(true) {}

  // For bytes from the network: checks everything that can be checked without the rest of the
  // packet.
  PropertyReader(Bytes untrusted, PropertyContext context, uint32_t user_properties_max)
      : reader_(untrusted), context_(context), user_properties_left_(user_properties_max) {}

  // False at the end of the list and at the first error.
  [[nodiscard]] bool Next(Property& property);

  [[nodiscard]] std::optional<DecodeError> error() const { return error_; }

 private:
  bool Stop(DecodeError error);
  bool ReadValue(PropertyType type, Property& property);
  [[nodiscard]] std::optional<DecodeError> CheckPlace(const PropertyRule& rule);
  [[nodiscard]] static std::optional<DecodeError> CheckRange(PropertyRange range,
                                                             const Property& property);

  ByteReader reader_;
  PropertyContext context_ = PropertyContext::kWill;
  uint32_t user_properties_left_ = 0;
  uint64_t seen_ = 0;  // Bit n: identifier n stood in the list already.
  std::optional<DecodeError> error_;
  bool trusted_ = false;
};

// Walks an untrusted list for its verdict alone.
[[nodiscard]] std::optional<DecodeError> ValidateProperties(
    Bytes list, PropertyContext context, uint32_t user_properties_max = kUserPropertiesMaxDefault);

// True for what a server must pass on unaltered with a message; false for what belongs to one hop:
// expiry (counts down), alias, subscription identifiers, will delay.
// [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
[[nodiscard]] constexpr bool IsForwardable(PropertyId id) {
  constexpr uint64_t kForwardable = 1ull << static_cast<uint8_t>(PropertyId::kPayloadFormat) |
                                    1ull << static_cast<uint8_t>(PropertyId::kContentType) |
                                    1ull << static_cast<uint8_t>(PropertyId::kResponseTopic) |
                                    1ull << static_cast<uint8_t>(PropertyId::kCorrelationData) |
                                    1ull << static_cast<uint8_t>(PropertyId::kUserProperty);
  return (kForwardable >> static_cast<uint8_t>(id) & 1) != 0;
}

// Calls `visit(Bytes)` with each forwardable property of a validated list, in order. User
// properties keep theirs. [MQTT-3.3.2-18]
template <typename Visit>
void ForEachForwardable(Bytes list, Visit visit) {
  PropertyReader reader(PropertyList{list});
  Property property;
  while (reader.Next(property)) {
    if (IsForwardable(property.id)) visit(property.encoded);
  }
}

[[nodiscard]] size_t ForwardableSizeBytes(Bytes list);

// Appends what is forwardable of a validated list (of a PUBLISH or a will).
void AppendForwardable(Bytes list, std::vector<uint8_t>& out);

// Builds a list, for the client library, tests and tools. The table is asked that types fit, but
// the caller decides what may stand in the packet at hand.
class PropertyWriter {
 public:
  // `out` outlives the writer; what it holds already stays.
  explicit PropertyWriter(std::vector<uint8_t>& out) : out_(out) {}

  // Requires: the identifier has a numeric type, and the value fits it.
  PropertyWriter& Number(PropertyId id, uint32_t value);
  // Requires: the identifier's type is string; `text` is valid UTF-8 of at most kStringBytesMax.
  PropertyWriter& Text(PropertyId id, std::string_view text);
  // Requires: the identifier's type is binary.
  PropertyWriter& Binary(PropertyId id, Bytes bytes);
  PropertyWriter& UserProperty(std::string_view name, std::string_view value);

 private:
  void AppendSized(std::string_view text);
  std::vector<uint8_t>& out_;
};

}  // namespace ringmq::codec
