// SPDX-License-Identifier: Apache-2.0
#include "codec/properties.h"

#include "base/check.h"
#include "codec/topic.h"

namespace ringmq::codec {
namespace {

constexpr uint8_t kNoRule = 0xff;

// Identifier -> place in kPropertyRules.
constexpr auto kRuleIndex = [] {
  std::array<uint8_t, kPropertyIdLimit> index{};
  index.fill(kNoRule);
  for (size_t i = 0; i < kPropertyRules.size(); ++i) {
    index[static_cast<uint8_t>(kPropertyRules[i].id)] = static_cast<uint8_t>(i);
  }
  return index;
}();
static_assert(kPropertyRules.size() < kNoRule);
static_assert(kPropertyIdLimit <= 64);  // PropertyReader::seen_ has a bit for each.

constexpr uint32_t Bit(PropertyContext context) { return 1u << static_cast<uint8_t>(context); }

}  // namespace

const PropertyRule* FindPropertyRule(uint32_t id) {
  if (id >= kPropertyIdLimit || kRuleIndex[id] == kNoRule) return nullptr;
  return &kPropertyRules[kRuleIndex[id]];
}

bool PropertyReader::Next(Property& property) {
  if (reader_.left() == 0) return false;
  const uint8_t* const start = reader_.position();
  const PropertyRule* const rule = FindPropertyRule(reader_.VarintValue());
  if (rule == nullptr) return Stop(DecodeError::kMalformed);
  property.id = rule->id;
  if (!trusted_) {
    if (const auto error = CheckPlace(*rule)) return Stop(*error);
  }
  if (!ReadValue(rule->type, property)) return Stop(DecodeError::kMalformed);
  property.encoded = Bytes(start, static_cast<size_t>(reader_.position() - start));
  if (!trusted_ && rule->range != PropertyRange::kAny) {
    if (const auto error = CheckRange(rule->range, property)) return Stop(*error);
  }
  return true;
}

bool PropertyReader::Stop(DecodeError error) {
  RMQ_CHECK(!trusted_);
  reader_.Fail();
  error_ = error;
  return false;
}

bool PropertyReader::ReadValue(PropertyType type, Property& property) {
  switch (type) {
    case PropertyType::kByte:
      property.number = reader_.Byte();
      break;
    case PropertyType::kTwoByte:
      property.number = reader_.TwoByte();
      break;
    case PropertyType::kFourByte:
      property.number = reader_.FourByte();
      break;
    case PropertyType::kVarint:
      property.number = reader_.VarintValue();
      break;
    case PropertyType::kBinary:
      property.text = AsText(reader_.Binary());
      break;
    case PropertyType::kString:
      property.text = trusted_ ? AsText(reader_.Binary()) : reader_.Text();
      break;
    case PropertyType::kStringPair:  // [MQTT-1.5.7-1]
      property.name = trusted_ ? AsText(reader_.Binary()) : reader_.Text();
      property.text = trusted_ ? AsText(reader_.Binary()) : reader_.Text();
      break;
  }
  return !reader_.failed();
}

// A property in the wrong packet is malformed; one that stands twice and may not is a Protocol
// Error (5.0 s2.2.2.2 and the property's own section).
std::optional<DecodeError> PropertyReader::CheckPlace(const PropertyRule& rule) {
  if ((rule.contexts & Bit(context_)) == 0) return DecodeError::kMalformed;
  const uint64_t bit = 1ull << static_cast<uint8_t>(rule.id);
  const bool repeated = (seen_ & bit) != 0;
  seen_ |= bit;
  if (repeated && (rule.many_contexts & Bit(context_)) == 0) return DecodeError::kProtocolError;
  if (rule.id != PropertyId::kUserProperty) return std::nullopt;
  if (user_properties_left_ == 0) return DecodeError::kTooManyUserProperties;
  --user_properties_left_;
  return std::nullopt;
}

std::optional<DecodeError> PropertyReader::CheckRange(PropertyRange range,
                                                      const Property& property) {
  bool good = true;
  switch (range) {
    case PropertyRange::kAny:
      break;
    case PropertyRange::kBoolean:
      good = property.number <= 1;
      break;
    case PropertyRange::kNonZero:
      good = property.number != 0;
      break;
    case PropertyRange::kTopicName:
      good = IsValidTopicName(property.text);  // [MQTT-3.3.2-14]
      break;
    case PropertyRange::kTopicAlias:
      if (property.number == 0) return DecodeError::kTopicAliasInvalid;  // [MQTT-3.3.2-8]
      break;
  }
  if (!good) return DecodeError::kProtocolError;
  return std::nullopt;
}

std::optional<DecodeError> ValidateProperties(Bytes list, PropertyContext context,
                                              uint32_t user_properties_max) {
  PropertyReader reader(list, context, user_properties_max);
  Property property;
  while (reader.Next(property)) {
  }
  return reader.error();
}

size_t ForwardableSizeBytes(Bytes list) {
  size_t size_bytes = 0;
  ForEachForwardable(list, [&](Bytes property) { size_bytes += property.size(); });
  return size_bytes;
}

void AppendForwardable(Bytes list, std::vector<uint8_t>& out) {
  ForEachForwardable(
      list, [&](Bytes property) { out.insert(out.end(), property.begin(), property.end()); });
}

PropertyWriter& PropertyWriter::Number(PropertyId id, uint32_t value) {
  const PropertyRule* const rule = FindPropertyRule(static_cast<uint8_t>(id));
  RMQ_CHECK(rule != nullptr);
  out_.push_back(static_cast<uint8_t>(id));
  int bytes = 0;
  switch (rule->type) {
    case PropertyType::kByte:
      bytes = 1;
      break;
    case PropertyType::kTwoByte:
      bytes = 2;
      break;
    case PropertyType::kFourByte:
      bytes = 4;
      break;
    case PropertyType::kVarint: {
      uint8_t varint[kVarintBytesMax];
      out_.insert(out_.end(), varint, EncodeVarint(value, varint));
      return *this;
    }
    case PropertyType::kString:
    case PropertyType::kBinary:
    case PropertyType::kStringPair:
      RMQ_CHECK(false);
  }
  RMQ_CHECK(bytes == 4 || value >> (8 * bytes) == 0);
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out_.push_back(static_cast<uint8_t>(value >> shift));
  }
  return *this;
}

PropertyWriter& PropertyWriter::Text(PropertyId id, std::string_view text) {
  RMQ_CHECK(FindPropertyRule(static_cast<uint8_t>(id))->type == PropertyType::kString);
  out_.push_back(static_cast<uint8_t>(id));
  AppendSized(text);
  return *this;
}

PropertyWriter& PropertyWriter::Binary(PropertyId id, Bytes bytes) {
  RMQ_CHECK(FindPropertyRule(static_cast<uint8_t>(id))->type == PropertyType::kBinary);
  out_.push_back(static_cast<uint8_t>(id));
  AppendSized(AsText(bytes));
  return *this;
}

PropertyWriter& PropertyWriter::UserProperty(std::string_view name, std::string_view value) {
  out_.push_back(static_cast<uint8_t>(PropertyId::kUserProperty));
  AppendSized(name);
  AppendSized(value);
  return *this;
}

void PropertyWriter::AppendSized(std::string_view text) {
  RMQ_CHECK(text.size() <= kStringBytesMax);
  out_.push_back(static_cast<uint8_t>(text.size() >> 8));
  out_.push_back(static_cast<uint8_t>(text.size()));
  out_.insert(out_.end(), text.begin(), text.end());
}

}  // namespace ringmq::codec
