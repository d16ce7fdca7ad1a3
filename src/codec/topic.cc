// SPDX-License-Identifier: Apache-2.0
#include "codec/topic.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ringmq::codec {
namespace {

constexpr uint64_t kLowBits = 0x0101'0101'0101'0101;
constexpr uint64_t kHighBits = 0x8080'8080'8080'8080;

// Nonzero exactly when one of the word's bytes equals `byte`.
constexpr uint64_t HasByte(uint64_t word, uint8_t byte) {
  const uint64_t zeroed = word ^ (kLowBits * byte);
  return (zeroed - kLowBits) & ~zeroed & kHighBits;
}

constexpr bool IsWildcard(char c) { return c == '+' || c == '#'; }

bool HasWildcard(std::string_view text) {
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof(word));
    if ((HasByte(word, '+') | HasByte(word, '#')) != 0) return true;
  }
  for (; i < text.size(); ++i) {
    if (IsWildcard(text[i])) return true;
  }
  return false;
}

}  // namespace

bool IsValidTopicName(std::string_view name) {
  return !name.empty() && !HasWildcard(name);  // [MQTT-4.7.3-1] [MQTT-3.3.2-2] [MQTT-4.7.0-1]
}

bool IsValidTopicFilter(std::string_view filter) {
  if (filter.empty()) return false;  // [MQTT-4.7.3-1]
  if (!HasWildcard(filter)) return true;
  for (size_t i = 0; i < filter.size(); ++i) {
    if (!IsWildcard(filter[i])) continue;
    const bool starts_level = i == 0 || filter[i - 1] == '/';
    const bool is_last = i + 1 == filter.size();
    if (!starts_level) return false;
    if (filter[i] == '#' && !is_last) return false;                          // [MQTT-4.7.1-1]
    if (filter[i] == '+' && !is_last && filter[i + 1] != '/') return false;  // [MQTT-4.7.1-2]
  }
  return true;
}

std::optional<SharedFilter> ParseSharedFilter(std::string_view filter) {
  if (!IsSharedFilter(filter)) return std::nullopt;
  const std::string_view rest = filter.substr(std::string_view("$share/").size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;  // [MQTT-4.8.2-2]
  const SharedFilter shared{rest.substr(0, slash), rest.substr(slash + 1)};
  if (!IsValidTopicName(shared.share_name)) return std::nullopt;  // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
  if (!IsValidTopicFilter(shared.filter)) return std::nullopt;
  return shared;
}

bool IsValidSubscriptionFilter(std::string_view filter) {
  if (IsSharedFilter(filter)) return ParseSharedFilter(filter).has_value();
  return IsValidTopicFilter(filter);
}

uint32_t TopicLevelCount(std::string_view topic) {
  return 1 + static_cast<uint32_t>(std::ranges::count(topic, '/'));
}

}  // namespace ringmq::codec
