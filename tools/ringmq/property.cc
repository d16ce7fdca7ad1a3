// SPDX-License-Identifier: Apache-2.0
#include "property.h"

#include <algorithm>
#include <string>

#include "numbers.h"

namespace ringmq::cli {
namespace {

enum Packet : uint32_t {
  kConnect = 1,
  kPublish = 2,
  kSubscribe = 4,
  kUnsubscribe = 8,
  kDisconnect = 16,
  kWill = 32,
};

struct PacketName {
  std::string_view name;
  Packet packet;
};
constexpr PacketName kPackets[] = {{"connect", kConnect},       {"publish", kPublish},
                                   {"subscribe", kSubscribe},   {"unsubscribe", kUnsubscribe},
                                   {"disconnect", kDisconnect}, {"will", kWill}};

enum class Kind : uint8_t { kNumber, kText, kPair };

struct Property {
  std::string_view name;
  Kind kind;
  uint32_t value_min;  // Of kNumber.
  uint32_t value_max;
  uint32_t packets;  // That may carry it: 5.0 s2.2.2.2.
};
constexpr uint32_t kPacketBytesMin = 64;  // The library's: a CONNACK must fit.
constexpr uint32_t kUint16Max = 65535;
constexpr std::string_view kScram = "SCRAM-SHA-256";
constexpr uint32_t kVarintMax = 268'435'455;
constexpr Property kProperties[] = {
    {"authentication-data", Kind::kText, 0, 0, kConnect},
    {"authentication-method", Kind::kText, 0, 0, kConnect},
    {"content-type", Kind::kText, 0, 0, kPublish | kWill},
    {"correlation-data", Kind::kText, 0, 0, kPublish | kWill},
    {"maximum-packet-size", Kind::kNumber, kPacketBytesMin, UINT32_MAX, kConnect},
    {"message-expiry-interval", Kind::kNumber, 0, UINT32_MAX, kPublish | kWill},
    {"payload-format-indicator", Kind::kNumber, 0, 1, kPublish | kWill},
    {"receive-maximum", Kind::kNumber, 1, kUint16Max, kConnect},
    {"request-problem-information", Kind::kNumber, 0, 1, kConnect},
    {"request-response-information", Kind::kNumber, 0, 1, kConnect},
    {"response-topic", Kind::kText, 0, 0, kPublish | kWill},
    {"session-expiry-interval", Kind::kNumber, 0, UINT32_MAX, kConnect | kDisconnect},
    {"subscription-identifier", Kind::kNumber, 1, kVarintMax, kSubscribe},
    {"topic-alias", Kind::kNumber, 1, kUint16Max, kPublish},
    {"topic-alias-maximum", Kind::kNumber, 0, kUint16Max, kConnect},
    {"user-property", Kind::kPair, 0, 0,
     kConnect | kPublish | kSubscribe | kUnsubscribe | kDisconnect | kWill},
    {"will-delay-interval", Kind::kNumber, 0, UINT32_MAX, kWill},
};

// One -D, read and found to be sound.
struct Given {
  Packet packet;
  std::string_view name;
  std::string_view text;   // The value; of a pair its first half.
  std::string_view value;  // Of a pair its second half.
  uint32_t number = 0;
};

std::string NamesFor(Packet packet) {
  std::string names;
  for (const Property& property : kProperties) {
    if ((property.packets & packet) == 0) continue;
    names += (names.empty() ? "" : ", ") + std::string(property.name);
  }
  return names;
}

Expected<Packet> PacketNamed(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  for (const PacketName& known : kPackets) {
    if (lower == known.name) return known.packet;
  }
  return Bad(Quoted(word) +
             " is none of connect, publish, subscribe, unsubscribe, disconnect, will");
}

Expected<uint32_t> NumberOf(const Property& property, std::string_view text) {
  uint32_t number = 0;
  const Expected<void> taken =
      TakeNumber<uint32_t>(text, property.value_min, property.value_max, number);
  if (!taken.ok()) return Bad(std::string(property.name) + ": " + taken.error().detail());
  return number;
}

void RefuseLater(Settings& settings, const Given& given, const char* why) {
  const auto* packet = std::find_if(std::begin(kPackets), std::end(kPackets),
                                    [&](const PacketName& p) { return p.packet == given.packet; });
  settings.unsupported.push_back("-D " + std::string(packet->name) + " " + std::string(given.name) +
                                 ": " + why);
}

void SetOfConnect(const Given& given, Settings& settings) {
  Options& client = settings.client;
  if (given.name == "user-property") {
    client.connect_user_properties.emplace_back(given.text, given.value);
  } else if (given.name == "session-expiry-interval") {
    client.session_expiry_s = given.number;
  } else if (given.name == "receive-maximum") {
    client.receive_maximum = static_cast<uint16_t>(given.number);
  } else if (given.name == "maximum-packet-size") {
    client.incoming_packet_bytes_max = given.number;
  } else if (given.name == "topic-alias-maximum") {
    client.topic_alias_maximum = static_cast<uint16_t>(given.number);
  } else if (given.name == "request-response-information") {
    client.request_response_information = given.number == 1;
  } else if (given.name == "request-problem-information") {
    client.request_problem_information = given.number == 1;
  } else if (given.name == "authentication-method") {
    settings.scram = given.text == kScram;
    if (!settings.scram) RefuseLater(settings, given, "SCRAM-SHA-256 alone is built in");
  } else {
    RefuseLater(settings, given, "the authentication method makes its data itself");
  }
}

// Of a PUBLISH or a will. Returns false if the property is of another kind.
bool SetOfMessage(const Given& given, PublishProperties& properties) {
  if (given.name == "user-property") {
    properties.user.emplace_back(given.text, given.value);
  } else if (given.name == "content-type") {
    properties.content_type = given.text;
  } else if (given.name == "correlation-data") {
    properties.correlation_data = given.text;
  } else if (given.name == "response-topic") {
    properties.response_topic = given.text;
  } else if (given.name == "payload-format-indicator") {
    properties.payload_is_text = given.number == 1;
  } else {
    return false;
  }
  return true;
}

void SetOfPublish(const Given& given, Settings& settings) {
  if (SetOfMessage(given, settings.publish.properties)) return;
  if (given.name == "message-expiry-interval") {
    settings.publish.expires_after = std::chrono::seconds(given.number);
  }
  // A topic-alias is left to the library, which uses those that the server allows by itself.
}

void SetOfWill(const Given& given, Settings& settings) {
  if (!settings.client.will) settings.client.will.emplace();
  WillMessage& will = *settings.client.will;
  if (SetOfMessage(given, will.properties)) return;
  if (given.name == "message-expiry-interval") will.expiry_s = given.number;
  if (given.name == "will-delay-interval") will.delay_s = given.number;
}

void Set(const Given& given, Settings& settings) {
  switch (given.packet) {
    case kConnect:
      return SetOfConnect(given, settings);
    case kPublish:
      return SetOfPublish(given, settings);
    case kWill:
      return SetOfWill(given, settings);
    case kSubscribe:
      if (given.name == "subscription-identifier") {
        settings.receive.subscription_id = given.number;
      } else {
        settings.receive.subscribe_properties.emplace_back(given.text, given.value);
      }
      return;
    case kUnsubscribe:
      settings.receive.unsubscribe_properties.emplace_back(given.text, given.value);
      return;
    case kDisconnect:
      if (given.name == "session-expiry-interval") {
        settings.disconnect.session_expiry_s = given.number;
      } else {
        settings.disconnect.user_properties.emplace_back(given.text, given.value);
      }
      return;
  }
}

}  // namespace

Expected<size_t> TakeProperty(std::span<const std::string_view> words, Settings& settings) {
  if (words.size() < 3) return Bad("a packet, a name and a value are needed");
  const Expected<Packet> packet = PacketNamed(words[0]);
  if (!packet.ok()) return packet.error();
  const auto* property =
      std::find_if(std::begin(kProperties), std::end(kProperties),
                   [&](const Property& known) { return known.name == words[1]; });
  if (property == std::end(kProperties) || (property->packets & *packet) == 0) {
    return Bad(Quoted(words[1]) + " is no property of " + std::string(words[0]) + ", which has " +
               NamesFor(*packet));
  }
  Given given{.packet = *packet, .name = property->name, .text = words[2], .value = {}};
  size_t words_count = 3;
  switch (property->kind) {
    case Kind::kText:
      break;
    case Kind::kPair:
      if (words.size() < 4) return Bad("user-property: a key and a value are needed");
      given.value = words[3];
      words_count = 4;
      break;
    case Kind::kNumber: {
      const Expected<uint32_t> number = NumberOf(*property, words[2]);
      if (!number.ok()) return number.error();
      given.number = *number;
      break;
    }
  }
  Set(given, settings);
  return words_count;
}

}  // namespace ringmq::cli
