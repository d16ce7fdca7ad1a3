// SPDX-License-Identifier: Apache-2.0
#include "codec/properties.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "wire/corpus.h"

namespace ringmq::codec {
namespace {

constexpr PropertyContext kContexts[] = {
    PropertyContext::kWill,       PropertyContext::kConnect,     PropertyContext::kConnack,
    PropertyContext::kPublish,    PropertyContext::kPuback,      PropertyContext::kPubrec,
    PropertyContext::kPubrel,     PropertyContext::kPubcomp,     PropertyContext::kSubscribe,
    PropertyContext::kSuback,     PropertyContext::kUnsubscribe, PropertyContext::kUnsuback,
    PropertyContext::kDisconnect, PropertyContext::kAuth};

std::vector<uint8_t> Example(const PropertyRule& rule) {
  std::vector<uint8_t> list;
  PropertyWriter writer(list);
  switch (rule.type) {
    case PropertyType::kByte:
    case PropertyType::kTwoByte:
    case PropertyType::kFourByte:
    case PropertyType::kVarint:
      writer.Number(rule.id, 1);
      break;
    case PropertyType::kString:
      writer.Text(rule.id, "text");
      break;
    case PropertyType::kBinary:
      writer.Binary(rule.id, AsBytes("\x00\xff"));
      break;
    case PropertyType::kStringPair:
      writer.UserProperty("name", "value");
      break;
  }
  return list;
}

// Table 2-4 once more, typed from the standard independently of the code: identifier, and the
// packets by number with W for the will. [MQTT-2.2.2-1]
struct Row {
  int id;
  const char* contexts;
};
constexpr Row kTable[] = {{0x01, "3W"},
                          {0x02, "3W"},
                          {0x03, "3W"},
                          {0x08, "3W"},
                          {0x09, "3W"},
                          {0x0b, "38"},
                          {0x11, "12E"},
                          {0x12, "2"},
                          {0x13, "2"},
                          {0x15, "12F"},
                          {0x16, "12F"},
                          {0x17, "1"},
                          {0x18, "W"},
                          {0x19, "1"},
                          {0x1a, "2"},
                          {0x1c, "2E"},
                          {0x1f, "245679BEF"},
                          {0x21, "12"},
                          {0x22, "12"},
                          {0x23, "3"},
                          {0x24, "2"},
                          {0x25, "2"},
                          {0x26, "123W456789ABEF"},
                          {0x27, "12"},
                          {0x28, "2"},
                          {0x29, "2"},
                          {0x2a, "2"}};

bool TableAllows(int id, PropertyContext context) {
  const char mark = "W123456789AB--EF"[static_cast<int>(context)];
  for (const Row& row : kTable) {
    if (row.id == id) return std::string_view(row.contexts).find(mark) != std::string_view::npos;
  }
  return false;
}

TEST(Properties, AllowsEachExactlyWhereTheStandardDoes) {
  EXPECT_EQ(kPropertyRules.size(), std::size(kTable));
  for (const PropertyRule& rule : kPropertyRules) {
    for (const PropertyContext context : kContexts) {
      const auto error = ValidateProperties(Example(rule), context);
      EXPECT_EQ(!error.has_value(), TableAllows(static_cast<int>(rule.id), context)) << rule.name;
      if (error) {
        EXPECT_EQ(*error, DecodeError::kMalformed) << rule.name;
      }
    }
  }
}

TEST(Properties, RefusesEveryOtherIdentifier) {
  for (uint32_t id = 0; id < 256; ++id) {
    const bool known =
        std::ranges::any_of(kTable, [&](const Row& row) { return row.id == static_cast<int>(id); });
    EXPECT_EQ(FindPropertyRule(id) != nullptr, known);
  }
  EXPECT_EQ(FindPropertyRule(1u << 20 | 0x26), nullptr);
}

TEST(Properties, AllowsOnlyUserPropertiesAndPublishedSubscriptionIdsTwice) {
  for (const PropertyRule& rule : kPropertyRules) {
    for (const PropertyContext context : kContexts) {
      if (!TableAllows(static_cast<int>(rule.id), context)) continue;
      std::vector<uint8_t> list = Example(rule);
      const std::vector<uint8_t> one = list;
      list.insert(list.end(), one.begin(), one.end());
      const bool many =
          rule.id == PropertyId::kUserProperty ||
          (rule.id == PropertyId::kSubscriptionId && context == PropertyContext::kPublish);
      const auto error = ValidateProperties(list, context);
      EXPECT_EQ(!error.has_value(), many) << rule.name;
      if (error) {
        EXPECT_EQ(*error, DecodeError::kProtocolError) << rule.name;
      }
    }
  }
}

TEST(Properties, RefusesEveryCut) {
  for (const PropertyRule& rule : kPropertyRules) {
    const std::vector<uint8_t> whole = Example(rule);
    for (const PropertyContext context : kContexts) {
      for (size_t cut = 1; cut < whole.size(); ++cut) {
        EXPECT_EQ(ValidateProperties(Bytes(whole).first(cut), context), DecodeError::kMalformed);
      }
    }
  }
}

TEST(Properties, ReadsBackWhatWasWritten) {
  std::vector<uint8_t> list;
  PropertyWriter(list)
      .Number(PropertyId::kPayloadFormat, 1)
      .Number(PropertyId::kMessageExpiry, 0xdeadbeef)
      .Number(PropertyId::kTopicAlias, 0x1234)
      .Number(PropertyId::kSubscriptionId, kSubscriptionIdMax)
      .Text(PropertyId::kContentType, "text/plain")
      .Binary(PropertyId::kCorrelationData, AsBytes("corr"))
      .UserProperty("name", "value");
  PropertyReader reader(PropertyList{list});
  Property property;
  const auto next = [&](PropertyId id) {
    EXPECT_TRUE(reader.Next(property));
    EXPECT_EQ(property.id, id);
  };
  next(PropertyId::kPayloadFormat);
  EXPECT_EQ(property.number, 1u);
  next(PropertyId::kMessageExpiry);
  EXPECT_EQ(property.number, 0xdeadbeef);
  next(PropertyId::kTopicAlias);
  EXPECT_EQ(property.number, 0x1234u);
  next(PropertyId::kSubscriptionId);
  EXPECT_EQ(property.number, kSubscriptionIdMax);
  next(PropertyId::kContentType);
  EXPECT_EQ(property.text, "text/plain");
  next(PropertyId::kCorrelationData);
  EXPECT_EQ(property.text, "corr");
  next(PropertyId::kUserProperty);
  EXPECT_EQ(property.name, "name");
  EXPECT_EQ(property.text, "value");
  EXPECT_FALSE(reader.Next(property));
  EXPECT_EQ(reader.error(), std::nullopt);
}

// What goes on with a message, and in which order. [MQTT-3.3.2-4] [MQTT-3.3.2-15]
// [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
TEST(Properties, ForwardsWhatBelongsToTheMessageUnaltered) {
  const auto all = wire::ParseBytes(
      "02 0000003c  26 \"b\" \"1\"  01 01  23 0001  03 \"text\"  0b 05  08 \"reply\"  "
      "26 \"a\" \"2\"  18 00000001  09 \"corr\"  26 \"b\" \"1\"");
  const auto kept = wire::ParseBytes(
      "26 \"b\" \"1\"  01 01  03 \"text\"  08 \"reply\"  26 \"a\" \"2\"  09 \"corr\"  "
      "26 \"b\" \"1\"");
  std::vector<uint8_t> out = {0xee};
  AppendForwardable(all, out);
  EXPECT_EQ(out[0], 0xee);
  EXPECT_EQ(std::vector<uint8_t>(out.begin() + 1, out.end()), kept);
  EXPECT_EQ(ForwardableSizeBytes(all), kept.size());
}

}  // namespace
}  // namespace ringmq::codec
